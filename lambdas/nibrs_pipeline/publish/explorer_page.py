"""The explorer: a page beside the index that shows the estimates of all years, of data files beside their zips."""

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from markupsafe import Markup

from nibrs_pipeline.keys import EXPLORER_HTML, PUBLIC, PUBLIC_ESTIMATES
from nibrs_pipeline.pages import rendered

#: What `lambdas/explorer` is bundled into when the project is installed or deployed.
BUNDLE = "explorer.bundle.js"
#: The page as a link from the index.
EXPLORER = EXPLORER_HTML.removeprefix(PUBLIC)


@cache
def has_bundle() -> bool:
    """Whether the page's script has been built: without Node or npm's registry everything else works without it."""
    return (files(__package__) / BUNDLE).is_file()


def explorer_html(years: Iterable[int], simulated: bool) -> bytes:
    """The page; needs nothing else but the data files of the years.

    Args:
        years: whose estimates it can show.
        simulated: whether they are made up.
    """
    settings = {"years": sorted(years), "estimates": f"../{PUBLIC_ESTIMATES}"}
    page = rendered(
        "explorer.html",
        simulated=simulated,
        settings=Markup(json.dumps(settings)),
        script=Markup((files(__package__) / BUNDLE).read_text(encoding="utf-8")),
    )
    return page.encode()

"""The README of a state-year's zip and that of a bundle, as text and as a page."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from nibrs_pipeline.archive.provenance import COUNTED_ON, SOURCE_NOTES, Provenance, SourceCode
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.code_columns import code_columns
from nibrs_pipeline.extract.documents.diagram import diagram_svg
from nibrs_pipeline.pages import rendered, sources
from nibrs_pipeline.state_year import StateYear

#: The names of the README, in the order in which a zip holds them: the text, and the page made of it.
README = ("README.md", "README.html")
#: The templates of a README, in the same order.
_OF_STATE_YEAR = ("zip_readme.md", "zip_readme.html")
_OF_BUNDLE = ("bundle_readme.md", "bundle_readme.html")


@dataclass(frozen=True)
class OwnList:
    """How the state-year's own list differs from a code table.

    Attributes:
        names: codes that have another name there, each with that name.
        others: for other columns, how many codes differ.
    """

    table: str
    names: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class StateYearFacts:
    """What the README of a state-year's zip says of it.

    Attributes:
        rows: rows by table.
        agencies: agencies that reported a month, ``months`` that they reported together.
    """

    item: StateYear
    state_name: str
    rows: Mapping[str, int]
    agencies: int
    months: int
    provenance: Provenance

    @property
    def name(self) -> str:
        """As a heading says it: Arizona 2016."""
        return f"{self.state_name} {self.item.year}"

    @property
    def own_lists(self) -> list[OwnList]:
        """The state-year's own lists of codes, by table."""
        return [_own_list(table, codes) for table, codes in sorted(self.provenance.codes_by_table().items())]


@dataclass(frozen=True)
class BundleFolder:
    """What the README of a bundle says of one state-year in it."""

    item: StateYear
    state_name: str
    incidents: int
    provenance: Provenance

    @property
    def told(self) -> list[str]:
        """The notes that bear on every count, as sentences."""
        return [note.sentence for note in self.provenance.notes if note.kind in COUNTED_ON]

    @property
    def more(self) -> int:
        """How many more notes the state-year's own README has, without the one that it is simulated."""
        return len(self.provenance.notes) - len(self.told) - self.provenance.simulated


def state_year_readme(catalog: Catalog, facts: StateYearFacts) -> dict[str, bytes]:
    """Contents by name. The same facts give the same bytes."""
    return _text_and_page(
        _OF_STATE_YEAR,
        simulated=facts.provenance.simulated,
        catalog=catalog,
        facts=facts,
        notes_file=SOURCE_NOTES,
        diagram=_diagram(catalog),
    )


def bundle_readme(name: str, folders: Sequence[BundleFolder]) -> dict[str, bytes]:
    """The README of a bundle, by name.

    Args:
        name: of the bundle.
        folders: the state-years in it.
    """
    return _text_and_page(
        _OF_BUNDLE,
        simulated=any(folder.provenance.simulated for folder in folders),
        name=name,
        folders=folders,
        noted=[folder for folder in folders if folder.told or folder.more],
    )


def readme_fingerprint() -> str:
    """One SHA-256 over all that READMEs, of zips and of bundles, say apart from the facts of their state-years.

    It is taken over templates and style, not over what a library makes of them: a library's new version does not put
    published zips out of date. The catalog has a version of its own.
    """
    digest = hashlib.sha256()
    for name, text in sorted(sources(*_OF_STATE_YEAR, *_OF_BUNDLE).items()):
        digest.update(f"{name}\n{len(text)}\n{text}".encode())
    return digest.hexdigest()


def _text_and_page(templates: tuple[str, str], **data: object) -> dict[str, bytes]:
    text = rendered(templates[0], **data)
    page = rendered(templates[1], markdown=text, **data)
    return {name: content.encode() for name, content in zip(README, (text, page), strict=True)}


@lru_cache(maxsize=1)
def _diagram(catalog: Catalog) -> str:
    return diagram_svg(catalog)


def _own_list(table: str, codes: list[SourceCode]) -> OwnList:
    name = code_columns()[table].name if table in code_columns() else ""
    named = tuple((code.code, code.value or "") for code in codes if code.column == name)
    others = Counter(code.column for code in codes if code.column != name)
    return OwnList(table, named, tuple(others.items()))

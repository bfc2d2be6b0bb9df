"""Pages and texts for people: templates of ``code_tables/documents/``, filled by Jinja2.

Python makes plain data, templates make pages of them. What is put into a ``.html`` template is escaped. What comes from
outside is put into a ``.md`` template through the filter ``literally``. What is put in is never read as a template.
"""

from functools import cache
from html import escape
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_eval_context, select_autoescape
from jinja2.meta import find_referenced_templates
from jinja2.nodes import EvalContext
from markupsafe import Markup

from nibrs_pipeline.markdown import html_of, literally, plain


def rendered(template: str, **data: object) -> str:
    """A template of ``code_tables/documents/``, filled.

    Args:
        template: the file's name; its ending says whether it is HTML.
        data: what the template names.

    Raises:
        jinja2.UndefinedError: the template names something that the data lack.
    """
    return environment().get_template(template).render(data)


def sources(*templates: str) -> dict[str, str]:
    """The texts of templates and of all that they extend or include, by file name."""
    texts: dict[str, str] = {}
    waiting = list(templates)
    while waiting:
        name = waiting.pop()
        if name not in texts:
            texts[name] = _source(name)
            waiting += map(str, find_referenced_templates(environment().parse(texts[name])))
    return texts


def human_size(size: int) -> str:
    """Bytes as people read them: 1.7 MB."""
    amount, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 1000:
            break
        amount, unit = amount / 1000, larger
    return f"{amount:.1f} {unit}" if amount < 10 and unit != "B" else f"{amount:.0f} {unit}"


def plural(word: str, count: int) -> str:
    """An English word for one or several."""
    return word if count == 1 else word + "s"


@cache
def environment() -> Environment:
    """How templates are read: their filters, and what is an error."""
    made = Environment(
        loader=PackageLoader("code_tables", "documents"),
        autoescape=select_autoescape(("html",), default=False),
        undefined=StrictUndefined,
        finalize=_escaped,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {
        "commas": "{:,}".format,
        "from_markdown": lambda markdown: Markup(html_of(markdown)),
        "human_size": human_size,
        "literally": literally,
        "plain": plain,
        "plural": plural,
    }
    return made


@pass_eval_context
def _escaped(context: EvalContext, value: Any) -> Any:
    """Escaped as Python does it: published bytes do not depend on how a library writes an apostrophe."""
    return value if not context.autoescape or hasattr(value, "__html__") else Markup(escape(str(value)))


def _source(template: str) -> str:
    loader = environment().loader
    assert loader
    return loader.get_source(environment(), template)[0]

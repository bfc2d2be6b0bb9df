"""Markdown: templates filled, text from outside made safe, pages rendered."""

import re
import unicodedata
from collections.abc import Mapping
from html import escape

from markdown_it import MarkdownIt

#: What means something in the middle of a line; an underscore within a word means nothing.
_INLINE = re.compile(r"[\\`*\[\]<|~#]|&(?=[#A-Za-z])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
#: What begins a list, a quotation, a heading's underline or a rule at the beginning of a line.
_BLOCK = re.compile(r"^(\d{1,9}(?=[.)])|)([-+=.):>])")
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 62rem;
       margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
h1, h2, h3 { line-height: 1.2; }
h2 { margin-top: 2.5rem; border-bottom: 2px solid #1b4b72; padding-bottom: .2rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; background: #f2f4f6; }
pre { padding: .8rem; overflow-x: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .8rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #cfd6dc; }
th { background: #1b4b72; color: #fff; }
th:empty { display: none; }
a { color: #1b4b72; }
blockquote { margin: 1rem 0; padding: .5rem 1rem; border-left: 4px solid #1b4b72; background: #f2f4f6; }
.simulated h1, .simulated blockquote:first-of-type { border: 4px solid #a31515; padding: .5rem 1rem; color: #a31515;
       background: #fdf0f0; }
svg { max-width: 100%; height: auto; }
@media print { body { max-width: none; font-size: 10pt; } a { color: inherit; } pre { white-space: pre-wrap; }
       .wide { overflow: visible; } h2, h3 { break-after: avoid; } tr, svg { break-inside: avoid; } }
"""


def plain(text: str) -> str:
    """A text on one line, without characters that cannot be seen."""
    visible = "".join(
        character if character.isspace() or unicodedata.category(character) not in _UNSEEN else "\ufffd"
        for character in text
    )
    return " ".join(visible.split())


def literally(text: str) -> str:
    """Markdown that shows a text as it is, whatever is in it, on one line."""
    escaped = _INLINE.sub(r"\\\g<0>", plain(text))
    return _BLOCK.sub(r"\1\\\2", escaped)


def filled(template: str, parts: Mapping[str, str]) -> str:
    """A template with each ``{{name}}`` replaced; what is put in is not looked at again.

    Raises:
        KeyError: the template has a name that the parts lack.
    """
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def page(title: str, markdown: str, more: str = "", simulated: bool = False) -> str:
    """A page that needs nothing from outside: the Markdown, and HTML that follows it."""
    body = MarkdownIt("commonmark").enable("table").render(markdown)
    body = body.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(plain(title))}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body{' class=' + chr(34) + 'simulated' + chr(34) if simulated else ''}>\n{body}\n{more}</body>\n</html>\n"
    )

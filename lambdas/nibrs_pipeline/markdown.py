"""Markdown: text from outside made safe, Markdown made HTML."""

import re
import unicodedata

from markdown_it import MarkdownIt

#: What means something in the middle of a line; an underscore within a word means nothing.
_INLINE = re.compile(r"[\\`*\[\]<|~#]|&(?=[#A-Za-z])|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
#: What begins a list, a quotation, a heading's underline or a rule at the beginning of a line.
_BLOCK = re.compile(r"^(\d{1,9}(?=[.)])|)([-+=.):>])")
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")


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


def html_of(markdown: str) -> str:
    """CommonMark with tables as HTML."""
    html: str = MarkdownIt("commonmark").enable("table").render(markdown)
    return html

"""The entity-relationship diagram, drawn from the catalog's keys as SVG.

The data tables stand as a tree from left to right, each behind its parent; a box lists
the key columns and the table in which each is found. The code tables stand below.
"""

from dataclasses import dataclass, field
from html import escape

from nibrs_pipeline.catalog import Catalog, Column, Table

_WIDTH, _LINE, _TITLE, _PAD = 330, 17, 26, 8
_GAP_X, _GAP_Y, _MARGIN = 56, 14, 24
_CODE_COLUMNS = 4
_INK, _DATA, _CODE, _FAINT = "#1a1a1a", "#1b4b72", "#7a4b00", "#5a6570"


@dataclass
class _Box:
    table: Table
    x: float = 0
    y: float = 0
    children: list["_Box"] = field(default_factory=list)

    @property
    def shown(self) -> list[Column]:
        return [column for column in self.table.columns if column.primary_key or column.references]

    @property
    def more(self) -> int:
        return len(self.table.columns) - len(self.shown)

    @property
    def height(self) -> float:
        return _TITLE + _LINE * (len(self.shown) + (1 if self.more else 0)) + _PAD


def diagram_svg(catalog: Catalog) -> str:
    """The whole diagram; its size depends on the catalog alone."""
    roots = _trees(catalog)
    y: float = _MARGIN + 64
    for root in roots:
        y = _place(root, 0, y) + _GAP_Y
    data_boxes = [box for root in roots for box in _all(root)]
    top = y + 40
    code_boxes, bottom = _grid([_Box(table) for table in catalog.code_tables], top + 16)
    width = max(box.x + _WIDTH for box in data_boxes + code_boxes) + _MARGIN
    body = [
        _text(_MARGIN, _MARGIN + 18, "NIBRS tables and how they hang together", 22, weight="bold"),
        _text(_MARGIN, _MARGIN + 42, "\u25cf primary key   \u2192 table in which the value is found", 13, _FAINT),
        _text(_MARGIN, top, "Code tables, the same in every zip", 17, weight="bold"),
        *(_line(parent, child) for parent in data_boxes for child in parent.children),
        *(_draw(box, _DATA) for box in data_boxes),
        *(_draw(box, _CODE) for box in code_boxes),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{bottom + _MARGIN:g}" '
        f'viewBox="0 0 {width:g} {bottom + _MARGIN:g}" font-family="Helvetica, Arial, sans-serif" role="img" '
        'aria-label="Diagram of the NIBRS tables">\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


def _trees(catalog: Catalog) -> list[_Box]:
    """Data tables as trees: a table stands below its parent; the months and the lists of agencies stand alone."""
    boxes = {table.name: _Box(table) for table in catalog.data_tables}
    for box in boxes.values():
        if box.table.parent in boxes:
            boxes[box.table.parent].children.append(box)
    return [box for box in boxes.values() if box.table.parent not in boxes]


def _place(box: _Box, depth: int, y: float) -> float:
    """Set a subtree below ``y``; returns where it ends. A parent stands beside the middle of its children."""
    box.x = _MARGIN + depth * (_WIDTH + _GAP_X)
    below = y
    for child in box.children:
        below = _place(child, depth + 1, below) + _GAP_Y
    below = max(below - _GAP_Y, y) if box.children else y
    box.y = max(y, y + (below - y - box.height) / 2)
    return max(below, box.y + box.height)


def _all(box: _Box) -> list[_Box]:
    return [box, *(inner for child in box.children for inner in _all(child))]


def _grid(boxes: list[_Box], top: float) -> tuple[list[_Box], float]:
    """Boxes in columns, each at the foot of the shortest column so far; also the lowest foot."""
    feet = [top] * _CODE_COLUMNS
    for box in boxes:
        column = feet.index(min(feet))
        box.x, box.y = _MARGIN + column * (_WIDTH + _GAP_X), feet[column]
        feet[column] += box.height + _GAP_Y
    return boxes, max(feet)


def _line(parent: _Box, child: _Box) -> str:
    """From a parent to a child, with a crow's foot: one to many."""
    x1, y1 = parent.x + _WIDTH, parent.y + parent.height / 2
    x2, y2 = child.x, child.y + _TITLE / 2
    middle = x1 + _GAP_X / 2
    return (
        f'<path d="M{x1:g} {y1:g} H{middle:g} V{y2:g} H{x2:g} '
        f'M{x2 - 10:g} {y2:g} L{x2:g} {y2 - 6:g} M{x2 - 10:g} {y2:g} L{x2:g} {y2 + 6:g}" '
        f'fill="none" stroke="{_FAINT}" stroke-width="1.4"/>'
    )


def _draw(box: _Box, colour: str) -> str:
    parts = [
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{_WIDTH}" height="{box.height:g}" fill="#fff" '
        f'stroke="{colour}" stroke-width="1.4"/>',
        f'<rect x="{box.x:g}" y="{box.y:g}" width="{_WIDTH}" height="{_TITLE}" fill="{colour}"/>',
        _text(box.x + _PAD, box.y + 18, box.table.name, 14, "#ffffff", "bold"),
    ]
    y = box.y + _TITLE + 14
    for column in box.shown:
        mark = "\u25cf " if column.primary_key else "\u2003"
        parts.append(_text(box.x + _PAD, y, mark + column.name, 12, weight="bold" if column.primary_key else "normal"))
        if column.references:
            parts.append(_text(box.x + _WIDTH - 6, y, "\u2192 " + column.references, 10, _FAINT, anchor="end"))
        y += _LINE
    if box.more:
        parts.append(_text(box.x + _PAD, y, f"\u2003and {box.more} more columns", 11, _FAINT))
    return "\n".join(parts)


def _text(
    x: float, y: float, text: str, size: int, colour: str = _INK, weight: str = "normal", anchor: str = "start"
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{colour}" font-weight="{weight}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )

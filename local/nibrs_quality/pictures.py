"""The pictures of the quality page, as SVG that stands in the page."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nibrs_quality.agencies import Month
from nibrs_quality.report import Quality

#: Colours that are told apart in print and by the colour-blind (Okabe and Ito).
BLUE, ORANGE, GREY, DARK = "#0072b2", "#d55e00", "#c8ccd0", "#222222"
_MOST_AGENCIES = 40
_NOT_REPORTED = "\N{EN DASH}"
_STYLE: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "nibrs", "font.family": "sans-serif", "font.size": 10,
    "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": "#888888",
}  # fmt: skip


@contextmanager
def _figure(width: float, height: float, out: list[str], title: str) -> Iterator[Axes]:
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots()
        yield axes
        axes.set_title(title, loc="left", fontsize=11, color=DARK)
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    svg = text.getvalue()[text.getvalue().index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # Identifiers would clash between the pictures of a page.
    prefix = re.sub(r"\W+", "", title.partition(":")[0])
    svg = re.sub(r'(id="|url\(#|xlink:href="#)', rf"\g<1>{prefix}-", svg)
    out.append(svg.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1))


def months_of(quality: Quality) -> str:
    """Agencies by months: how many incidents, which months are zero, missing or unusual."""
    by_agency: dict[int, list[int]] = {}
    for place, each in enumerate(quality.months):
        by_agency.setdefault(each.agency_id, []).append(place)
    total = {agency: sum(quality.months[place].incidents for place in places) for agency, places in by_agency.items()}
    unusual = {each.agency_id for each in quality.unusual_months}
    order = sorted(by_agency, key=lambda agency: (agency not in unusual, -total[agency]))[:_MOST_AGENCIES]
    out: list[str] = []
    with _figure(9, 0.9 + 0.24 * len(order), out, "Months: incidents in per cent of the agency's median month") as axes:
        for row, agency in enumerate(order):
            for place in by_agency[agency]:
                each = quality.months[place]
                _cell(axes, row, each)
        axes.set_xlim(0.5, 12.5)
        axes.set_ylim(len(order) - 0.5, -0.5)
        axes.set_xticks(
            range(1, 13), ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        )
        names = {each.agency_id: each.agency for each in quality.months}
        axes.set_yticks(range(len(order)), [_short(names[agency]) for agency in order])
        axes.tick_params(length=0)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
    return out[0]


def _cell(axes: Axes, row: int, each: Month) -> None:
    strength = min(each.incidents / each.usual, 1.5) / 1.5 if each.usual else 0.0
    face = mpl.colors.to_rgba(BLUE, 0.12 + 0.78 * strength) if each.is_reported else "white"
    edge = ORANGE if each.is_unusual else "white" if each.is_reported else GREY
    axes.add_patch(
        Rectangle(
            (each.month - 0.46, row - 0.42),
            0.92,
            0.84,
            facecolor=face,
            edgecolor=edge,
            linewidth=2 if each.is_unusual else 0.8,
        )
    )
    text = (
        f"{100 * each.incidents / each.usual:.0f}"
        if each.is_reported and each.usual
        else "0"
        if each.status == "Z"
        else ""
        if each.is_reported
        else _NOT_REPORTED
    )
    axes.text(each.month, row, text, ha="center", va="center", fontsize=8, color="white" if strength > 0.5 else DARK)


def _short(name: str) -> str:
    return name if len(name) <= 38 else name[:37] + "…"


def unknowns_of(quality: Quality) -> str:
    """A dot for each agency and item; those beyond the fence in another colour and shape."""
    items = list(dict.fromkeys(each.item for each in quality.unknowns))
    out: list[str] = []
    with _figure(
        9, 1.2 + 0.42 * len(items), out, "Unknown values: per cent of an agency's records, a dot per agency"
    ) as axes:
        for row, item in enumerate(items):
            of_item = [each for each in quality.unknowns if each.item == item]
            for far, colour, marker, size in ((False, BLUE, "o", 26), (True, ORANGE, "D", 34)):
                shares = [100 * each.share for each in of_item if each.is_far_out == far]
                axes.scatter(shares, [row] * len(shares), s=size, color=colour, marker=marker, alpha=0.6, linewidths=0)
            fence = of_item[0].fence
            if fence < 1:
                axes.plot([100 * fence] * 2, [row - 0.35, row + 0.35], color=DARK, linewidth=1.2)
        axes.set_yticks(range(len(items)), items)
        axes.set_ylim(len(items) - 0.5, -0.5)
        axes.set_xlim(-1, 101)
        axes.set_xlabel("per cent unknown (line: fence; diamonds: beyond it)")
        axes.grid(axis="x", color="#eeeeee")
    return out[0]


def volumes_of(quality: Quality) -> str:
    """Incidents per month against residents; unusual agencies with their names."""
    out: list[str] = []
    with _figure(9, 4.6, out, "Volume: incidents in a reported month against residents") as axes:
        for unusual, colour, marker in ((False, BLUE, "o"), (True, ORANGE, "D")):
            some = [each for each in quality.volumes if each.is_unusual == unusual]
            axes.scatter(
                [each.residents for each in some], [max(each.incidents, 0.5) / each.months for each in some],
                s=30, color=colour, marker=marker, alpha=0.6, linewidths=0,
            )  # fmt: skip
        for each in quality.unusual_volumes[:12]:
            axes.annotate(
                _short(each.agency), (each.residents, max(each.incidents, 0.5) / each.months), fontsize=8,
                xytext=(5, 4), textcoords="offset points", color=DARK,
            )  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.set_xlabel("residents")
        axes.set_ylabel("incidents per reported month")
        axes.grid(color="#eeeeee")
    return out[0]

"""The report of ``nibrs check`` as a page that stands alone."""

from dataclasses import dataclass
from pathlib import Path

from nibrs_pipeline.pages import rendered

from nibrs_quality.pictures import months_of, unknowns_of, volumes_of
from nibrs_quality.report import Quality

_MOST_ROWS = 25


@dataclass(frozen=True)
class _Section:
    """What was found in a state-year, with pictures as SVG; empty where there is nothing to draw."""

    quality: Quality
    months: str
    volumes: str
    unknowns: str


def write_page(path: Path, found: list[Quality]) -> None:
    """Write the page of some state-years."""
    page = rendered("quality.html", sections=[_section(each) for each in found], most_rows=_MOST_ROWS)
    path.write_text(page, encoding="utf-8")


def _section(quality: Quality) -> _Section:
    return _Section(
        quality,
        months_of(quality) if quality.months else "",
        volumes_of(quality) if quality.volumes else "",
        unknowns_of(quality) if quality.unknowns else "",
    )

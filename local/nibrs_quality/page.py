"""The report of ``nibrs check`` as a page that stands alone."""

from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from nibrs_quality.pictures import months_of, unknowns_of, volumes_of
from nibrs_quality.report import Quality

_MOST_ROWS = 25


def write_page(path: Path, found: list[Quality]) -> None:
    """Write the page of some state-years."""
    template = Template((files("nibrs_quality") / "page.html").read_text(encoding="utf-8"))
    sections = "\n".join(_section(each) for each in found)
    path.write_text(template.substitute(summary=_summary(found), sections=sections), encoding="utf-8")


def _table(header: list[str], rows: list[list[str]], numbers: set[int]) -> str:
    """A table; cells are HTML already, columns in ``numbers`` are aligned to the right."""

    def cells(tag: str, row: list[str]) -> str:
        return "".join(
            f'<{tag} class="n">{cell}</{tag}>' if place in numbers else f"<{tag}>{cell}</{tag}>"
            for place, cell in enumerate(row)
        )

    body = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f"<table>\n<thead><tr>{cells('th', header)}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _summary(found: list[Quality]) -> str:
    rows = [
        [
            f'<a href="#{escape(each.name)}">{escape(each.name)}</a>', f"{each.rows['nibrs_incident']:,}",
            f"{len(each.findings) - len(each.broken)} of {len(each.findings)}",
            _verdict(len(each.broken)), _verdict(len(each.far_out)), _verdict(len(each.unusual_volumes)),
            _verdict(len(each.unusual_months)),
        ]
        for each in found
    ]  # fmt: skip
    header = ["State-year", "Incidents", "Checks passed", "Rules broken", "Unknown far out", "Unusual agencies",
              "Unusual months"]  # fmt: skip
    return _table(header, rows, {1, 2, 3, 4, 5, 6})


def _verdict(number: int) -> str:
    return f'<span class="{"bad" if number else "good"}">{number or "none"}</span>'


def _section(quality: Quality) -> str:
    parts = [f'<h2 id="{escape(quality.name)}">{escape(quality.name)}</h2>', "<h3>Rules</h3>", _rules(quality)]
    if quality.months:
        parts += ["<h3>Months</h3>", _months_note(), months_of(quality), _partial_years(quality)]
    if quality.volumes:
        parts += ["<h3>Agencies</h3>", volumes_of(quality), _volumes(quality)]
    if quality.unknowns:
        parts += ["<h3>Unknown values</h3>", unknowns_of(quality), _unknowns(quality)]
    return "\n".join(parts)


def _rules(quality: Quality) -> str:
    if not quality.broken:
        return f'<p class="good">All {len(quality.findings)} checks passed.</p>'
    rows = [
        [
            escape(each.check.name), f"{each.broken:,}", f"{each.checked:,}",
            f"{100 * each.broken / max(each.checked, 1):.2f}",
            "<br>".join(f"<code>{escape(example)}</code>" for example in each.examples),
        ]
        for each in quality.broken
    ]  # fmt: skip
    passed = len(quality.findings) - len(rows)
    header = ["Broken rule", "Rows", "of", "%", "For example (key: what is wrong)"]
    return f"<p>{passed} of {len(quality.findings)} checks passed.</p>\n" + _table(header, rows, {1, 2, 3})


def _months_note() -> str:
    return (
        '<p class="note">Orange frames: more than 3.5 robust standard deviations from the agency\'s other months. '
        "A dash stands for a month that was not reported, 0 for a zero report. At most 40 agencies, unusual ones "
        "first.</p>"
    )


def _partial_years(quality: Quality) -> str:
    rows = [
        [escape(each.agency), str(len(each.stray_months)), f"{each.stray_incidents:,}", f"{each.usual:,}"]
        for each in quality.partial_years[:_MOST_ROWS]
    ]
    if not rows:
        return '<p class="note">No agency reported for a part of the year only.</p>'
    note = '<p class="note">Reported for a part of the year only, with a few stray incidents in other months: no '
    header = ["Agency", "Stray months", "Incidents in them", "Incidents of a usual month"]
    return note + "respondents of the estimates.</p>\n" + _table(header, rows, {1, 2, 3})


def _volumes(quality: Quality) -> str:
    rows = [
        [escape(each.agency), escape(each.like), f"{each.residents:,}", str(each.months), f"{each.incidents:,}",
         f"{each.score:+.1f}"]
        for each in quality.unusual_volumes[:_MOST_ROWS]
    ]  # fmt: skip
    if not rows:
        return '<p class="note">No agency is far from the others of its population group.</p>'
    header = ["Agency", "Population group", "Residents", "Months", "Incidents", "Score"]
    return _table(header, rows, {2, 3, 4, 5})


def _unknowns(quality: Quality) -> str:
    rows = [
        [
            escape(each.item),
            escape(each.agency),
            f"{each.records:,}",
            f"{100 * each.share:.0f}",
            f"{100 * each.fence:.0f}",
        ]
        for each in quality.far_out[:_MOST_ROWS]
    ]
    if not rows:
        return '<p class="note">No agency is beyond a fence.</p>'
    return _table(["Item", "Agency", "Records", "% unknown", "Fence (%)"], rows, {2, 3, 4})

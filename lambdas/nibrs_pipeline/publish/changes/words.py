"""What a publication changed, in sentences: its title, and what lists and the feed say of it."""

from collections.abc import Iterable, Mapping

from nibrs_pipeline.pages import plural
from nibrs_pipeline.publish.changes.comparison import Changes, EstimatesChange, StateYearChange

#: State-years that one sentence names.
_MOST_NAMED = 12


def title(changes: Changes) -> str:
    """A line such as: 2 state-years new, 1 changed; estimates of 2016."""
    counts = [(len(changes.that(what)), what) for what in ("new", "changed", "withdrawn")]
    told = [f"{count:,} {what}" for count, what in counts if count]
    parts = []
    if told:
        first, *rest = told
        number, what = first.split(" ")
        parts.append(", ".join([f"{number} {plural('state-year', int(number.replace(',', '')))} {what}", *rest]))
    if changes.estimates:
        parts.append(f"estimates of {_listed(str(each.year) for each in changes.estimates)}")
    return "; ".join(parts)


def summary(changes: Changes) -> tuple[str, ...]:
    """Sentences, most important first."""
    sentences = []
    if new := changes.that("new"):
        sentences.append(f"New: {grouped(new)}.")
    changed = changes.that("changed")
    if rows := [each for each in changed if not each.only_around_the_rows]:
        sentences.append(f"Rows differ: {grouped(rows)}.")
    if around := [each for each in changed if each.only_around_the_rows]:
        sentences.append(f"Every row as it was, but code tables, documents or packing differ: {grouped(around)}.")
    if gone := changes.that("withdrawn"):
        sentences.append(f"Withdrawn: {grouped(gone)}.")
    if codes := sum(len(each.codes) for each in changes.codes):
        sentences.append(f"{codes:,} {plural('code', codes)} came, went or {'was' if codes == 1 else 'were'} renamed.")
    return (*sentences, *(_of_estimates(each) for each in changes.estimates))


def grouped(state_years: Iterable[StateYearChange]) -> str:
    """State-years by state, years in a row as a span: AZ 2015 to 2017, RI 2016."""
    years: dict[str, list[int]] = {}
    for each in state_years:
        state, _, year = each.name.partition("-")
        years.setdefault(state, []).append(int(year))
    spans = [f"{state} {_listed(_spans(sorted(found)))}" for state, found in sorted(years.items())]
    more = len(spans) - _MOST_NAMED
    return ", ".join(spans[:_MOST_NAMED]) + (f" and {more} more {plural('state', more)}" if more > 0 else "")


def _spans(years: list[int]) -> list[str]:
    runs: list[list[int]] = []
    for year in years:
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return [f"{run[0]} to {run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]


def _listed(texts: Iterable[str]) -> str:
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else last


def _of_estimates(change: EstimatesChange) -> str:
    if change.what != "changed":
        return f"Estimates of {change.year} {'are new' if change.what == 'new' else 'were withdrawn'}."
    return f"{_of_new_version(change)}{_of_choices(change)}"


def _of_new_version(change: EstimatesChange) -> str:
    if change.same_numbers:
        return (
            f"Estimates of {change.year} were made anew; the file of all numbers is as it was, tables that are not in "
            "it differ."
        )
    if change.moved is None:
        return f"Estimates of {change.year} were made anew; the two versions were not compared."
    moved = change.moved
    if not (moved.moved or moved.came or moved.went or moved.released or moved.withheld):
        return f"Estimates of {change.year} were made anew; no count moved by more than its standard error."
    return (
        f"Estimates of {change.year} were made anew: {moved.moved:,} of {moved.compared:,} counts moved by more than "
        f"their standard error, {moved.outside:,} of them out of their 95 % interval; {moved.released:,} may be quoted "
        f"now that might not before, {moved.withheld:,} may not any more."
    )


def _of_choices(change: EstimatesChange) -> str:
    if change.choices is None or change.choices_before is None:
        return ""
    now, before = (_chosen(choices) for choices in (change.choices, change.choices_before))
    return f" They were made with {now}, before with {before}."


def _chosen(choices: Mapping[str, str]) -> str:
    named = [f"{name}={value}" for name, value in sorted(choices.items())]
    return _listed(named) if named else "the defaults of the method"

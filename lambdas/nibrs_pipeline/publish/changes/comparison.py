"""What differs between what was told and what is published now: pure, from manifests alone."""

from collections.abc import Iterator, Mapping
from typing import Literal

from nibrs_pipeline.archive.code_lists import code_differences
from nibrs_pipeline.estimate.moved import Moved
from nibrs_pipeline.publish.changes.told import Record, Told, ToldStateYear

What = Literal["new", "changed", "withdrawn"]


class TableChange(Record):
    """A table whose rows differ; None where there was or is no such table. The numbers of rows may be the same."""

    table: str
    before: int | None
    after: int | None


class StateYearChange(Record):
    """A state-year whose zip came, changed or went.

    Attributes:
        incidents: how many it has; None if it went. ``incidents_before`` None if it is new.
        tables: of one that changed those whose rows differ; none if only code tables, documents or packing do.
        columns: whether the columns of tables, or their descriptions, may differ.
        codes: whether its code tables differ.
    """

    name: str
    what: What
    incidents_before: int | None
    incidents: int | None
    tables: tuple[TableChange, ...] = ()
    columns: bool = False
    codes: bool = False

    @property
    def only_around_the_rows(self) -> bool:
        """Whether it changed while every row is as it was."""
        return self.what == "changed" and not self.tables


class CodeChange(Record):
    """A code that came (``before`` is None), went (``after`` is None), or has another name."""

    table: str
    code: str
    before: str | None
    after: str | None
    sentence: str


class CodesChange(Record):
    """What differs in the code tables of these state-years."""

    state_years: tuple[str, ...]
    codes: tuple[CodeChange, ...]


class EstimatesChange(Record):
    """A year's estimates that came, changed or went.

    Attributes:
        moved: None unless both versions could be compared, and their files of all numbers differ.
        same_numbers: whether the file of all numbers is as it was; tables that are not in it changed then.
        choices: what is chosen of the method now and is not the default; None if that did not change, or is not known.
        choices_before: the same of before.
    """

    year: int
    what: What
    moved: Moved | None = None
    same_numbers: bool = False
    choices: dict[str, str] | None = None
    choices_before: dict[str, str] | None = None


class Changes(Record):
    """All that a publication changed."""

    state_years: tuple[StateYearChange, ...]
    codes: tuple[CodesChange, ...]
    estimates: tuple[EstimatesChange, ...]

    @property
    def any(self) -> bool:
        """Whether there is something to tell."""
        return bool(self.state_years or self.estimates)

    def that(self, what: What) -> list[StateYearChange]:
        """The state-years that came, changed or went."""
        return [each for each in self.state_years if each.what == what]


#: What was found of numbers that moved: by the SHA-256 of the files of all numbers, the earlier and the later one.
Pairs = Mapping[tuple[str, str], Moved]


def find_changes(before: Told, after: Told, moved: Pairs) -> Changes:
    """Compare two states of what is published."""
    return Changes(
        state_years=tuple(_state_years(before, after)),
        codes=tuple(_codes(before, after)),
        estimates=tuple(_estimates(before, after, moved)),
    )


def _state_years(before: Told, after: Told) -> Iterator[StateYearChange]:
    for name in sorted(before.state_years.keys() | after.state_years.keys()):
        earlier, later = before.state_years.get(name), after.state_years.get(name)
        if earlier is None or later is None or earlier.sha256 != later.sha256:
            yield _state_year(name, earlier, later)


def _state_year(name: str, earlier: ToldStateYear | None, later: ToldStateYear | None) -> StateYearChange:
    counts = {"incidents_before": _incidents(earlier), "incidents": _incidents(later)}
    if earlier is None or later is None:
        return StateYearChange(name=name, what="new" if earlier is None else "withdrawn", **counts)
    tables = [
        TableChange(table=table, before=_rows(earlier, table), after=_rows(later, table))
        for table in dict.fromkeys([*later.tables, *earlier.tables])
        if earlier.tables.get(table) != later.tables.get(table)
    ]
    return StateYearChange(
        name=name,
        what="changed",
        tables=tuple(tables),
        columns=earlier.catalog != later.catalog,
        codes=earlier.code_lists != later.code_lists,
        **counts,
    )


def _incidents(state_year: ToldStateYear | None) -> int | None:
    return _rows(state_year, "nibrs_incident") if state_year else None


def _rows(state_year: ToldStateYear, table: str) -> int | None:
    found = state_year.tables.get(table)
    return found[0] if found else None


def _codes(before: Told, after: Told) -> Iterator[CodesChange]:
    """State-years with the same lists before and after are told together."""
    alike: dict[tuple[str, str], list[str]] = {}
    for name in sorted(before.state_years.keys() & after.state_years.keys()):
        pair = before.state_years[name].code_lists, after.state_years[name].code_lists
        if pair[0] != pair[1]:
            alike.setdefault(pair, []).append(name)
    for (earlier, later), names in alike.items():
        found = code_differences(before.code_lists[earlier], after.code_lists[later])
        codes = tuple(
            CodeChange(table=each.table, code=each.code, before=each.before, after=each.after, sentence=each.sentence)
            for each in found
        )
        if codes:
            yield CodesChange(state_years=tuple(names), codes=codes)


def _estimates(before: Told, after: Told, moved: Pairs) -> Iterator[EstimatesChange]:
    for year in sorted(before.estimates.keys() | after.estimates.keys()):
        earlier, later = before.estimates.get(year), after.estimates.get(year)
        if earlier is None or later is None:
            yield EstimatesChange(year=year, what="new" if earlier is None else "withdrawn")
        elif earlier.differs(later):
            chosen = None not in (earlier.choices, later.choices) and earlier.choices != later.choices
            yield EstimatesChange(
                year=year,
                what="changed",
                moved=moved.get((earlier.numbers or "", later.numbers or "")),
                same_numbers=earlier.numbers == later.numbers is not None,
                choices=later.choices if chosen else None,
                choices_before=earlier.choices if chosen else None,
            )

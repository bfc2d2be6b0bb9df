"""CSVs of agencies and of Return A that people bring: read, checked row by row, converted to our own columns.

Which columns there are and how else they may be called is in ``code_tables/frames/columns.csv``.
"""

import csv
import gzip
import hashlib
import io
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from nibrs_pipeline.state_year import FIRST_YEAR, LAST_YEAR

from nibrs_loading.archives import BadFile
from nibrs_loading.population_groups import METROPOLITAN, population_group

_FOLDER = files("code_tables") / "frames"
_LISTS = files("code_tables") / "lists"
_GZIP = b"\x1f\x8b"
_ORI = 9
_LARGEST_POPULATION = 20_000_000
_LARGEST_COUNT = 10_000_000


@dataclass(frozen=True)
class Column:
    """A column of such a file, and what else it may be called."""

    name: str
    aliases: tuple[str, ...]
    required: bool


@dataclass(frozen=True)
class Agency:
    """An agency of a data year.

    Attributes:
        line: of the file.
        state: postal abbreviation.
        covered_by: ORI of the agency that reports for it, or "".
    """

    line: int
    ori: str
    name: str
    agency_type: str
    state: str
    data_year: int
    population: int
    group: str
    status: str
    covered_by: str
    reporting_type: str


@dataclass(frozen=True)
class Count:
    """A line of Return A of a month; ``line_code`` is "" if the month was reported without any offense."""

    line: int
    ori: str
    data_year: int
    month: int
    line_code: str
    count: int


@dataclass(frozen=True)
class File:
    """A file's rows by our names of columns, with their lines; the alias that each column was found under."""

    path: Path
    sha256: str
    rows: list[tuple[int, dict[str, str]]]
    found_as: dict[str, str]

    def refuse(self, line: int, column: str, value: str, allowed: str) -> BadFile:
        """What is wrong with a value, and what it may be."""
        shown = self.found_as.get(column, column)
        return BadFile(f"{self.path}, line {line}, column {shown}: {value!r}; it has to be {allowed}")


def read_agencies(path: Path, year: int | None) -> tuple[File, list[Agency]]:
    """The agencies of a frame.

    Args:
        year: the data year of a file that has no column for it.

    Raises:
        BadFile: the file, a column or a value is wrong; names line, column, value and remedy.
    """
    found = _read(path, "agencies", year)
    residents: Counter[tuple[str, str, str]] = Counter()
    for line, row in found.rows:
        population = _population(found, line, row)
        if row.get("county"):
            residents[row["data_year"], row["state"], row["county"]] += population
    agencies = [_agency(found, line, row, residents) for line, row in found.rows]
    _refuse_twice(found, [(each.line, (each.ori, each.data_year)) for each in agencies], "agency and year")
    return found, agencies


def read_return_a(path: Path, year: int | None) -> tuple[File, list[Count]]:
    """The counts of Return A of a file; arguments and errors are those of ``read_agencies``."""
    found = _read(path, "return_a", year)
    counts = [_count(found, line, row) for line, row in found.rows]
    keys = [(each.line, (each.ori, each.data_year, each.month, each.line_code)) for each in counts]
    _refuse_twice(found, keys, "agency, month and line")
    return found, counts


@cache
def columns(file: str) -> tuple[Column, ...]:
    """The columns of ``agencies`` or ``return_a``."""
    text = (_FOLDER / "columns.csv").read_text(encoding="utf-8")
    return tuple(
        Column(row["column"], tuple(row["aliases"].split()), row["required"] == "yes")
        for row in csv.DictReader(text.splitlines())
        if row["file"] == file
    )


@cache
def _agency_types() -> dict[tuple[str, str], str]:
    """The type that a value means, by the column that it stands in ("" for any)."""
    names = csv.DictReader((_LISTS / "ref_agency_type.csv").read_text(encoding="utf-8").splitlines())
    known = {("", row["agency_type_name"].lower()): row["agency_type_name"] for row in names}
    given = csv.DictReader((_FOLDER / "agency_types.csv").read_text(encoding="utf-8").splitlines())
    return known | {(row["column"], row["value"].lower()): row["agency_type"] for row in given}


@cache
def _states() -> dict[str, str]:
    """Postal abbreviations, by themselves and by the FBI's own."""
    rows = list(csv.DictReader((_LISTS / "ref_state.csv").read_text(encoding="utf-8").splitlines()))
    return {row[name]: row["state_postal_abbr"] for name in ("state_abbr", "state_postal_abbr") for row in rows}


@cache
def _codes(table: str, column: str) -> frozenset[str]:
    rows = csv.DictReader((_LISTS / f"{table}.csv").read_text(encoding="utf-8").splitlines())
    return frozenset(row[column] for row in rows)


def _read(path: Path, file: str, year: int | None) -> File:
    content = _content(path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadFile(
            f"{path}, line {line}: the byte {content[error.start]:#x} is not UTF-8; save it as UTF-8"
        ) from None
    if "\0" in text:
        raise BadFile(f"{path}, line {text[: text.index(chr(0))].count(chr(10)) + 1}: a NUL; save it as CSV in UTF-8")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        at = _places(path, file, header, year)
        rows = []
        for values in reader:
            if not any(value.strip() for value in values):
                continue
            line = reader.line_num
            if len(values) != len(header):
                raise BadFile(f"{path}, line {line}: {len(values)} values, and the header has {len(header)} columns")
            row = {name: values[place].strip() for name, place in at.items()}
            row["data_year"] = row.get("data_year") or str(year or "")
            rows.append((line, row))
    except csv.Error as error:
        raise BadFile(f"{path}, line {reader.line_num}: {error}; save it as CSV with commas and quotes") from None
    found = File(path, hashlib.sha256(content).hexdigest(), rows, {name: header[place] for name, place in at.items()})
    if not rows:
        raise BadFile(f"{path} has a header and no row: there is nothing to load")
    if file == "agencies":
        _name_states(found)
    _check_years(found, year)
    return found


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror or error}; name a CSV, plain or gzip") from error
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise BadFile(f"{path}: the gzip file is cut off or damaged; fetch it again") from error


def _places(path: Path, file: str, header: list[str], year: int | None) -> dict[str, int]:
    """At which place of a row each of our columns is; of a column's names the first that the file has counts."""
    twice = [name for name, number in Counter(header).items() if number > 1 and name]
    if twice:
        raise BadFile(f"{path}: the column {twice[0]} stands in the header twice; leave one out")
    at = {}
    for column in columns(file):
        names = [name for name in (column.name, *column.aliases) if name in header]
        if names:
            at[column.name] = header.index(names[0])
        elif column.required:
            others = f" (or {', '.join(column.aliases)})" if column.aliases else ""
            raise BadFile(f"{path} has no column {column.name}{others}; docs/operations.md says which it needs")
    if "data_year" not in at and year is None:
        raise BadFile(f"{path} has no column data_year: give the year with --year, such as --year 2018")
    return at


def _name_states(found: File) -> None:
    for line, row in found.rows:
        state = _states().get(row["state"].upper())
        if state is None:
            raise found.refuse(line, "state", row["state"], "the abbreviation of a state, such as MN")
        row["state"] = state


def _check_years(found: File, year: int | None) -> None:
    for line, row in found.rows:
        value = _number(found, line, row, "data_year", FIRST_YEAR, LAST_YEAR)
        if year is not None and value != year:
            raise BadFile(
                f"{found.path}, line {line}: the row is of {value}, and --year says {year}; leave one of them out"
            )


def _agency(found: File, line: int, row: dict[str, str], residents: Counter[tuple[str, str, str]]) -> Agency:
    shown = found.found_as["agency_type"]
    given = row["agency_type"].lower()
    agency_type = _agency_types().get((shown, given)) or _agency_types().get(("", given))
    if agency_type is None:
        raise found.refuse(line, "agency_type", row["agency_type"], "a type such as City; docs/operations.md has them")
    population = _population(found, line, row)
    in_county = residents[row["data_year"], row["state"], row.get("county", "")]
    metropolitan = _choice(found, line, row, "metropolitan", ("Y", "N")) or ("Y" if in_county >= METROPOLITAN else "N")
    group = row.get("population_group", "")
    if group and group not in _codes("ref_population_group", "population_group_code"):
        raise found.refuse(line, "population_group", group, "a population group such as 1A, 6 or 9B, or empty")
    covered_by = row.get("covered_by", "")
    return Agency(
        line=line,
        ori=_ori_of(found, line, "ori", row["ori"]),
        name=row.get("agency_name", "")[:100],
        agency_type=agency_type,
        state=row["state"],
        data_year=int(row["data_year"]),
        population=population,
        group=group or population_group(agency_type, population, metropolitan == "Y"),
        status=_choice(found, line, row, "agency_status", ("A", "D", "F", "L", "N", "I")) or "A",
        covered_by=_ori_of(found, line, "covered_by", covered_by) if covered_by else "",
        reporting_type=_choice(found, line, row, "reporting_type", ("I", "S")),
    )


def _count(found: File, line: int, row: dict[str, str]) -> Count:
    code = row["line"]
    if code and code not in _codes("reta_offense_subcat", "offense_subcat_code"):
        raise found.refuse(line, "line", code, "a line of Return A such as murder or larceny, or empty")
    if not code and row["count"] not in ("", "0"):
        raise found.refuse(line, "line", code, f"the line of Return A that the {row['count']} offenses are of")
    return Count(
        line=line,
        ori=_ori_of(found, line, "ori", row["ori"]),
        data_year=int(row["data_year"]),
        month=_number(found, line, row, "month", 1, 12),
        line_code=code,
        # Later corrections may make a month's count negative.
        count=_number(found, line, row, "count", -_LARGEST_COUNT, _LARGEST_COUNT) if code else 0,
    )


def _ori_of(found: File, line: int, column: str, value: str) -> str:
    ori = value.upper()
    if len(ori) != _ORI or not (ori.isascii() and ori.isalnum()):
        raise found.refuse(line, column, value, "an ORI: nine letters and digits, such as MN0271100")
    return ori


def _population(found: File, line: int, row: dict[str, str]) -> int:
    return _number(found, line, row, "population", 0, _LARGEST_POPULATION) if row["population"] else 0


def _number(found: File, line: int, row: dict[str, str], column: str, least: int, most: int) -> int:
    value = row[column]
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 9 and least <= int(value) <= most):
        raise found.refuse(line, column, value, f"a whole number from {least} to {most}")
    return int(value)


def _choice(found: File, line: int, row: dict[str, str], column: str, allowed: tuple[str, ...]) -> str:
    value = row.get(column, "").upper()
    if value and value not in allowed:
        raise found.refuse(line, column, row[column], f"{', '.join(allowed)} or empty")
    return value


def _refuse_twice(found: File, keys: Sequence[tuple[int, tuple[object, ...]]], what: str) -> None:
    first: dict[tuple[object, ...], int] = {}
    for line, key in keys:
        if key in first:
            named = ", ".join(str(each) for each in key)
            raise BadFile(f"{found.path}, line {line}: {named} stands in line {first[key]} too; one row per {what}")
        first[key] = line


def as_csv(rows: Iterator[tuple[object, ...]]) -> Iterator[bytes]:
    """Rows as portions of CSV, for COPY."""
    portion = io.StringIO()
    writer: Callable[[tuple[object, ...]], object] = csv.writer(portion, lineterminator="\n").writerow
    for row in rows:
        writer(row)
        if portion.tell() > 1 << 16:
            yield portion.getvalue().encode()
            portion.seek(0)
            portion.truncate()
    yield portion.getvalue().encode()

"""Published zips as tests see them: read with nothing of the product but the list of codes' columns."""

import csv
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.code_columns import code_columns

Rows = list[dict[str, str]]
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
#: Names that differ between the later layouts and the database, as code_tables/layouts/ lists them.
RENAMED = {
    "circumstance_type": "circumstances_type", "circumstance_code": "circumstances_code",
    "circumstance_name": "circumstances_name", "justifiable_fore_id": "justifiable_force_id",
    "age_code_range_high": "age_range_high_num", "bias_desc": "bias_name",
}  # fmt: skip
#: What layouts 1 and 2 number and layout 3 leaves empty.
NUMBERED = {"nibrs_weapon_id", "nibrs_prop_desc_id", "nibrs_victim_offender_id", "nibrs_arrestee_weapon_id"}
#: What a document of layout 3 has and its month has not.
OF_DOCUMENT = ("ddocname", "did", "report_date")


def text_of(content: bytes) -> str:
    """UTF-8, or Windows-1252."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252")


def raw(path: Path) -> dict[str, Rows]:
    """The tables of a zip as they are, with names in lower case."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.lower().endswith(".csv"):
                rows = csv.reader(io.StringIO(text_of(archive.read(name))))
                header = [RENAMED.get(column.lower(), column.lower()) for column in next(rows)]
                found[PurePosixPath(name).stem.lower()] = [dict(zip(header, row, strict=True)) for row in rows]
    return found


def without(tables: dict[str, Rows], quarantine: Path) -> dict[str, Rows]:
    """The tables without the rows that a quarantine holds."""
    aside = {path.stem: path for path in quarantine.glob("*.csv")}
    found = {}
    for name, rows in tables.items():
        lines = set()
        if name in aside:
            with aside[name].open(encoding="utf-8", newline="") as file:
                lines = {int(row["line"]) for row in csv.DictReader(file)}
        found[name] = [row for line, row in enumerate(rows, start=2) if line not in lines]
    return found


def in_terms_of_the_database(tables: dict[str, Rows]) -> dict[str, Rows]:
    """The tables of layout 3: offenses have codes for identifiers, a month has a row per document."""
    if "offense_type_id" in tables["nibrs_offense"][0]:
        return tables
    for name in ("nibrs_offense", "nibrs_arrestee", "nibrs_offense_type"):
        for row in tables[name]:
            row["offense_type_id"] = row["offense_code"]
    tables["nibrs_age"].append({"age_id": "years", "age_code": "AG"})
    months: dict[tuple[tuple[str, str], ...], str] = {}
    for row in tables["nibrs_month"]:
        month = tuple((key, value) for key, value in row.items() if key not in OF_DOCUMENT)
        months[month] = max(months.get(month, ""), row["report_date"])
    tables["nibrs_month"] = [{**dict(month), "report_date": last} for month, last in months.items()]
    return tables


def comparable(
    tables: dict[str, Rows], catalog: Catalog, name: str, columns: Iterable[str]
) -> Counter[tuple[str, ...]]:
    """A table's rows with codes instead of identifiers, and values in one notation."""
    table, columns = catalog[name], tuple(columns)
    codes: dict[str, Callable[[str], str]] = {}
    for column in table.columns:
        target = catalog.get(column.references)
        if target is not None and target.kind == "code":
            codes[column.name] = decoder(tables[target.name], target.primary_key[0], code_columns()[target.name].code)
    with_ages = any(age["age_code"] == "47" for age in tables["nibrs_age"])
    of_age = decoder(tables["nibrs_age"], "age_id", "age_code")
    rows = (with_age(row, of_age) for row in tables[name]) if with_ages else tables[name]
    return Counter(
        tuple(codes.get(column, notation)(row[column]) if row[column] else "" for column in columns) for row in rows
    )


def decoder(rows: Rows, key: str, code: str) -> Callable[[str], str]:
    of = {row.get(key, row[code]): row[code].strip() for row in rows}
    return lambda value: of[value]


def with_age(row: dict[str, str], of_age: Callable[[str], str]) -> dict[str, str]:
    """Layout 3 has an age identifier for every year of age; the database one for ages in years."""
    if "age_id" not in row:
        return row
    code = of_age(row["age_id"])
    years = code.isdecimal() and code not in ("00", "99")
    return {**row, "age_id": "years" if years else row["age_id"], "age_num": str(int(code)) if years else ""}


def notation(value: str) -> str:
    if value.isdecimal():
        return f"{int(value)}"
    day = re.fullmatch(r"(\d\d)-([A-Z]{3})-(\d\d)", value)
    if day:
        return f"20{day[3]}-{MONTHS.index(day[2]) + 1:02d}-{day[1]}"
    if re.fullmatch(r"\d{4}-\d\d-\d\d 00:00:00", value):
        return value[:10]
    if re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+", value):
        return value.rstrip("0").rstrip(".")
    if re.fullmatch(r"-?\d+(\.\d+)?", value):
        return f"{float(value):g}"
    return {"t": "Y", "f": "N"}.get(value, value)

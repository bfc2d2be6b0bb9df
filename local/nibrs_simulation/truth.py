"""What is known for certain of a simulated nation, written beside the database.

agencies-<year>.csv.gz   who reports what, and why
counts-<year>.csv.gz     offenses, victims and arrests by agency, month and code
return_a-<year>.csv.gz   Return A by agency, month and line, as if all had reported
demographics.csv.gz      shares of agencies' residents by age, sex, race and income
<year>/<ST>-<year>.zip   all records as if every agency had reported everything, in layout 1
"""

import gzip
import io
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from nibrs_loading.key_spaces import SIMULATED_KEYS
from nibrs_pipeline.archive.zip_writer import ZipWriter
from nibrs_pipeline.catalog import Table, nibrs_catalog
from nibrs_pipeline.pages import rendered

_FOLDER = files("nibrs_simulation")
_LISTS = files("code_tables") / "lists"
_CODES = ("nibrs_offense_type", "nibrs_weapon_type", "nibrs_prop_desc_type")


def csv_of(rows: pa.Table, header: bool = True) -> pa.Buffer:
    """Rows as CSV; NULL is empty, and keys are those of simulated rows, which no real row has."""
    for name in set(rows.column_names) & _keys():
        if pa.types.is_integer(rows[name].type):
            place = rows.column_names.index(name)
            rows = rows.set_column(place, name, pc.add(rows[name], SIMULATED_KEYS))
    out = pa.BufferOutputStream()
    options = pyarrow.csv.WriteOptions(include_header=header, quoting_style="needed", quoting_header="none")
    pyarrow.csv.write_csv(rows, out, options)
    return out.getvalue()


@cache
def _keys() -> frozenset[str]:
    """Columns with keys of agencies, months, incidents and what belongs to them."""
    catalog = nibrs_catalog()
    of_months = {
        table.primary_key[0]
        for table in catalog.tables
        if catalog.lineage(table)[-1].name == "nibrs_month" and len(table.primary_key) == 1
    }
    return frozenset({"agency_id", "covered_by", "covered_by_agency_id", "covered_by_id", "reta_month_id", *of_months})


def write_truth_zip(path: Path, tables: dict[str, pa.Table]) -> None:
    """All 45 tables of a state and year; columns that are not simulated are empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        writer = ZipWriter(file)
        writer.add("README.md", rendered("truth_readme.md", name=path.stem).encode())
        for each in nibrs_catalog().published:
            content = (
                (_LISTS / each.csv_name).read_bytes() if each.kind == "code" else _csv(each, tables.get(each.name))
            )
            writer.add(each.csv_name, content)
        writer.close()
    partial.replace(path)


def _csv(described: Table, rows: pa.Table | None) -> bytes:
    if rows is None:
        return (",".join(described.column_names) + "\n").encode()
    columns = [
        rows[name] if name in rows.column_names else pa.nulls(len(rows), pa.string()) for name in described.column_names
    ]
    return bytes(csv_of(pa.table(columns, names=list(described.column_names))))


def counted(tables: dict[str, pa.Table]) -> tuple[pa.Table, pa.Table]:
    """The counts and the Return A of a state and year, by SQL over its records."""
    connection = duckdb.connect(config={"threads": 1})
    for name in _CODES:
        connection.execute(
            f"CREATE TABLE {name} AS SELECT * FROM read_csv('{_LISTS / f'{name}.csv'}', all_varchar = true)"
        )
        key = (
            f"{name.removeprefix('nibrs_').removesuffix('_type')}_id"
            if name != "nibrs_offense_type"
            else "offense_type_id"
        )
        connection.execute(f"ALTER TABLE {name} ALTER {key} TYPE bigint")
    for name, rows in tables.items():
        if name.startswith("nibrs_"):
            connection.register(name, rows)
    counts, return_a = (
        connection.sql((_FOLDER / f"{name}.sql").read_text(encoding="utf-8")).to_arrow_table()
        for name in ("counts", "return_a")
    )
    connection.close()
    return counts, return_a


def write_compressed(path: Path, rows: pa.Table) -> None:
    """Rows as a .csv.gz that is the same whenever it is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    with gzip.GzipFile(fileobj=content, mode="wb", mtime=0, compresslevel=5) as file:
        file.write(csv_of(rows))
    path.write_bytes(content.getvalue())

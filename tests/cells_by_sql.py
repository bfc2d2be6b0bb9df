"""Cells of the published tables as SQL counts them in a zip, asked in a way of its own."""

import re
from pathlib import Path

from nibrs_loading.sql_blocks import read_blocks
from nibrs_loading.zip_database import open_zip
from nibrs_pipeline.catalog import Catalog

QUERIES = {
    name: read_blocks((Path(__file__).parent / "integration" / f"{name}.sql").read_text(encoding="utf-8"), "cell")
    for name in ("tabulation", "persons", "drugs_guns")
}
#: Whose tables the queries of a file stand on, besides its own.
TABLES_OF = {"drugs_guns": ("persons",)}
#: Group B arrests of agencies and months, as the cells count them; a zip without them has none.
GROUP_B = """CREATE TABLE lesser AS
    SELECT t.offense_code AS code, g.sex_code AS sex, r.race_code AS race, e.ethnicity_code AS ethnicity
    FROM nibrs_grpb_arrest g JOIN nibrs_offense_type t USING (offense_type_id) LEFT JOIN ref_race r USING (race_id)
    LEFT JOIN nibrs_ethnicity e USING (ethnicity_id) WHERE g.agency_id IS NOT NULL"""
NO_GROUP_B = "CREATE TABLE lesser (code VARCHAR, sex VARCHAR, race VARCHAR, ethnicity VARCHAR)"


def expected_of(zip_path: Path, catalog: Catalog, name: str, *statements: str) -> dict[str, int]:
    """What SQL counts of a zip, by cell.

    Args:
        name: of the file of queries.
        statements: executed before them.
    """
    connection = open_zip(zip_path, catalog)
    preamble, queries = QUERIES[name]
    # What stands on the tables of another file is made of them as the statements have left them.
    for other in TABLES_OF.get(name, (name,)):
        connection.execute(QUERIES[other][0])
    if name == "persons":
        tables = {table for (table,) in connection.sql("SHOW TABLES").fetchall()}
        connection.execute(GROUP_B if "nibrs_grpb_arrest" in tables else NO_GROUP_B)
    for statement in statements:
        connection.execute(statement)
    if name in TABLES_OF:
        connection.execute(preamble)
    return {query.fields["cell"]: int(connection.sql(query.query).fetchall()[0][0] or 0) for query in queries}


def cells_without_items(name: str) -> set[str]:
    """Cells of a file of queries that do not depend on what is imputed: items of persons, and relationships."""
    items = re.compile(r"\b(age|sex|race|ethnicity|related|young|adult|ageless)\b")
    return {query.fields["cell"] for query in QUERIES[name][1] if not items.search(query.query)}

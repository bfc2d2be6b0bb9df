"""The catalog is complete and agrees with itself."""

import csv
import itertools
from importlib.resources import files

from nibrs_pipeline.catalog import (
    AGENCIES_OF_STATE_AND_YEAR,
    AGENCIES_REPORTING_MONTHS,
    STATE_YEAR,
    Catalog,
)


def test_there_are_22_data_tables_and_23_code_tables(catalog: Catalog) -> None:
    assert len(catalog.data_tables) == 22
    assert len(catalog.code_tables) == 23


def test_every_table_and_column_has_a_description(catalog: Catalog) -> None:
    without = [table.name for table in catalog.tables if not table.description.strip()]
    without += [
        f"{table.name}.{column.name}"
        for table in catalog.tables
        for column in table.columns
        if not column.description.strip()
    ]
    assert without == []


def test_every_table_has_a_primary_key(catalog: Catalog) -> None:
    assert [table.name for table in catalog.tables if not table.primary_key] == []


def test_references_name_tables_with_a_key_of_one_column(catalog: Catalog) -> None:
    for table in catalog.tables:
        for column in table.columns:
            if column.references:
                assert len(catalog[column.references].primary_key) == 1, f"{table.name}.{column.name}"


def test_every_data_table_leads_to_a_state_year(catalog: Catalog) -> None:
    anchors = {STATE_YEAR, AGENCIES_REPORTING_MONTHS, AGENCIES_OF_STATE_AND_YEAR}
    for table in catalog.data_tables:
        lineage = catalog.lineage(table)
        assert lineage[-1].parent in anchors, table.name
        for child, parent in itertools.pairwise(lineage):
            assert set(parent.primary_key) <= set(child.column_names), f"{child.name} to {parent.name}"


def test_a_parent_stands_before_its_children(catalog: Catalog) -> None:
    order = [table.name for table in catalog.data_tables]
    for table in catalog.data_tables:
        if table.parent in order:
            assert order.index(table.parent) < order.index(table.name)


def test_the_code_lists_have_the_catalogs_columns_and_unique_keys(catalog: Catalog) -> None:
    for table in catalog.code_tables:
        text = (files("code_tables") / "lists" / table.csv_name).read_text(encoding="utf-8")
        rows = list(csv.DictReader(text.splitlines()))
        assert tuple(rows[0]) == table.column_names, table.name
        keys = [row[table.primary_key[0]] for row in rows]
        assert len(set(keys)) == len(keys), table.name

"""The SQL that the catalog is made into."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.sql import copy_out, identifier, literal
from nibrs_pipeline.extract.queries import code_table_query, state_year_query
from nibrs_pipeline.state_year import StateYear


@pytest.mark.parametrize(
    ("name", "sql"),
    [
        ("nibrs_month", "nibrs_month"),
        ("Month", '"Month"'),
        ('a"b', '"a""b"'),
        ("1st", '"1st"'),
        ("select x", '"select x"'),
    ],
)
def test_identifiers_are_quoted_where_they_have_to_be(name: str, sql: str) -> None:
    assert identifier(name) == sql


@pytest.mark.parametrize(
    ("value", "sql"), [("AZ", "'AZ'"), ("O'Brien", "'O''Brien'"), ("a\\b", "E'a\\\\b'"), (2016, "2016"), (-1, "-1")]
)
def test_literals_are_escaped(value: str | int, sql: str) -> None:
    assert literal(value) == sql


@given(st.text())
def test_no_text_ends_its_literal_early(text: str) -> None:
    if "\0" in text:
        with pytest.raises(ValueError, match="NUL"):
            literal(text)
    else:
        body = literal(text).removeprefix("E")[1:-1]
        assert "'" not in body.replace("''", "")


def test_every_data_table_names_the_state_the_year_and_its_order(catalog: Catalog) -> None:
    for table in catalog.data_tables:
        query = state_year_query(catalog, table, StateYear("NE", 2013))
        assert "'NE'" in query, table.name
        assert "2013" in query, table.name
        assert query.endswith("ORDER BY " + ", ".join(f"t.{name}" for name in table.primary_key)), table.name


def test_a_code_table_is_copied_whole_with_a_header(catalog: Catalog) -> None:
    assert copy_out(code_table_query(catalog["nibrs_injury"])) == (
        "COPY (\nSELECT t.injury_id, t.injury_code, t.injury_name\nFROM nibrs_injury t\nORDER BY t.injury_id\n) "
        "TO STDOUT WITH (FORMAT csv, HEADER)"
    )

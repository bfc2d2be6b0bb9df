"""Source profiles: what stands before statements, and what the facts of a profile say."""

import csv
from importlib.resources import files
from typing import get_args

import pytest
from nibrs_cdk.configuration import GivenDatabase
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.code_columns import code_columns
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.source_profile import SourceProfile, profile_names, source_profile

TINY = SourceProfile(
    "tiny",
    "x",
    "1",
    {},
    {"a": "SELECT 1 FROM x.one", "b": "-- of a: two\nSELECT * FROM a JOIN x.two USING (a_id)", "c": "SELECT 'a'"},
)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SELECT * FROM a", "WITH a AS NOT MATERIALIZED (\nSELECT 1 FROM x.one\n)\nSELECT * FROM a"),
        ("COPY (\n-- a comment: b\nSELECT a.x FROM other o\n) TO STDOUT", None),
        ("SELECT a_id, o.a, 'b' FROM other o, y.a", None),
        (
            "COPY (\nSELECT * FROM c t\n) TO STDOUT",
            "COPY (\nWITH c AS NOT MATERIALIZED (\nSELECT 'a'\n)\nSELECT * FROM c t\n) TO STDOUT",
        ),
        (
            "EXPLAIN (FORMAT json) SELECT FROM c",
            "EXPLAIN (FORMAT json) WITH c AS NOT MATERIALIZED (\nSELECT 'a'\n)\nSELECT FROM c",
        ),
        (
            "WITH RECURSIVE w AS (SELECT 1) SELECT * FROM w, c",
            "WITH RECURSIVE c AS NOT MATERIALIZED (\nSELECT 'a'\n),\nw AS (SELECT 1) SELECT * FROM w, c",
        ),
    ],
)
def test_queries_of_tables_stand_before_the_statements_that_name_them(statement: str, expected: str | None) -> None:
    assert TINY.shaped(statement) == (expected or statement)


def test_what_a_query_names_stands_before_it() -> None:
    found = TINY.shaped("SELECT * FROM b")
    assert found.index("a AS NOT") < found.index("b AS NOT")
    assert (TINY.relations_of("b"), TINY.relations_of("a")) == (["one", "two"], ["one"])


def test_the_explorers_schema_is_read_as_it_is() -> None:
    profile = source_profile("cde")
    assert (profile.shapes, profile.version, profile.shaped("SELECT * FROM ref_state")) == (
        {}, "", "SELECT * FROM ref_state",
    )  # fmt: skip


def test_every_table_that_is_read_is_given_or_can_only_be_added(catalog: Catalog) -> None:
    profile = source_profile("ucr_prd")
    without = {table.name for table in catalog.tables} - profile.shapes.keys()
    assert without == {"ref_agency_demographics", "ref_agency_residents"}
    assert profile.shapes.keys() <= {table.name for table in catalog.tables}


def test_all_that_the_facts_name_is_read_and_all_that_is_read_is_among_them() -> None:
    profile = source_profile("ucr_prd")
    named = [*profile.shapes, *profile.references]
    assert {each for name in named for each in profile.relations_of(name)} == set(profile.relations)
    texts = " ".join([*profile.shapes.values(), *profile.references.values()])
    unread = {
        f"{relation}.{column.name}"
        for relation, columns in profile.relations.items()
        for column in columns
        if f".{column.name}" not in texts
    }
    assert unread <= {"pe_employee_data.form_month_id"}


def test_columns_that_no_public_source_names_are_few_and_said_to_be_assumed() -> None:
    profile = source_profile("ucr_prd")
    assumed = {
        relation: [each.name for each in columns if not each.published]
        for relation, columns in profile.relations.items()
    }
    assert {relation: len(names) for relation, names in assumed.items() if names} == {
        "nibrs_groupb_arrestee": 11, "ref_field_office": 1, "ref_msa": 1, "ref_metro_division": 1,
    }  # fmt: skip


@pytest.mark.parametrize("table", sorted(code_columns()))
def test_codes_are_told_apart_by_their_lists(table: str) -> None:
    rows = csv.DictReader((files("code_tables") / "lists" / f"{table}.csv").read_text(encoding="utf-8").splitlines())
    codes = [row[code_columns()[table].code] for row in rows]
    assert len(set(codes)) == len(codes)


def test_what_a_deployment_may_choose_are_the_profiles_that_there_are() -> None:
    assert get_args(GivenDatabase.model_fields["profile"].annotation) == profile_names()
    assert GivenDatabase.model_fields["profile"].default == profile_names()[0]


def test_the_environment_chooses_and_another_name_is_refused() -> None:
    address = {"PGHOST": "db.example"}
    assert DatabaseLocation.from_environment(address).profile == "cde"
    location = DatabaseLocation.from_environment({**address, "SOURCE_PROFILE": "ucr_prd"})
    assert location.profile == "ucr_prd"
    assert location.as_environment()["SOURCE_PROFILE"] == "ucr_prd"
    by_uri = DatabaseLocation.from_environment({"DB_URI": "postgresql://db.example/x", "SOURCE_PROFILE": "ucr_prd"})
    assert by_uri.profile == "ucr_prd"
    with pytest.raises(BadRequest, match="SOURCE_PROFILE is 'fbi': it has to be 'cde' or 'ucr_prd'"):
        source_profile("fbi")

"""What is known of sources: read, compared with what a zip says; real state-years are kept apart from simulated."""

from typing import Any

import pytest
from nibrs_pipeline.archive.manifest import AnyManifest, EstimatesManifest, StateYearManifest
from nibrs_pipeline.archive.provenance import (
    UNKNOWN,
    Provenance,
    SourceCode,
    SourceNote,
    read_provenance,
    require_one_world,
)
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.errors import QueryFailed, SimulatedBesideReal
from nibrs_pipeline.extract.queries import code_table_query
from nibrs_pipeline.plan.planning import reasons_out_of_date, require_one_index
from nibrs_pipeline.plan.request import parse_request
from nibrs_pipeline.state_year import StateYear

from tests.unit.samples import MADE_UP, bundle, estimates, manifest, source

AZ, LA = StateYear("AZ", 2016), StateYear("LA", 2013)
NOTE = SourceNote(kind="incomplete", note="No months.")
CODE = SourceCode(table="nibrs_injury", code="B", column="injury_name", value="Bones")


def database(notes: list[list[Any]] | None, codes: list[list[Any]] | None) -> Any:
    """Answers as a database that has these rows, or lacks a table."""

    def ask(query: str) -> list[list[Any]]:
        if "to_regclass" in query:
            return [[notes is not None, codes is not None]]
        found = notes if "FROM source_note" in query else codes
        assert found is not None, "a table was asked for that is not there"
        return found

    return ask


def test_nothing_is_known_where_nothing_is_kept() -> None:
    assert read_provenance(database(None, None)) == {}
    assert read_provenance(database([], [])) == {}


def test_one_table_without_the_other_is_read() -> None:
    found = read_provenance(database([["AZ", 2016, "incomplete", None, None, "No months."]], None))
    assert found == {AZ: Provenance(notes=(NOTE,))}
    found = read_provenance(database(None, [["AZ", 2016, "nibrs_injury", "B", "injury_name", "Bones"]]))
    assert found == {AZ: Provenance(codes=(CODE,))}


def test_the_order_of_rows_makes_no_difference_and_what_is_said_twice_is_said_once() -> None:
    rows: list[list[Any]] = [
        ["AZ", 2016, "incomplete", None, None, "No months."],
        ["AZ", 2016, "decoded", "nibrs_bias_list", 2, "Windows-1252."],
        ["AZ", 2016, "decoded", "nibrs_bias_list", 2, "Another."],
        ["AZ", 2016, "decoded", "nibrs_bias_list", None, "Another."],
    ]
    assert read_provenance(database(rows, None)) == read_provenance(database([*reversed(rows), rows[0]], None))


def test_what_bears_on_every_count_comes_first_and_codes_speak_for_themselves() -> None:
    kinds = ("renamed", "decoded", "incomplete", "set_aside", "reporters_only", "another", "simulated")
    notes: list[list[Any]] = [["AZ", 2016, kind, "nibrs_injury", None, "x"] for kind in kinds]
    found = read_provenance(database(notes, []))[AZ]
    assert [note.kind for note in found.notes] == [
        "simulated", "reporters_only", "set_aside", "incomplete", "decoded", "renamed", "another"
    ]  # fmt: skip
    known = read_provenance(database(notes, [["AZ", 2016, "nibrs_injury", "B", "injury_name", "Bones"]]))[AZ]
    assert {note.kind for note in found.notes} - {note.kind for note in known.notes} == {"renamed"}


def test_a_row_that_lacks_what_it_needs_is_named() -> None:
    with pytest.raises(QueryFailed, match=r"source_note has a row with an empty field that it needs: \('AZ', 2016"):
        read_provenance(database([["AZ", 2016, "incomplete", None, None, None]], None))
    with pytest.raises(QueryFailed, match=r"source_code"):
        read_provenance(database(None, [["AZ", 2016, None, "B", "injury_name", "Bones"]]))


def test_a_zip_is_out_of_date_when_something_else_is_known_of_its_source(catalog: Catalog) -> None:
    now = source(AZ, known={AZ: Provenance(notes=(NOTE,), codes=(CODE,))})
    assert reasons_out_of_date(manifest(*AZ), now, catalog) == [
        "notes on its source changed (1, had 0)",
        "names in its own lists of codes changed (1, had 0)",
    ]
    assert reasons_out_of_date(manifest(*AZ, known=now.provenance[AZ]), now, catalog) == []
    assert reasons_out_of_date(manifest(*AZ, known=Provenance(notes=(NOTE,))), source(AZ), catalog) == [
        "notes on its source changed (0, had 1)"
    ]


def test_manifests_of_earlier_versions_are_read_as_ones_of_which_nothing_is_known() -> None:
    fields = {"simulated", "source_notes", "source_codes"}
    old = StateYearManifest.from_json(manifest(*AZ).model_dump_json(exclude=fields).encode())
    assert (old.simulated, old.provenance) == (False, UNKNOWN)
    earlier = estimates(2016).model_dump_json(exclude={"simulated"}).encode()
    assert EstimatesManifest.from_json(earlier) == estimates(2016)


def test_a_manifest_carries_what_is_known() -> None:
    known = Provenance(notes=(NOTE, *MADE_UP.notes), codes=(CODE,))
    again = StateYearManifest.from_json(manifest(*AZ, known=known).to_json())
    assert again.provenance == known
    assert again.simulated


@pytest.mark.parametrize(
    ("request_", "in_database", "published", "named"),
    [
        ({}, {AZ: MADE_UP, LA: UNKNOWN}, [], ("AZ-2016 of the database", "LA-2013 of the database")),
        ({"states": ["AZ"]}, {AZ: MADE_UP}, [manifest(*LA)], ("AZ-2016", "downloads/2013/LA-2013.zip (published)")),
        ({"states": ["AZ"]}, {AZ: UNKNOWN}, [manifest(*AZ, known=MADE_UP)], ("downloads/2016/AZ", "AZ-2016 of the")),
        ({"states": ["AZ"]}, {AZ: UNKNOWN}, [estimates(2016, simulated=True)], ("estimates/2016", "AZ-2016 of the")),
        ({"states": ["AZ"]}, {AZ: UNKNOWN}, [bundle("x", manifest(*LA, known=MADE_UP))], ("bundles/x", "AZ-2016")),
        ({"states": ["AZ"], "estimates": True}, {AZ: UNKNOWN, LA: MADE_UP}, [], ("LA-2013 of", "AZ-2016 of")),
        ({"downloads": False, "bundles": ["years"]}, {AZ: MADE_UP}, [manifest(*LA)], ("AZ-2016 of", "LA-2013")),
    ],
    ids=["database", "beside published", "in its place", "beside estimates", "beside a bundle", "estimates", "only"],
)
def test_real_and_simulated_never_stand_in_one_index(
    request_: dict[str, Any],
    in_database: dict[StateYear, Provenance],
    published: list[AnyManifest],
    named: tuple[str, str],
) -> None:
    there = source(*in_database, known={tuple(item): known for item, known in in_database.items()})
    with pytest.raises(SimulatedBesideReal) as refused:
        require_one_index(parse_request(request_), there, published)
    for name in named:
        assert name in str(refused.value)
    assert "another NIBRS_HOME" in str(refused.value)


@pytest.mark.parametrize(
    ("request_", "in_database", "published"),
    [
        ({}, {AZ: MADE_UP, LA: MADE_UP}, [manifest(*AZ, known=MADE_UP)]),
        ({}, {AZ: UNKNOWN, LA: UNKNOWN}, [manifest(*AZ)]),
        ({"states": ["AZ"]}, {AZ: UNKNOWN, LA: MADE_UP}, [manifest(*AZ), estimates(2016)]),
    ],
    ids=["all simulated", "all real", "only the real one is asked for"],
)
def test_one_kind_alone_is_published(
    request_: dict[str, Any], in_database: dict[StateYear, Provenance], published: list[AnyManifest]
) -> None:
    there = source(*in_database, known={tuple(item): known for item, known in in_database.items()})
    require_one_index(parse_request(request_), there, published)


def test_of_what_is_simulated_and_real_one_is_named_and_the_others_are_counted() -> None:
    with pytest.raises(SimulatedBesideReal) as refused:
        require_one_world({"NE-2016": True, "AZ-2016": False, "DC-2018": False, "LA-2013": False})
    assert str(refused.value).startswith("simulated: NE-2016; real: AZ-2016 and 2 more. The two never stand")
    require_one_world({"AZ-2016": False, "DC-2018": False})


def test_a_code_table_says_what_the_own_list_says(catalog: Catalog) -> None:
    assert code_table_query(catalog["nibrs_injury"], {"injury_name": {"B": "O'Bones\\", "M": None}}) == (
        "SELECT t.injury_id, t.injury_code, CASE t.injury_code::text WHEN 'B' THEN E'O''Bones\\\\' WHEN 'M' THEN NULL "
        "ELSE t.injury_name END AS injury_name\nFROM nibrs_injury t\nORDER BY t.injury_id"
    )


def test_a_column_that_a_code_table_does_not_have_is_refused(catalog: Catalog) -> None:
    with pytest.raises(ValueError, match="nibrs_injury has no column hurt"):
        code_table_query(catalog["nibrs_injury"], {"hurt": {"B": "x"}})

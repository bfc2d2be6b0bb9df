"""When the database is asked at all, and how a change is told."""

from typing import Any

import pytest
from nibrs_pipeline.archive.manifest import SourceFingerprint, StateYearManifest
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.position import SourcePosition
from nibrs_pipeline.plan.changes import CheckedSource, describe_changes, find_changes
from nibrs_pipeline.state_year import StateYear

from tests.unit.samples import manifest, source

AZ, LA = StateYear("AZ", 2016), StateYear("LA", 2013)


class Asked(Exception):
    """The database was asked."""


class Silent:
    """Answers nothing."""

    def __init__(self, position: SourcePosition) -> None:
        self.position = position

    def read(self, query: str) -> list[list[Any]]:
        raise Asked(query)

    def read_side_by_side(self, queries: Any) -> list[list[list[Any]]]:
        raise Asked(next(iter(queries)))


def made(*manifests: StateYearManifest) -> dict[StateYear, StateYearManifest]:
    return {each.item: each for each in manifests}


def test_nothing_is_read_if_no_transaction_began_since(catalog: Catalog) -> None:
    both = made(manifest(*AZ, horizon=100), manifest(*LA, horizon=90))
    quiet = Silent(source(next_=100).position)
    assert find_changes(quiet, catalog, both, asked=[AZ]) == ({}, None)
    with pytest.raises(Asked):
        find_changes(quiet, catalog, both)
    checked = CheckedSource(
        source=SourceFingerprint.at(quiet.position),
        zips={str(item): each.zip.sha256 for item, each in both.items()},
        tables={},
    )
    assert find_changes(quiet, catalog, both, checked) == ({}, checked)
    # What was remembered of another zip, or of another past, counts for nothing.
    for forgotten in (
        checked.model_copy(update={"zips": {**checked.zips, "LA-2013": "another"}}),
        checked.model_copy(update={"source": checked.source.model_copy(update={"server": "w"})}),
    ):
        with pytest.raises(Asked):
            find_changes(quiet, catalog, both, forgotten)


@pytest.mark.parametrize("another", [{"system": "t"}, {"timeline": 2}, {"server": "w"}, {"next_": 99}])
def test_a_database_with_another_past_is_not_asked_what_changed(catalog: Catalog, another: dict[str, Any]) -> None:
    elsewhere = Silent(source(**another).position)
    assert find_changes(elsewhere, catalog, made(manifest(*AZ, horizon=100)), asked=[AZ]) == ({}, None)


def test_transactions_too_many_to_tell_apart_are_a_reason(catalog: Catalog) -> None:
    old = made(manifest(*AZ, horizon=100))
    changes, _ = find_changes(Answering(source(next_=2**31 + 99).position), catalog, old)
    assert changes == {AZ: ["more transactions were begun since than can be told apart"]}


class Answering(Silent):
    """An empty database."""

    def read(self, query: str) -> list[list[Any]]:
        return [[0]]

    def read_side_by_side(self, queries: Any) -> list[list[list[Any]]]:
        return [[[0, 0]] if query.startswith("SELECT count(*), ") else [] for query in queries]


@pytest.mark.parametrize("text", [None, b"", b"{}", b'{"form": "of another day"}'])
def test_what_cannot_be_remembered_is_forgotten(text: bytes | None) -> None:
    assert CheckedSource.from_json(text) is None


def test_rows_written_added_and_gone_are_told_apart() -> None:
    versions = {
        "nibrs_month": {AZ: (7, 0)},
        "nibrs_offense": {AZ: (7, 2)},
        "nibrs_victim": {AZ: (6, 0)},
        "nibrs_weapon": {},
    }
    assert describe_changes(manifest(*AZ, rows=7), versions) == [
        "2 rows of nibrs_offense were written since",
        "nibrs_victim has 6 rows, had 7",
        "nibrs_weapon has 0 rows, had 7",
    ]

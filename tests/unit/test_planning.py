"""Plan run: what has to be made, and why."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from nibrs_pipeline.archive.manifest import any_manifest
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.plan.planning import (
    Plan,
    SourceContents,
    make_plan,
    reasons_out_of_date,
    requested,
)
from nibrs_pipeline.plan.request import parse_request
from nibrs_pipeline.state_year import StateYear

from tests.unit.samples import bundle, estimates, manifest, source

AZ, LA = StateYear("AZ", 2016), StateYear("LA", 2013)
BOTH = source(AZ, LA)


def plan(catalog: Catalog, request: dict[str, Any], state: SourceContents = BOTH, **there: Any) -> Plan:
    arguments = {"published": {}, "staged": {}, "bundles": {}, **there}
    return make_plan(parse_request(request), "r", state, catalog=catalog, **arguments)


def extracted(made: Plan) -> dict[str, str]:
    return {str(work.state_year): work.reason for work in made.to_extract}


def test_what_is_not_published_is_made(catalog: Catalog) -> None:
    assert extracted(plan(catalog, {})) == {"AZ-2016": "not published yet", "LA-2013": "not published yet"}


def test_what_is_up_to_date_is_left_alone_unless_forced(catalog: Catalog) -> None:
    published = {AZ: manifest(*AZ), LA: manifest(*LA)}
    assert extracted(plan(catalog, {}, published=published)) == {}
    assert extracted(plan(catalog, {"force": True}, published=published)) == {"AZ-2016": "forced", "LA-2013": "forced"}


def test_manifests_of_a_later_version_are_read(catalog: Catalog) -> None:
    """Whoever goes back to an earlier version finds what a later one has published."""
    for made in (manifest(*AZ), bundle("AZ-all-years", manifest(*AZ)), estimates(2016)):
        later = json.loads(made.to_json()) | {"of_a_later_version": 1}
        later |= {"source": later["source"] | {"of_a_later_version": 1}} if "source" in later else {}
        assert any_manifest(json.dumps(later).encode()) == made


def test_changed_rows_are_a_reason(catalog: Catalog) -> None:
    state = replace(BOTH, changes={AZ: ["3 rows of nibrs_offense were written since"]})
    published = {AZ: manifest(*AZ), LA: manifest(*LA)}
    assert extracted(plan(catalog, {}, state, published=published)) == {
        "AZ-2016": "3 rows of nibrs_offense were written since"
    }


@pytest.mark.parametrize(
    ("state", "change", "reason"),
    [
        (source(AZ, common="d"), {}, "code tables or documents changed"),
        (source(AZ, system="t"), {}, r"made from another database"),
        (source(AZ, timeline=2), {}, r"restored or promoted since \(timeline 1 to 2\)"),
        (source(AZ, tables="w"), {}, r"tables were replaced since, or their parts or columns"),
        (source(AZ, server="w"), {}, r"was restarted or replaced \(v, now w\); it may have been restored"),
        (source(AZ, next_=99), {}, r"restored from a backup \(it stands at transaction 99, stood at 100\)"),
        (source(AZ), {"catalog_version": "old"}, r"the catalog changed \(old to "),
        (source(AZ), {"packing": "stored"}, "zips are packed differently"),
    ],
)
def test_every_dependency_is_a_reason(
    catalog: Catalog, state: SourceContents, change: dict[str, Any], reason: str
) -> None:
    [found] = reasons_out_of_date(manifest(*AZ).model_copy(update=change), state, catalog)
    assert re.search(reason, found)


def test_what_a_failed_try_has_staged_is_expected_but_not_made_again(catalog: Catalog) -> None:
    made = plan(catalog, {}, staged={AZ: manifest(*AZ)})
    assert [str(work.state_year) for work in made.expected] == ["AZ-2016", "LA-2013"]
    assert extracted(made).keys() == {"LA-2013"}


def test_an_item_keeps_its_identity_only_as_long_as_what_it_is_made_of(catalog: Catalog) -> None:
    kept = manifest(*AZ).model_copy(update={"made_for": "earlier"})
    first = plan(catalog, {}, staged={AZ: kept})
    assert first.expected[0].identity == "earlier"
    assert first.made({AZ: kept, LA: manifest(*LA)}) == {AZ: kept}
    later = replace(BOTH, position=replace(BOTH.position, time="2026-03-01T00:00:00Z"), changes={AZ: ["changed"]})
    second = plan(catalog, {}, later, staged={AZ: kept})
    assert second.made({AZ: kept}) == {}, "what an earlier try made does not count when it is to be made again"
    identities = [work.identity for work in [*first.to_extract, *second.to_extract]]
    assert len(set(identities)) == len(identities) == 3


def test_what_is_staged_and_has_changed_since_is_made_again(catalog: Catalog) -> None:
    state = replace(BOTH, changes={AZ: ["changed"]})
    assert extracted(plan(catalog, {}, state, staged={AZ: manifest(*AZ)})).keys() == {"AZ-2016", "LA-2013"}


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        ({"states": ["ZZ"]}, "states: the database has no months of ZZ; it has AZ, LA"),
        ({"years": [1999, 2016]}, "years: the database has no months of 1999; it has 2013, 2016"),
        ({"states": ["AZ"], "years": [2013]}, "no state-year of this choice; it has AZ-2016, LA-2013"),
        ({"years": {"from": 1990, "to": 1995}}, "no state-year of this choice"),
    ],
)
def test_what_the_database_does_not_have_is_refused_by_name(request_: dict[str, Any], named: str) -> None:
    with pytest.raises(BadRequest, match=named):
        requested(parse_request(request_), BOTH.state_years)


def test_an_empty_database_is_refused() -> None:
    with pytest.raises(BadRequest, match="the database has no state-year"):
        requested(parse_request({}), {})


def test_bundles_are_made_when_asked_for(catalog: Catalog) -> None:
    made = plan(catalog, {"bundles": ["states"], "states": ["AZ"]})
    assert [(item.name, item.members) for item in made.bundles] == [("AZ-all-years", [StateYear("AZ", 2016)])]


def test_a_published_bundle_follows_its_members(catalog: Catalog) -> None:
    published = {AZ: manifest(*AZ), LA: manifest(*LA)}
    bundles = {
        "AZ-all-years": bundle("AZ-all-years", published[AZ]),
        "LA-all-years": bundle("LA-all-years", published[LA]),
    }
    assert plan(catalog, {}, published=published, bundles=bundles).bundles == []
    state = replace(BOTH, changes={AZ: ["changed"]})
    made = plan(catalog, {}, state, published=published, bundles=bundles)
    assert [item.name for item in made.bundles] == ["AZ-all-years"]


def test_a_bundle_that_lacks_a_published_member_is_made_anew(catalog: Catalog) -> None:
    second = StateYear("AZ", 2015)
    published = {AZ: manifest(*AZ), second: manifest(*second)}
    bundles = {"AZ-all-years": bundle("AZ-all-years", published[AZ])}
    made = plan(catalog, {}, source(AZ, second), published=published, bundles=bundles)
    assert [(item.name, item.members) for item in made.bundles] == [
        ("AZ-all-years", [StateYear("AZ", 2015), StateYear("AZ", 2016)])
    ]


@pytest.mark.parametrize(("years", "told"), [(12, "2001, .*, 2012$"), (13, "2001, .*, 2012 and 1 more$")])
def test_a_refusal_names_twelve_years_and_counts_the_others(catalog: Catalog, years: int, told: str) -> None:
    there = source(*(("AZ", 2000 + number) for number in range(1, years + 1)))
    with pytest.raises(BadRequest, match=rf"years: the database has no months of 1999; it has {told}"):
        make_plan(parse_request({"years": [1999]}), "r", there, {}, {}, {}, catalog)


def test_without_downloads_nothing_is_extracted(catalog: Catalog) -> None:
    assert plan(catalog, {"downloads": False}).to_extract == []

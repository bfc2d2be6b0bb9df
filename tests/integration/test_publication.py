"""Publish against an emulated S3: leases, whole zips only, newer data stays."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from moto import mock_aws
from nibrs_pipeline.errors import BrokenExtract, PublishBusy
from nibrs_pipeline.keys import (
    PUBLISH_LEASE,
    StateYear,
    manifest_of,
    plan_key,
    public_bundle_key,
    public_zip_key,
    staged,
)
from nibrs_pipeline.manifest import StateYearManifest
from nibrs_pipeline.planning import BundleItem, Plan
from nibrs_pipeline.publication import publish_run
from nibrs_pipeline.store import Store

from tests.unit.samples import bundle, manifest

AZ = StateYear("AZ", 2016)
CONTENT = b"z" * 1000


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        made = Store("bucket")
        made._s3.create_bucket(Bucket="bucket")
        yield made


def stage(store: Store, run_id: str, made: StateYearManifest, content: bytes = CONTENT) -> None:
    key = staged(run_id, public_zip_key(made.item))
    store.put(key, content)
    store.put(manifest_of(key), made.to_json())
    store.put(plan_key(run_id), Plan(run_id=run_id, expected=[], to_extract=[], bundles=[]).model_dump_json().encode())


def lease(run_id: str, minutes: int) -> bytes:
    return json.dumps(
        {"run_id": run_id, "until": (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()}
    ).encode()


def test_what_is_staged_is_published_and_cleared(store: Store) -> None:
    stage(store, "r", manifest(*AZ))
    assert publish_run(store, "r") == (["downloads/2016/AZ-2016.zip"], [])
    assert store.get("downloads/2016/AZ-2016.zip") == CONTENT
    assert json.loads(store.get("downloads/index.json") or b"")["state_years"][0]["state"] == "AZ"
    assert store.sizes("runs/r/downloads/") == {}
    assert store.get(PUBLISH_LEASE) is None


def test_later_data_is_never_replaced_by_earlier(store: Store) -> None:
    stage(store, "late", manifest(*AZ, time="2026-01-02T00:00:00Z"), b"l" * 1000)
    publish_run(store, "late")
    stage(store, "early", manifest(*AZ, time="2026-01-01T00:00:00Z"), b"e" * 1000)
    assert publish_run(store, "early") == ([], ["downloads/2016/AZ-2016.zip"])
    assert store.get("downloads/2016/AZ-2016.zip") == b"l" * 1000


def test_a_zip_of_another_size_than_its_manifest_says_stops_all(store: Store) -> None:
    stage(store, "r", manifest("LA", 2013))
    stage(store, "r", manifest(*AZ), CONTENT[:-1])
    with pytest.raises(BrokenExtract, match=r"AZ-2016.zip has 999 bytes, its manifest says 1,000"):
        publish_run(store, "r")
    assert store.sizes("downloads/") == {}
    assert store.get(PUBLISH_LEASE) is None


def test_a_bundle_that_was_not_built_stops_all_unless_it_is_published_already(store: Store) -> None:
    stage(store, "earlier", manifest(*AZ))
    item = BundleItem(run_id="earlier", name="AZ-all-years", members=["AZ-2016"])
    plan = Plan(run_id="earlier", expected=[], to_extract=[], bundles=[item])
    store.put(plan_key("earlier"), plan.model_dump_json().encode())
    with pytest.raises(BrokenExtract, match="bundles were not built: AZ-all-years"):
        publish_run(store, "earlier")
    store.put(manifest_of(public_bundle_key("AZ-all-years")), bundle("AZ-all-years").to_json())
    assert publish_run(store, "earlier")[0] == ["downloads/2016/AZ-2016.zip"]


def test_while_another_run_publishes_one_waits(store: Store) -> None:
    stage(store, "r", manifest(*AZ))
    store.put(PUBLISH_LEASE, lease("other", 5))
    with pytest.raises(PublishBusy, match="run other is publishing"):
        publish_run(store, "r")
    assert json.loads(store.get(PUBLISH_LEASE) or b"")["run_id"] == "other"


@pytest.mark.parametrize(("holder", "minutes"), [("other", -1), ("r", 5)], ids=["ran out", "its own, of a broken try"])
def test_a_lease_is_taken_over(store: Store, holder: str, minutes: int) -> None:
    stage(store, "r", manifest(*AZ))
    store.put(PUBLISH_LEASE, lease(holder, minutes))
    assert publish_run(store, "r")[0] == ["downloads/2016/AZ-2016.zip"]
    assert store.get(PUBLISH_LEASE) is None


def test_a_lease_that_changed_meanwhile_is_not_taken_over(store: Store) -> None:
    store.put(PUBLISH_LEASE, lease("a", -1))
    found = store.get_with_tag(PUBLISH_LEASE)
    assert found
    store.put(PUBLISH_LEASE, lease("b", 5))
    assert not store.replace_if_same(PUBLISH_LEASE, lease("c", 5), found[1])
    assert json.loads(store.get(PUBLISH_LEASE) or b"")["run_id"] == "b"

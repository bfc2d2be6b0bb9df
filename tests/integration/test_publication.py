"""Publish against an emulated S3: leases, whole zips only, newer data stays."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws
from nibrs_pipeline.environment import environment
from nibrs_pipeline.errors import BrokenExtract, PublishBusy, SimulatedBesideReal
from nibrs_pipeline.handlers import publish
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
from nibrs_pipeline.web_caches import invalidate, paths_of

from tests.unit.samples import MADE_UP, bundle, manifest

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


def test_simulated_state_years_are_not_published_beside_real_ones(store: Store) -> None:
    stage(store, "real", manifest("LA", 2013))
    publish_run(store, "real")
    before = {key: store.get(key) for key in store.sizes("downloads/")}
    stage(store, "simulated", manifest(*AZ, known=MADE_UP))
    with pytest.raises(
        SimulatedBesideReal, match=r"simulated: downloads/2016/AZ-2016.zip of run simulated; .*LA-2013.zip"
    ):
        publish_run(store, "simulated")
    assert {key: store.get(key) for key in store.sizes("downloads/")} == before
    assert store.get(PUBLISH_LEASE) is None


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


def told_to_caches(store: Store, key: str) -> tuple[str, str]:
    found = store._s3.head_object(Bucket="bucket", Key=key)
    return found["ContentType"], found["CacheControl"]


def test_caches_ask_for_a_zip_each_time_and_keep_the_index_and_manifests_for_minutes(store: Store) -> None:
    # As an earlier version left it: without a word to caches, and of no type.
    stage(store, "r", manifest(*AZ))
    store._s3.put_object(Bucket="bucket", Key=staged("r", public_zip_key(AZ)), Body=CONTENT)
    publish_run(store, "r")
    assert told_to_caches(store, "downloads/2016/AZ-2016.zip") == ("application/zip", "public, no-cache")
    minutes = ("application/json", "public, max-age=300")
    assert told_to_caches(store, "downloads/2016/AZ-2016.manifest.json") == minutes
    assert told_to_caches(store, "downloads/index.json") == minutes
    assert told_to_caches(store, "downloads/index.html")[1] == "public, max-age=300"


def test_what_is_copied_in_parts_tells_caches_the_same(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nibrs_pipeline.store._GIB", 5 << 20)
    store._s3.put_object(Bucket="bucket", Key="runs/r/downloads/a.zip", Body=b"0" * (9 << 20))
    store.copy("runs/r/downloads/a.zip", "downloads/a.zip")
    assert told_to_caches(store, "downloads/a.zip") == ("application/zip", "public, no-cache")
    assert store._s3.head_object(Bucket="bucket", Key="downloads/a.zip")["ETag"].endswith('-2"')


def test_what_was_replaced_is_told_before_anything_is_cleared(store: Store) -> None:
    stage(store, "r", manifest(*AZ))
    told: list[str] = []

    def refresh(keys: list[str]) -> None:
        assert store.get(staged("r", public_zip_key(AZ)))
        told.extend(keys)

    publish_run(store, "r", refresh)
    assert told == [
        "downloads/2016/AZ-2016.zip", "downloads/2016/AZ-2016.manifest.json", "downloads/index.json",
        "downloads/index.html",
    ]  # fmt: skip


@pytest.fixture
def distribution(store: Store) -> str:
    """A CloudFront distribution in the emulation."""
    origin = {"Id": "bucket", "DomainName": "bucket.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    made = boto3.client("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": "test", "Comment": "", "Enabled": True,
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {"TargetOriginId": "bucket", "ViewerProtocolPolicy": "https-only"},
        }
    )  # fmt: skip
    return str(made["Distribution"]["Id"])


def test_cloudfront_forgets_what_publish_replaced(
    store: Store, distribution: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert handled(store, distribution, monkeypatch) == {"published": 1, "kept_newer": 0}
    client = boto3.client("cloudfront")
    [summary] = client.list_invalidations(DistributionId=distribution)["InvalidationList"]["Items"]
    found = client.get_invalidation(DistributionId=distribution, Id=summary["Id"])["Invalidation"]
    assert "/downloads/2016/AZ-2016.zip" in found["InvalidationBatch"]["Paths"]["Items"]
    assert "/downloads/index.html" in found["InvalidationBatch"]["Paths"]["Items"]


def test_an_invalidation_that_fails_is_told_and_takes_nothing_back(
    store: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert handled(store, "EGONE", monkeypatch) == {"published": 1, "kept_newer": 0}
    assert store.get("downloads/2016/AZ-2016.zip") == CONTENT
    assert store.get(staged("r", public_zip_key(AZ))) is None
    assert '"CachesNotRefreshed":[1.0]' in capsys.readouterr().out
    assert "CloudFront EGONE was not told to forget 4 paths: An error occurred (NoSuchDistribution)" in caplog.text


def handled(store: Store, distribution: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What the function answers for a staged run."""
    stage(store, "r", manifest(*AZ))
    for name, value in {
        "DATA_BUCKET": "bucket", "DISTRIBUTION_ID": distribution, "POWERTOOLS_TRACE_DISABLED": "true",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("nibrs_pipeline.handlers.publish.data_store", lambda: store)
    environment.cache_clear()
    try:
        return publish.handler({"run_id": "r"}, FunctionContext())  # type: ignore[arg-type]
    finally:
        environment.cache_clear()


class FunctionContext:
    """What the logger and the metrics want to know of the call."""

    function_name = "Publish"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:Publish"
    aws_request_id = "1"


def test_very_many_objects_are_forgotten_by_their_prefix() -> None:
    many = [f"downloads/2016/{place}.zip" for place in range(3000)]
    assert paths_of(many) == ["/downloads/*"]
    assert paths_of([*many, "estimates/2016/report.html"]) == ["/downloads/*", "/estimates/*"]
    assert paths_of(["downloads/a b.zip", "downloads/a b.zip"]) == ["/downloads/a%20b.zip"]


def test_a_cloudfront_that_is_not_reached_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("nibrs_pipeline.web_caches._TRIES", 1)
    assert "was not told to forget 1 paths: Could not connect" in (invalidate("E1", ["downloads/a.zip"]) or "")

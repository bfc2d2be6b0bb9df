"""What caches between S3 and readers are told of what is published, and CloudFront of what was replaced."""

import boto3
import pytest
from nibrs_pipeline.environment import environment
from nibrs_pipeline.handlers import publish
from nibrs_pipeline.keys import public_zip_key, staged
from nibrs_pipeline.publish.publication import publish_run
from nibrs_pipeline.publish.web_caches import invalidate, paths_of
from nibrs_pipeline.store import Store

from tests.staged import AZ, CONTENT, stage
from tests.unit.samples import manifest


def told_to_caches(store: Store, key: str) -> tuple[str, str]:
    found = store._s3.head_object(Bucket="bucket", Key=key)
    return found["ContentType"], found["CacheControl"]


def test_caches_ask_for_a_zip_each_time_and_keep_the_index_and_manifests_for_minutes(store: Store) -> None:
    # As an earlier version left it: without a word to caches, and of no type.
    stage(store, "r", manifest(*AZ))
    store._s3.put_object(Bucket="bucket", Key=staged("r", public_zip_key(AZ)), Body=CONTENT)
    publish_run(store, "r", "arn:r:1")
    assert told_to_caches(store, "downloads/2016/AZ-2016.zip") == ("application/zip", "public, no-cache")
    minutes = ("application/json", "public, max-age=300")
    assert told_to_caches(store, "downloads/2016/AZ-2016.manifest.json") == minutes
    assert told_to_caches(store, "downloads/index.json") == minutes
    assert told_to_caches(store, "downloads/index.html")[1] == "public, max-age=300"


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
    assert "CloudFront EGONE was not told to forget 8 paths: An error occurred (NoSuchDistribution)" in caplog.text


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
        return publish.handler({"run_id": "r", "execution": "arn:r:1"}, FunctionContext())  # type: ignore[arg-type]
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
    monkeypatch.setattr("nibrs_pipeline.publish.web_caches._TRIES", 1)
    assert "was not told to forget 1 paths: Could not connect" in (invalidate("E1", ["downloads/a.zip"]) or "")

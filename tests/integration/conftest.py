"""Shared by the integration tests: a bucket of the emulation."""

from collections.abc import Iterator

import pytest
from moto import mock_aws
from nibrs_pipeline.store import Store


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A bucket without objects."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        made = Store("bucket")
        made._s3.create_bucket(Bucket="bucket")
        yield made

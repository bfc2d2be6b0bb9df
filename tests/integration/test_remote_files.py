"""``nibrs load`` of objects of S3, into a database that a secret names: as a task inside AWS does it."""

import json
import tempfile
from pathlib import Path

import boto3
import pytest
from click.testing import CliRunner
from moto import mock_aws
from nibrs_command.cli import main
from nibrs_home.home import Home
from nibrs_loading.archives import BadFile, open_archive
from nibrs_loading.remote_files import at_hand
from nibrs_pipeline.database.location import DatabaseLocation
from s3transfer.exceptions import S3DownloadFailedError

from tests.databases import copied
from tests.trial_data import write_trial_zips


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ACCESS_KEY_ID", "x"), ("SECRET_ACCESS_KEY", "x"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)


def test_objects_are_loaded_into_the_database_of_a_secret(
    home: Home, server: DatabaseLocation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zip_ = write_trial_zips(home.scratch("trial"))[0]
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with copied(server, "empty") as location, mock_aws():
        secret = {
            "host": location.host, "port": location.port, "username": location.user, "password": location.password,
            "dbname": location.database,
        }  # fmt: skip
        arn = boto3.client("secretsmanager").create_secret(Name="db", SecretString=json.dumps(secret))["ARN"]
        s3 = boto3.client("s3")
        s3.create_bucket(Bucket="data")
        s3.upload_file(str(zip_), "data", f"uploads/{zip_.name}")
        monkeypatch.setenv("DB_SECRET_ARN", arn)
        monkeypatch.setenv("NIBRS_HOME", str(home.path))
        loaded = CliRunner().invoke(main, ["load", f"s3://data/uploads/{zip_.name}", "s3://data/uploads/none.zip"])
    assert "DE-2015, " in loaded.output
    assert "1 of 2 files are in the database" in loaded.output
    assert "s3://data/uploads/none.zip: there is no such object" in " ".join(loaded.output.split())
    assert loaded.exit_code == 1
    assert list(tmp_path.glob("nibrs-load-*")) == []


@pytest.mark.parametrize("address", ["s3://", "s3://b", "s3://b/", "s3://b/folder/", "s3:///x.zip"])
def test_what_is_no_address_of_an_object_is_refused(address: str) -> None:
    with pytest.raises(BadFile, match=r"such as s3://bucket/uploads/AZ-2016\.zip"), at_hand(address):
        pass


def test_an_object_that_may_not_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(BadFile, match=r"s3://b/x\.zip: .*check network, credentials"), at_hand("s3://b/x.zip"):
        pass


@mock_aws
def test_what_is_wrong_with_an_object_is_told_under_its_address() -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="data")
    s3.put_object(Bucket="data", Key="uploads/page.zip", Body=b"<html>")
    said = r"^s3://data/uploads/page\.zip: not a zip but a page"
    with pytest.raises(BadFile, match=said), at_hand("s3://data/uploads/page.zip") as path:
        open_archive(path)


def test_an_object_that_is_replaced_while_it_is_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Replaced:
        def head_object(self, **of: str) -> dict[str, int]:
            return {"ContentLength": 1}

        def download_file(self, *of: str) -> None:
            raise S3DownloadFailedError("Contents of stored object changed")

    monkeypatch.setattr(boto3, "client", lambda service: Replaced())
    said = r"s3://b/x\.zip: it was replaced while it was read; try again"
    with pytest.raises(BadFile, match=said), at_hand("s3://b/x.zip"):
        pass

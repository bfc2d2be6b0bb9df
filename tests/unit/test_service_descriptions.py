"""The session that forked processes share is no one's: what a process's own environment says is what counts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ProfileNotFound
from nibrs_engine.users_settings import without_the_users_settings

_LOOK = """
import json, os
import boto3
import nibrs_engine.service_descriptions
before = {name: os.environ.get(name) for name in ("AWS_PROFILE", "AWS_CONFIG_FILE")}
of_user = boto3.DEFAULT_SESSION.region_name
os.environ.clear()
os.environ.update(AWS_ACCESS_KEY_ID="mine", AWS_SECRET_ACCESS_KEY="s", AWS_DEFAULT_REGION="us-east-1",
                  AWS_ENDPOINT_URL="http://localhost:1", HOME=os.devnull)
client = boto3.client("s3")
print(json.dumps([before, of_user, client.meta.region_name, client.meta.endpoint_url,
                  client._request_signer._credentials.access_key]))
"""


def test_clients_are_those_of_the_processs_own_environment(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-north-1\n[profile theirs]\nregion = eu-west-3\n")
    theirs = {
        "AWS_PROFILE": "theirs", "AWS_CONFIG_FILE": str(config), "AWS_ACCESS_KEY_ID": "theirs",
        "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "http://theirs:2",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", _LOOK], env={**os.environ, **theirs}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    left_alone = {"AWS_PROFILE": "theirs", "AWS_CONFIG_FILE": str(config)}
    # While the environment is theirs its variables give the region; afterwards nothing of theirs is known.
    assert json.loads(done.stdout) == [left_alone, "eu-west-1", "us-east-1", "http://localhost:1", "mine"]


def test_a_profile_that_does_not_exist_is_in_nobodys_way_until_the_block_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    for name in ("AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    with without_the_users_settings():
        boto3.Session().client("s3", region_name="us-east-1")
    assert dict(os.environ) == before
    with pytest.raises(ProfileNotFound, match="nobody"):
        boto3.Session()

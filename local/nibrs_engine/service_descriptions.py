"""What botocore reads before a process's first request, read once for all processes that are forked.

For its first client botocore parses a megabyte of descriptions: more work than a small function has to do. The session
that knows them already is no one's: credentials, region and addresses are asked for when a client is made, in the
process's own environment. The user's AWS profiles and files are not, since AWS is emulated here.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import boto3

_DESCRIPTIONS = (("s3", "service-2"), ("s3", "endpoint-rule-set-1"))
_DATA = ("endpoints", "partitions", "sdk-default-configuration", "_retry")


def read_descriptions() -> None:
    """Give boto3 a default session that has read what clients of S3 are made of."""
    with _without_the_users_settings():
        session = boto3.Session()
        # Asked for once, these are known: there is no profile, and no file.
        session._session.full_config  # noqa: B018
        loader = session._session.get_component("data_loader")
        for service, description in _DESCRIPTIONS:
            loader.load_service_model(service, description)
        for name in _DATA:
            loader.load_data(name)
    boto3.DEFAULT_SESSION = session


@contextmanager
def _without_the_users_settings() -> Iterator[None]:
    before = dict(os.environ)
    for name in before:
        if name.startswith("AWS_"):
            del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


read_descriptions()

"""What botocore reads before a process's first request, read once for all processes that are forked.

For its first client botocore parses a megabyte of descriptions: more work than a small function has to do. The session
that knows them already is no one's: credentials, region and addresses are asked for when a client is made, in the
process's own environment.
"""

import boto3

from nibrs_engine.users_settings import without_the_users_settings

_DESCRIPTIONS = (("s3", "service-2"), ("s3", "endpoint-rule-set-1"))
_DATA = ("endpoints", "partitions", "sdk-default-configuration", "_retry")


def read_descriptions() -> None:
    """Give boto3 a default session that has read what clients of S3 are made of."""
    with without_the_users_settings():
        session = boto3.Session()
        # Asked for once, it is known: there is no file.
        assert session._session.full_config["profiles"] == {}
        loader = session._session.get_component("data_loader")
        for service, description in _DESCRIPTIONS:
            loader.load_service_model(service, description)
        for name in _DATA:
            loader.load_data(name)
    boto3.DEFAULT_SESSION = session


read_descriptions()

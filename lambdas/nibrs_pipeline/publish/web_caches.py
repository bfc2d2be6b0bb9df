"""Invalidation of CloudFront's caches: they drop what Publish has replaced."""

from collections.abc import Iterable
from urllib.parse import quote
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from nibrs_pipeline.keys import PUBLIC_PREFIXES

#: CloudFront has 3,000 paths in progress at most and charges by the path beyond 1,000 a month; a prefix is one path.
_MOST_PATHS = 100
_TRIES = 5


def paths_of(keys: Iterable[str]) -> list[str]:
    """The paths of an invalidation: one per object, or the whole published prefixes if there are very many."""
    found = list(dict.fromkeys(keys))
    if len(found) <= _MOST_PATHS:
        return [f"/{quote(key)}" for key in found]
    return [f"/{prefix}*" for prefix in PUBLIC_PREFIXES if any(key.startswith(prefix) for key in found)]


def invalidate(distribution_id: str, keys: Iterable[str]) -> str | None:
    """Have a distribution drop its copies of objects; returns what went wrong, if something did.

    Nothing is raised: the objects are replaced already, and caches notice by themselves within minutes.
    """
    paths = paths_of(keys)
    client = boto3.client(
        "cloudfront",
        config=Config(retries={"mode": "standard", "max_attempts": _TRIES}, connect_timeout=5, read_timeout=20),
    )
    try:
        client.create_invalidation(
            DistributionId=distribution_id,
            InvalidationBatch={"Paths": {"Quantity": len(paths), "Items": paths}, "CallerReference": str(uuid4())},
        )
    except (ClientError, BotoCoreError) as error:
        return f"CloudFront {distribution_id} was not told to forget {len(paths)} paths: {error}"
    return None

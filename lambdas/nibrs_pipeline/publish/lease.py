"""The right to publish: one execution at a time holds it, for a limited time."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from nibrs_pipeline.errors import PublishBusy
from nibrs_pipeline.keys import PUBLISH_LEASE
from nibrs_pipeline.store import Store

#: Longer than Publish may run, so that a lease in force belongs to a function that may still be at work.
_LEASE = timedelta(minutes=20)


class Lease:
    """A lease that was taken.

    S3 cannot refuse a write because somebody else holds the lease. So its holder renews it, which S3 does refuse
    then, before each step.
    """

    def __init__(self, store: Store, run_id: str, execution: str, tag: str) -> None:
        self._store, self._run_id, self._execution, self._tag = store, run_id, execution, tag

    def renew(self) -> None:
        """Start the lease's time again.

        Raises:
            PublishBusy: another execution has taken the lease over.
        """
        content = _content(self._run_id, self._execution)
        if not (tag := self._store.replace_if_same(PUBLISH_LEASE, content, self._tag)):
            raise PublishBusy(
                f"another execution has begun to publish since {self._execution} was at work; "
                "it is tried again and publishes what is left"
            )
        self._tag = tag

    def release(self) -> None:
        """Let others publish; a lease that another execution has taken over meanwhile stays as it is."""
        self._store.delete_if_same(PUBLISH_LEASE, self._tag)


@contextmanager
def publish_lease(store: Store, run_id: str, execution: str) -> Iterator[Lease]:
    """Hold the right to publish; a lease that has run out, or that this execution's earlier try left, is taken over.

    Raises:
        PublishBusy: another execution holds it.
    """
    lease = Lease(store, run_id, execution, _take(store, run_id, execution))
    try:
        yield lease
    finally:
        lease.release()


def _take(store: Store, run_id: str, execution: str) -> str:
    content = _content(run_id, execution)
    if tag := store.put_if_absent(PUBLISH_LEASE, content):
        return tag
    if found := store.get_with_tag(PUBLISH_LEASE):
        holder: dict[str, Any] = json.loads(found[0])
        if holder.get("execution") != execution and datetime.fromisoformat(holder["until"]) > datetime.now(UTC):
            raise PublishBusy(
                f"execution {holder.get('execution')} is publishing run {holder['run_id']}, "
                f"until {holder['until']} at the latest"
            )
        if tag := store.replace_if_same(PUBLISH_LEASE, content, found[1]):
            return tag
    raise PublishBusy("another execution began to publish at the same moment")


def _content(run_id: str, execution: str) -> bytes:
    until = (datetime.now(UTC) + _LEASE).isoformat()
    return json.dumps({"run_id": run_id, "execution": execution, "until": until}).encode()

"""Names for runs that are given none."""

from datetime import UTC, datetime


def default_run_id(now: datetime | None = None) -> str:
    """A name that sorts by time: run-20260102-030405-678."""
    moment = now or datetime.now(UTC)
    return f"run-{moment:%Y%m%d-%H%M%S}-{moment.microsecond // 1000:03d}"

"""How a stage fails: exit statuses, and the system's refusals by name."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

FAILED, STARTED_WRONGLY, STORE_FAILED, SYSTEM_FAILED, OUT_OF_TIME, KILLED = 1, 2, 3, 4, 124, 137
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class StageFailure(Exception):
    """A failure with the exit status that stands for it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@contextmanager
def system_faults_named(folder: str) -> Iterator[None]:
    """Turn the system's refusals into failures that say what helps.

    Raises:
        StageFailure: the disk is full, or another error of the system.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StageFailure(
                SYSTEM_FAILED,
                f"no space left in {folder}; give the stage more storage_gb in stages.json, or free some there",
            ) from error
        raise StageFailure(SYSTEM_FAILED, f"{error.filename or folder}: {error.strerror or error}") from error

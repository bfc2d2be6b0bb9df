"""Where tests write: a file system in memory, where there is one with room.

Runs and databases of tests make thousands of small files and remove them again; on a disk that takes up to a fifth of
a test's time.
"""

import os
import tempfile
from pathlib import Path

_SHARED_MEMORY = Path("/dev/shm")
#: Bytes: twice what tests have there at a time; and what may be taken of the memory that their processes need, too.
_ROOM = 8 << 30
_MEMORY = 14 << 30
#: Whoever gives one of these has decided where files lie.
_GIVEN = ("TMPDIR", "PYTEST_DEBUG_TEMPROOT")


def write_into_memory() -> None:
    """Have this process, and those that it starts, make temporary files in memory, if there is room for them."""
    if any(name in os.environ for name in _GIVEN) or not _has_room():
        return
    os.environ["TMPDIR"] = str(_SHARED_MEMORY)
    tempfile.tempdir = None


def _has_room() -> bool:
    try:
        there = os.statvfs(_SHARED_MEMORY)
        memory = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return False
    [available] = [int(line.split()[1]) << 10 for line in memory.splitlines() if line.startswith("MemAvailable:")]
    # Tests make programs and run them.
    runs_programs = not there.f_flag & os.ST_NOEXEC
    return runs_programs and there.f_bavail * there.f_frsize > _ROOM and available > _MEMORY

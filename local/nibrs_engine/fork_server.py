"""The server that functions' processes are forked from, itself forked from this process with what it has imported.

multiprocessing would start it as a program of its own, which imports everything again: as much work as a whole small
run. A process that has no threads yet can be forked instead; then only what is still missing is imported.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from multiprocessing import forkserver, resource_tracker, util
from typing import Any, NoReturn


def start_fork_server(modules: Sequence[str]) -> None:
    """Start the server if there is none; it imports these modules in the background.

    What this process has imported must not depend on its environment: functions have environments of their own.
    """
    forkserver.set_forkserver_preload(list(modules))
    resource_tracker.ensure_running()
    # Only one thread would live on in the fork, and locks that others hold would stay locked. What was imported while
    # another file stood for standard output may keep it; the fork has closed it, and its number would be another's.
    alone = sys.platform == "linux" and threading.active_count() == 1 and sys.stdout is sys.__stdout__
    with _forking() if alone else nullcontext():
        forkserver.ensure_running()


@contextmanager
def _forking() -> Iterator[None]:
    """Fork from this process what multiprocessing would start as a program."""
    start_program = util.spawnv_passfds

    def fork(path: Any, args: Sequence[Any], passfds: Sequence[int]) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        return os.fork() or _run(str(args[-1]), passfds)

    util.spawnv_passfds = fork
    try:
        yield
    finally:
        util.spawnv_passfds = start_program


def _run(program: str, descriptors: Sequence[int]) -> NoReturn:
    """In the fork: run as the program would, with only the files open that it is given."""
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        kept = sorted({0, 1, 2, *descriptors})
        for before, after in zip(kept, [*kept[1:], os.sysconf("SC_OPEN_MAX")], strict=True):
            os.closerange(before + 1, after)
        exec(program, {})  # Python that multiprocessing wrote for "python -c"
    except SystemExit:
        status = 0
    finally:
        os._exit(status)

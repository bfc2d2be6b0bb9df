"""Processes of functions and of containers, forked from a server that has imported what they share.

Importing it in each would cost more than most calls of functions and most of the smaller tasks.
"""

import os
from collections.abc import Callable
from multiprocessing import connection
from multiprocessing.context import ForkServerProcess
from multiprocessing.popen_forkserver import Popen
from threading import Lock
from typing import Any

from nibrs_engine.fork_server import start_fork_server

#: Imported once, before a process is forked: modules that do not read the environment, which is the process's own. What
#: X-Ray's reads of it matters where calls are traced, which they are not here.
_SHARED_IMPORTS = (
    "aws_lambda_powertools.metrics",
    "aws_lambda_powertools.utilities.typing",
    "aws_xray_sdk.core",
    "boto3.s3.inject",
    "boto3.s3.transfer",
    "nibrs_engine.container_process",
    "nibrs_engine.lambda_process",
    "nibrs_engine.service_descriptions",
    "nibrs_pipeline.extract.documents",
    "nibrs_pipeline.environment",
    "nibrs_pipeline.extract.extraction",
    "nibrs_pipeline.archive.manifest_store",
)


def import_ahead() -> None:
    """Start importing what processes share, in the background."""
    start_fork_server(_SHARED_IMPORTS)


class ForkedProcess(ForkServerProcess):
    """A process whose end several threads may look for.

    Args:
        target: a function of a module, called in the process with ``args``, which are pickled.
        name: what it is called here.
        daemon: whether it may be ended with this process, and has no processes of multiprocessing's itself.
    """

    def __init__(self, target: Callable[..., object], args: tuple[Any, ...], name: str, daemon: bool) -> None:
        super().__init__(target=target, args=args, name=name, daemon=daemon)

    @staticmethod
    def _Popen(process_obj: Any) -> Popen:  # noqa: N802  # multiprocessing's name
        return _LockedPopen(process_obj)


class _LockedPopen(Popen):
    """multiprocessing looks for the end of all processes when it starts one, in whatever thread that is.

    Of two threads that read how a process has ended, the second would find nothing more, and take it for a failure.
    What was open for a process is closed when it has ended, since a run has thousands of them.
    """

    def __init__(self, process_obj: Any) -> None:
        self._looking = Lock()
        super().__init__(process_obj)

    def poll(self, flag: int = os.WNOHANG) -> int | None:
        with self._looking:
            if self.returncode is None and super().poll(os.WNOHANG) is not None:
                self.close()
            return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        with self._looking:
            if self.returncode is not None:
                return self.returncode
            # Another thread may close it meanwhile.
            sentinel = os.dup(self.sentinel)
        try:
            connection.wait([sentinel], timeout)
        finally:
            os.close(sentinel)
        return self.poll()

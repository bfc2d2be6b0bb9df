"""Runs as they lie in the store: which there are, and which execution works on one."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from nibrs_pipeline.errors import RunUnderWay
from nibrs_pipeline.keys import RUNS, execution_key, request_key
from nibrs_pipeline.store import Objects, Store

#: An execution in one of these states may still write.
_AT_WORK = ("RUNNING", "PENDING_REDRIVE")
#: Runs that a refusal names.
_TOLD = 5


def newest_runs(objects: Objects, most: int = _TOLD) -> list[str]:
    """Names of the runs that were started last, the newest first."""
    names = [folder.removeprefix(RUNS).rstrip("/") for folder in objects.folders(RUNS)]
    began = objects.modified_many(request_key(name) for name in names)
    known = [name for name in names if request_key(name) in began]
    return sorted(known, key=lambda name: began[request_key(name)], reverse=True)[:most]


class RunClaim:
    """The right of one execution to work on a run: no two executions of one run write side by side.

    The run keeps the ARN of the execution that works on it, or did last. Only Step Functions knows whether
    that one has ended; the state machine asks there and passes the answer on.

    Args:
        execution: ARN of the execution that wants to work on the run.
    """

    def __init__(self, store: Store, run_id: str, execution: str) -> None:
        self._store, self._run_id, self._execution = store, run_id, execution
        self._found = store.get_with_tag(execution_key(run_id))
        self._holder = str(json.loads(self._found[0])["execution"]) if self._found else execution

    def execution_to_ask_for(self, asked: Mapping[str, str]) -> str:
        """The other execution, if it has to be found out whether it has ended; empty if there is none.

        Args:
            asked: ``execution`` and ``status`` of the execution that was asked about; empty texts if none was.

        Raises:
            RunUnderWay: it has not ended.
        """
        if self._holder == self._execution:
            return ""
        if asked["execution"] != self._holder:
            return self._holder
        if asked["status"] in _AT_WORK:
            raise RunUnderWay(
                f"execution {self._holder} works on run {self._run_id}; wait until it has ended, or stop it, "
                "before you complete the run"
            )
        return ""

    def take(self) -> None:
        """Record that the execution works on the run; the same execution may do so again.

        Raises:
            RunUnderWay: another one was faster.
        """
        key = execution_key(self._run_id)
        record = {"execution": self._execution, "since": datetime.now(UTC).isoformat(timespec="seconds")}
        content = json.dumps(record).encode()
        if self._found is None:
            taken = self._store.put_if_absent(key, content)
        elif self._holder == self._execution:
            return
        else:
            taken = self._store.replace_if_same(key, content, self._found[1])
        if not taken:
            raise RunUnderWay(f"another execution began to work on run {self._run_id} at the same moment; wait for it")

"""What people are told when a run fails: what happened, and how to redo only what failed."""

import json
from typing import Any

from nibrs_pipeline.checking import message_of


def run_id_of(state_input: dict[str, Any], execution_name: str) -> str:
    """The run's name: from the plan, else from the request, else the execution's."""
    run = state_input.get("run")
    if isinstance(run, dict) and isinstance(run.get("run_id"), str):
        return str(run["run_id"])
    given = state_input.get("run_id")
    return given if isinstance(given, str) else execution_name


def failure_report(
    run_id: str, failure: dict[str, Any], execution: str, planned: bool, own_message: bytes | None = None
) -> str:
    """The text of the message.

    Args:
        failure: ``Error`` and ``Cause`` as Step Functions gives them.
        own_message: what a failed stage has left, as ``Error`` and ``Cause`` in JSON; tells more than its
            exit status, which is all that Step Functions knows.
        execution: the execution's ARN.
        planned: whether the run got past Plan run, so that there is something to complete.
    """
    lines = [
        f"Run {run_id} failed; nothing of it was published.",
        "",
        *_what(json.loads(own_message) if own_message else failure),
        "",
        f"Execution: {execution}",
        "",
    ]
    if planned:
        lines += [
            "What was made is kept. To redo only what failed, start the run again under its name:",
            f"  on this machine:    nibrs run --run-id {run_id}",
            f"  on AWS:             nibrs start --run-id {run_id}",
            f"  from the console:   start an execution with the input {json.dumps({'run_id': run_id})}",
        ]
    else:
        lines.append("Nothing was started. Correct the request, or what the message above names, and start again.")
    return "\n".join(lines) + "\n"


def _what(failure: dict[str, Any]) -> list[str]:
    return [f"{failure.get('Error', 'unknown error')}: {message_of(str(failure.get('Cause', '')))}"]

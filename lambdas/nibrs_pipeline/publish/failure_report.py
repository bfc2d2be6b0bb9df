"""What people are told when a run fails: what happened, and how to redo only what failed."""

import json
import re
from typing import Any

from nibrs_pipeline.failure_causes import message_of
from nibrs_pipeline.plan.request import RUN_ID

#: Step Functions takes 32,768 characters as the cause of a failed execution.
_LONGEST = 24_000
_ZIPS_TOLD = 20


def run_id_of(state_input: dict[str, Any], execution_name: str) -> str:
    """The run's name: from the plan, else from the request, else the execution's.

    A text that cannot be a run's name is not repeated: the request was refused, and it may hold anything.
    """
    request = state_input.get("request")
    for given in (state_input.get("run"), request):
        if isinstance(given, dict) and isinstance(name := given.get("run_id"), str) and re.fullmatch(RUN_ID, name):
            return name
    return execution_name


def is_planned(state_input: dict[str, Any]) -> bool:
    """Whether the run got past Plan run, so that there is something to complete."""
    run = state_input.get("run")
    return isinstance(run, dict) and not run.get("held_by")


def mail_subject(run_id: str) -> str:
    """A subject that SNS takes: printable ASCII, one line, 100 characters at most."""
    text = f"NIBRS run {run_id} failed"
    printable = re.sub(r"[^ -~]+", "?", text)
    return printable if len(printable) <= 100 else printable[:97] + "..."


def failure_report(
    run_id: str,
    failure: dict[str, Any],
    execution: str,
    planned: bool,
    own_message: bytes | None = None,
    publication: bytes | None = None,
) -> str:
    """The text of the message.

    Args:
        failure: ``Error`` and ``Cause`` as Step Functions gives them.
        own_message: what a failed stage has left, as ``Error`` and ``Cause`` in JSON; says more than its
            exit status, which is all that Step Functions knows.
        execution: the execution's ARN.
        planned: whether the run got past Plan run, so that there is something to complete.
        publication: what Publish was about to make visible when it broke off, if it did.
    """
    lines = [
        _headline(run_id, planned, publication is not None),
        "",
        *_what(json.loads(own_message) if own_message else failure),
        "",
        f"{_EXECUTION}{execution}",
        "",
        *(_half_way(json.loads(publication)["zips"]) if publication is not None else []),
    ]
    if planned:
        lines += [
            "What was made is kept. To redo only what failed, start the run again under its name:",
            f"  on this machine:    nibrs run --run-id {run_id}",
            f"  on AWS:             nibrs start --run-id {run_id}",
            f"  from the console:   start an execution with the input {json.dumps({'run_id': run_id})}",
            "Redrive in the console does not do it: it begins where this message was sent, and sends none.",
        ]
    else:
        lines.append("Correct the request, or what the message above names, and start again.")
    return "\n".join(lines) + "\n"


_EXECUTION = "Execution: "


def what_failed(report: str) -> tuple[str, str]:
    """Name and message of what failed, from a report; two empty texts if the text is not a report."""
    found = re.match(rf"Run .*\n\n((?:.|\n)*?)\n\n{_EXECUTION}", report)
    name, _, message = found[1].partition(": ") if found else ("", "", "")
    return name, message


def _headline(run_id: str, planned: bool, half_way: bool) -> str:
    if not planned:
        return f"Run {run_id} failed before anything was started."
    return f"Run {run_id} failed" + (" while it published." if half_way else "; nothing of it was published.")


def _what(failure: dict[str, Any]) -> list[str]:
    text = f"{failure.get('Error', 'unknown error')}: {message_of(str(failure.get('Cause', '')))}"
    return [text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n... the rest is in the logs"]


def _half_way(zips: list[str]) -> list[str]:
    more = f" and {len(zips) - _ZIPS_TOLD} more" if len(zips) > _ZIPS_TOLD else ""
    return [
        "Some of these may be visible already, each of them whole, and the index may not list them yet:",
        f"  {', '.join(zips[:_ZIPS_TOLD])}{more}",
        "Completing the run publishes the others and writes the index; nothing has to be taken back.",
        "",
    ]

"""A handler in a container: errors that pass are waited for, the others are kept and end it."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.errors import DatabaseUnavailable, DiskFull, StorageUnavailable
from nibrs_pipeline.failure_causes import message_of
from nibrs_pipeline.handlers import in_container
from nibrs_pipeline.handlers.in_container import FAILED, Context, main, patiently
from nibrs_pipeline.plan.planning import BundleItem, WorkItem
from nibrs_pipeline.state_year import StateYear
from pydantic import BaseModel

EVENT = {"run_id": "r", "state": "AZ", "year": 2016}


class Kept(dict[str, Any]):
    def put_json(self, key: str, content: Any) -> None:
        self[key] = content


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    store = Kept()
    monkeypatch.setattr(in_container, "data_store", lambda: store)
    monkeypatch.setenv("TIMEOUT_S", "60")
    return store


def handled_by(monkeypatch: pytest.MonkeyPatch, handler: Any, event: dict[str, Any]) -> int:
    monkeypatch.setattr(in_container.importlib, "import_module", lambda name: SimpleNamespace(handler=handler))
    monkeypatch.setenv("EVENT", json.dumps(event))
    return main("extract_state_year")


def test_what_passes_is_waited_for_and_no_longer_than_a_failover_takes() -> None:
    waits: list[float] = []
    answers: list[Any] = [DatabaseUnavailable("away"), StorageUnavailable("away"), "done"]

    def call() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert patiently(call, waits.append) == "done"
    assert waits == [3, 6]

    def away() -> None:
        raise DatabaseUnavailable("away")

    waits.clear()
    with pytest.raises(DatabaseUnavailable):
        patiently(away, waits.append)
    assert 180 <= sum(waits) <= 300


def test_a_handler_is_given_its_event_and_the_container_s_time(monkeypatch: pytest.MonkeyPatch, kept: Kept) -> None:
    given: list[tuple[Any, Context]] = []
    assert handled_by(monkeypatch, lambda event, context: given.append((event, context)), EVENT) == 0
    [(event, context)] = given
    assert event == EVENT
    assert 50_000 < context.get_remaining_time_in_millis() <= 60_000
    assert kept == {}


def test_what_fails_is_kept_under_the_name_of_its_state_year_or_bundle(
    monkeypatch: pytest.MonkeyPatch, kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(event: Any, context: Any) -> None:
        raise DiskFull("no space left; raise storage_gb")

    assert handled_by(monkeypatch, full, EVENT) == FAILED
    assert kept == {"runs/r/failures/AZ-2016.json": {"Error": "DiskFull", "Cause": "no space left; raise storage_gb"}}
    assert "ERROR DiskFull: no space left" in capsys.readouterr().out
    kept.clear()
    assert handled_by(monkeypatch, full, {"run_id": "r", "name": "AZ-all-years"}) == FAILED
    assert kept.keys() == {"runs/r/failures/AZ-all-years.json"}


def test_what_nobody_foresaw_is_kept_and_leaves_its_traceback(monkeypatch: pytest.MonkeyPatch, kept: Kept) -> None:
    def wrong(event: Any, context: Any) -> None:
        raise ZeroDivisionError("x")

    with pytest.raises(ZeroDivisionError):
        handled_by(monkeypatch, wrong, EVENT)
    assert kept["runs/r/failures/AZ-2016.json"]["Error"] == "ZeroDivisionError"


@pytest.mark.parametrize(("code", "said"), [(137, "give it more in containers/pipeline/tasks.json"), (1, "its log")])
def test_how_a_container_ended_is_told_of_its_state_year(code: int, said: str) -> None:
    override = {
        "Name": "pipeline", "Command": ["extract_state_year"],
        "Environment": [
            {"Name": "EVENT", "Value": json.dumps(EVENT)}, {"Name": "INPUT_STATE", "Value": "AZ"},
            {"Name": "DATA_YEAR", "Value": "2016"},
        ],
    }  # fmt: skip
    sidecar = {"Name": "aws-guardduty-agent", "ExitCode": 0}
    cause = {
        "Overrides": {"ContainerOverrides": [override]},
        "Containers": [sidecar, {"Name": "pipeline", "ExitCode": code}],
    }
    told = message_of(json.dumps(cause))
    assert told.startswith(f"extract_state_year AZ 2016: exit status {code}, ")
    assert said in told


def told(command: str, item: BaseModel) -> int:
    """How long what ECS is told of an item is."""
    environment = [{"name": "EVENT", "value": item.model_dump_json()}, {"name": "INPUT_STATE", "value": "AZ" * 20}]
    override = {"name": "pipeline", "command": [command], "environment": environment}
    return len(json.dumps({"containerOverrides": [override]}))


def test_what_a_container_is_told_is_never_longer_than_ecs_takes(catalog: Catalog) -> None:
    rows = 10**12
    reasons = [
        reason
        for table in catalog.tables
        for reason in (
            f"{rows:,} rows of {table.name} were written since", f"{table.name} has {rows:,} rows, had {rows:,}",
        )
        if table.kind != "code"
    ]  # fmt: skip
    assert len(reasons) > 30
    run_id, identity = "r" * 80, "0" * 64
    work = WorkItem(
        run_id=run_id, state="DC", state_name="District of Columbia", year=2016, reason="; ".join(reasons),
        identity=identity,
    )  # fmt: skip
    assert told("extract_state_year", work) < 6_000
    members = [StateYear("AZ", year) for year in range(1991, 2091)]
    assert told("build_bundle", BundleItem(run_id=run_id, name="2016-all-states", members=members)) < 6_000

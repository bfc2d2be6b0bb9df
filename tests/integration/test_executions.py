"""The state machine's own promises: whatever comes in is answered, and one execution at a time works on a run."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import pytest
from nibrs_command.watching import RunView, observe
from nibrs_engine.definition import local_definition, state_machine_definition
from nibrs_engine.emulator import Emulator, emulator
from nibrs_engine.interpreter import executing
from nibrs_engine.lambda_pool import FunctionError
from nibrs_engine.lambda_process import Context
from nibrs_home.home import Home
from nibrs_pipeline.environment import environment
from nibrs_pipeline.errors import PipelineError
from nibrs_pipeline.handlers import notify_failure, plan_run
from nibrs_pipeline.handlers.resources import data_store
from nibrs_pipeline.keys import execution_key, report_key, request_key
from nibrs_pipeline.plan.planning import SourceContents

from tests.unit.samples import source


class _Snapshot:
    """Stands for the database's, of which Plan run reads through ``read_source_contents`` only."""

    def __enter__(self) -> "_Snapshot":
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing is open."""


@dataclass
class _Functions:
    """Plan run and Notify failure as they are; Extract code tables waits, and everything ends there."""

    go_on: Event = field(default_factory=Event)
    notice_fails: bool = False

    def invoke(self, function: str, event: Any) -> Any:
        context = Context(function, 128, "id", time.monotonic() + 60)
        try:
            if function == "PlanRunFunction":
                return plan_run.handler(event, context)  # type: ignore[arg-type]
            if function == "NotifyFailureFunction" and not self.notice_fails:
                return notify_failure.handler(event, context)  # type: ignore[arg-type]
        except PipelineError as error:
            raise FunctionError(type(error).__name__, str(error)) from error
        self.go_on.wait(60)
        raise FunctionError("QueryFailed", "as far as this test goes")


@dataclass(frozen=True)
class Machine:
    aws: Emulator
    arn: str
    functions: _Functions

    def start(self, name: str, request: Any) -> str:
        client = self.aws.client("stepfunctions")
        started = client.start_execution(stateMachineArn=self.arn, name=name, input=json.dumps(request))
        return str(started["executionArn"])

    def look(self, execution: str) -> RunView:
        return observe(self.aws.client("stepfunctions"), execution)

    def wait(self, execution: str, until: Callable[[RunView], bool] = lambda view: view.is_over) -> RunView:
        while not until(view := self.look(execution)):
            time.sleep(0.1)
        return view

    def run(self, name: str, request: Any) -> RunView:
        return self.wait(self.start(name, request))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    functions = _Functions()
    with pytest.MonkeyPatch.context() as patch, emulator(Home(folder)) as aws:
        for name, value in aws.function_environment(Home(folder), "x").items():
            patch.setenv(name, value)
        patch.setattr(plan_run, "database_snapshot", lambda context: _Snapshot())
        patch.setattr(plan_run, "read_source_contents", _nothing_extracted)
        environment.cache_clear()
        data_store.cache_clear()
        with executing(functions, None):  # type: ignore[arg-type]  # a pool's invoke is all that is called
            definition = local_definition(state_machine_definition(), aws.estimation)
            yield Machine(aws, aws.create_state_machine(definition), functions)
        environment.cache_clear()
        data_store.cache_clear()


def _nothing_extracted(*_: object) -> SourceContents:
    return source(("AZ", 2016))


@pytest.fixture(autouse=True)
def _at_once(machine: Machine) -> None:
    machine.functions.go_on.set()
    machine.functions.notice_fails = False


@pytest.mark.parametrize("given", [[2016], "2016", 7, None, True, {"years": [1]}, {"run_id": "a\nb"}])
def test_whatever_is_given_is_refused_by_plan_run_with_a_notice(machine: Machine, given: Any) -> None:
    view = machine.run(f"given-{time.time_ns()}", given)
    assert (view.status, view.error) == ("FAILED", "RunFailed")
    assert view.failure[0] == "BadRequest"
    assert view.cause.startswith("Run given-")
    assert "Correct the request" in view.cause


@pytest.mark.parametrize("given", [{"years": [2016] * 30_000}, {"comment": "x" * 200_000}], ids=["years", "text"])
def test_a_request_that_could_not_be_carried_along_is_refused(machine: Machine, given: Any) -> None:
    view = machine.run(f"long-{time.time_ns()}", given)
    assert view.failure[0] == "BadRequest"
    assert "characters, and 20,000 are allowed" in view.failure[1]
    assert len(view.cause) < 1_000


def test_a_name_alone_starts_nothing_and_the_runs_that_there_are_are_told(machine: Machine) -> None:
    machine.run("earlier", {"years": [2016]})
    before = data_store().sizes("")
    view = machine.run("e1", {"run_id": "no-such-run"})
    assert view.failure[0] == "BadRequest"
    assert "there is no run 'no-such-run' to complete; the newest are earlier" in view.failure[1]
    assert data_store().sizes("") == before


def test_the_cause_of_a_failed_execution_is_the_notice_itself(machine: Machine) -> None:
    view = machine.run("cause", {"years": [2016]})
    assert view.cause.encode() == data_store().get(report_key("cause", "failure.txt"))
    assert view.failure == ("QueryFailed", "as far as this test goes")


def test_a_failure_that_cannot_be_told_still_ends_the_execution_with_its_cause(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.functions.notice_fails = True
    view = machine.run("mute", {"years": [2016]})
    assert (view.status, view.failure) == ("FAILED", ("QueryFailed", "as far as this test goes"))


def test_a_second_execution_of_a_run_under_way_is_refused_and_the_first_goes_on(machine: Machine) -> None:
    machine.functions.go_on.clear()
    first = machine.start("first", {"years": [2016], "run_id": "once"})
    machine.wait(first, lambda view: "Extract code tables" in view.states)
    second = machine.run("second", {"run_id": "once"})
    assert second.failure[0] == "RunUnderWay"
    assert f"execution {first} works on run once; wait until it has ended" in second.failure[1]
    assert data_store().get(report_key("once", "failure.txt")) is None, "the first run's reports are its own"
    assert not machine.look(first).is_over
    machine.functions.go_on.set()
    machine.wait(first)
    # It has ended: now the run can be completed.
    third = machine.run("third", {"run_id": "once"})
    assert third.failure == ("QueryFailed", "as far as this test goes")
    assert {"Ask for other execution", "Extract code tables"} <= set(third.states)
    assert json.loads(data_store().get(execution_key("once")) or b"")["execution"].endswith(":third")


def test_an_execution_that_step_functions_has_forgotten_holds_no_run(machine: Machine) -> None:
    old = machine.start("old", {"years": [2016], "run_id": "old"})
    machine.wait(old)
    gone = f"{old.rpartition(':')[0]}:long-ago"
    data_store().put_json(execution_key("old"), {"execution": gone})
    view = machine.run("new", {"run_id": "old"})
    assert "Other execution is forgotten" in view.states
    assert view.failure[0] == "QueryFailed"


def test_of_two_executions_at_the_same_moment_one_is_refused(machine: Machine) -> None:
    machine.functions.go_on.clear()
    executions = [machine.start(f"twin-{n}", {"years": [2016], "run_id": "twins"}) for n in range(2)]
    refused = None
    while refused is None:
        refused = next((view for each in executions if (view := machine.look(each)).is_over), None)
        time.sleep(0.1)
    assert refused.failure[0] == "RunUnderWay"
    machine.functions.go_on.set()
    assert sorted(machine.wait(each).failure[0] for each in executions) == ["QueryFailed", "RunUnderWay"]
    assert data_store().get(request_key("twins"))

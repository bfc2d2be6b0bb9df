"""What is too large for its function is made by a container, with the same bytes; here everything is too large."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest
from nibrs_engine import lambda_pool
from nibrs_engine.container_tasks import TaskPool
from nibrs_engine.lambda_pool import LambdaPool, function_definitions
from nibrs_home.home import Home
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.state_year import StateYear

from tests.databases import copied
from tests.end_to_end.test_failures import disturbed
from tests.runs import public_files, published_zip, run, sql, zips

pytestmark = pytest.mark.usefixtures("unmeasured", "parquet")


@pytest.fixture
def loaded(server: DatabaseLocation, trial: str) -> Iterator[DatabaseLocation]:
    with copied(server, trial) as found:
        yield found


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions that can hand over their work have no time for it."""
    definitions = function_definitions()
    for name in ("ExtractStateYearFunction", "BuildBundleFunction"):
        definitions[name] = definitions[name].model_copy(update={"timeout_s": 0})
    monkeypatch.setattr(lambda_pool, "function_definitions", lambda: definitions)


@pytest.fixture(scope="module")
def right(server: DatabaseLocation, trial: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The zips as functions make them."""
    home = Home(tmp_path_factory.mktemp("right"))
    run(home, replace(server, database=trial), years=[2015], bundles=["states"])
    return zips(public_files(home))


@pytest.mark.usefixtures("no_time")
def test_containers_make_the_same_bytes(home: Home, loaded: DatabaseLocation, right: dict[str, bytes]) -> None:
    pools: list[TaskPool] = []
    outcome = run(home, loaded, lambda _, tasks: pools.append(tasks), years=[2015], bundles=["states"])
    assert outcome.view.status == "SUCCEEDED", outcome.view.cause
    made = zips(public_files(home))
    assert made == right
    assert {"2015/DE-2015.zip", "bundles/RI-all-years.zip"} <= made.keys()
    assert sorted(pools[0].finished()) == [
        "build_bundle-DE-all-years", "build_bundle-RI-all-years", "extract_state_year-DE-2015",
        "extract_state_year-RI-2015",
    ]  # fmt: skip


@pytest.mark.usefixtures("no_time")
def test_a_container_that_is_killed_says_so_and_one_that_fails_says_why(home: Home, loaded: DatabaseLocation) -> None:
    pools: list[TaskPool] = []

    def kill() -> None:
        for process in pools[0].processes():
            os.kill(process, signal.SIGKILL)

    def start(_: LambdaPool, tasks: TaskPool) -> None:
        pools.append(tasks)

    with disturbed(loaded, kill):
        killed = run(home, loaded, start, run_id="killed", years=[2015])
    told = " ".join((killed.artifacts / "failure.txt").read_text().split())
    assert (
        "extract_state_year DE 2015: exit status 137, it was killed, most likely because it ran out of memory" in told
    )
    assert "give it more in containers/pipeline/tasks.json" in told
    run(home, loaded, run_id="again", years=[2015])
    sql(loaded, "DELETE FROM nibrs_arrestee")
    empty = run(home, loaded, run_id="empty", years=[2015])
    told = " ".join((empty.artifacts / "failure.txt").read_text().split())
    assert "DE-2015: EmptyTable: " in told


@pytest.mark.usefixtures("no_time")
def test_a_container_whose_bundle_fails_says_which_and_why(home: Home, loaded: DatabaseLocation) -> None:
    run(home, loaded, run_id="before", years=[2015])
    published_zip(home, StateYear("DE", 2015)).write_bytes(b"no zip")
    failed = run(home, loaded, run_id="broken", years=[2015], bundles=["states"])
    told = " ".join((failed.artifacts / "failure.txt").read_text().split())
    assert (
        "MissingBundles: 1 of 2 bundles were not built DE-all-years: BrokenExtract: s3://nibrs-data/downloads" in told
    )

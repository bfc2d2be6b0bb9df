"""Every function called twice with the same event, and again after it has died at each of its writes: one outcome."""

import hashlib
import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from moto import mock_aws
from nibrs_engine.lambda_process import Context
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_pipeline.archive.manifest import PAGE_BESIDE_ZIP
from nibrs_pipeline.environment import environment
from nibrs_pipeline.errors import (
    BrokenExtract,
    MissingBundles,
    MissingExtracts,
    MissingTabulations,
    SimulatedBesideReal,
    SourceUnfit,
)
from nibrs_pipeline.handlers import (
    build_bundle,
    check_bundles,
    check_extracts,
    check_tabulation,
    extract_code_tables,
    extract_reference,
    extract_state_year,
    notify_failure,
    plan_run,
    publish,
    zip_estimates,
)
from nibrs_pipeline.handlers.resources import data_store, database_location
from nibrs_pipeline.keys import (
    SOURCE_CHECK,
    bundles_work_key,
    failure_key,
    inputs_key,
    public_zip_key,
    staged,
    state_years_work_key,
    states_work_key,
)
from nibrs_pipeline.state_year import StateYear as Item
from nibrs_pipeline.store import Store

from tests.runs import load_trial, sql

RUN, EXECUTION = "twice", "arn:aws:states:us-east-1:123456789012:execution:nibrs-pipeline:twice"
PLAN = {
    "request": {"years": [2016], "bundles": ["years"], "estimates": True, "run_id": RUN},
    "execution": EXECUTION, "execution_name": "twice", "other": {"execution": "", "status": ""},
}  # fmt: skip
OF_RUN, OF_YEAR = {"run_id": RUN}, {"run_id": RUN, "year": 2016}
YEAR = f"runs/{RUN}/estimation/2016/"


class Crash(Exception):
    """The function's process dies."""


@dataclass
class Functions:
    """The functions over one store; ``dies_at`` is the number of the write at which the next call dies."""

    store: Store
    dies_at: int = 0
    writes: int = 0

    def call(self, module: Any, event: Any) -> Any:
        self.writes = 0
        context = Context(module.__name__, 128, "id", time.monotonic() + 600)
        return module.handler(json.loads(json.dumps(event)), context)

    def count(self) -> None:
        self.writes += 1
        if self.writes == self.dies_at:
            raise Crash

    def list(self, key: str) -> Any:
        return json.loads(self.store.get(key) or b"null")

    def contents(self) -> dict[str, bytes]:
        """What there is, without moments: they differ from call to call."""
        found = {}
        for key in self.store.sizes(""):
            content = self.store.get(key) or b""
            if key.endswith(("manifest.json", "plan.json", "state_years.json", "execution.json", "inputs.json")):
                content = b"there"
            found[key] = content
        return found


@pytest.fixture(autouse=True)
def _nobody_dies(functions: Functions) -> None:
    functions.dies_at = 0


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory, parquet: None) -> Iterator[Functions]:
    home = Home(tmp_path_factory.mktemp("home"))
    variables = {
        "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1", "DATA_BUCKET": "bucket", "POWERTOOLS_TRACE_DISABLED": "true",
        "ESTIMATION_VERSION": "m",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch, embedded_postgres.database(home) as location, mock_aws():
        load_trial(home.scratch("trial"), location)
        for name, value in (variables | dict(location.as_environment())).items():
            patch.setenv(name, value)
        environment.cache_clear()
        data_store.cache_clear()
        made = Functions(data_store())
        made.store._s3.create_bucket(Bucket="bucket")
        for name in ("put_object", "upload_file", "copy", "delete_object", "delete_objects"):
            patch.setattr(made.store._s3, name, _counted(made, getattr(made.store._s3, name)))
        yield made
    environment.cache_clear()
    data_store.cache_clear()


def _counted(functions: Functions, write: Callable[..., Any]) -> Callable[..., Any]:
    def counted(*arguments: Any, **options: Any) -> Any:
        functions.count()
        return write(*arguments, **options)

    return counted


def same_however_often(functions: Functions, module: Any, event: Any, *, answers_alike: bool = True) -> None:
    """Call a function until it has died at each of its writes, then twice more."""
    dies_at, finished = 0, False
    while not finished:
        dies_at += 1
        functions.dies_at = dies_at
        try:
            functions.call(module, event)
            finished = True
        except Crash:
            pass
    functions.dies_at = 0
    once = functions.call(module, event), functions.contents()
    twice = functions.call(module, event), functions.contents()
    assert twice[1] == once[1]
    if answers_alike:
        assert twice[0] == once[0]


def leave(functions: Functions, name: str, identity: str, outputs: dict[str, bytes]) -> None:
    """What a stage leaves."""
    for path, content in outputs.items():
        functions.store.put(YEAR + path, content)
    hashes = {YEAR + path: hashlib.sha256(content).hexdigest() for path, content in outputs.items()}
    functions.store.put_json(f"{YEAR}made/{name}.json", {"identity": identity, "outputs": hashes})


def test_every_function_may_be_called_again(functions: Functions) -> None:
    same_however_often(functions, plan_run, PLAN)
    same_however_often(functions, extract_code_tables, OF_RUN)
    work = functions.list(state_years_work_key(RUN))
    assert [item["state"] for item in work] == ["DE", "RI"]
    same_however_often(functions, extract_state_year, work[0])
    functions.call(extract_state_year, work[1])
    same_however_often(functions, check_extracts, OF_RUN)
    [bundle] = functions.list(bundles_work_key(RUN))
    same_however_often(functions, build_bundle, bundle)
    same_however_often(functions, check_bundles, OF_RUN)

    same_however_often(functions, extract_reference, OF_YEAR)
    states = functions.list(states_work_key(RUN, 2016))
    assert [item["state"] for item in states] == ["DE", "RI"], (
        "its own inputs are not taken for those of an earlier try"
    )
    for item in states:
        leave(
            functions,
            f"impute_and_tabulate-{item['state']}",
            item["identity"],
            {f"tabulated/{item['state']}.csv": b"x"},
        )
    same_however_often(functions, check_tabulation, OF_YEAR)
    report = io.BytesIO()
    with zipfile.ZipFile(report, "w") as archive:
        archive.writestr("report.html", "<p>report")
        archive.writestr(PAGE_BESIDE_ZIP, "<p>report, beside its zip")
        archive.writestr("tables.csv", "a\n1\n")
    summary = functions.call(extract_reference, OF_YEAR)
    assert summary["states"]["count"] == 0, "what is tabulated is not tabulated again"
    leave(functions, "report", summary["identity"], {"report.zip": report.getvalue()})
    same_however_often(functions, zip_estimates, OF_YEAR)

    failed = {"input": {"run": {"run_id": RUN, "held_by": ""}}, "execution": EXECUTION, "execution_name": "twice"}
    same_however_often(functions, notify_failure, failed)
    same_however_often(functions, publish, {**OF_RUN, "execution": EXECUTION}, answers_alike=False)
    assert set(functions.store.sizes("")) >= {
        "downloads/2016/DE-2016.zip", "downloads/bundles/2016-all-states.zip", "downloads/index.html",
        "estimates/2016/nibrs-estimates-2016.zip", "estimates/2016/report.html",
        "parquet/nibrs_offense/data_year=2016/state=DE/nibrs_offense.parquet",
    }  # fmt: skip
    assert functions.store.sizes(f"runs/{RUN}/downloads/") == {}


def test_what_an_earlier_try_left_counts_for_nothing_after_the_data_changed(functions: Functions) -> None:
    plan = {**PLAN, "request": {**PLAN["request"], "years": [2015], "run_id": "changed"}}  # type: ignore[dict-item]
    run, year = {"run_id": "changed"}, {"run_id": "changed", "year": 2015}
    functions.call(plan_run, plan)
    functions.call(extract_code_tables, run)
    for item in functions.list(state_years_work_key("changed")):
        functions.call(extract_state_year, item)
    functions.call(build_bundle, functions.list(bundles_work_key("changed"))[0])
    functions.call(check_extracts, run)
    functions.call(extract_reference, year)
    first = functions.list(states_work_key("changed", 2015))
    for item in first:
        functions.store.put_json(
            f"runs/changed/estimation/2015/made/impute_and_tabulate-{item['state']}.json",
            {"identity": item["identity"], "outputs": {}},
        )
    functions.call(check_tabulation, year)

    # A month of Delaware's changes, and the run is completed; but the new extraction fails.
    delaware = "SELECT agency_id FROM ref_agency JOIN ref_state USING (state_id) WHERE state_postal_abbr = 'DE'"
    sql(
        database_location(),
        f"UPDATE nibrs_month SET update_flag = 'Y' WHERE data_year = 2015 AND agency_id IN ({delaware})",
    )
    functions.call(
        plan_run, {**plan, "execution": f"{EXECUTION}-2", "other": {"execution": EXECUTION, "status": "FAILED"}}
    )
    assert [item["state"] for item in functions.list(state_years_work_key("changed"))] == ["DE"]
    functions.store.put_json(failure_key("changed", "DE-2015"), {"Error": "DatabaseUnavailable", "Cause": "away"})
    with pytest.raises(
        MissingExtracts, match=r"1 of 2 state-years were not extracted .*\nDE-2015: DatabaseUnavailable"
    ):
        functions.call(check_extracts, run)

    # It succeeds, and the bundle fails: an old one is not published.
    [item] = functions.list(state_years_work_key("changed"))
    functions.call(extract_state_year, item)
    functions.call(check_extracts, run)
    with pytest.raises(MissingBundles, match=r"1 of 1 bundles were not built\n2015-all-states: no cause was recorded"):
        functions.call(check_bundles, run)
    with pytest.raises(BrokenExtract, match="bundle 2015-all-states was made of another zip of DE-2015"):
        functions.call(publish, {**run, "execution": f"{EXECUTION}-2"})

    # The tabulation is killed: the old table is not taken.
    functions.call(extract_reference, year)
    assert [item["state"] for item in functions.list(states_work_key("changed", 2015))] == ["DE"]
    with pytest.raises(MissingTabulations, match=r"1 of 2 states of 2015 were not tabulated\nDE: "):
        functions.call(check_tabulation, year)
    with pytest.raises(BrokenExtract, match="has no report of 2015 that was made for its inputs"):
        functions.call(zip_estimates, year)


def test_a_zip_that_another_has_written_is_neither_bundled_nor_taken_for_the_manifests(functions: Functions) -> None:
    plan = {**PLAN, "request": {**PLAN["request"], "force": True, "estimates": False, "run_id": "swapped"}}  # type: ignore[dict-item]
    functions.call(plan_run, plan)
    functions.call(extract_code_tables, {"run_id": "swapped"})
    for item in functions.list(state_years_work_key("swapped")):
        functions.call(extract_state_year, item)
    key = staged("swapped", public_zip_key(Item("DE", 2016)))
    functions.store.put(key, bytes(functions.store.sizes(key)[key]))
    with pytest.raises(BrokenExtract, match=r"DE-2016\.zip has SHA-256 .*, its manifest says"):
        functions.call(build_bundle, functions.list(bundles_work_key("swapped"))[0])
    assert functions.list(inputs_key("swapped", 2016)) is None


def test_a_request_that_is_refused_writes_nothing(functions: Functions) -> None:
    functions.store.delete(SOURCE_CHECK)
    before = functions.contents()
    location = database_location()
    sql(location, "INSERT INTO source_note VALUES ('RI', 2016, 'simulated', NULL, NULL, 'Of a test.')")
    try:
        with pytest.raises(SimulatedBesideReal):
            functions.call(plan_run, PLAN | {"request": {"years": "all", "run_id": "refused"}})
    finally:
        sql(location, "DELETE FROM source_note WHERE note = 'Of a test.'")
    assert functions.contents() == before


def test_a_year_without_areas_is_refused_before_its_states_are_counted(
    functions: Functions, monkeypatch: pytest.MonkeyPatch
) -> None:
    functions.call(plan_run, {**PLAN, "request": {**PLAN["request"], "run_id": "areas"}})  # type: ignore[dict-item]
    monkeypatch.setenv("AREAS", "all")
    environment.cache_clear()
    try:
        with pytest.raises(SourceUnfit, match="AREAS=all, but no agency of 2016 lies in"):
            functions.call(extract_reference, {"run_id": "areas", "year": 2016})
    finally:
        environment.cache_clear()
    assert functions.store.sizes("runs/areas/estimation/") == {}

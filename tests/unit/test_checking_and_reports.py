"""Check extracts, Check bundles, Publish's order, and what people are told of a failure."""

import json

import pytest
from nibrs_pipeline.archive.manifest import companion_keys, public_key
from nibrs_pipeline.errors import MissingBundles, MissingExtracts
from nibrs_pipeline.failure_causes import cause_of
from nibrs_pipeline.plan.planning import BundleItem, Plan, WorkItem
from nibrs_pipeline.publish.checking import (
    Check,
    check_extracts,
    missing_bundles,
    require_all_built,
    require_tolerable,
)
from nibrs_pipeline.publish.failure_report import failure_report, is_planned, mail_subject, run_id_of, what_failed
from nibrs_pipeline.publish.selection import to_publish
from nibrs_pipeline.state_year import StateYear

from tests.unit.samples import NAMES, bundle, estimates, manifest

AZ, LA, NE = StateYear("AZ", 2016), StateYear("LA", 2013), StateYear("NE", 2016)


def planned(*items: StateYear) -> Plan:
    work = [WorkItem(run_id="r", state=i.state, state_name=NAMES[i.state], year=i.year, reason="x") for i in items]
    return Plan(run_id="r", expected=work, to_extract=work, bundles=[])


def test_what_is_missing_is_named_with_its_cause() -> None:
    cause = {"Error": "DiskFull", "Cause": json.dumps({"errorType": "DiskFull", "errorMessage": "no space\nleft"})}
    check = check_extracts(
        planned(AZ, LA, NE),
        {AZ: manifest(*AZ), NE: manifest(*NE)},
        {AZ: 1000, NE: 999},
        {"LA-2013": json.dumps(cause).encode()},
    )
    assert check.produced == [AZ]
    assert check.missing == {
        LA: "DiskFull: no space left",
        NE: "its zip has 999 bytes, the manifest says 1,000",
    }


def test_what_an_earlier_try_left_is_not_what_was_asked_for() -> None:
    plan = planned(AZ, LA)
    plan = plan.model_copy(update={"expected": [w.model_copy(update={"identity": "now"}) for w in plan.expected]})
    left = {AZ: manifest(*AZ).model_copy(update={"made_for": "now"}), LA: manifest(*LA)}
    check = check_extracts(plan, left, {AZ: 1000, LA: 1000}, {"LA-2013": b'{"Error": "EmptyTable", "Cause": "none"}'})
    assert check.produced == [AZ]
    assert check.missing == {LA: "EmptyTable: none"}
    assert plan.made({**left, NE: manifest(*NE)}).keys() == {AZ}


@pytest.mark.parametrize(("tolerated", "fails"), [(0, True), (49.9, True), (50, False), (100, False)])
def test_a_run_fails_if_more_is_missing_than_is_tolerated(tolerated: float, fails: bool) -> None:
    check = Check([AZ], {LA: "DiskFull: no space left"})
    if fails:
        with pytest.raises(MissingExtracts, match=r"1 of 2 state-years.*\nLA-2013: DiskFull: no space left"):
            require_tolerable(check, tolerated)
    else:
        require_tolerable(check, tolerated)


def test_a_bundle_that_is_missing_is_named_with_its_cause() -> None:
    names = ["AZ-all-years", "LA-all-years", "NE-all-years", "2016-all-states"]
    plan = planned(AZ).model_copy(update={"bundles": [BundleItem(run_id="r", name=name, members=[]) for name in names]})
    stopped = {
        "Overrides": {"ContainerOverrides": [{
            "Name": "pipeline", "Command": ["build_bundle"],
            "Environment": [{"Name": "EVENT", "Value": "{}"}, {"Name": "BUNDLE", "Value": "NE-all-years"}],
        }]},
        "Containers": [{"Name": "pipeline", "ExitCode": 137}],
    }  # fmt: skip
    causes = {
        "LA-all-years": {"Error": "DiskFull", "Cause": json.dumps({"errorMessage": "no space"})},
        "task-LA-all-years": {"Error": "States.TaskFailed", "Cause": "exit status"},
        "task-NE-all-years": {"Error": "States.TaskFailed", "Cause": json.dumps(stopped)},
    }
    missing = missing_bundles(
        plan, {"AZ-all-years": bundle("AZ-all-years")}, {}, {k: json.dumps(v).encode() for k, v in causes.items()}
    )
    assert missing == {
        "LA-all-years": "DiskFull: no space",
        "NE-all-years": "States.TaskFailed: build_bundle NE-all-years: exit status 137, it was killed, most likely "
        "because it ran out of memory; give it more in containers/pipeline/tasks.json",
        "2016-all-states": "no cause was recorded; see the log of its task",
    }
    with pytest.raises(MissingBundles, match=r"3 of 4 bundles were not built\n2016-all-states: no cause.*\nLA-all"):
        require_all_built(plan, missing)
    require_all_built(plan, {})


def test_a_bundle_that_an_earlier_try_built_of_another_zip_is_missing() -> None:
    plan = planned(AZ).model_copy(update={"bundles": [BundleItem(run_id="r", name="AZ-all-years", members=[AZ])]})
    made = manifest(*AZ)
    left = bundle("AZ-all-years", made, manifest(*LA))
    assert missing_bundles(plan, {left.name: left}, {AZ: made}, {}) == {}
    for sha256 in ("0" * 64, "f" * 64):
        another = made.model_copy(update={"zip": made.zip.model_copy(update={"sha256": sha256})})
        assert missing_bundles(plan, {left.name: left}, {AZ: another}, {}).keys() == {"AZ-all-years"}


@pytest.mark.parametrize(
    ("record", "text"),
    [
        (None, "no cause was recorded; see the log of its task"),
        (b'{"Error": "States.Timeout", "Cause": ""}', "States.Timeout: "),
        (b'{"Error": "X", "Cause": "plain"}', "X: plain"),
        (b'{"Error": "X", "Cause": "[1]"}', "X: [1]"),
        (b'{"Error": "Y", "Cause": "X: {\\"errorMessage\\": \\"why\\"}"}', "Y: X: why"),
    ],
)
def test_a_cause_is_told_however_it_was_recorded(record: bytes | None, text: str) -> None:
    assert cause_of(record) == text


def test_causes_of_fifty_state_years_fit_what_step_functions_takes_as_a_cause() -> None:
    words = json.dumps({"Error": "QueryFailed", "Cause": 'column "x" does not exist ' * 1_000 + "; check it"}).encode()
    told = cause_of(words)
    assert told.startswith('QueryFailed: column "x" does not exist column')
    assert told.endswith("does not exist ; check it")
    assert len(told) < 350
    missing = {StateYear("AZ", 1960 + each): told for each in range(90)}
    with pytest.raises(MissingExtracts) as caught:
        require_tolerable(Check([], missing), 0)
    lines = str(caught.value).splitlines()
    assert len(lines) == 52
    assert lines[-1] == "and 40 more"
    with pytest.raises(MissingExtracts) as few:
        require_tolerable(Check([], dict(list(missing.items())[:50])), 0)
    assert len(str(few.value).splitlines()) == 51
    # As Lambda answers, beside a stack trace.
    assert len(json.dumps({"errorMessage": str(caught.value), "errorType": "MissingExtracts"})) < 24_000


def test_zips_are_published_before_manifests_and_older_data_never_replaces_newer() -> None:
    staged = [manifest(*AZ, time="2026-01-02"), manifest(*LA, time="2026-01-02"), bundle("AZ-all-years")]
    published = [manifest(*AZ, time="2026-01-01"), manifest(*LA, time="2026-01-03")]
    selected = to_publish(staged, published)
    assert [public_key(each) for each in selected] == [
        "downloads/2016/AZ-2016.zip",
        "downloads/bundles/AZ-all-years.zip",
    ]
    assert [companion_keys(each) for each in selected] == [
        ["downloads/2016/AZ-2016.manifest.json"],
        ["downloads/bundles/AZ-all-years.manifest.json"],
    ]


def test_estimates_are_published_with_their_report_before_their_manifest() -> None:
    made = estimates(2016, time="2026-01-02")
    assert to_publish([made], [estimates(2016, time="2026-01-01")]) == [made]
    assert to_publish([made], [estimates(2016, time="2026-01-03")]) == []
    assert public_key(made) == "estimates/2016/nibrs-estimates-2016.zip"
    assert companion_keys(made) == ["estimates/2016/report.html", "estimates/2016/nibrs-estimates-2016.manifest.json"]


MISSING = {"Error": "MissingExtracts", "Cause": json.dumps({"errorMessage": "1 of 2\nLA-2013: DiskFull"})}


def test_the_report_says_what_failed_and_how_to_redo_it() -> None:
    text = failure_report("r1", MISSING, "arn:x", planned=True)
    for part in ("Run r1 failed; nothing", "MissingExtracts: 1 of 2\nLA-2013: DiskFull", "arn:x",
                 "nibrs run --run-id r1", "nibrs start --run-id r1", '{"run_id": "r1"}',
                 "Redrive in the console does not do it"):  # fmt: skip
        assert part in text
    assert what_failed(text) == ("MissingExtracts", "1 of 2\nLA-2013: DiskFull")


def test_the_report_of_a_refused_request_says_to_correct_it() -> None:
    text = failure_report("r1", {"Error": "BadRequest", "Cause": "years: ..."}, "arn:x", planned=False)
    assert "BadRequest: years: ..." in text
    assert "before anything was started" in text
    assert "Correct the request" in text
    assert "--run-id" not in text


def test_the_report_of_a_publication_that_broke_off_says_what_may_be_visible() -> None:
    failure = {"Error": "Sandbox.Timedout", "Cause": json.dumps({"errorMessage": "after 900 seconds"})}
    zips = [f"downloads/2016/{state}-2016.zip" for state in ("AK", "AL")] * 20
    text = failure_report("r1", failure, "arn:x", True, publication=json.dumps({"zips": zips}).encode())
    assert text.startswith("Run r1 failed while it published.\n")
    assert "nothing of it was published" not in text
    assert "Some of these may be visible already, each of them whole" in text
    assert "AK-2016.zip, downloads/2016/AL-2016.zip" in text
    assert "and 20 more" in text
    assert "nibrs run --run-id r1" in text
    assert what_failed(text) == ("Sandbox.Timedout", "after 900 seconds")


def test_a_report_fits_the_cause_of_an_execution() -> None:
    failure = {"Error": "MissingExtracts", "Cause": "line\n" * 20_000}
    text = failure_report("r" * 80, failure, "arn:x", True)
    assert len(text.encode()) < 32_768
    assert "the rest is in the logs" in text
    assert "nibrs run --run-id" in text


@pytest.mark.parametrize("text", ["", "MissingExtracts: {}", "Run r failed; nothing of it was published.\n"])
def test_what_is_no_report_is_not_read_as_one(text: str) -> None:
    assert what_failed(text) == ("", "")


@pytest.mark.parametrize(
    ("state", "name"),
    [
        ({"run": {"run_id": "a"}, "request": {"run_id": "b"}}, "a"),
        ({"request": {"run_id": "b"}}, "b"),
        ({"request": {"run_id": 7}}, "c"),
        ({"request": {"run_id": "b\nBcc: x"}}, "c"),
        ({"request": {"run_id": "b" * 81}}, "c"),
        ({"request": [1, 2]}, "c"),
        ({"request": "text"}, "c"),
        ({"request": None}, "c"),
        ({}, "c"),
    ],
)
def test_the_run_is_named_as_far_as_it_got(state: dict[str, object], name: str) -> None:
    assert run_id_of(state, "c") == name


@pytest.mark.parametrize(
    ("state", "planned"),
    [
        ({"run": {"run_id": "a", "held_by": ""}}, True),
        ({"run": {"run_id": "a", "held_by": "arn:x"}}, False),
        ({}, False),
    ],
)
def test_a_run_is_planned_once_it_waits_for_no_other_execution(state: dict[str, object], planned: bool) -> None:
    assert is_planned(state) is planned


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        ("2016-refresh", "NIBRS run 2016-refresh failed"),
        ("a\nb", "NIBRS run a?b failed"),
        ("Zoë", "NIBRS run Zo? failed"),
        ("x" * 200, f"NIBRS run {'x' * 87}..."),
    ],
)
def test_the_subject_of_a_mail_is_one_that_sns_takes(name: str, subject: str) -> None:
    assert mail_subject(name) == subject
    assert len(mail_subject(name)) <= 100

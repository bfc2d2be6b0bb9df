"""The synthesised template, deployed into moto's CloudFormation, and executions of what was deployed.

Names, substitutions, environment variables, task definitions and roles come from the template. What is not
from it: the emulation's address and credentials, and where the database is, which the secret says.
"""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from nibrs_command import on_aws
from nibrs_command.cli import main
from nibrs_command.watching import RunView
from nibrs_engine.emulator import Emulator, emulator
from nibrs_engine.interpreter import deployments
from nibrs_engine.services import REGION
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_pipeline.archive.manifest import FileEntry, StateYearManifest
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.keys import manifest_of, public_zip_key
from nibrs_pipeline.state_year import StateYear

from tests.conftest import real_zip
from tests.infrastructure.deployed import Deployed, deploy, given_resources
from tests.infrastructure.permissions import Call, Calls, recorded_calls, unexplained
from tests.infrastructure.synthesis import GIVEN, given_configuration, synthesise, with_values
from tests.runs import load_trial, sql
from tests.zips import edited, members, write

#: Resources of the template that moto's CloudFormation does not hold, and what is known of them all the same.
NOT_HELD = {
    "AWS::CloudWatch::Alarm": "test_monitoring checks metric, threshold and action of each",
    "AWS::CloudWatch::CompositeAlarm": "test_monitoring checks rule, suppressor and action",
    "AWS::CloudWatch::Dashboard": "left out by deploy(): its body names the alarms",
    "AWS::EC2::SecurityGroupEgress": "test_template checks what functions and containers may reach",
    "AWS::S3::BucketPolicy": "test_resource_policies has IAM's rules applied to it",
    "AWS::SNS::Subscription": "test_monitoring checks the addresses",
    "AWS::SNS::TopicPolicy": "test_resource_policies has IAM's rules applied to it",
    "AWS::SQS::QueuePolicy": "test_resource_policies has IAM's rules applied to it",
    "AWS::Scheduler::Schedule": "test_template checks expression, target, input and dead-letter queue",
}


#: Rows of a state in 2015, by their incident.
_OF_2015 = (
    "incident_id IN (SELECT incident_id FROM nibrs_incident JOIN nibrs_month USING (nibrs_month_id) "
    "JOIN ref_agency a ON a.agency_id = nibrs_month.agency_id JOIN ref_state s USING (state_id) "
    "WHERE data_year = 2015 AND s.state_postal_abbr = '{}')"
)

# All tests look at one story, which the first of them waits for.
pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("unmeasured")]


@pytest.fixture(scope="module")
def location(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseLocation]:
    home = Home(tmp_path_factory.mktemp("database"))
    with embedded_postgres.database(home) as found:
        load_trial(home.scratch("trial"), found)
        yield found
    embedded_postgres.stop(home)


@pytest.fixture(scope="module")
def calls() -> Calls:
    return Calls()


@pytest.fixture(scope="module")
def deployed(location: DatabaseLocation, tmp_path_factory: pytest.TempPathFactory, calls: Calls) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("deployed")
    with (
        recorded_calls(calls),
        emulator(Home(folder)) as aws,
        deployments(),
        deploy(aws, synthesised_for(aws, location, folder), folder) as made,
    ):
        yield made


def synthesised_for(aws: Emulator, location: DatabaseLocation, folder: Path) -> dict[str, Any]:
    """The template for a network and a database that are given: made in the emulation first."""
    # moto holds no CloudFront distribution, and outputs name its address.
    text = with_values(GIVEN, {**given_resources(aws, location), "cloudfront = true": "cloudfront = false"})
    # So that every stage runs under its role.
    text += '\n[estimates]\nbias = "copula"\ntables = "crimes"\nworkbooks = "none"\n'
    return synthesise(str(given_configuration(folder, text)), folder / "cdk.out")


@dataclass
class Story:
    """What was done with the deployed state machine, in this order; played once, whichever test comes first."""

    deployed: Deployed
    loaded: Result
    refused: RunView
    first: RunView
    of_2015: RunView
    one_state_broken: RunView
    completed: RunView
    zip_broken: RunView
    zip_mended: RunView
    nobody_eligible: RunView
    nothing_to_do: RunView
    bundled: RunView
    bundled_by_container: RunView
    bundle_broken: RunView
    age_before: dict[str, Any]
    age: dict[str, Any]


@pytest.fixture(scope="module")
def story(deployed: Deployed, location: DatabaseLocation) -> Story:
    age_before = deployed.invoke("ReportAge")
    loaded = load_on_aws(deployed)
    refused = deployed.run({"years": [1999]})
    first = deployed.run({"years": [2016], "run_id": "first", "estimates": False})
    of_2015 = deployed.run({"years": [2015], "run_id": "2015", "estimates": False})
    list_one_file_more(deployed)
    with deployed.without_time_for("ExtractStateYear"):
        one_state_broken, completed = break_one_state(deployed, location)
    # A download is made on the way to the estimates.
    sql(location, f"UPDATE nibrs_offense SET attempt_complete_flag = 'A' WHERE {_OF_2015.format('DE')}")
    zip_broken, zip_mended = break_a_zip(deployed)
    # Before agencies are written: who has their rows has changed, whatever is in them.
    nothing_to_do = deployed.run({"run_id": "nothing", "years": "all"})
    sql(location, "UPDATE ref_agency SET agency_status = 'D'")
    nobody_eligible = deployed.run({"years": [2016], "run_id": "nobody", "downloads": False, "estimates": True})
    sql(location, "UPDATE ref_agency SET agency_status = 'A'")
    bundles = {"years": [2015], "force": True, "estimates": False}
    bundled = deployed.run(bundles | {"bundles": ["states"], "run_id": "bundled"})
    with deployed.without_time_for("BuildBundle"):
        bundled_by_container = deployed.run(bundles | {"bundles": ["years"], "run_id": "large"})
        bundle_broken = break_a_bundle(deployed)
    return Story(
        deployed, loaded, refused, first, of_2015, one_state_broken, completed, zip_broken, zip_mended, nobody_eligible,
        nothing_to_do, bundled, bundled_by_container, bundle_broken, age_before, deployed.invoke("ReportAge"),
    )  # fmt: skip


def load_on_aws(deployed: Deployed) -> Result:
    """By the command, in the stack: a published zip with one row more, which breaks a key."""
    content = members(real_zip("AZ-2016"))
    broken = edited(content, "nibrs_victim_injury", lambda rows: rows.append(["999999999", "1"]))
    path = write(deployed.folder / "AZ-2016.zip", broken)
    deployed.put("uploads/AZ-2016.zip", path.read_bytes())
    address = f"s3://{deployed.outputs['BucketName']}/uploads/*.zip"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(on_aws, "_LOOK", 0.01)
        patched.setenv("AWS_ENDPOINT_URL", deployed.aws.endpoint)
        patched.setenv("AWS_DEFAULT_REGION", REGION)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patched.setenv(name, "local")
        loaded = CliRunner().invoke(main, ["load", "--on-aws", "--quarantine", address])
    # All that follows is of what was loaded here.
    assert loaded.exit_code == 0, loaded.output
    return loaded


def list_one_file_more(deployed: Deployed) -> None:
    """A published state-year lists a Parquet file that it has no more when it is made anew, which removes it."""
    key = manifest_of(public_zip_key(StateYear("RI", 2015)))
    found = StateYearManifest.from_json(deployed.object(key).read_bytes())
    gone = FileEntry(name="gone/data_year=2015/state=RI/gone.parquet", bytes=0, sha256="")
    deployed.put(key, found.model_copy(update={"parquet": (*found.parquet, gone)}).to_json())


def break_one_state(deployed: Deployed, location: DatabaseLocation) -> tuple[RunView, RunView]:
    """One state has changed; the other has lost a table's rows, which fails it for good, until they are back."""
    sql(location, f"UPDATE nibrs_offense SET attempt_complete_flag = 'C' WHERE {_OF_2015.format('RI')}")
    sql(location, f"CREATE TABLE kept AS SELECT * FROM nibrs_arrestee WHERE {_OF_2015.format('DE')}")
    sql(location, f"DELETE FROM nibrs_arrestee WHERE {_OF_2015.format('DE')}")
    broken = deployed.run({"years": [2015], "run_id": "broken", "estimates": False})
    sql(location, "INSERT INTO nibrs_arrestee SELECT * FROM kept")
    return broken, deployed.run({"run_id": "broken"})


def break_a_zip(deployed: Deployed) -> tuple[RunView, RunView]:
    """2015 is estimated and staged before 2016 fails; completing the run finds it there."""
    sound = deployed.object("downloads/2016/AZ-2016.zip").read_bytes()
    deployed.put("downloads/2016/AZ-2016.zip", b"no zip")
    broken = deployed.run({"run_id": "zip", "years": "all"})
    deployed.put("downloads/2016/AZ-2016.zip", sound)
    return broken, deployed.run({"run_id": "zip"})


def break_a_bundle(deployed: Deployed) -> RunView:
    """A published zip is not what its manifest says."""
    sound = deployed.object("downloads/2016/AZ-2016.zip").read_bytes()
    deployed.put("downloads/2016/AZ-2016.zip", b"no zip")
    broken = deployed.run({"run_id": "bundle", "states": ["AZ"], "downloads": False, "bundles": ["states"]})
    deployed.put("downloads/2016/AZ-2016.zip", sound)
    return broken


def test_everything_is_created_but_what_moto_does_not_hold(deployed: Deployed) -> None:
    created = {each["LogicalResourceId"] for each in deployed.resources if "LogicalResourceId" in each}
    wanted = deployed.template["Resources"].items()
    assert {resource["Type"] for name, resource in wanted if name not in created} == set(NOT_HELD)


def test_a_zip_of_the_bucket_is_loaded_by_a_task_of_the_stack(story: Story) -> None:
    assert story.loaded.exit_code == 0, story.loaded.output
    said = " ".join(story.loaded.output.split())
    assert "of nibrs has been started" in said
    assert "AZ-2016.zip: AZ-2016, " in said
    assert "nibrs_victim_injury: 1 row put aside" in said
    # The container goes, and what it put aside stays.
    kept = "uploads/kept/quarantine/AZ-2016/nibrs_victim_injury.csv"
    assert f"/{kept}" in said
    assert "999999999" in story.deployed.object(kept).read_text()


def test_the_deployed_state_machine_makes_the_published_zip_and_estimates(story: Story, catalog: Catalog) -> None:
    assert story.first.status == "SUCCEEDED", story.first.cause
    assert story.of_2015.status == "SUCCEEDED", story.of_2015.cause
    ours = story.deployed.object("downloads/2016/AZ-2016.zip")
    with zipfile.ZipFile(real_zip("AZ-2016")) as real, zipfile.ZipFile(ours) as made:
        for table in catalog.published:
            if table.optional:
                assert table.csv_name not in {*real.namelist(), *made.namelist()}, "what was loaded has no Group B"
                continue
            header, expected = rows(real, table.csv_name)
            if table.kind == "code":
                # The made-up states bring the codes that were added after 2016.
                codes = {row[0] for row in expected}
                expected += Counter(row for row in listed(table.csv_name) if row[0] not in codes)
            assert rows(made, table.csv_name) == (header, expected), table.name
    with zipfile.ZipFile(story.deployed.object("estimates/2016/nibrs-estimates-2016.zip")) as archive:
        estimates = list(csv.DictReader(io.StringIO(archive.read("offenses.csv").decode())))
    assert {row["geography"] for row in estimates} >= {"US", "DE", "RI", "AZ"}


def listed(name: str) -> list[tuple[str, ...]]:
    text = (files("code_tables") / "lists" / name).read_text(encoding="utf-8")
    return [tuple(row) for row in csv.reader(text.splitlines())][1:]


def rows(archive: zipfile.ZipFile, name: str) -> tuple[list[str], Counter[tuple[str, ...]]]:
    header, *found = csv.reader(io.StringIO(archive.read(name).decode()))
    return header, Counter(map(tuple, found))


def test_failures_are_named_and_told_to_the_deployed_topic(story: Story) -> None:
    assert story.refused.status == "FAILED"
    assert "BadRequest: years" in ": ".join(story.refused.failure)
    assert story.one_state_broken.status == "FAILED"
    # By a container: the function had no time.
    assert "1 of 2 state-years were not extracted" in ": ".join(story.one_state_broken.failure)
    assert "DE-2015: EmptyTable: " in ": ".join(story.one_state_broken.failure)
    assert story.zip_broken.status == "FAILED"
    assert story.nobody_eligible.status == "FAILED"
    assert story.bundle_broken.status == "FAILED"
    assert "AZ-all-years: BrokenExtract: " in ": ".join(story.bundle_broken.failure)
    told = dict(story.deployed.messages())
    assert set(told) >= {"NIBRS run broken failed", "NIBRS run zip failed", "NIBRS run nobody failed"}
    assert (
        "AZ: exit status 3: impute_and_tabulate AZ 2016: downloads/2016/AZ-2016.zip has" in told["NIBRS run zip failed"]
    )
    assert (
        "exit status 1: weight 2016: no agency of the reference extract is eligible" in told["NIBRS run nobody failed"]
    )


def test_failed_runs_are_completed_by_their_name_alone(story: Story) -> None:
    assert story.completed.status == "SUCCEEDED", story.completed.cause
    assert story.zip_mended.status == "SUCCEEDED", story.zip_mended.cause


def test_what_is_up_to_date_is_not_made_again(story: Story) -> None:
    assert story.nothing_to_do.status == "SUCCEEDED", story.nothing_to_do.cause
    assert not {"Extract state-years", "Impute and tabulate states"} & set(story.nothing_to_do.states)


def test_bundles_are_built_and_the_age_is_reported(story: Story) -> None:
    assert story.bundled.status == "SUCCEEDED", story.bundled.cause
    assert story.deployed.object("downloads/bundles/DE-all-years.zip").exists()
    assert story.bundled_by_container.status == "SUCCEEDED", story.bundled_by_container.cause
    assert story.deployed.object("downloads/bundles/2015-all-states.zip").exists()
    # Before any success the age is the state machine's: an alarm hears of it all the same.
    assert 0 <= story.age["days"] < story.age_before["days"] + 1 < 2


def test_every_call_is_allowed_by_the_role_of_its_caller(story: Story, calls: Calls) -> None:
    assert len(calls.seen) > 100
    if refused := calls.refused(story.deployed.policies()):
        pytest.fail("\n".join(map(str, refused)))


def test_nothing_is_allowed_that_is_never_used_and_not_explained(story: Story, calls: Calls) -> None:
    if never_used := unexplained(calls, story.deployed.policies()):
        pytest.fail("\n".join(never_used))


def test_the_check_of_permissions_would_find_what_is_missing_and_what_is_too_much() -> None:
    calls = Calls({Call("f", "s3:GetObject", "arn:aws:s3:::b/runs/1/x"), Call("f", "sns:Publish", "t")})
    statement = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:DeleteObject"], "Resource": "arn:aws:s3:::b/runs/*"}
    assert [call.action for call in calls.refused({"f": [statement]})] == ["sns:Publish"]
    assert unexplained(calls, {"f": [statement]}) == ["f: s3:DeleteObject on arn:aws:s3:::b/runs/*"]

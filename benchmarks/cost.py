"""What runs cost on AWS: list prices times amounts, for the scenarios of docs/cost.md.

    python benchmarks/cost.py

Prices are the list prices of us-east-1 in US dollars as published on the services' pricing pages in 2025;
check them before you rely on a figure. Sizes of functions and tasks are read from ``lambdas/functions.json``,
``containers/r_estimation/stages.json`` and ``containers/pipeline/tasks.json``; durations are assumptions and stand in
the scenarios.
"""

import json
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]

PRICES = {
    "Lambda arm64, GB-second": 0.0000133334,
    "Lambda temporary storage beyond 512 MB, GB-second": 0.0000000309,
    "Step Functions, state transition": 0.000025,
    "Fargate arm64, vCPU-hour": 0.03238,
    "Fargate arm64, GB-hour": 0.00356,
    "Fargate storage beyond 20 GB, GB-hour": 0.000111,
    "S3 PUT, request": 0.000005,
    "S3 standard, GB-month": 0.023,
    "VPC interface endpoint, hour and zone": 0.01,
    "CloudWatch alarm, month": 0.10,
    "CloudWatch composite alarm, month": 0.50,
    "CloudWatch dashboard, month": 3.00,
    "CloudWatch Logs, GB taken in": 0.50,
    "Secrets Manager, secret and month": 0.40,
    "ECR, GB-month": 0.10,
    "RDS db.t4g.small PostgreSQL, hour": 0.032,
    "RDS gp3, GB-month": 0.115,
}
HOURS = 730.0
#: What is at work at rest; a test holds the numbers to the template.
ALARMS, COMPOSITE_ALARMS, ENDPOINT_ZONES = 34, 1, 8
#: Groups of geographies times groups of tables, estimated side by side (``ESTIMATE_*_GROUPS``, nibrs_pipeline.keys).
ESTIMATE_TASKS = 12
#: What functions, containers and the state machine write to logs, in KB; assumed.
STATE_YEAR_LOG_KB, TASK_LOG_KB = 60, 40
#: Steps of an item that a container takes over: its beginning, the function, the container.
TAKE_OVER_TRANSITIONS = 3


class Scenario(NamedTuple):
    """A line of the table."""

    name: str
    amounts: str
    dollars: float


def function_seconds(function: str, seconds: float) -> float:
    """A function that runs so long."""
    definition = json.loads((REPOSITORY / "lambdas" / "functions.json").read_text())[function]
    extra = max(0, definition["storage_mb"] - 512) / 1024
    return seconds * (
        definition["memory_mb"] / 1024 * PRICES["Lambda arm64, GB-second"]
        + extra * PRICES["Lambda temporary storage beyond 512 MB, GB-second"]
    )


def task_minutes(task: str, minutes: float) -> float:
    """The container of a stage, or of the pipeline's own image, that runs so long."""
    files = ("r_estimation/stages.json", "pipeline/tasks.json")
    definitions = [json.loads((REPOSITORY / "containers" / name).read_text()) for name in files]
    definition = (definitions[0] | definitions[1])[task]
    return (
        minutes
        / 60
        * (
            definition["cpu"] / 1024 * PRICES["Fargate arm64, vCPU-hour"]
            + definition["memory_mb"] / 1024 * PRICES["Fargate arm64, GB-hour"]
            + max(0, definition["storage_gb"] - 20) * PRICES["Fargate storage beyond 20 GB, GB-hour"]
        )
    )


def state_years(count: int, seconds: float) -> float:
    """Extractions with what stands around them: plan, check, publication, transitions, writes."""
    around = {
        "PlanRunFunction": 60.0,
        "ExtractCodeTablesFunction": 2.0,
        "CheckExtractsFunction": 5.0,
        "PublishFunction": 60.0,
    }
    return (
        sum(function_seconds(name, each) for name, each in around.items())
        + count * function_seconds("ExtractStateYearFunction", seconds)
        + (10 + 2 * count) * PRICES["Step Functions, state transition"]
        + 6 * count * PRICES["S3 PUT, request"]
        + logs(count * STATE_YEAR_LOG_KB)
    )


def taken_over(handler: str, minutes: float) -> float:
    """An item that its function tried until its time was over, and that a container then made."""
    handlers = json.loads((REPOSITORY / "containers" / "pipeline" / "tasks.json").read_text())
    function = handlers[handler]["function"]
    limit = json.loads((REPOSITORY / "lambdas" / "functions.json").read_text())[function]["timeout_s"]
    return (
        function_seconds(function, limit)
        + task_minutes(handler, minutes)
        + TAKE_OVER_TRANSITIONS * PRICES["Step Functions, state transition"]
        + logs(STATE_YEAR_LOG_KB + TASK_LOG_KB)
    )


def logs(kilobytes: float) -> float:
    """Lines that CloudWatch takes in."""
    return kilobytes / 1024 / 1024 * PRICES["CloudWatch Logs, GB taken in"]


def estimation_year(states: int) -> float:
    """Reference extract, items and a table per state, weights, estimates by geographies and tables, report, zip."""
    return (
        function_seconds("ExtractReferenceFunction", 60)
        + function_seconds("ZipEstimatesFunction", 10)
        + states * task_minutes("impute_and_tabulate", 10)
        + task_minutes("weight", 10)
        + ESTIMATE_TASKS * task_minutes("estimate", 10)
        + task_minutes("report", 3)
        + (20 + 2 * states) * PRICES["Step Functions, state transition"]
        + logs((states + 2 + ESTIMATE_TASKS) * TASK_LOG_KB)
    )


def standing(created: bool) -> float:
    """A month without any run: endpoints and trial database only where they are created with the stack."""
    monthly = (
        ALARMS * PRICES["CloudWatch alarm, month"]
        + COMPOSITE_ALARMS * PRICES["CloudWatch composite alarm, month"]
        + PRICES["CloudWatch dashboard, month"]
        + 50 * PRICES["S3 standard, GB-month"]
        + PRICES["ECR, GB-month"]
    )
    if created:
        monthly += ENDPOINT_ZONES * HOURS * PRICES["VPC interface endpoint, hour and zone"]
        monthly += HOURS * PRICES["RDS db.t4g.small PostgreSQL, hour"] + 100 * PRICES["RDS gp3, GB-month"]
        monthly += PRICES["Secrets Manager, secret and month"]
    return monthly


def scenarios() -> list[Scenario]:
    """All lines of docs/cost.md."""
    return [
        Scenario("one state-year", "1 extraction of 30 s", state_years(1, 30)),
        Scenario("all downloads", "1,200 state-years of 60 s", state_years(1200, 60)),
        Scenario("a month's changes", "150 state-years of 60 s", state_years(150, 60)),
        Scenario(
            "one state-year that a container takes over",
            "15 min of the function, then a container of 60 min",
            taken_over("extract_state_year", 60),
        ),
        Scenario(
            "one bundle that a container takes over",
            "15 min of the function, then a container of 60 min",
            taken_over("build_bundle", 60),
        ),
        Scenario(
            "one estimation year",
            "51 states of 5 min to impute and 5 to count, the other stages 3 to 10 min",
            estimation_year(51),
        ),
        Scenario("filling a trial's database", "one task of 20 min", task_minutes("load", 20)),
        Scenario(
            "a month at rest, production", f"{ALARMS + COMPOSITE_ALARMS} alarms, a dashboard, 50 GB", standing(False)
        ),
        Scenario(
            "a month at rest, development",
            f"the same, {ENDPOINT_ZONES} endpoint-zones, a trial database",
            standing(True),
        ),
    ]


def table() -> str:
    """The table as docs/cost.md has it."""
    lines = ["| what | assumed | US dollars |", "|---|---|---|"]
    for each in scenarios():
        dollars = f"{each.dollars:,.2f}" if each.dollars >= 0.1 else f"{each.dollars:.4f}"
        lines.append(f"| {each.name} | {each.amounts} | {dollars} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())

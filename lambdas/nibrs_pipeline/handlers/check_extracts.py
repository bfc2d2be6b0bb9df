"""Check extracts: fails the run if state-years are missing."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.archive.manifest_store import read_staged
from nibrs_pipeline.environment import environment
from nibrs_pipeline.handlers.resources import data_store
from nibrs_pipeline.keys import PUBLIC, report_key
from nibrs_pipeline.observability import logger, metrics, observed
from nibrs_pipeline.plan.run_store import read_plan, recorded_failures, staged_zip_sizes
from nibrs_pipeline.publish.checking import check_extracts, require_tolerable


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Compare what the run ``event["run_id"]`` expected with what it produced."""
    run_id = str(event["run_id"])
    logger.append_keys(run_id=run_id)
    store = data_store()
    plan = read_plan(store, run_id)
    sizes = staged_zip_sizes(store, run_id, (work.state_year for work in plan.expected))
    check = check_extracts(
        plan, read_staged(store, run_id, [PUBLIC]).state_years, sizes, recorded_failures(store, run_id)
    )
    store.put_json(report_key(run_id, "check.json"), check.as_json())
    metrics.add_metric(name="StateYearsMissing", unit=MetricUnit.Count, value=len(check.missing))
    for item, cause in check.missing.items():
        logger.error("not extracted", extra={"state": item.state, "year": item.year, "cause": cause})
    require_tolerable(check, environment().tolerated_failure_percentage)
    # A run that goes on without them sends no notice; this is what an alarm watches.
    metrics.add_metric(name="StateYearsTolerated", unit=MetricUnit.Count, value=len(check.missing))
    return {"produced": len(check.produced), "missing": len(check.missing)}

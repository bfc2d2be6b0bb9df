"""Check bundles: fails the run if a bundle was not built."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.archive.manifest_store import read_staged
from nibrs_pipeline.handlers.resources import data_store
from nibrs_pipeline.keys import PUBLIC
from nibrs_pipeline.observability import logger, observed
from nibrs_pipeline.plan.run_store import read_plan, recorded_failures
from nibrs_pipeline.publish.checking import missing_bundles, require_all_built


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Compare the bundles that the run ``event["run_id"]`` was to build with those that it has staged."""
    run_id = str(event["run_id"])
    logger.append_keys(run_id=run_id)
    store = data_store()
    plan, staged = read_plan(store, run_id), read_staged(store, run_id, [PUBLIC])
    missing = missing_bundles(plan, staged.bundles, plan.made(staged.state_years), recorded_failures(store, run_id))
    for name, cause in missing.items():
        logger.error("not built", extra={"bundle": name, "cause": cause})
    require_all_built(plan, missing)
    return {"built": len(plan.bundles)}

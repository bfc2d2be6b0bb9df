"""Check tabulation: fails the year if a state's table is missing."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.estimate.estimation import require_all_tabulated, tabulated_states
from nibrs_pipeline.estimate.store import receipts, require_inputs, stage_failures
from nibrs_pipeline.handlers.resources import data_store
from nibrs_pipeline.observability import logger, observed


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Compare the states of ``event["year"]`` with the tables that are there."""
    run_id, year = str(event["run_id"]), int(event["year"])
    logger.append_keys(run_id=run_id, year=year)
    store = data_store()
    inputs = require_inputs(store, run_id, year)
    tabulated = tabulated_states(inputs, receipts(store, run_id, year))
    require_all_tabulated(inputs, tabulated, stage_failures(store, run_id, year))
    return {"tabulated": len(tabulated)}

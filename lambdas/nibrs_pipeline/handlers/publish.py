"""Publish: replaces what the public sees."""

from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.environment import environment
from nibrs_pipeline.handlers.resources import data_store
from nibrs_pipeline.observability import logger, metrics, observed
from nibrs_pipeline.publish.publication import publish_run
from nibrs_pipeline.publish.web_caches import invalidate


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Publish all that the run ``event["run_id"]`` has staged, for ``event["execution"]``, and write the index."""
    run_id = str(event["run_id"])
    logger.append_keys(run_id=run_id)
    published, kept = publish_run(data_store(), run_id, str(event["execution"]), _refresh_caches)
    for name in published:
        logger.info("published", extra={"download": name})
    for name in kept:
        logger.warning("not published: what is there was read later", extra={"download": name})
    return {"published": len(published), "kept_newer": len(kept)}


def _refresh_caches(keys: list[str]) -> None:
    """Have CloudFront drop its copies of what was replaced; if that fails, what is published stays published."""
    distribution = environment().distribution_id
    if distribution and (problem := invalidate(distribution, keys)):
        logger.error(problem)
        metrics.add_metric(name="CachesNotRefreshed", unit=MetricUnit.Count, value=1)

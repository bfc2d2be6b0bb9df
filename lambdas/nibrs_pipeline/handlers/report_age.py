"""Report age: how long ago a run last succeeded, as a metric that an alarm watches."""

from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.environment import environment
from nibrs_pipeline.observability import logger, metrics, observed


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Put the metric DaysSinceSuccess; nothing is put before the first success."""
    found = boto3.client("stepfunctions").list_executions(
        stateMachineArn=environment().state_machine_arn, statusFilter="SUCCEEDED", maxResults=1
    )["executions"]
    if not found:
        logger.warning("no run has succeeded yet")
        return {}
    days = (datetime.now(UTC) - found[0]["stopDate"]).total_seconds() / 86400
    metrics.add_metric(name="DaysSinceSuccess", unit=MetricUnit.Count, value=days)
    return {"days": days}

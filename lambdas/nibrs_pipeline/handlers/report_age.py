"""Report age: how long ago a run last succeeded, as a metric that an alarm watches.

Step Functions forgets executions after 90 days. If it remembers no success, the days are counted since the state
machine was created: the alarm must not fall silent because the last success is forgotten.
"""

from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.environment import environment
from nibrs_pipeline.observability import logger, metrics, observed


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Put the metric DaysSinceSuccess."""
    client, arn = boto3.client("stepfunctions"), environment().state_machine_arn
    found = client.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED", maxResults=1)["executions"]
    if found:
        since = found[0]["stopDate"]
    else:
        since = client.describe_state_machine(stateMachineArn=arn)["creationDate"]
        logger.warning("no success is known; counted since the state machine was created", extra={"since": str(since)})
    days = (datetime.now(UTC) - since).total_seconds() / 86400
    metrics.add_metric(name="DaysSinceSuccess", unit=MetricUnit.Count, value=days)
    return {"days": days}

"""Notify failure: tells people what failed and how to redo it."""

from typing import Any

import boto3
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.environment import environment
from nibrs_pipeline.failure_causes import StoppedTask
from nibrs_pipeline.handlers.resources import data_store
from nibrs_pipeline.keys import publication_key, report_key
from nibrs_pipeline.observability import logger, metrics, observed
from nibrs_pipeline.publish.failure_report import failure_report, is_planned, mail_subject, run_id_of


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Report the failure in ``event["input"]`` of the execution ``event["execution"]``."""
    state, store = event["input"], data_store()
    run_id, planned = run_id_of(state, event["execution_name"]), is_planned(state)
    logger.append_keys(run_id=run_id)
    failure = state.get("failure", {})
    task = StoppedTask.from_cause(str(failure.get("Cause", "")))
    own_message = store.get(task.failure_key) if task else None
    publication = store.get(publication_key(run_id)) if planned else None
    text = failure_report(run_id, failure, event["execution"], planned, own_message, publication)
    logger.error("the run failed", extra={"report": text})
    if planned:
        # A refused request leaves nothing behind, not even a report.
        store.put(report_key(run_id, "failure.txt"), text.encode())
    if topic := environment().failure_topic_arn:
        boto3.client("sns").publish(TopicArn=topic, Subject=mail_subject(run_id), Message=text)
        metrics.add_metric(name="FailuresTold", unit=MetricUnit.Count, value=1)
    return {"run_id": run_id, "report": text}

"""Logger, metrics and tracer of all functions."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext

#: Of all metrics, and of the service that they, logs and traces name.
NAMESPACE = "NibrsPipeline"
SERVICE = "nibrs-pipeline"

logger = Logger(service=SERVICE, utc=True)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
tracer = Tracer(service=SERVICE)


Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def observed(handler: Handler) -> Handler:
    """Give a handler's calls fresh log keys, metrics that are written at the end, and a trace segment."""
    traced = tracer.capture_lambda_handler(handler, capture_response=False)
    counted = metrics.log_metrics(traced)
    logged: Handler = logger.inject_lambda_context(counted, clear_state=True)
    return logged

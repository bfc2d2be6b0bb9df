"""Logger, metrics and tracer of all functions."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.catalog import Table
from nibrs_pipeline.extraction import Observer
from nibrs_pipeline.planning import WorkItem

_NAMESPACE = "NibrsPipeline"
_SERVICE = "nibrs-pipeline"

logger = Logger(service=_SERVICE, utc=True)
metrics = Metrics(namespace=_NAMESPACE, service=_SERVICE)
tracer = Tracer(service=_SERVICE)


Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]


def observed(handler: Handler) -> Handler:
    """Give a handler's calls fresh log keys, metrics that are written at the end, and a trace segment."""
    traced = tracer.capture_lambda_handler(handler, capture_response=False)
    counted = metrics.log_metrics(traced)
    logged: Handler = logger.inject_lambda_context(counted, clear_state=True)
    return logged


def table_observer(item: WorkItem) -> Observer:
    """Logs and counts every table of a state-year: rows, bytes, seconds."""

    def observe(table: Table, rows: int, size: int, seconds: float) -> None:
        logger.info(
            "extracted a table", extra={"table": table.name, "rows": rows, "bytes": size, "seconds": round(seconds, 3)}
        )
        # A set of its own: the dimension differs from table to table.
        counts = EphemeralMetrics(namespace=_NAMESPACE, service=_SERVICE)
        counts.add_dimension(name="table", value=table.name)
        counts.add_metric(name="Rows", unit=MetricUnit.Count, value=rows)
        counts.add_metric(name="Bytes", unit=MetricUnit.Bytes, value=size)
        counts.add_metric(name="Seconds", unit=MetricUnit.Seconds, value=seconds)
        for key, value in (("run_id", item.run_id), ("state", item.state), ("year", item.year)):
            counts.add_metadata(key=key, value=value)
        counts.flush_metrics()

    return observe

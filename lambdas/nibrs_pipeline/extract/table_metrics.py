"""What is logged and counted for every table that is extracted."""

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from nibrs_pipeline.catalog import Table
from nibrs_pipeline.extract.extraction import Observer
from nibrs_pipeline.observability import NAMESPACE, SERVICE, logger
from nibrs_pipeline.state_year import StateYear


def table_observer(run_id: str, item: StateYear) -> Observer:
    """Logs and counts each table of a state-year: rows, bytes, seconds."""

    def observe(table: Table, rows: int, size: int, seconds: float) -> None:
        logger.info(
            "extracted a table", extra={"table": table.name, "rows": rows, "bytes": size, "seconds": round(seconds, 3)}
        )
        # A set of its own: the dimension differs from table to table.
        counts = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
        counts.add_dimension(name="table", value=table.name)
        counts.add_metric(name="Rows", unit=MetricUnit.Count, value=rows)
        counts.add_metric(name="Bytes", unit=MetricUnit.Bytes, value=size)
        counts.add_metric(name="Seconds", unit=MetricUnit.Seconds, value=seconds)
        for key, value in (("run_id", run_id), ("state", item.state), ("year", item.year)):
            counts.add_metadata(key=key, value=value)
        counts.flush_metrics()

    return observe

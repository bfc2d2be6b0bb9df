"""Plan run: validates the request and writes the work lists."""

from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.archive.manifest_store import read_published, read_staged
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.environment import environment
from nibrs_pipeline.handlers.resources import data_store, database_snapshot
from nibrs_pipeline.keys import (
    PUBLIC,
    SOURCE_CHECK,
    bundles_work_key,
    failure_key,
    plan_key,
    request_key,
    state_years_work_key,
)
from nibrs_pipeline.observability import logger, observed
from nibrs_pipeline.plan.changes import CheckedSource
from nibrs_pipeline.plan.planning import Plan, make_plan, require_one_index
from nibrs_pipeline.plan.request import Request, parse_request, request_to_complete, run_name
from nibrs_pipeline.plan.run_record import RunClaim, newest_runs
from nibrs_pipeline.plan.run_store import recorded_failures
from nibrs_pipeline.plan.source import read_source_contents
from nibrs_pipeline.state_year import StateYear
from nibrs_pipeline.store import Store


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Plan a run.

    ``event`` has the ``request``, the ``execution`` and its ``execution_name``, which names the run by default, and
    what the state machine has learned of ``other``, an execution that worked on the run before.
    """
    request = parse_request(event["request"])
    run_id = run_name(request, event["execution_name"])
    logger.append_keys(run_id=run_id)
    store = data_store()
    request = request_to_complete(request, store.get(request_key(run_id)), lambda: newest_runs(store))
    claim = RunClaim(store, run_id, event["execution"])
    if other := claim.execution_to_ask_for(event["other"]):
        return _summary(Plan(run_id=run_id, expected=[], to_extract=[], bundles=[]), held_by=other)
    published, staged = read_published(store), read_staged(store, run_id, [PUBLIC]).state_years
    catalog = nibrs_catalog()
    with database_snapshot(context) as view:
        made = published.state_years | staged
        remembered = CheckedSource.from_json(store.get(SOURCE_CHECK))
        source = read_source_contents(view, catalog, made.values(), remembered, _asked(request, made))
    require_one_index(request, source, published)
    plan = make_plan(
        request,
        run_id,
        source,
        published.state_years,
        staged,
        published.bundles,
        catalog,
        environment().with_parquet,
    )
    claim.take()
    # Only now: a request that is refused writes nothing.
    if source.checked is not None and source.checked != remembered:
        store.put(SOURCE_CHECK, source.checked.to_json())
    _write(store, request, plan)
    for work in plan.to_extract:
        logger.info("to extract", extra={"state": work.state, "year": work.year, "reason": work.reason})
    return _summary(plan)


def _asked(request: Request, made: Iterable[StateYear]) -> set[StateYear] | None:
    """The state-years whose changes matter; None means all, those still to come included."""
    if request.downloads and request.states == "all" and request.years == "all":
        return None
    return {item for item in made if request.downloads and request.includes(*item)}


def _write(store: Store, request: Request, plan: Plan) -> None:
    for name in recorded_failures(store, plan.run_id):
        store.delete(failure_key(plan.run_id, name))
    store.put(request_key(plan.run_id), request.model_dump_json(by_alias=True, exclude_unset=True).encode())
    store.put(plan_key(plan.run_id), plan.model_dump_json(indent=1).encode())
    store.put_json(state_years_work_key(plan.run_id), [work.model_dump() for work in plan.to_extract])
    store.put_json(bundles_work_key(plan.run_id), [bundle.model_dump() for bundle in plan.bundles])


def _summary(plan: Plan, held_by: str = "") -> dict[str, Any]:
    """What the state machine needs to know; the lists themselves are on S3.

    Args:
        held_by: the execution of which it has to find out whether it has ended, before anything is planned.
    """
    bucket = environment().data_bucket
    return {
        "run_id": plan.run_id,
        "held_by": held_by,
        "bucket": bucket,
        "max_concurrency": environment().max_concurrency,
        "to_publish": len(plan.expected) + len(plan.bundles),
        "state_years": {"count": len(plan.to_extract), "key": state_years_work_key(plan.run_id)},
        "estimates": {"count": len(plan.estimate_years), "years": plan.estimate_years},
        "bundles": {"count": len(plan.bundles), "key": bundles_work_key(plan.run_id)},
    }

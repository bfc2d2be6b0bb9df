"""Extract reference: what a year's estimates need besides the zips, and the list of states to tabulate."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from nibrs_pipeline.archive.manifest_store import read_published, read_staged
from nibrs_pipeline.environment import environment
from nibrs_pipeline.estimate.estimation import (
    is_up_to_date,
    states_to_tabulate,
    tabulated_states,
    year_inputs,
    year_summary,
)
from nibrs_pipeline.estimate.store import clear_failures, receipts
from nibrs_pipeline.extract.areas import require_areas
from nibrs_pipeline.extract.reference import extract_reference
from nibrs_pipeline.handlers.resources import data_store, database_snapshot
from nibrs_pipeline.keys import inputs_key, reference_key, states_work_key
from nibrs_pipeline.observability import logger, observed
from nibrs_pipeline.plan.run_store import read_plan
from nibrs_pipeline.store import full_disk_named


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Extract the reference data of ``event["year"]`` and find out what the year is estimated from."""
    run_id, year = str(event["run_id"]), int(event["year"])
    logger.append_keys(run_id=run_id, year=year)
    store, folder = data_store(), environment().temporary_folder
    with full_disk_named(folder), TemporaryDirectory(dir=folder) as work:
        path = Path(work) / f"reference-{year}.zip"
        with database_snapshot(context) as view, path.open("wb") as target:
            entries, sha256 = extract_reference(view, year, target)
            read_at = view.position.time
        if environment().areas == "all":
            require_areas(path, year)
        store.upload(path, reference_key(run_id, year))
    for entry in entries:
        logger.info("extracted reference data", extra={"file": entry.name, "rows": entry.rows})

    plan = read_plan(store, run_id)
    staged, published = read_staged(store, run_id), read_published(store)
    inputs = year_inputs(
        run_id,
        year,
        plan.made(staged.state_years),
        published.state_years,
        (sha256, read_at),
        environment().estimation_version,
        staged.estimates,
        published.estimates,
        choices=environment(),
    )
    up_to_date = is_up_to_date(
        inputs, staged.estimates.get(year), None if plan.force else published.estimates.get(year)
    )
    work_list = states_to_tabulate(inputs, tabulated_states(inputs, receipts(store, run_id, year)))
    clear_failures(store, run_id, year)
    store.put(inputs_key(run_id, year), inputs.to_json())
    store.put_json(states_work_key(run_id, year), [item.model_dump() for item in work_list])
    return year_summary(inputs, work_list, up_to_date)

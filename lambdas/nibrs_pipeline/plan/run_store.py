"""What a run keeps in the store beside what it makes: its plan, and failures of items."""

from collections.abc import Iterable

from nibrs_pipeline.errors import BrokenExtract
from nibrs_pipeline.keys import PUBLIC, plan_key, public_zip_key, run_prefix, staged
from nibrs_pipeline.plan.planning import Plan
from nibrs_pipeline.state_year import StateYear
from nibrs_pipeline.store import Objects


def read_plan(store: Objects, run_id: str) -> Plan:
    """The plan of a run.

    Raises:
        BrokenExtract: the run has none.
    """
    content = store.get(plan_key(run_id))
    if content is None:
        raise BrokenExtract(f"run {run_id} has no plan; start it again")
    return Plan.model_validate_json(content)


def staged_zip_sizes(store: Objects, run_id: str, items: Iterable[StateYear]) -> dict[StateYear, int]:
    """Sizes in bytes of the zips of these state-years that a run has staged."""
    sizes = store.sizes(staged(run_id, PUBLIC))
    keys = {item: staged(run_id, public_zip_key(item)) for item in items}
    return {item: sizes[key] for item, key in keys.items() if key in sizes}


def recorded_failures(store: Objects, run_id: str) -> dict[str, bytes]:
    """What the state machine recorded of items that failed for good, by the item's name."""
    prefix = f"{run_prefix(run_id)}failures/"
    found = store.get_many(store.sizes(prefix))
    return {key.removeprefix(prefix).removesuffix(".json"): content for key, content in found.items()}

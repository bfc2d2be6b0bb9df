"""What runs have staged, in a bucket of the emulation, for tests of what is published."""

import hashlib
from collections.abc import Iterable

from nibrs_pipeline.archive.manifest import StateYearManifest
from nibrs_pipeline.keys import manifest_of, plan_key, public_zip_key, staged
from nibrs_pipeline.plan.planning import BundleItem, Plan, WorkItem
from nibrs_pipeline.state_year import StateYear
from nibrs_pipeline.store import Store

AZ = StateYear("AZ", 2016)
CONTENT = b"z" * 1000


def of(made: StateYearManifest, content: bytes, size: int = 1000) -> StateYearManifest:
    """The manifest of a zip with this content."""
    zip_ = made.zip.model_copy(update={"sha256": hashlib.sha256(content).hexdigest(), "bytes": size})
    return made.model_copy(update={"zip": zip_})


def stage(store: Store, run_id: str, made: StateYearManifest, content: bytes = CONTENT) -> None:
    key = staged(run_id, public_zip_key(made.item))
    store.put(key, content)
    store.put(manifest_of(key), of(made, content).to_json())
    plan(store, run_id, made)


def plan(store: Store, run_id: str, *made: StateYearManifest, bundles: Iterable[BundleItem] = ()) -> None:
    """Let a run expect these state-years besides those that it expects already."""
    earlier = store.get(plan_key(run_id))
    there = Plan.model_validate_json(earlier).expected if earlier else []
    more = [
        WorkItem(run_id=run_id, state=each.state, state_name=each.state_name, year=each.year, reason="x")
        for each in made
    ]
    planned = Plan(run_id=run_id, expected=[*there, *more], to_extract=more, bundles=list(bundles))
    store.put(plan_key(run_id), planned.model_dump_json().encode())

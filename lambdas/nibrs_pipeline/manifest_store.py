"""Manifests as they lie in the store: published ones, and those that a run has staged."""

from nibrs_pipeline.errors import BrokenExtract
from nibrs_pipeline.keys import (
    PUBLIC,
    PUBLIC_ESTIMATES,
    StateYear,
    bundle_of,
    estimates_year_of,
    manifest_of,
    plan_key,
    public_zip_key,
    run_prefix,
    staged,
    state_year_of,
)
from nibrs_pipeline.manifest import BundleManifest, EstimatesManifest, StateYearManifest
from nibrs_pipeline.planning import Plan
from nibrs_pipeline.store import Objects

StateYearManifests = dict[StateYear, StateYearManifest]
BundleManifests = dict[str, BundleManifest]


def read_published(store: Objects) -> tuple[StateYearManifests, BundleManifests]:
    """All that the public sees."""
    return _read(store, PUBLIC)


def read_staged(store: Objects, run_id: str) -> tuple[StateYearManifests, BundleManifests]:
    """All that a run has made and not published."""
    return _read(store, staged(run_id, PUBLIC))


def read_published_estimates(store: Objects) -> dict[int, EstimatesManifest]:
    """All estimates that the public sees, by year."""
    return _read_estimates(store, PUBLIC_ESTIMATES)


def read_staged_estimates(store: Objects, run_id: str) -> dict[int, EstimatesManifest]:
    """Estimates that a run has made and not published, by year."""
    return _read_estimates(store, staged(run_id, PUBLIC_ESTIMATES))


def read_published_state_year(store: Objects, item: StateYear) -> StateYearManifest | None:
    """The manifest of one published zip."""
    content = store.get(manifest_of(public_zip_key(item)))
    return StateYearManifest.from_json(content) if content is not None else None


def read_plan(store: Objects, run_id: str) -> Plan:
    """The plan of a run.

    Raises:
        BrokenExtract: the run has none.
    """
    content = store.get(plan_key(run_id))
    if content is None:
        raise BrokenExtract(f"run {run_id} has no plan; start it again")
    return Plan.model_validate_json(content)


def staged_zip_sizes(store: Objects, run_id: str) -> dict[StateYear, int]:
    """Sizes in bytes of the zips that a run has staged."""
    sizes = {}
    for key, size in store.sizes(staged(run_id, PUBLIC)).items():
        if key.endswith(".zip") and (item := state_year_of(manifest_of(key))):
            sizes[item] = size
    return sizes


def recorded_failures(store: Objects, run_id: str) -> dict[str, bytes]:
    """What the state machine recorded of items that failed for good, by the item's name."""
    prefix = f"{run_prefix(run_id)}failures/"
    found = store.get_many(store.sizes(prefix))
    return {key.removeprefix(prefix).removesuffix(".json"): content for key, content in found.items()}


def _read_estimates(store: Objects, prefix: str) -> dict[int, EstimatesManifest]:
    contents = store.get_many(key for key in store.sizes(prefix) if estimates_year_of(key))
    manifests = [EstimatesManifest.from_json(content) for content in contents.values()]
    return {manifest.year: manifest for manifest in manifests}


def _read(store: Objects, prefix: str) -> tuple[StateYearManifests, BundleManifests]:
    contents = store.get_many(key for key in store.sizes(prefix) if state_year_of(key) or bundle_of(key))
    state_years, bundles = {}, {}
    for key, content in contents.items():
        if item := state_year_of(key):
            state_years[item] = StateYearManifest.from_json(content)
        elif name := bundle_of(key):
            bundles[name] = BundleManifest.from_json(content)
    return state_years, bundles

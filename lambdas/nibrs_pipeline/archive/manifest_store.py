"""Manifests as they lie in the store: published ones, and those that a run has staged."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from nibrs_pipeline.archive.manifest import (
    AnyManifest,
    BundleManifest,
    EstimatesManifest,
    StateYearManifest,
    any_manifest,
    public_key,
)
from nibrs_pipeline.keys import MANIFEST_PREFIXES, is_manifest, manifest_of, public_zip_key, staged
from nibrs_pipeline.state_year import StateYear
from nibrs_pipeline.store import Objects


@dataclass(frozen=True)
class Manifests:
    """Manifests by what they describe; bundles by name, estimates by data year. Iterating gives all of them."""

    state_years: dict[StateYear, StateYearManifest] = field(default_factory=dict)
    bundles: dict[str, BundleManifest] = field(default_factory=dict)
    estimates: dict[int, EstimatesManifest] = field(default_factory=dict)

    def __iter__(self) -> Iterator[AnyManifest]:
        yield from self.state_years.values()
        yield from self.bundles.values()
        yield from self.estimates.values()

    def add(self, manifest: AnyManifest) -> None:
        """Put a manifest where its kind belongs."""
        match manifest:
            case StateYearManifest():
                self.state_years[manifest.item] = manifest
            case BundleManifest():
                self.bundles[manifest.name] = manifest
            case EstimatesManifest():
                self.estimates[manifest.year] = manifest


def read_published(store: Objects, prefixes: Iterable[str] = MANIFEST_PREFIXES) -> Manifests:
    """All that the public sees under these prefixes; a function may read no others than its role names."""
    return _read(store, str, prefixes)


def read_staged(store: Objects, run_id: str, prefixes: Iterable[str] = MANIFEST_PREFIXES) -> Manifests:
    """All that a run has made and not published, of what will be under these prefixes."""
    return _read(store, lambda public: staged(run_id, public), prefixes)


def read_published_state_year(store: Objects, item: StateYear) -> StateYearManifest | None:
    """The manifest of one published zip."""
    content = store.get(manifest_of(public_zip_key(item)))
    return StateYearManifest.from_json(content) if content is not None else None


def _read(store: Objects, key_of: Callable[[str], str], prefixes: Iterable[str]) -> Manifests:
    """Manifests that lie where they belong: other objects with a manifest's name are not ours.

    Args:
        key_of: where an object lies, by the key under which it is or will be public.
    """
    there = (key for prefix in prefixes for key in store.sizes(key_of(prefix)) if is_manifest(key))
    manifests = Manifests()
    for key, content in store.get_many(there).items():
        manifest = any_manifest(content)
        if key_of(manifest_of(public_key(manifest))) == key:
            manifests.add(manifest)
    return manifests

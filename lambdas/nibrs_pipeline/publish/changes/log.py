"""The log of what publications changed: compared with what was told last, and told once.

What readers have been told is one object (``source/told.json``). A publication compares what it finds published with
that, not with what it replaces itself: so one that broke off, was retried, or was overtaken by another run's is told
whole and once, by whoever completes it.
"""

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid5

from nibrs_pipeline.archive.code_lists import code_lists_id, read_code_lists
from nibrs_pipeline.archive.manifest import EstimatesManifest, StateYearManifest
from nibrs_pipeline.archive.manifest_store import Manifests
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.errors import BrokenExtract
from nibrs_pipeline.estimate.moved import Moved, moved_numbers
from nibrs_pipeline.keys import (
    CHANGES_ATOM,
    CHANGES_HTML,
    TOLD,
    change_key,
    public_beside_key,
    public_zip_key,
    staged_beside,
)
from nibrs_pipeline.publish.changes.comparison import Changes, Pairs, find_changes
from nibrs_pipeline.publish.changes.pages import change_html, change_json, changes_atom, changes_html, entry_of
from nibrs_pipeline.publish.changes.told import Told, numbers_sha256, told_of
from nibrs_pipeline.store import Store


class ChangeLog:
    """Tells what publications change.

    Args:
        folder: where there is space for two files of all numbers of a year.
    """

    def __init__(self, store: Store, catalog: Catalog, folder: Path) -> None:
        self._store, self._catalog, self._folder = store, catalog, folder

    def begin(self, run_id: str, published: Manifests, new: Iterable[EstimatesManifest], earlier: Pairs) -> Pairs:
        """Find out, before anything is replaced, what could not be found out afterwards.

        Args:
            new: estimates that the run is going to publish, staged.
            earlier: what an earlier try of the same publication found.

        Returns:
            What was found of numbers that move, with that of the earlier try.
        """
        if (told := read_told(self._store)) is None:
            told = self._describe(published, Told())
            self._store.put(TOLD, told.to_json())
        found = dict(earlier)
        for manifest in new:
            before, after = published.estimates.get(manifest.year), numbers_sha256(manifest)
            pair = (numbers_sha256(before) or "" if before else ""), after or ""
            if not all(pair) or pair[0] == pair[1] or pair in found:
                continue
            if moved := self._moved(run_id, manifest.year, *pair):
                found[pair] = moved
        return found

    def tell(self, run_id: str, published: Manifests, moved: Pairs) -> list[str]:
        """Tell what differs from what was told last.

        Returns:
            The keys of what was written; none if nothing was ever told.
        """
        before = read_told(self._store) or Told()
        after = self._describe(published, before)
        simulated = any(each.simulated for each in published)
        keys: list[str] = []
        if (changes := find_changes(before, after, moved)).any:
            after, keys = self._add(before, after, changes, published, run_id)
        elif before.entries:
            after = before
        if not after.entries:
            return []
        self._store.put(CHANGES_HTML, changes_html(after, simulated))
        self._store.put(CHANGES_ATOM, changes_atom(after, simulated))
        return [*keys, CHANGES_HTML, CHANGES_ATOM]

    def _add(
        self, before: Told, after: Told, changes: Changes, published: Manifests, run_id: str
    ) -> tuple[Told, list[str]]:
        """Write the pages of an entry, and then, as one object, that it was told."""
        entry = entry_of(changes, before, published, run_id)
        feed = before.feed or str(uuid5(UUID(entry.identifier), "feed"))
        simulated = any(each.simulated for each in published)
        pages = {
            change_key(entry.number, "json"): change_json(entry, changes, run_id, simulated),
            change_key(entry.number, "html"): change_html(entry, changes, run_id, simulated),
        }
        self._store.put_many(pages.items())
        told = after.model_copy(update={"feed": feed, "entries": (*before.entries, entry)})
        self._store.put(TOLD, told.to_json())
        return told, list(pages)

    def _describe(self, published: Manifests, known: Told) -> Told:
        """What is to be told of what is published; zips are read for code lists that are not known yet."""
        lists: dict[str, dict[str, dict[str, str]]] = dict(known.code_lists)
        for manifest in published.state_years.values():
            name = code_lists_id(manifest.files, self._catalog)
            if name not in lists:
                lists[name] = self._code_lists(manifest)
        return told_of(published, self._catalog, lists)

    def _code_lists(self, manifest: StateYearManifest) -> dict[str, dict[str, str]]:
        """What the code tables of a published zip say; nothing if the zip is not there, or is none."""
        try:
            with self._store.open(public_zip_key(manifest.item)) as file, zipfile.ZipFile(file) as archive:
                return read_code_lists(archive, self._catalog)
        except (BrokenExtract, zipfile.BadZipFile):
            return {}

    def _moved(self, run_id: str, year: int, before: str, after: str) -> Moved | None:
        """What moved; None if what is published is not there, or not what its manifest says, or of another kind."""
        name = f"nibrs-estimates-{year}.parquet"
        key = public_beside_key(year, name)
        with TemporaryDirectory(dir=self._folder) as work:
            earlier, later = Path(work) / "before.parquet", Path(work) / "after.parquet"
            try:
                self._store.download(key, earlier, before)
            except BrokenExtract:
                return None
            self._store.download(staged_beside(run_id, key, after), later, after)
            return moved_numbers(earlier, later)


def read_told(store: Store) -> Told | None:
    """What readers have been told; None if nothing was ever kept."""
    content = store.get(TOLD)
    return Told.from_json(content) if content is not None else None


def pairs_as_json(pairs: Pairs) -> list[dict[str, object]]:
    """To be kept with a publication until it is complete."""
    return [{"before": pair[0], "after": pair[1], "moved": moved.model_dump()} for pair, moved in pairs.items()]


def pairs_of_json(kept: Iterable[Mapping[str, object]]) -> Pairs:
    """What ``pairs_as_json`` made."""
    return {(str(each["before"]), str(each["after"])): Moved.model_validate(each["moved"]) for each in kept}

"""What the stages of a year have left in the store."""

import re
from collections.abc import Iterator

from nibrs_pipeline.errors import BrokenExtract
from nibrs_pipeline.estimation import YearInputs
from nibrs_pipeline.keys import estimation_prefix, inputs_key
from nibrs_pipeline.store import Store

#: The page that people read first; it also lies beside the zip.
REPORT_PAGE = "report.html"
#: So many files are fetched, and held, at once.
_PORTION = 50


def read_inputs(store: Store, run_id: str, year: int) -> YearInputs | None:
    """What the run estimates the year from, or None if that is not known yet."""
    content = store.get(inputs_key(run_id, year))
    return YearInputs.model_validate_json(content) if content is not None else None


def require_inputs(store: Store, run_id: str, year: int) -> YearInputs:
    """What the run estimates the year from.

    Raises:
        BrokenExtract: it is not there.
    """
    found = read_inputs(store, run_id, year)
    if found is None:
        raise BrokenExtract(f"run {run_id} has no inputs of {year}; start it again")
    return found


def tabulated_states(store: Store, run_id: str, year: int) -> set[str]:
    """The states whose table is there."""
    prefix = f"{estimation_prefix(run_id, year)}tabulated/"
    names = (key.removeprefix(prefix) for key in store.sizes(prefix))
    return {match[1] for name in names if (match := re.fullmatch(r"([A-Z]{2})\.csv", name))}


def stage_failures(store: Store, run_id: str, year: int) -> dict[str, bytes]:
    """Recorded failures of stages, by name."""
    prefix = _failures(run_id, year)
    found = store.get_many(store.sizes(prefix))
    return {key.removeprefix(prefix).removesuffix(".json"): content for key, content in found.items()}


def clear_failures(store: Store, run_id: str, year: int) -> None:
    """Forget the failures of an earlier try."""
    for key in store.sizes(_failures(run_id, year)):
        store.delete(key)


def report_files(store: Store, run_id: str, year: int) -> Iterator[tuple[str, bytes]]:
    """What the stage report has written, name and content in the order of names.

    There are some hundreds of files: they are fetched a portion after the other.

    Raises:
        BrokenExtract: it has written nothing, or not the page.
    """
    prefix = f"{estimation_prefix(run_id, year)}report/"
    keys = sorted(store.sizes(prefix))
    if f"{prefix}{REPORT_PAGE}" not in keys:
        raise BrokenExtract(f"run {run_id} has no report of {year}; start it again")
    for start in range(0, len(keys), _PORTION):
        portion = keys[start : start + _PORTION]
        found = store.get_many(portion)
        for key in portion:
            yield key.removeprefix(prefix), found[key]


def _failures(run_id: str, year: int) -> str:
    return f"{estimation_prefix(run_id, year)}failures/"

"""What the stages of a year have left in the store."""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nibrs_pipeline.errors import BrokenExtract
from nibrs_pipeline.estimate.estimation import Receipt, YearInputs
from nibrs_pipeline.keys import RECEIPTS, estimation_prefix, inputs_key
from nibrs_pipeline.store import Store


def read_inputs(store: Store, run_id: str, year: int) -> YearInputs | None:
    """What the run estimates the year from, or None if that is not known yet."""
    content = store.get(inputs_key(run_id, year))
    return YearInputs.from_json(content) if content is not None else None


def require_inputs(store: Store, run_id: str, year: int) -> YearInputs:
    """What the run estimates the year from.

    Raises:
        BrokenExtract: it is not there.
    """
    found = read_inputs(store, run_id, year)
    if found is None:
        raise BrokenExtract(f"run {run_id} has no inputs of {year}; start it again")
    return found


def receipts(store: Store, run_id: str, year: int) -> dict[str, Receipt]:
    """What stages have left, by name: ``weight``, ``impute_and_tabulate-AZ``."""
    prefix = f"{estimation_prefix(run_id, year)}{RECEIPTS}"
    found = store.get_many(store.sizes(prefix))
    return {
        key.removeprefix(prefix).removesuffix(".json"): Receipt.model_validate_json(content)
        for key, content in found.items()
    }


def stage_failures(store: Store, run_id: str, year: int) -> dict[str, bytes]:
    """Recorded failures of stages, by name."""
    prefix = _failures(run_id, year)
    found = store.get_many(store.sizes(prefix))
    return {key.removeprefix(prefix).removesuffix(".json"): content for key, content in found.items()}


def clear_failures(store: Store, run_id: str, year: int) -> None:
    """Forget the failures of an earlier try."""
    for key in store.sizes(_failures(run_id, year)):
        store.delete(key)


@contextmanager
def opened_report(store: Store, inputs: YearInputs, folder: Path) -> Iterator[zipfile.ZipFile]:
    """What the stage report has written, as the zip that it has left.

    Args:
        folder: where there is space for it.

    Raises:
        BrokenExtract: the stage has left nothing that was made for these inputs.
    """
    run_id, year = inputs.run_id, inputs.year
    key = f"{estimation_prefix(run_id, year)}report.zip"
    content = store.get(f"{estimation_prefix(run_id, year)}{RECEIPTS}report.json")
    receipt = Receipt.model_validate_json(content) if content is not None else None
    if receipt is None or receipt.identity != inputs.identity or key not in receipt.outputs:
        raise BrokenExtract(f"run {run_id} has no report of {year} that was made for its inputs; start it again")
    path = folder / "report.zip"
    store.download(key, path, receipt.outputs[key])
    with zipfile.ZipFile(path) as report:
        yield report


def _failures(run_id: str, year: int) -> str:
    return f"{estimation_prefix(run_id, year)}failures/"

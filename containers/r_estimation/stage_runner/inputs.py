"""A stage's inputs: brought from the store, and held to what the receipts of other stages say of them."""

import hashlib
import json
from pathlib import Path
from typing import Any

from stage_runner.artifact_store import Store, at_once
from stage_runner.failures import STORE_FAILED, StageFailure
from stage_runner.stages import RECEIPTS, Stage

_NONE = "none"
#: The stage that is run for each state.
OF_STATES = "impute_and_tabulate"


def stage_inputs(stage: Stage, store: Store, folder: Path) -> None:
    """Bring what the stage reads; a path that ends with a slash is a folder of everything under a prefix.

    The key ``none`` stands for an input that does not exist and that the stage can do without.

    Raises:
        StageFailure: an input is missing, or is another one than the stage was started for.
    """
    keys = {stage.fill(path): stage.fill(key) for path, key in stage.definition["inputs"].items()}
    keys = {path: key for path, key in keys.items() if key != _NONE}
    given = {stage.fill(path): stage.variables[name] for path, name in stage.definition.get("sha256", {}).items()}
    left = None
    if stage.variables["IDENTITY"] and any(key.endswith("/") for key in keys.values()):
        left = _outputs_by_receipt(stage, store, folder)
    wanted = {}
    for path, key in keys.items():
        if not key.endswith("/"):
            wanted[folder / path] = (key, given.get(path, stage.variables["INPUT_SHA256"]))
            continue
        for each, sha256 in _under(key, store, left).items():
            wanted[folder / (path + each.removeprefix(key))] = (each, sha256)
    at_once(lambda target: _bring(store, *wanted[target], target), wanted)
    (folder / "output").mkdir()


def _bring(store: Store, key: str, sha256: str, target: Path) -> None:
    """Bring an object, which has to have this SHA-256 if one is known."""
    target.parent.mkdir(parents=True, exist_ok=True)
    store.download(key, target)
    if sha256 not in ("", _NONE) and (found := sha256_of(target)) != sha256:
        raise StageFailure(
            STORE_FAILED,
            f"{key} has SHA-256 {found}, the stage was started for {sha256}: it has been replaced meanwhile; "
            "complete the run. If that says the same, it is damaged; make it anew with force",
        )


def _under(prefix: str, store: Store, left: dict[str, str] | None) -> dict[str, str]:
    """Keys under a prefix with the SHA-256 that each object has to have; empty where none is known.

    Args:
        left: what stages have left, if only that counts (``_outputs_by_receipt``).
    """
    there = left if left is not None else dict.fromkeys(store.list(prefix), "")
    found = {key: sha256 for key, sha256 in there.items() if key.startswith(prefix)}
    if not found:
        raise StageFailure(STORE_FAILED, f"there is nothing under {prefix}; run the stage that writes it first")
    return found


def _outputs_by_receipt(stage: Stage, store: Store, folder: Path) -> dict[str, str]:
    """What stages have left for the inputs that this one is run for: keys and their SHA-256.

    That is what has the same identity, and what was made of each state, which has an identity of its own.

    Raises:
        StageFailure: a state's table was made for other inputs, or is not there.
    """
    keys = store.list(f"{stage.prefix}{RECEIPTS}")
    receipts = dict(zip(keys, at_once(lambda key: _read(store, key, folder), keys), strict=True))
    wanted = _of_states(stage, store, folder)
    stale = [key for key, identity in wanted.items() if receipts.get(key, {}).get("identity") != identity]
    if stale:
        raise StageFailure(
            STORE_FAILED, f"not made for the zips of this run: {', '.join(stale)}; complete the run, which makes them"
        )
    return {
        key: sha256
        for name, receipt in receipts.items()
        if receipt["identity"] == wanted.get(name, stage.variables["IDENTITY"])
        for key, sha256 in receipt["outputs"].items()
    }


def method_choices(stage: Stage, store: Store, folder: Path) -> dict[str, str]:
    """What was chosen of the method for the year, as variables of R; nothing for a state, or without an IDENTITY.

    Raises:
        StageFailure: it is not known what the year is estimated from.
    """
    if not stage.variables["IDENTITY"] or "INPUT_STATE" in stage.variables:
        return {}
    source = _read(store, f"{stage.prefix}inputs.json", folder).get("source", {})
    return {str(name): str(value) for name, value in source.get("choices", {}).items()}


def _of_states(stage: Stage, store: Store, folder: Path) -> dict[str, str]:
    """Receipts of every state, and what each has to have been made for."""
    inputs = _read(store, f"{stage.prefix}inputs.json", folder)
    return {
        f"{stage.prefix}{RECEIPTS}{OF_STATES}-{state}.json": identity
        for state, identity in inputs["tabulations"].items()
    }


def _read(store: Store, key: str, folder: Path) -> dict[str, Any]:
    path = folder / "read" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    store.download(key, path)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

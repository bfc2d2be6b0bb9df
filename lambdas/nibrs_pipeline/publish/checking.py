"""Check extracts: compares what was expected with what was produced."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nibrs_pipeline.archive.manifest import StateYearManifest
from nibrs_pipeline.errors import MissingExtracts
from nibrs_pipeline.failure_causes import cause_of
from nibrs_pipeline.plan.planning import Plan
from nibrs_pipeline.state_year import StateYear


@dataclass(frozen=True)
class Check:
    """``missing`` maps a state-year to the cause of its failure; ``problems`` are broken objects."""

    produced: list[StateYear]
    missing: dict[StateYear, str]

    def as_json(self) -> dict[str, Any]:
        """For the run's report."""
        return {
            "produced": [str(item) for item in self.produced],
            "missing": {str(item): cause for item, cause in self.missing.items()},
        }


def check_extracts(
    plan: Plan,
    manifests: Mapping[StateYear, StateYearManifest],
    zip_sizes: Mapping[StateYear, int],
    causes: Mapping[str, bytes],
) -> Check:
    """Compare the plan with what lies under the run's prefix.

    Args:
        manifests: those that the run has staged.
        zip_sizes: sizes in bytes of the zips that the run has staged.
        causes: what the state machine recorded about failed state-years, by <ST>-<year>.
    """
    produced, missing = [], {}
    made = plan.made(manifests)
    for work in plan.expected:
        item = work.state_year
        manifest = made.get(item)
        if manifest is None or item not in zip_sizes:
            # What a container said itself; else how it ended.
            missing[item] = cause_of(causes.get(str(item)) or causes.get(f"task-{item}"))
        elif zip_sizes[item] != manifest.zip.bytes:
            missing[item] = f"its zip has {zip_sizes[item]:,} bytes, the manifest says {manifest.zip.bytes:,}"
        else:
            produced.append(item)
    return Check(produced, missing)


def require_tolerable(check: Check, tolerated_percentage: float) -> None:
    """Refuse a run that lacks more state-years than is tolerated.

    Raises:
        MissingExtracts: names every state-year that is missing, with its cause.
    """
    expected = len(check.produced) + len(check.missing)
    if not check.missing or 100 * len(check.missing) / expected <= tolerated_percentage:
        return
    lines = [f"{item}: {cause}" for item, cause in sorted(check.missing.items())]
    raise MissingExtracts(
        f"{len(lines)} of {expected} state-years were not extracted ({tolerated_percentage:g} % is tolerated)\n"
        + "\n".join(lines[:50])
        + (f"\nand {len(lines) - 50} more" if len(lines) > 50 else "")
    )

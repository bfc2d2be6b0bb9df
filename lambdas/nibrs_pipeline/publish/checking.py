"""Check extracts and Check bundles: compare what was expected with what was produced."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nibrs_pipeline.archive.manifest import BundleManifest, StateYearManifest
from nibrs_pipeline.errors import MissingBundles, MissingExtracts
from nibrs_pipeline.failure_causes import cause_of
from nibrs_pipeline.plan.planning import Plan
from nibrs_pipeline.state_year import StateYear

#: Items that one message names.
_TOLD = 50


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
            missing[item] = _recorded(causes, str(item))
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
    raise MissingExtracts(
        f"{len(check.missing)} of {expected} state-years were not extracted ({tolerated_percentage:g} % is tolerated)\n"
        + _told(check.missing)
    )


def missing_bundles(
    plan: Plan,
    staged: Mapping[str, BundleManifest],
    made: Mapping[StateYear, StateYearManifest],
    causes: Mapping[str, bytes],
) -> dict[str, str]:
    """Bundles of the plan that were not built, or only by an earlier try from other zips, with their causes.

    Args:
        staged: manifests of the bundles that the run has staged, by name.
        made: those of the zips that the run has made.
        causes: what was recorded about failed bundles, by name.
    """
    there = {name for name, bundle in staged.items() if other_member(bundle, made) is None}
    return {each.name: _recorded(causes, each.name) for each in plan.bundles if each.name not in there}


def other_member(bundle: BundleManifest, made: Mapping[StateYear, StateYearManifest]) -> StateYear | None:
    """A member of which the run has made another zip than the one in the bundle."""
    return next(
        (
            each.state_year
            for each in bundle.members
            if each.state_year in made and made[each.state_year].zip.sha256 != each.sha256
        ),
        None,
    )


def require_all_built(plan: Plan, missing: Mapping[str, str]) -> None:
    """Refuse a run that lacks a bundle.

    Raises:
        MissingBundles: names every bundle that is missing, with its cause.
    """
    if missing:
        raise MissingBundles(f"{len(missing)} of {len(plan.bundles)} bundles were not built\n{_told(missing)}")


def _recorded(causes: Mapping[str, bytes], name: str) -> str:
    """What a function or container said itself of an item; else how its container ended."""
    return cause_of(causes.get(name) or causes.get(f"task-{name}"))


def _told(missing: Mapping[StateYear, str] | Mapping[str, str]) -> str:
    lines = sorted(f"{item}: {cause}" for item, cause in missing.items())
    more = [f"and {len(lines) - _TOLD} more"] if len(lines) > _TOLD else []
    return "\n".join([*lines[:_TOLD], *more])

"""Plan run: what is there, what is out of date and why, and what has to be made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from nibrs_pipeline.archive.manifest import AnyManifest, BundleManifest, StateYearManifest, public_key
from nibrs_pipeline.archive.provenance import UNKNOWN, Provenance, require_one_world
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.position import SourcePosition
from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.identity import identity_of
from nibrs_pipeline.plan.changes import CheckedSource
from nibrs_pipeline.plan.request import Request, Scope
from nibrs_pipeline.state_year import StateYear


class WorkItem(BaseModel):
    """One state-year to extract; ``reason`` says why.

    ``identity`` names what is asked for: the state-year as this plan found it. Only a zip with this identity counts
    as the item's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    state: str
    state_name: str
    year: int
    reason: str
    force: bool = False
    identity: str = ""

    @property
    def state_year(self) -> StateYear:
        """What the item makes."""
        return StateYear(self.state, self.year)


class BundleItem(BaseModel):
    """One bundle to build from finished zips, ``members`` in their order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    name: str
    members: list[StateYear]


class Plan(BaseModel):
    """What a run makes. ``expected`` also names what an earlier try of the run has staged already."""

    model_config = ConfigDict(extra="forbid")

    run_id: str
    expected: list[WorkItem]
    to_extract: list[WorkItem]
    bundles: list[BundleItem]
    force: bool = False
    estimate_years: list[int] = []

    def made(self, staged: Mapping[StateYear, StateYearManifest]) -> dict[StateYear, StateYearManifest]:
        """Those of the run's staged manifests that were made for this plan."""
        wanted = {work.state_year: work.identity for work in self.expected}
        return {item: each for item, each in staged.items() if item in wanted and each.made_for == wanted[item]}


@dataclass(frozen=True)
class SourceContents:
    """What the database says: its state-years with the state's name, its position, the common part, provenance.

    ``changes`` tells what happened to a state-year's rows since its manifest was made (the staged one
    if there is one, else the published one), as texts; none if nothing happened. ``checked`` is what the next
    check can start from.
    """

    state_years: Mapping[StateYear, str]
    position: SourcePosition
    common_sha256: str
    changes: Mapping[StateYear, list[str]] = field(default_factory=dict)
    provenance: Mapping[StateYear, Provenance] = field(default_factory=dict)
    checked: CheckedSource | None = None


def reasons_out_of_date(
    manifest: StateYearManifest | None, source: SourceContents, catalog: Catalog, parquet: bool = False
) -> list[str]:
    """Why a zip has to be made anew; empty if it is up to date.

    Args:
        parquet: whether state-years are to be there as Parquet, too.
    """
    if manifest is None:
        return ["not published yet"]
    reasons = manifest.dependency_changes(catalog, source.common_sha256)
    if parquet and not manifest.parquet:
        reasons.append("there are no Parquet files of it")
    if broken := manifest.source.break_before(source.position):
        return [*reasons, broken]
    known = source.provenance.get(manifest.item, UNKNOWN)
    return reasons + known.changes_since(manifest.provenance) + source.changes.get(manifest.item, [])


def requested(request: Request, state_years: Mapping[StateYear, str]) -> list[StateYear]:
    """The state-years of the database that a request asks for.

    Raises:
        BadRequest: a state or year that the database does not have, or nothing at all.
    """
    if not state_years:
        raise BadRequest("the database has no state-year: no agency of a state has reported a month; check which it is")
    states = {item.state for item in state_years}
    years = {item.year for item in state_years}
    if request.states != "all" and (unknown := sorted(set(request.states) - states)):
        raise BadRequest(f"states: the database has no months of {', '.join(unknown)}; it has {_listed(states)}")
    if isinstance(request.years, list) and (missing := sorted(set(request.years) - years)):
        raise BadRequest(
            f"years: the database has no months of {', '.join(map(str, missing))}; it has {_listed(years)}"
        )
    found = [item for item in state_years if request.includes(*item)]
    if not found:
        raise BadRequest(
            f"states and years: the database has no state-year of this choice; it has {_listed(state_years)}"
        )
    return sorted(found)


def require_one_index(request: Request, source: SourceContents, published: Iterable[AnyManifest]) -> None:
    """Refuse a run after which real and simulated state-years would be in one index.

    Estimates are made from all that the database has of agencies, so with them every state-year of it counts.

    Raises:
        SimulatedBesideReal: names one of each kind.
    """
    asked = set(requested(request, source.state_years)) if request.downloads else set()
    counted = asked | set(source.state_years) if request.wants_estimates else asked
    simulated = {f"{item} of the database": source.provenance.get(item, UNKNOWN).simulated for item in counted}
    require_one_world(simulated | {f"{public_key(each)} (published)": each.simulated for each in published})


def make_plan(
    request: Request,
    run_id: str,
    source: SourceContents,
    published: Mapping[StateYear, StateYearManifest],
    staged: Mapping[StateYear, StateYearManifest],
    bundles: Mapping[str, BundleManifest],
    catalog: Catalog,
    parquet: bool = False,
) -> Plan:
    """Decide what a run makes.

    Args:
        staged: what an earlier try of the same run has made and not published.
        bundles: the published bundles by name.
        parquet: whether state-years are to be there as Parquet, too.
    """
    asked = requested(request, source.state_years)
    expected, to_extract = [], []
    for item in asked if request.downloads else []:
        # What this run has staged counts instead of the published zip: it was made because that is out of date.
        reasons = reasons_out_of_date(staged.get(item) or published.get(item), source, catalog, parquet)
        to_make = bool(reasons) or (request.force and item not in staged)
        if not to_make and item not in staged:
            continue
        work = WorkItem(
            run_id=run_id,
            state=item.state,
            state_name=source.state_years[item],
            year=item.year,
            reason="; ".join(reasons) or ("forced" if to_make else "staged by an earlier try of this run"),
            force=request.force,
            identity=(
                identity_of(run_id, *item, source.position.system, source.position.time)
                if to_make
                else staged[item].made_for
            ),
        )
        expected.append(work)
        if to_make:
            to_extract.append(work)
    return Plan(
        run_id=run_id,
        expected=expected,
        to_extract=to_extract,
        bundles=_plan_bundles(request, run_id, {work.state_year for work in expected}, published, bundles),
        force=request.force,
        estimate_years=_plan_estimates(request, source, {work.state_year for work in expected} | set(published)),
    )


def _plan_estimates(request: Request, source: SourceContents, zips: set[StateYear]) -> list[int]:
    """Years to estimate: those asked for that have a zip. Whether one is out of date shows in Extract reference."""
    if not request.wants_estimates:
        return []
    asked = {item.year for item in source.state_years if request.includes_year(item.year)}
    with_zip = {item.year for item in zips}
    without = asked - with_zip
    if request.estimates and without and (isinstance(request.years, list) or without == asked):
        raise BadRequest(
            f"estimates: no download of {_listed(without)} is published; ask for the downloads too "
            '("downloads": true), or for other years'
        )
    return sorted(asked - without)


def _plan_bundles(
    request: Request,
    run_id: str,
    made: set[StateYear],
    published: Mapping[StateYear, StateYearManifest],
    bundles: Mapping[str, BundleManifest],
) -> list[BundleItem]:
    """Bundles that are asked for, and published ones that would become out of date."""
    there = sorted(made | set(published))
    asked: dict[str, list[StateYear]] = {}
    for scope in ("states", "years"):
        for name, members in _bundles_of(scope, there).items():
            wanted = scope in request.bundles and any(request.includes(*member) for member in members)
            if wanted or name in bundles:
                asked[name] = members
    items = []
    for name, members in asked.items():
        hashes = {member: published[member].zip.sha256 for member in members if member in published}
        has = {member.state_year: member.sha256 for member in bundles[name].members} if name in bundles else {}
        if request.force or made.intersection(members) or has != hashes:
            items.append(BundleItem(run_id=run_id, name=name, members=members))
    return items


def _bundles_of(scope: Scope, state_years: list[StateYear]) -> dict[str, list[StateYear]]:
    found: dict[str, list[StateYear]] = {}
    for item in state_years:
        name = f"{item.state}-all-years" if scope == "states" else f"{item.year}-all-states"
        found.setdefault(name, []).append(item)
    return found


def _listed(things: Iterable[object], most: int = 12) -> str:
    texts = [str(thing) for thing in sorted(things)]  # type: ignore[type-var]  # all of one kind
    if not texts:
        return "none"
    return ", ".join(texts[:most]) + (f" and {len(texts) - most} more" if len(texts) > most else "")

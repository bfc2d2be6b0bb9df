"""What a year is estimated from, which tables have to be made for it, which are missing."""

import json
from collections.abc import Collection, Mapping
from itertools import product
from typing import Self

from pydantic import BaseModel, ConfigDict

from nibrs_pipeline.archive.manifest import EstimatesManifest, EstimatesSource, StateYearManifest
from nibrs_pipeline.errors import MissingExtracts, MissingTabulations
from nibrs_pipeline.failure_causes import cause_of
from nibrs_pipeline.identity import identity_of
from nibrs_pipeline.keys import (
    ESTIMATE_AREAS,
    ESTIMATE_GEOGRAPHY_GROUPS,
    ESTIMATE_TABLE_GROUPS,
    estimation_prefix,
    public_estimates_key,
    public_zip_key,
    staged,
    states_work_key,
)
from nibrs_pipeline.method_choices import DEFAULT, MethodChoices
from nibrs_pipeline.state_year import StateYear

#: Stands for the key of estimates that do not exist; an empty variable might not reach a Fargate container.
NO_PREVIOUS = "none"
#: The bias of estimates is not sought; also stands for the folder that there is not then.
NO_BIAS = "none"
#: The stage that is run for each state.
STAGE_OF_STATES = "impute_and_tabulate"


class StateItem(BaseModel):
    """One state to impute and tabulate; the names are those of the containers' variables, in lower case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: str
    state: str
    zip_key: str
    zip_sha256: str
    reference_sha256: str
    imputations: str
    tables: str
    identity: str
    estimation_prefix: str


class Receipt(BaseModel):
    """What a stage leaves when all its outputs are in the bucket: what they were made for, and their SHA-256 by key.

    The container's entry point writes it. A stage's outputs count only with a receipt of the right identity.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    identity: str
    outputs: dict[str, str]


class YearInputs(BaseModel):
    """What a run estimates a year from.

    ``zips`` has the key of each state's zip; ``previous`` that of the estimates of the year before and
    ``previous_zip_sha256`` their zip's SHA-256, both ``none`` if there are none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    run_id: str
    year: int
    source: EstimatesSource
    zips: dict[str, str]
    previous: str = NO_PREVIOUS
    simulated: bool = False
    previous_zip_sha256: str = NO_PREVIOUS

    @property
    def identity(self) -> str:
        """Names these contents and the method: what weights, estimates and report are made for."""
        content = self.source.model_dump(exclude={"snapshot_time"})
        return identity_of(self.year, content, self.previous_zip_sha256)

    @property
    def tables(self) -> str:
        """Which tables are wanted."""
        return self.source.choices.get("TABLES", DEFAULT.tables)

    @property
    def tabulations(self) -> dict[str, str]:
        """By state what its items and its tables are made for: one zip, the reference extract, and the method."""
        same = (self.source.method, self.source.reference_sha256, self.source.imputations, self.tables)
        return {state: identity_of(*same, sha256) for state, sha256 in self.source.zips.items()}

    def to_json(self) -> bytes:
        """For the stages: the fields, and what each state's table has to be made for."""
        return json.dumps({**self.model_dump(), "tabulations": self.tabulations}, indent=1).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Read what ``to_json`` wrote."""
        fields = json.loads(text)
        return cls.model_validate({name: value for name, value in fields.items() if name != "tabulations"})


def year_inputs(
    run_id: str,
    year: int,
    staged_zips: Mapping[StateYear, StateYearManifest],
    published_zips: Mapping[StateYear, StateYearManifest],
    reference: tuple[str, str],
    method: str,
    staged_estimates: Mapping[int, EstimatesManifest] | None = None,
    published_estimates: Mapping[int, EstimatesManifest] | None = None,
    choices: MethodChoices = DEFAULT,
) -> YearInputs:
    """The zips of a year and the estimates of the year before: this run's if it has them, else the published ones.

    Args:
        reference: SHA-256 of the reference extract, and when it was read.
        staged_estimates: by year, as are ``published_estimates``.
        method: identifies the code that estimates.
        choices: what was chosen of the method.

    Raises:
        MissingExtracts: no state has a zip of that year.
    """
    both = {**published_zips, **staged_zips}
    found = {item.state: manifest for item, manifest in sorted(both.items()) if item.year == year}
    if not found:
        raise MissingExtracts(
            f"estimates of {year}: no state has a zip of that year, published or made by this run; "
            'ask for the downloads of that year too ({"downloads": true})'
        )
    sha256, read_at = reference
    previous, before = _previous(run_id, year, staged_estimates or {}, published_estimates or {})
    return YearInputs(
        run_id=run_id,
        year=year,
        source=EstimatesSource(
            zips={state: manifest.zip.sha256 for state, manifest in found.items()},
            reference_sha256=sha256,
            method=method,
            bias=choices.bias,
            imputations=choices.imputations,
            choices=choices.of_stages,
            previous_sha256=before.tables_sha256 if before else None,
            snapshot_time=max([read_at, *(manifest.source.snapshot_time for manifest in found.values())]),
        ),
        zips={state: _zip_key(run_id, manifest, staged_zips) for state, manifest in found.items()},
        previous=previous,
        simulated=any(manifest.simulated for manifest in found.values()),
    )


def _previous(
    run_id: str, year: int, mine: Mapping[int, EstimatesManifest], published: Mapping[int, EstimatesManifest]
) -> tuple[str, EstimatesManifest | None]:
    """Key and manifest of the estimates of the year before, if they have the tables that the report compares with."""
    found = mine.get(year - 1, published.get(year - 1))
    if found is None or found.tables_sha256 is None:
        return NO_PREVIOUS, None
    key = public_estimates_key(found.year)
    return (staged(run_id, key) if found.year in mine else key), found


def _zip_key(run_id: str, manifest: StateYearManifest, mine: Mapping[StateYear, StateYearManifest]) -> str:
    key = public_zip_key(manifest.item)
    return staged(run_id, key) if manifest.item in mine else key


def is_up_to_date(inputs: YearInputs, *made: EstimatesManifest | None) -> bool:
    """Whether estimates have been made from the same zips, the same reference extract and by the same method."""
    return any(each is not None and each.source.same_content(inputs.source) for each in made)


def tabulated_states(inputs: YearInputs, receipts: Mapping[str, Receipt]) -> set[str]:
    """The states whose table was made from the zip and by the method of these inputs.

    Args:
        receipts: of the run's stages, by name (see ``estimate.store.receipts``).
    """
    return {
        state
        for state, identity in inputs.tabulations.items()
        if (receipt := receipts.get(f"{STAGE_OF_STATES}-{state}")) and receipt.identity == identity
    }


def states_to_tabulate(inputs: YearInputs, tabulated: Collection[str]) -> list[StateItem]:
    """The states whose table has to be made.

    Args:
        tabulated: states whose table is there already (``tabulated_states``).
    """
    return [
        StateItem(
            year=str(inputs.year),
            state=state,
            zip_key=key,
            zip_sha256=inputs.source.zips[state],
            reference_sha256=inputs.source.reference_sha256,
            imputations=str(inputs.source.imputations),
            tables=inputs.tables,
            identity=inputs.tabulations[state],
            estimation_prefix=estimation_prefix(inputs.run_id, inputs.year),
        )
        for state, key in inputs.zips.items()
        if state not in tabulated
    ]


def year_summary(inputs: YearInputs, to_tabulate: list[StateItem], up_to_date: bool) -> dict[str, object]:
    """What the state machine needs to know of a year."""
    prefix, bias = estimation_prefix(inputs.run_id, inputs.year), inputs.source.bias
    table_groups = [group for group in ESTIMATE_TABLE_GROUPS if inputs.tables in ("all", group)]
    with_areas = inputs.source.choices.get("AREAS", DEFAULT.areas) != DEFAULT.areas
    geography_groups = (*ESTIMATE_GEOGRAPHY_GROUPS, *([ESTIMATE_AREAS] if with_areas else []))
    return {
        "year": str(inputs.year),
        "estimation_prefix": prefix,
        "identity": inputs.identity,
        "up_to_date": up_to_date,
        "states": {"count": len(to_tabulate), "key": states_work_key(inputs.run_id, inputs.year)},
        "reference_sha256": inputs.source.reference_sha256,
        "previous": inputs.previous,
        "previous_sha256": inputs.previous_zip_sha256,
        "estimate_tasks": [
            {"geography_group": geographies, "table_group": tables}
            for geographies, tables in product(geography_groups, table_groups)
        ],
        "bias": bias,
        "bias_folder": NO_BIAS if bias == NO_BIAS else f"{prefix}bias/",
        "bias_tasks": [{"table_group": tables} for tables in table_groups if bias != NO_BIAS],
    }


def require_all_tabulated(inputs: YearInputs, tabulated: Collection[str], causes: Mapping[str, bytes]) -> None:
    """Refuse to go on without a state's table.

    Args:
        causes: recorded failures by name: ``impute_and_tabulate-<ST>`` is the stage's own message, ``task-...`` what
            Step Functions knows if the stage could not leave one.

    Raises:
        MissingTabulations: names every state with its cause.
    """
    missing = [state for state in inputs.zips if state not in tabulated]
    if not missing:
        return
    lines = []
    for state in missing:
        name = f"{STAGE_OF_STATES}-{state}"
        lines.append(f"{state}: {cause_of(causes.get(name, causes.get(f'task-{name}')))}")
    raise MissingTabulations(
        f"{len(missing)} of {len(inputs.zips)} states of {inputs.year} were not tabulated\n" + "\n".join(lines)
    )

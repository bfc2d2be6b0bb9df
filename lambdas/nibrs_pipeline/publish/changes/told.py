"""What readers have been told: the state of the published files that the next publication is compared with."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict

from nibrs_pipeline.archive.code_lists import code_lists_id
from nibrs_pipeline.archive.manifest import EstimatesManifest, StateYearManifest
from nibrs_pipeline.archive.manifest_store import Manifests
from nibrs_pipeline.catalog import Catalog

#: Characters of a SHA-256 that tell two contents of one table apart.
_SHORT = 16


class Record(BaseModel):
    """A value that is kept as JSON; fields of a later version are left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class ToldStateYear(Record):
    """A published zip of a state-year.

    Attributes:
        tables: rows and content (the beginning of its SHA-256) of each data table.
        code_lists: identifies what its code tables say.
        catalog: version of the catalog, which changes with the columns.
    """

    sha256: str
    tables: dict[str, tuple[int, str]]
    code_lists: str
    catalog: str


class ToldEstimates(Record):
    """Published estimates of a year.

    Attributes:
        tables: SHA-256 of all tables in one file.
        numbers: that of the file of all numbers; None if there is none.
        choices: what was chosen of the method and is not the default; None where an earlier version did not keep it.
    """

    tables: str
    numbers: str | None
    choices: dict[str, str] | None = None

    def differs(self, other: "ToldEstimates") -> bool:
        """Whether the other has other numbers."""
        return (self.tables, self.numbers) != (other.tables, other.numbers)


class ToldEntry(Record):
    """A publication that changed something, as lists and the feed name it.

    Attributes:
        identifier: a UUID; depends on nothing but what was told.
        updated: the latest moment at which any of the data was read (UTC).
    """

    number: int
    identifier: str
    updated: str
    title: str
    summary: tuple[str, ...]


class Told(Record):
    """The state, and the publications that led to it, the latest last.

    Attributes:
        feed: identifies the feed, a UUID; empty before the first entry.
        code_lists: names by code, by table, by the identifier of the lists.
    """

    feed: str = ""
    state_years: dict[str, ToldStateYear] = {}
    estimates: dict[int, ToldEstimates] = {}
    code_lists: dict[str, dict[str, dict[str, str]]] = {}
    entries: tuple[ToldEntry, ...] = ()

    def to_json(self) -> bytes:
        """As kept."""
        return (self.model_dump_json() + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Read what ``to_json`` wrote."""
        return cls.model_validate_json(text)

    def describes_the_same(self, other: "Told") -> bool:
        """Whether nothing that readers are told of differs."""
        return (self.state_years, self.estimates) == (other.state_years, other.estimates)


def told_of(published: Manifests, catalog: Catalog, code_lists: Mapping[str, dict[str, dict[str, str]]]) -> Told:
    """What is to be told of these manifests; without the entries.

    Args:
        code_lists: what the code tables say, by the identifiers that manifests give them.
    """
    state_years = {
        str(item): _state_year(manifest, catalog) for item, manifest in sorted(published.state_years.items())
    }
    estimates = {year: _estimates(manifest) for year, manifest in sorted(published.estimates.items())}
    used = sorted({each.code_lists for each in state_years.values()})
    return Told(state_years=state_years, estimates=estimates, code_lists={name: code_lists[name] for name in used})


def _state_year(manifest: StateYearManifest, catalog: Catalog) -> ToldStateYear:
    data = {table.csv_name: table.name for table in catalog.data_tables}
    return ToldStateYear(
        sha256=manifest.zip.sha256,
        tables={
            data[entry.name]: (entry.rows or 0, entry.sha256[:_SHORT]) for entry in manifest.files if entry.name in data
        },
        code_lists=code_lists_id(manifest.files, catalog),
        catalog=manifest.catalog_version,
    )


def _estimates(manifest: EstimatesManifest) -> ToldEstimates:
    return ToldEstimates(
        tables=manifest.tables_sha256 or manifest.zip.sha256,
        numbers=numbers_sha256(manifest),
        choices=manifest.source.all_choices,
    )


def numbers_sha256(manifest: EstimatesManifest) -> str | None:
    """SHA-256 of the Parquet file of all numbers beside a year's estimates; None if there is none."""
    return next((entry.sha256 for entry in manifest.beside if entry.name.endswith(".parquet")), None)

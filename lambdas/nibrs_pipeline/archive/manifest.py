"""Manifests: what a zip holds, and from what it was made."""

import posixpath
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from nibrs_pipeline.archive.provenance import Provenance, SourceCode, SourceNote
from nibrs_pipeline.archive.zip_writer import PACKING, Member
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.database.position import SourcePosition
from nibrs_pipeline.keys import (
    manifest_of,
    public_beside_key,
    public_bundle_key,
    public_estimates_key,
    public_parquet_key,
    public_report_key,
    public_zip_key,
)
from nibrs_pipeline.state_year import StateYear

#: The file of an estimates zip that has all its tables.
ESTIMATES_TABLES = "tables.csv"
#: What the stage report calls the page that lies beside the zip; the zip has its own, with links to what lies in it.
PAGE_BESIDE_ZIP = "beside_zip.html"
#: The folder in which the stage report leaves what else lies beside the zip, under the names that it has there.
FOLDER_BESIDE_ZIP = "beside_zip/"
#: Beside these the types of the columns of the file of all numbers, from which Zip estimates makes the Parquet file.
COLUMNS_OF_ALL_NUMBERS = "tidy_columns.csv"
#: Among these: what the explorer shows of the year.
EXPLORER_YEAR = "explorer/year.js"


class _Record(BaseModel):
    # Fields of a later version are left out, so that an earlier one can be deployed again and reads what is published.
    model_config = ConfigDict(frozen=True, extra="ignore")

    def to_json(self) -> bytes:
        """As published: indented, with a newline at the end."""
        return (self.model_dump_json(indent=2) + "\n").encode()

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Read what ``to_json`` wrote."""
        return cls.model_validate_json(text)


class FileEntry(_Record):
    """One member: size in bytes, SHA-256 of its content, rows for CSV files of tables."""

    name: str
    bytes: int
    sha256: str
    rows: int | None = None


class SourceFingerprint(_Record):
    """The source fingerprint: which database, and where its transactions stood.

    Rows written at or after ``horizon``, and rows that are gone, mean that the zip is out of date. Without
    the same ``timeline``, ``server`` and ``tables`` the horizon says nothing (see ``SourcePosition``).
    """

    system: str
    horizon: int
    snapshot_time: str
    timeline: int = 0
    server: str = ""
    tables: str = ""

    @classmethod
    def at(cls, position: SourcePosition) -> "SourceFingerprint":
        """The fingerprint of a snapshot."""
        return cls(
            system=position.system,
            horizon=position.horizon,
            snapshot_time=position.time,
            timeline=position.timeline,
            server=position.server,
            tables=position.tables,
        )

    def break_before(self, position: SourcePosition) -> str | None:
        """Why a later position cannot be compared with this one; None if it can."""
        if self.system != position.system:
            return f"made from another database ({self.system})"
        if self.timeline != position.timeline:
            return f"the database was restored or promoted since (timeline {self.timeline} to {position.timeline})"
        if self.server != position.server:
            return (
                f"the database server was restarted or replaced ({self.server or 'not recorded'}, now "
                f"{position.server}); it may have been restored from a backup"
            )
        if self.tables != position.tables:
            return "tables were replaced since, or their parts or columns, so that the age of their rows says nothing"
        if position.next < self.horizon:
            return (
                f"the database was restored from a backup (it stands at transaction {position.next}, "
                f"stood at {self.horizon})"
            )
        return None


class CommonPart(_Record):
    """What is the same in all zips of a run: documents and code tables."""

    files: list[FileEntry]
    sha256: str


class ZipSummary(_Record):
    """The zip as a whole."""

    name: str
    bytes: int
    sha256: str


class StateYearManifest(_Record):
    """Beside ``<ST>-<year>.zip``.

    ``simulated``, ``source_notes`` and ``source_codes`` are what was known of its source; manifests of earlier versions
    lack them. ``made_for`` is the identity of the work item that the zip was made for. ``parquet`` are its files of the
    Parquet set, by their places there; none if it was made without.
    """

    kind: Literal["state-year"] = "state-year"
    state: str
    state_name: str
    year: int
    run_id: str
    zip: ZipSummary
    files: list[FileEntry]
    source: SourceFingerprint
    catalog_version: str
    packing: str
    common_sha256: str
    simulated: bool = False
    source_notes: tuple[SourceNote, ...] = ()
    source_codes: tuple[SourceCode, ...] = ()
    made_for: str = ""
    parquet: tuple[FileEntry, ...] = ()

    @property
    def provenance(self) -> Provenance:
        """What was known of the source."""
        return Provenance(notes=self.source_notes, codes=self.source_codes)

    @property
    def item(self) -> StateYear:
        """What the zip holds."""
        return StateYear(self.state, self.year)

    @property
    def rows(self) -> dict[str, int]:
        """Rows of every table, by the table's name."""
        return {entry.name.removesuffix(".csv"): entry.rows for entry in self.files if entry.rows is not None}

    def rows_in(self, catalog: Catalog) -> int:
        """Rows of all data tables together."""
        rows = self.rows
        return sum(rows.get(table.name, 0) for table in catalog.data_tables)

    def dependency_changes(self, catalog: Catalog, common_sha256: str) -> list[str]:
        """What has changed since the zip was made, apart from the state-year's rows."""
        changes = []
        if self.catalog_version != catalog.version:
            changes.append(f"the catalog changed ({self.catalog_version} to {catalog.version})")
        if self.packing != PACKING:
            changes.append(f"zips are packed differently ({self.packing} to {PACKING})")
        if self.common_sha256 != common_sha256:
            changes.append("code tables or documents changed")
        return changes


class BundleMember(_Record):
    """A state-year's zip inside a bundle, and the notes on its source."""

    state: str
    year: int
    sha256: str
    simulated: bool = False
    source_notes: tuple[SourceNote, ...] = ()

    @property
    def state_year(self) -> StateYear:
        """What the zip holds."""
        return StateYear(self.state, self.year)


class BundleManifest(_Record):
    """Beside a bundle; ``members`` in the bundle's order."""

    kind: Literal["bundle"] = "bundle"
    name: str
    run_id: str
    zip: ZipSummary
    members: list[BundleMember]
    snapshot_time: str

    @property
    def simulated(self) -> bool:
        """Whether its data are simulated."""
        return any(member.simulated for member in self.members)


class EstimatesSource(_Record):
    """What estimates were made from: SHA-256 of each state's zip and of the reference extract, and the method.

    ``bias`` says how their bias was found: ``none``, ``copula`` or ``copula_return_a``; ``imputations`` how often
    unknown items were imputed; ``choices`` what else of the method was not the default, by the stages' variables.
    ``previous_sha256`` is that of the tables of the year before, with which the report compares; None without any.
    ``snapshot_time`` is the latest moment at which any of it was read from the database.
    """

    zips: dict[str, str]
    reference_sha256: str
    method: str
    bias: str = "none"
    imputations: int = 1
    choices: dict[str, str] = {}
    previous_sha256: str | None = None
    snapshot_time: str

    @property
    def all_choices(self) -> dict[str, str]:
        """What was chosen of the method and is not the default, by the names of the variables."""
        more = {"BIAS": (self.bias, "none"), "IMPUTATIONS": (str(self.imputations), "1")}
        return {**{name: chosen for name, (chosen, usual) in more.items() if chosen != usual}, **self.choices}

    def same_content(self, other: "EstimatesSource") -> bool:
        """Whether estimates from the other would come out the same."""
        anytime = {"snapshot_time": ""}
        return self.model_copy(update=anytime) == other.model_copy(update=anytime)


class EstimatesManifest(_Record):
    """Beside ``nibrs-estimates-<year>.zip``; ``report_sha256`` is that of the page beside the zip.

    ``beside`` are the other files there, such as ``explorer/year.js``; manifests of earlier versions lack them.
    """

    kind: Literal["estimates"] = "estimates"
    year: int
    run_id: str
    zip: ZipSummary
    files: list[FileEntry]
    source: EstimatesSource
    report_sha256: str | None = None
    beside: tuple[FileEntry, ...] = ()
    simulated: bool = False

    def beside_with(self, ending: str) -> str | None:
        """The name of the file beside the zip with this ending; None if there is none."""
        return next((entry.name for entry in self.beside if entry.name.endswith(ending)), None)

    @property
    def explorable(self) -> bool:
        """Whether the explorer can show the year."""
        return any(entry.name == EXPLORER_YEAR for entry in self.beside)

    @property
    def tables_sha256(self) -> str | None:
        """SHA-256 of all tables in one file; None if the zip has no such file."""
        return next((entry.sha256 for entry in self.files if entry.name == ESTIMATES_TABLES), None)


def file_entry(member: Member, rows: int | None = None) -> FileEntry:
    """The entry of a member that was just written."""
    return FileEntry(name=member.name, bytes=member.size, sha256=member.sha256, rows=rows)


#: What any manifest in the store is; ``kind`` says which.
AnyManifest = StateYearManifest | BundleManifest | EstimatesManifest
_ANY: TypeAdapter[AnyManifest] = TypeAdapter(Annotated[AnyManifest, Field(discriminator="kind")])


def any_manifest(text: bytes) -> AnyManifest:
    """Read a manifest of any kind.

    Raises:
        ValidationError: it is not a manifest.
    """
    return _ANY.validate_json(text)


def snapshot_time(manifest: AnyManifest) -> str:
    """When the data was read, as ISO 8601 in UTC."""
    return manifest.snapshot_time if isinstance(manifest, BundleManifest) else manifest.source.snapshot_time


def public_key(manifest: AnyManifest) -> str:
    """The key of the published zip."""
    if isinstance(manifest, StateYearManifest):
        return public_zip_key(manifest.item)
    if isinstance(manifest, EstimatesManifest):
        return public_estimates_key(manifest.year)
    return public_bundle_key(manifest.name)


def beside_of(manifest: AnyManifest) -> dict[str, FileEntry]:
    """What a manifest lists beside the zip, by the keys that it has when it is published."""
    match manifest:
        case EstimatesManifest():
            return {public_beside_key(manifest.year, entry.name): entry for entry in manifest.beside}
        case StateYearManifest():
            return {public_parquet_key(entry.name): entry for entry in manifest.parquet}
        case _:
            return {}


def beside_paths(manifest: AnyManifest) -> dict[str, FileEntry]:
    """The same by the paths that lead there from the zip."""
    folder = posixpath.dirname(public_key(manifest))
    return {posixpath.relpath(key, folder): entry for key, entry in beside_of(manifest).items()}


def companion_keys(manifest: AnyManifest) -> list[str]:
    """Keys of what is published beside the zip, its manifest last: whoever sees a manifest finds its zip."""
    page = [public_report_key(manifest.year)] if isinstance(manifest, EstimatesManifest) else []
    return [*page, *beside_of(manifest), manifest_of(public_key(manifest))]

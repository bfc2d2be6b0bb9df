"""Every key of the data bucket, in one place.

``downloads/`` and ``estimates/`` are what the public sees; a run works under ``runs/<run_id>/`` until
Publish.
"""

from nibrs_pipeline.state_year import StateYear

PUBLIC = "downloads/"
PUBLIC_ESTIMATES = "estimates/"
#: Tables of all state-years for programs.
PUBLIC_PARQUET = "parquet/"
#: Where manifests lie beside what they describe.
MANIFEST_PREFIXES = (PUBLIC, PUBLIC_ESTIMATES)
#: What is publicly visible.
PUBLIC_PREFIXES = (*MANIFEST_PREFIXES, PUBLIC_PARQUET)
#: Groups of geographies that are estimated side by side, and groups of tables within each, as the R package has them
#: (``geography_kinds.csv``, ``tables/groups.csv``).
ESTIMATE_GEOGRAPHY_GROUPS = ("nation", "regions", "states")
ESTIMATE_TABLE_GROUPS = ("crimes", "victims", "arrestees", "drugs_guns")
#: Areas below states are one more group, if they are asked for.
ESTIMATE_AREAS = "areas"
INDEX_JSON = f"{PUBLIC}index.json"
INDEX_HTML = f"{PUBLIC}index.html"
#: The page that shows estimates of all years.
EXPLORER_HTML = f"{PUBLIC}explorer.html"
#: What each publication changed: a page that lists them, a feed, and below a page and a JSON of each.
CHANGES_HTML = f"{PUBLIC}changes.html"
CHANGES_ATOM = f"{PUBLIC}changes.atom"
#: Views over the tables of all state-years, and a database file of DuckDB that has them.
PARQUET_SQL = f"{PUBLIC_PARQUET}nibrs.sql"
PARQUET_DATABASE = f"{PUBLIC_PARQUET}nibrs.duckdb"
PARQUET_PACKAGE = f"{PUBLIC_PARQUET}datapackage.json"
#: What the last publication that changed something has left, with which the next one is compared.
TOLD = "source/told.json"
#: Where runs work, a folder each.
RUNS = "runs/"
#: Held by the execution that is publishing.
PUBLISH_LEASE = "runs/publishing.json"
#: What the last check of the database found.
SOURCE_CHECK = "source/checked.json"

#: Under a year's prefix: what each stage has left, for what.
RECEIPTS = "made/"

_MANIFEST = ".manifest.json"


def run_prefix(run_id: str) -> str:
    """Where a run works."""
    return f"{RUNS}{run_id}/"


def request_key(run_id: str) -> str:
    """The request that the run was started with."""
    return f"{run_prefix(run_id)}request.json"


def execution_key(run_id: str) -> str:
    """The execution that works on the run, or did last."""
    return f"{run_prefix(run_id)}execution.json"


def publication_key(run_id: str) -> str:
    """What the run is about to make visible; exists only while Publish is at work, or after it broke off."""
    return f"{run_prefix(run_id)}publication.json"


def plan_key(run_id: str) -> str:
    """What the run makes, and why."""
    return f"{run_prefix(run_id)}plan/plan.json"


def state_years_work_key(run_id: str) -> str:
    """The work list of Extract state-years."""
    return f"{run_prefix(run_id)}plan/state_years.json"


def bundles_work_key(run_id: str) -> str:
    """The work list of Build bundles."""
    return f"{run_prefix(run_id)}plan/bundles.json"


def common_key(run_id: str) -> str:
    """The zip of what is the same in every zip of a run: code tables and documents."""
    return f"{run_prefix(run_id)}common.zip"


def common_part_key(run_id: str) -> str:
    """What is in the common zip."""
    return f"{run_prefix(run_id)}common.json"


def failure_key(run_id: str, name: str) -> str:
    """What the state machine records of an item that failed for good."""
    return f"{run_prefix(run_id)}failures/{name}.json"


def report_key(run_id: str, name: str) -> str:
    """A report of the run: check.json, failure.txt."""
    return f"{run_prefix(run_id)}reports/{name}"


def public_zip_key(item: StateYear) -> str:
    """The published zip of a state-year, e.g. downloads/2016/AZ-2016.zip."""
    return f"{PUBLIC}{item.year}/{item}.zip"


def public_parquet_key(name: str) -> str:
    """A file of the Parquet set, e.g. parquet/nibrs_offense/data_year=2016/state=AZ/nibrs_offense.parquet."""
    return f"{PUBLIC_PARQUET}{name}"


def public_bundle_key(name: str) -> str:
    """A published bundle, e.g. downloads/bundles/AZ-all-years.zip."""
    return f"{PUBLIC}bundles/{name}.zip"


def public_estimates_key(year: int) -> str:
    """The published estimates of a year."""
    return f"{PUBLIC_ESTIMATES}{year}/nibrs-estimates-{year}.zip"


def public_report_key(year: int) -> str:
    """The report of a year's estimates, to be read without unzipping."""
    return f"{PUBLIC_ESTIMATES}{year}/report.html"


def public_beside_key(year: int, name: str) -> str:
    """What else lies beside the estimates of a year, e.g. estimates/2016/explorer/OH-crimes.js."""
    return f"{PUBLIC_ESTIMATES}{year}/{name}"


def estimation_prefix(run_id: str, year: int) -> str:
    """Where a run's stages of a year keep what they make."""
    return f"{run_prefix(run_id)}estimation/{year}/"


def reference_key(run_id: str, year: int) -> str:
    """The reference extract of a year."""
    return f"{estimation_prefix(run_id, year)}reference/reference-{year}.zip"


def inputs_key(run_id: str, year: int) -> str:
    """What a year is estimated from."""
    return f"{estimation_prefix(run_id, year)}inputs.json"


def states_work_key(run_id: str, year: int) -> str:
    """The work list of Impute and tabulate states."""
    return f"{run_prefix(run_id)}plan/tabulate-{year}.json"


def change_key(number: int, ending: str) -> str:
    """What the publication of a number changed, as ``html`` or ``json``."""
    return f"{PUBLIC}changes/{number}.{ending}"


def staged(run_id: str, public_key: str) -> str:
    """Where a run keeps an object until Publish."""
    return run_prefix(run_id) + public_key


def staged_beside(run_id: str, public_key: str, sha256: str) -> str:
    """Where a run keeps what will lie beside a zip, of which there may be tens of thousands: the key says what it is.

    Publish then knows them all from lists of a thousand, without a question for each.
    """
    return f"{staged(run_id, public_key)}.{sha256}"


def manifest_of(zip_key: str) -> str:
    """The manifest beside a zip."""
    return zip_key.removesuffix(".zip") + _MANIFEST


def is_manifest(key: str) -> bool:
    """Whether a key is that of a manifest."""
    return key.endswith(_MANIFEST)

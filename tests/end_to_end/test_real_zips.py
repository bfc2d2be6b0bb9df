"""The published zips AZ-2016 and LA-2013, loaded, extracted by the state machine, and compared."""

import csv
import io
import zipfile
from collections import Counter

import pytest
from nibrs_command.verification import problems_of
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_pipeline.archive.provenance import SOURCE_NOTES
from nibrs_pipeline.catalog import Catalog
from nibrs_pipeline.extract.documents import documents
from nibrs_pipeline.extract.documents.data_package import DATA_PACKAGE
from nibrs_pipeline.extract.documents.readme import README
from nibrs_pipeline.state_year import StateYear

from tests.conftest import real_zip
from tests.runs import load, published_manifest, published_zip, run

pytestmark = pytest.mark.usefixtures("unmeasured", "parquet")

ITEMS = [StateYear("AZ", 2016), StateYear("LA", 2013)]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which both are loaded and published."""
    paths = [real_zip(str(item)) for item in ITEMS]
    home = Home(tmp_path_factory.mktemp("real"))
    with embedded_postgres.database(home) as location:
        load(location, *paths)
        assert run(home, location).view.status == "SUCCEEDED"
    return home


def header_and_rows(content: bytes) -> tuple[list[str], Counter[tuple[str, ...]], list[list[str]]]:
    rows = list(csv.reader(io.StringIO(content.decode())))
    return rows[0], Counter(map(tuple, rows[1:])), rows[1:]


@pytest.mark.parametrize("item", ITEMS, ids=str)
def test_the_43_tables_of_the_real_zip_have_the_published_header_and_rows(
    published: Home, catalog: Catalog, item: StateYear
) -> None:
    with zipfile.ZipFile(real_zip(str(item))) as real, zipfile.ZipFile(published_zip(published, item)) as ours:
        differing = []
        assert {name for name in real.namelist() if name.endswith(".csv")} == {
            table.csv_name for table in catalog.published if table.csv_name in ours.namelist()
        }
        for table in catalog.published:
            if table.optional:
                continue
            real_header, real_rows, _ = header_and_rows(real.read(table.csv_name))
            header, rows, ordered = header_and_rows(ours.read(table.csv_name))
            if header != real_header or rows != real_rows:
                differing.append(table.name)
            places = [table.column_names.index(name) for name in table.primary_key]
            keys = [tuple(int(row[place]) for place in places) for row in ordered]
            assert keys == sorted(keys), f"{table.name} is not in the order of its primary key"
        assert differing == []


def test_a_second_run_on_the_same_data_gives_the_same_bytes(published: Home) -> None:
    before = {item: published_manifest(published, item) for item in ITEMS}
    with embedded_postgres.database(published) as location:
        assert run(published, location, run_id="again", force=True).view.status == "SUCCEEDED"
    for item in ITEMS:
        after = published_manifest(published, item)
        assert after.run_id == "again"
        assert after.zip.sha256 == before[item].zip.sha256
        assert problems_of(published_zip(published, item), before[item]) == []


@pytest.mark.parametrize("item", ITEMS, ids=str)
def test_a_zip_holds_the_tables_and_the_documents_and_nothing_else(
    published: Home, catalog: Catalog, item: StateYear
) -> None:
    with zipfile.ZipFile(published_zip(published, item)) as ours:
        assert ours.testzip() is None
        assert ours.namelist() == [
            *documents(catalog),
            *(table.csv_name for table in catalog.code_tables),
            *(table.csv_name for table in catalog.data_tables if not table.optional),
            *README,
            SOURCE_NOTES,
            DATA_PACKAGE,
        ]


@pytest.mark.parametrize("item", ITEMS, ids=str)
def test_a_zip_is_what_its_manifest_says(published: Home, item: StateYear) -> None:
    assert problems_of(published_zip(published, item), published_manifest(published, item)) == []


@pytest.mark.parametrize("item", ITEMS, ids=str)
def test_a_zip_is_no_larger_than_the_published_one(published: Home, item: StateYear) -> None:
    with zipfile.ZipFile(real_zip(str(item))) as real, zipfile.ZipFile(published_zip(published, item)) as ours:
        tables = [name for name in ours.namelist() if name.endswith(".csv") and name in real.namelist()]
        packed = sum(ours.getinfo(name).compress_size for name in tables)
        assert packed <= 1.05 * sum(real.getinfo(name).compress_size for name in tables)

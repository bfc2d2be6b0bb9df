"""Memory does not grow with the state: a million rows in one table take what a few hundred take."""

import re
from pathlib import Path

import pytest
from nibrs_home.home import Home
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.state_year import StateYear

from tests.runs import load_trial, published_manifest, run, sql

pytestmark = pytest.mark.usefixtures("parquet")

ROWS = 1_000_000
LIMIT_MB = 256
#: What the process of a million rows may take more than that of 800. Their CSV alone has 100 MB.
GROWTH_MB = 30


@pytest.mark.slow
def test_a_million_rows_take_no_more_memory_than_a_few_hundred(home: Home, location: DatabaseLocation) -> None:
    load_trial(home.scratch("trial"), location)
    months = "FROM nibrs_month JOIN ref_agency USING (agency_id) JOIN ref_state USING (state_id)"
    [[month]] = sql(location, f"SELECT min(nibrs_month_id) {months} WHERE state_abbr = 'DE' AND data_year = 2015")
    sql(
        location,
        "INSERT INTO nibrs_incident (agency_id, incident_id, nibrs_month_id, incident_number, incident_date, "
        "incident_hour, cleared_except_id, incident_status, data_home, ddocname) "
        f"SELECT 11001, 900000000 + n, {month}, 'T' || n, timestamp '2015-01-01' + n % 31 * interval '1 day', n % 24, "
        f"6, 0, 'C', '2015_01_DE0010000_T' || n || '_INC_NIBRS' FROM generate_series(1, {ROWS}) n",
    )
    few = run(home, location, run_id="few", states=["RI"], years=[2015])
    many = run(home, location, run_id="many", states=["DE"], years=[2015])
    assert (few.view.status, many.view.status) == ("SUCCEEDED", "SUCCEEDED")
    manifest = published_manifest(home, StateYear("DE", 2015))
    assert manifest.rows["nibrs_incident"] > ROWS
    [incidents] = [file for file in manifest.files if file.name == "nibrs_incident.csv"]
    assert incidents.bytes > 2 * GROWTH_MB << 20
    peaks = peak(few.logs / "ExtractStateYear-RI-2015.log"), peak(many.logs / "ExtractStateYear-DE-2015.log")
    assert peaks[1] - peaks[0] < GROWTH_MB
    assert peaks[1] < LIMIT_MB


def peak(log: Path) -> int:
    [found] = re.findall(r"peak memory (\d+) MB", log.read_text())
    return int(found)

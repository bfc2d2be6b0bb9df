"""Memory does not grow with the state: five million rows in one table."""

import re

import pytest
from nibrs_home.home import Home
from nibrs_pipeline.database.location import DatabaseLocation
from nibrs_pipeline.state_year import StateYear

from tests.runs import load_trial, published_manifest, run, sql

ROWS = 5_000_000
LIMIT_MB = 256


@pytest.mark.slow
def test_five_million_rows_stay_under_256_mb_in_the_functions_process(home: Home, location: DatabaseLocation) -> None:
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
    outcome = run(home, location, states=["DE"], years=[2015])
    assert outcome.view.status == "SUCCEEDED"
    assert published_manifest(home, StateYear("DE", 2015)).rows["nibrs_incident"] > ROWS
    log = (outcome.logs / "ExtractStateYear-DE-2015.log").read_text()
    [peak] = [int(found) for found in re.findall(r"peak memory (\d+) MB", log)]
    assert peak < LIMIT_MB

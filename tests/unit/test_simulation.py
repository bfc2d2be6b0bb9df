"""The simulated nation without a database: agencies, crime, reporting, and draws."""

import gzip
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nibrs_loading.population_groups import CITY_GROUPS
from nibrs_simulation.arrays import generator, number_within, spread
from nibrs_simulation.codes import identifiers
from nibrs_simulation.crime import KINDS, national_rates, true_crime
from nibrs_simulation.distributions import Distribution, rows
from nibrs_simulation.frame import given_frame, made_up_frame
from nibrs_simulation.observed import observe
from nibrs_simulation.records import records
from nibrs_simulation.reporting import INCIDENTS, NOT_REPORTED, ZERO, reporting_of
from nibrs_simulation.residents import demographics
from nibrs_simulation.state_year import draw_state_year
from nibrs_simulation.unknown import items
from nibrs_simulation.world import MECHANISMS, UNKNOWN, SimulationError, World

from tests.simulated import YEAR, nation, observed, state


@given(st.lists(st.integers(0, 5), max_size=20))
def test_spread_gives_every_owner_its_places(lengths: list[int]) -> None:
    owner, place = spread(np.array(lengths, np.int64))
    expected = [(of, number) for of, length in enumerate(lengths) for number in range(length)]
    assert list(zip(owner.tolist(), place.tolist(), strict=True)) == expected
    assert number_within(owner).tolist() == place.tolist()


shares = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.floats(0.01, 1), min_size=1, max_size=5)


@given(st.dictionaries(st.sampled_from(["13A|M", "13A|F", "*|M", "*"]), shares, min_size=1), st.integers(0, 99))
def test_draws_are_values_of_their_condition_or_of_the_one_that_stands_for_it(
    conditions: dict[str, dict[str, float]], seed: int
) -> None:
    of = {**conditions, "*": conditions.get("*", {"z": 1.0})}
    names = ("13A|M", "13A|F", "120|M", "09A")
    drawn = Distribution(of).draw(generator(seed, "test"), names, np.arange(40) % 4).texts()
    standing = {"13A|M": "*|M", "13A|F": "*", "120|M": "*|M", "09A": "*"}
    for place, value in enumerate(drawn):
        name = names[place % 4]
        found = next(each for each in (name, standing[name], "*") if each in of)
        assert value in of[found]


def test_draws_follow_the_shares() -> None:
    drawn = Distribution({"x": {"a": 0.7, "b": 0.2, "c": 0.1}}).draw_many(generator(1, "test"), 50_000, "x").texts()
    counted = Counter(drawn)
    assert counted["a"] / 50_000 == pytest.approx(0.7, abs=0.01)
    assert counted["c"] / 50_000 == pytest.approx(0.1, abs=0.01)


def test_a_value_of_several_codes_is_taken_apart() -> None:
    drawn = Distribution({"": {"11+40": 1.0}}).draw_many(generator(1, "test"), 2)
    owner, codes = drawn.exploded({"11": 1, "40": 7})
    assert (owner.tolist(), codes.tolist()) == ([0, 0, 1, 1], [1, 7, 1, 7])


@pytest.mark.parametrize(
    ("size", "agencies", "states"), [("tiny", 60, 4), ("small", 2_000, 51), ("national", 18_000, 51)]
)
def test_a_nation_has_as_many_agencies_as_its_size_says(size: str, agencies: int, states: int) -> None:
    frame = made_up_frame(size, 1)
    assert abs(len(frame) - agencies) <= 5
    assert len(set(frame.state)) == states
    assert len(set(frame.ori)) == len(frame)
    assert {len(ori) for ori in frame.ori} == {9}
    assert all("Simulated" in name for name in frame.name)


def test_agencies_are_spread_over_types_and_sizes_as_real_ones_are() -> None:
    frame = made_up_frame("national", 1)
    real = Counter({(row["type"], row["band"]): 0 for row in rows("agencies")})
    for row in rows("agencies"):
        real[row["type"], row["band"]] += int(row["agencies"])
    cities = {band: number for (kind, band), number in real.items() if kind == "City"}
    found = Counter(frame.group[frame.type == "City"].tolist())
    for band, number in cities.items():
        assert found[band] == pytest.approx(number * 18_000 / sum(real.values()), abs=40)
    for group, least in CITY_GROUPS.items():
        assert frame.population[(frame.type == "City") & (frame.group == group)].min() >= least
    real_population = sum(float(row["population"]) for row in rows("agencies"))
    assert frame.population.sum() == pytest.approx(real_population, rel=0.05)


def test_a_covered_agency_has_no_crime_of_its_own_and_its_county_has_more() -> None:
    frame, crime = nation("small", 0.1)
    covered = frame.covered_by > 0
    assert covered.sum() > 10
    assert crime.counts[covered].sum() == 0
    assert set(frame.type[frame.covered_by[covered] - 1]) == {"County"}


def test_the_nation_has_the_crime_that_the_fbi_estimates() -> None:
    frame, crime = nation("national", 1.0)
    found = crime.counts[:, 0].sum(axis=(0, 1)) / frame.population.sum() * 1e5
    for kind, rate in zip(KINDS, found, strict=True):
        assert rate == pytest.approx(national_rates(YEAR)[kind], rel=0.04), kind
    assert sum(national_rates(YEAR).values()) == pytest.approx(3_927)


def test_crime_is_more_spread_than_chance_and_differs_by_size_and_region() -> None:
    frame, crime = nation("national", 1.0)
    yearly = crime.counts[:, 0].sum(axis=(1, 2))
    large = (frame.type == "City") & (frame.population > 50_000)
    rates = yearly[large] / frame.population[large]
    by_chance = np.sqrt(yearly[large].mean()) / yearly[large].mean()
    assert rates.std() / rates.mean() > 5 * by_chance
    robbery = list(KINDS).index("robbery")
    per_resident = {
        group: crime.counts[frame.group == group, 0, :, robbery].sum() / frame.population[frame.group == group].sum()
        for group in ("1B", "5")
    }
    assert per_resident["1B"] > 2 * per_resident["5"]


def test_years_differ_by_the_nations_trend() -> None:
    frame = made_up_frame("small", 1)
    crime = true_crime(frame, (2015, 2023), 1.0, 1)
    burglary = list(KINDS).index("burglary")
    earlier, later = crime.counts[:, :, :, burglary].sum(axis=(0, 2))
    assert later / earlier == pytest.approx(
        national_rates(2023)["burglary"] / national_rates(2015)["burglary"], rel=0.05
    )


def test_the_same_seed_gives_the_same_records_and_another_one_others() -> None:
    frame, crime = nation()
    which = np.flatnonzero(frame.state == "RI")
    part, counts = frame.take(which), crime.counts[which, 0]
    first, again, other = (records(draw_state_year(part, YEAR, counts, 1000, 0, seed)) for seed in (1, 1, 2))
    assert all(first[name].table.equals(again[name].table) for name in first)
    assert not first["nibrs_victim"].table.equals(other["nibrs_victim"].table)


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_who_reports_is_decided_by_the_mechanism(mechanism: str) -> None:
    frame, crime = nation("national", 0.1)
    found = reporting_of(frame, crime, YEAR, mechanism, 1)
    active = ~frame.dormant & (frame.covered_by == 0)
    assert not found.is_nibrs[~active].any()
    reporters, others = active & found.is_nibrs, active & ~found.is_nibrs
    more_residents = (
        np.log(frame.population[reporters] + 1).mean() / np.log(frame.population[others | reporters] + 1).mean()
    )
    less_crime = crime.level[reporters].mean() - crime.level[active].mean()
    expected = {
        "complete": reporters.sum() == active.sum(),
        "random": abs(less_crime) < 0.01,
        "size": more_residents > 1.04,
        "crime": less_crime < -0.05,
        "frame": (found.is_nibrs == (frame.nibrs & active)).all(),
    }
    assert expected[mechanism]


def test_a_complete_world_has_no_gaps_and_nothing_unknown() -> None:
    truth, seen, how = observed("SC", "complete")
    assert all(truth[name].table.equals(seen.records[name].table) for name in truth)
    assert set(how.months[how.is_nibrs].ravel()) <= {INCIDENTS, ZERO}
    assert how.return_a[how.is_nibrs].all()


def test_reports_are_the_truth_less_months_low_months_and_unknown_items() -> None:
    crime = state("TX", "small", 1.0)
    truth, seen, how = observed("TX", "random", "small")
    incidents = crime.incidents
    kept = set(seen.records["nibrs_incident"].table["incident_id"].to_pylist())
    all_ids = truth["nibrs_incident"].table["incident_id"].to_numpy()
    is_kept = np.array([each in kept for each in all_ids])
    status = how.months[incidents.agency, incidents.month - 1]
    low = how.low[incidents.agency, incidents.month - 1]
    assert low.any()
    assert not is_kept[status == NOT_REPORTED].any()
    assert is_kept[(status != NOT_REPORTED) & ~low].all()
    assert 0 < is_kept[(status != NOT_REPORTED) & low].mean() < 0.15
    assert set(seen.months[~how.is_nibrs].ravel()) == {NOT_REPORTED}
    sexes = Counter(seen.records["nibrs_offender"].table["sex_code"].to_pylist())
    unknown = sexes["U"] / (sexes["U"] + sexes["M"] + sexes["F"])
    [expected] = (item.share for item in items() if (item.table, item.name) == ("nibrs_offender", "sex"))
    assert unknown == pytest.approx(expected, abs=0.01)
    assert "U" not in truth["nibrs_offender"].table["sex_code"].to_pylist()


@pytest.mark.parametrize("how", UNKNOWN)
def test_what_decides_who_is_unknown_shows_in_what_is_unknown(how: str) -> None:
    """Relationships are as often unknown in all, and more often those of strangers, or those of some agencies."""
    truth, crime = records(state("TX", "small")), state("TX", "small")
    frame, everything = nation("small")
    reporting = reporting_of(frame, everything, YEAR, "random", 1, how).take(np.flatnonzero(frame.state == "TX"))
    seen = observe(truth, crime, reporting, 1)
    pairs = seen.records["nibrs_victim_offender_rel"]
    told = seen.unknown["nibrs_victim_offender_rel"]
    code = dict(zip(*(told[name].to_pylist() for name in ("nibrs_victim_offender_id", "value")), strict=True))
    [share] = (item.share for item in items() if item.name == "relationship")
    assert len(code) / len(pairs.table) == pytest.approx(share, abs=0.15 if how == "agency" else 0.01)
    number = identifiers("nibrs_relationship")["ST"]
    strangers = pc.sum(pc.equal(pairs.table["relationship_id"], number)).as_py() + Counter(code.values())["ST"]
    of_strangers = Counter(code.values())["ST"] / strangers
    of_others = (len(code) - Counter(code.values())["ST"]) / (len(pairs.table) - strangers)
    ratio = {"strangers": 3.0, "random": 1.0, "agency": 1.0}[how]
    assert of_strangers / of_others == pytest.approx(ratio, rel=0.2)
    unknown = np.isin(pairs.table["nibrs_victim_offender_id"].to_numpy(), list(code))
    agency = crime.incidents.agency[pairs.incident]
    shares = [unknown[agency == each].mean() for each in np.unique(agency) if (agency == each).sum() >= 50]
    assert (np.std(shares) > 0.1) == (how == "agency")


def test_victims_and_offenders_are_alike_as_their_relationship_asks_for() -> None:
    """Shares of the three published state-years that know the ethnicity of offenders."""
    crime = state("TX", "small")
    pairs, code = crime.relationships, {number: code for code, number in identifiers("nibrs_relationship").items()}
    relation = np.array([code[number] for number in pairs.code.tolist()])
    victims, offenders = crime.victims.persons.take(pairs.victim), crime.offenders.persons.take(pairs.offender)
    hispanic = victims.ethnicity == "H"
    for codes, same_race, same_ethnicity, opposite_sex in (
        (("SE", "CS", "XS", "BG", "XR"), 0.88, 0.55, 0.97), (("PA", "CH", "SB", "GP", "GC"), 0.94, 0.86, 0.5),
        (("AQ", "FR", "NE"), 0.83, 0.48, 0.4), (("ST",), 0.61, 0.16, 0.4),
    ):  # fmt: skip
        which = np.isin(relation, codes)
        assert (victims.race == offenders.race)[which].mean() == pytest.approx(same_race, abs=0.05)
        assert (offenders.ethnicity == "H")[which & hispanic].mean() == pytest.approx(same_ethnicity, abs=0.12)
        assert (victims.sex != offenders.sex)[which].mean() == pytest.approx(opposite_sex, abs=0.12)


def test_what_is_unknown_of_a_person_is_so_together() -> None:
    _, seen, _ = observed("TX", "random", "small")
    offenders = seen.records["nibrs_offender"].table
    age, race = (
        offenders[name].to_numpy(zero_copy_only=False) == identifiers(of)[code]
        for name, of, code in (("age_id", "nibrs_age", "00"), ("race_id", "ref_race", "U"))
    )
    # By themselves it would be a twentieth.
    assert (age & race).mean() > 0.6 * race.mean()


def frame_file(path: Path, *changes: tuple[str, str]) -> Path:
    text = (
        "ori,agency_id,agency_name,agency_type_id,state_abbr,county_name,population,nibrs,nibrs_start_date\n"
        "DE0010000,1,Here Police Department,2,DE,KENT,12000,Y,1/1/2003\n"
        'DE0020000,2,There County Sheriff,3,DE,"KENT, SUSSEX",90000,N,\n'
        "PR0010000,3,Elsewhere,2,PR,X,5,N,\n"
    )
    for old, new in changes:
        text = text.replace(old, new)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["frame.csv", "frame.csv.gz"])
def test_a_given_frame_is_taken_as_it_is(tmp_path: Path, name: str) -> None:
    frame = given_frame(frame_file(tmp_path / name), 1)
    assert frame.ori.tolist() == ["DE0010000", "DE0020000"]
    assert frame.type.tolist() == ["City", "County"]
    assert frame.nibrs.tolist() == [True, False]
    assert frame.group.tolist() == ["5", "9B"]
    assert frame.nibrs_start_year[0] == 2003


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("agency_type_id,", "type,"), "no column agency_type_id"),
        ((",12000,", ",many,"), "line 2: .*population 'many'"),
    ],
)
def test_a_bad_frame_is_refused_by_line_or_column(tmp_path: Path, change: tuple[str, str], named: str) -> None:
    with pytest.raises(SimulationError, match=named):
        given_frame(frame_file(tmp_path / "frame.csv", change), 1)


def test_the_years_of_a_world_include_its_history() -> None:
    world = World("tiny", 1.0, (2021, 2023), 5, "random", 1)
    assert world.all_years == (2019, 2020, 2021, 2022, 2023)
    assert World("tiny", 1.0, (2023,), 1, "random", 1).all_years == (2023,)


def test_shares_of_residents_are_shares_and_poverty_goes_with_crime() -> None:
    frame = made_up_frame("small", 5)
    level = generator(1, "test").normal(0, 0.35, len(frame))
    rows_ = demographics(frame, level, (2022, 2023), 5)
    known = {name: rows_[name].to_numpy() for name in rows_.column_names}
    agency = known["agency_id"] - 1
    residents = int((frame.population > 0).sum())
    assert 0.95 * residents < len(set(agency.tolist())) < residents
    assert (frame.population[agency] > 0).all()
    first = known["data_year"] == 2022
    for name, share in known.items():
        if name not in ("agency_id", "data_year"):
            assert ((share >= 0) & (share <= 1)).all(), name
            assert (share[first] == share[~first]).all(), name
    for kind in ("age_", "race_", "income_"):
        assert (sum(share for name, share in known.items() if name.startswith(kind)) <= 1.001).all()
    found = np.corrcoef(level[agency[first]], np.log(known["income_under_poverty"][first]))[0, 1]
    assert found == pytest.approx(0.5, abs=0.05)
    assert np.median(known["race_black"]) < known["race_black"].mean() == pytest.approx(0.13, abs=0.02)

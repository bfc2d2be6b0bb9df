"""Who lives where an agency works: shares by age, sex, race and income, as ``ref_agency_demographics`` has them.

And numbers by all of age, sex, race and ethnicity at once, as ``ref_agency_residents`` has them.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from nibrs_simulation.arrays import Flags, Floats, generator, texts
from nibrs_simulation.frame import Frame
from nibrs_simulation.persons import RACES, SEXES
from nibrs_simulation.records import integers, strings, table

#: Shares of the nation's residents, about as the census of 2020 has them; the rest is aged 35 to 64.
_AGES = {"age_under_5": 0.055, "age_5_to_14": 0.125, "age_15": 0.013, "age_16": 0.013, "age_17": 0.013,
         "age_18_to_24": 0.092, "age_25_to_34": 0.136, "age_65_and_over": 0.168}  # fmt: skip
#: The rest is white.
_RACES = {"race_black": 0.13, "race_aian": 0.013, "race_asian": 0.06, "race_nhpi": 0.003}
_FEMALE, _POOR, _WELL_OFF = 0.505, 0.12, 0.70
#: How alike agencies are: ages as if so many residents had been drawn, races as if so few.
_ALIKE_IN_AGE, _ALIKE_IN_RACE = 300.0, 3.0
_RACE_COLUMNS = {"A": "race_asian", "B": "race_black", "I": "race_aian", "P": "race_nhpi"}
#: Groups of age of ref_agency_residents.
_GROUPS = ("age_under_5", "age_5_to_11", "age_12_to_14", "age_15", "age_16", "age_17", "age_18_to_24", "age_25_to_34",
           "age_35_to_64", "age_65_and_over")  # fmt: skip
#: Spread of the share of women, and of the log odds of incomes.
_FEMALE_SPREAD, _INCOME_SPREAD = 0.012, 0.55
#: Correlation of poverty with the crime that an agency has beyond similar ones.
_POVERTY_AND_CRIME = 0.5
#: Of those aged 5 to 14, these are younger than 12.
_UNDER_12 = 0.7
#: Women among the older are more: their share times this.
_WOMEN_OF_65 = 1.1
#: Share of Hispanics among residents, and how alike agencies are in it.
_HISPANIC, _ALIKE_IN_ETHNICITY = 0.19, 3.0
#: How much likelier persons of a race (in the order of ``persons.RACES``) and of an age are Hispanic than others.
_HISPANIC_OF_RACE = np.array([0.05, 0.15, 0.6, 0.3, 1.0])
_HISPANIC_OF_AGE = np.array([1.4, 1.35, 1.3, 1.3, 1.3, 1.3, 1.2, 1.15, 0.9, 0.45])
_ETHNICITIES = ("H", "N")
#: Of so many agencies with residents the shares are not known.
_UNKNOWN = 0.02


def known_residents(frame: Frame, seed: int) -> Flags:
    """The agencies whose residents' shares are known: most of those that have residents."""
    random = generator(seed, "known residents")
    return np.asarray((frame.population > 0) & (random.random(len(frame)) >= _UNKNOWN))


def demographics(frame: Frame, level: Floats, years: Sequence[int], seed: int) -> pa.Table:
    """Rows of ref_agency_demographics: agencies whose shares are known, the same in every year.

    Args:
        level: of crime of each agency, by which it exceeds similar ones (see ``crime.Crime``).
    """
    which = np.flatnonzero(known_residents(frame, seed))
    shares = {name: share[which].round(4) for name, share in _shares(level, seed).items()}
    agency = np.tile(frame.agency_id[which], len(years))
    return table({
        "agency_id": integers(agency),
        "data_year": integers(np.repeat(np.array(years, np.int64), len(which))),
        **{name: pa.array(np.tile(share, len(years))) for name, share in shares.items()},
    })  # fmt: skip


def shares_of_races(level: Floats, seed: int) -> Floats:
    """Shares of ``persons.RACES`` among the residents of each agency, over those of the nation: 1 is as the nation."""
    shares = _shares(level, seed)
    nation = {"W": 1 - sum(_RACES.values()), **{code: _RACES[name] for code, name in _RACE_COLUMNS.items()}}
    return np.asarray(_races(shares) / np.array([nation[code] for code in RACES]))


def residents(frame: Frame, level: Floats, years: Sequence[int], seed: int) -> pa.Table:
    """Rows of ref_agency_residents: groups with residents, of the agencies whose shares are known, every year the same.

    Ages, sexes and races are those of :func:`demographics`, but for chance. Ethnicity goes with race and age.
    """
    which = np.flatnonzero(known_residents(frame, seed))
    shares = {name: share[which] for name, share in _shares(level, seed).items()}
    random = generator(seed, "residents by group")
    hispanic = random.beta(_HISPANIC * _ALIKE_IN_ETHNICITY, (1 - _HISPANIC) * _ALIKE_IN_ETHNICITY, len(which))
    chances = _chances(shares, hispanic)
    numbers = random.multinomial(frame.population[which], chances.reshape(len(which), -1)).reshape(chances.shape)
    agency, sex, race, ethnicity = np.nonzero(numbers.sum(axis=4))
    rows = numbers[agency, sex, race, ethnicity]
    of_year = table({
        "agency_id": integers(frame.agency_id[which][agency]),
        "sex_code": strings(texts(SEXES)[sex]), "race_code": strings(texts(RACES)[race]),
        "ethnicity_code": strings(texts(_ETHNICITIES)[ethnicity]),
        **{name: integers(rows[:, place]) for place, name in enumerate(_GROUPS)},
    })  # fmt: skip
    return pa.concat_tables(
        of_year.add_column(1, "data_year", integers(np.full(len(of_year), year, np.int64))) for year in years
    )


def _chances(shares: dict[str, Floats], hispanic: Floats) -> Floats:
    """The chance of a resident to be of each sex, race, ethnicity and age (agencies x 2 x 5 x 2 x 10)."""
    ages = _ages(shares)
    female = np.repeat(shares["sex_female"][:, None], ages.shape[1], axis=1)
    female[:, -1] *= _WOMEN_OF_65
    sexes = np.stack([female, 1 - female], axis=1)
    likely = hispanic[:, None, None] * _HISPANIC_OF_RACE[:, None] * _HISPANIC_OF_AGE
    races = _races(shares)
    # So that as many are Hispanic in the agency as were drawn, as far as each group allows.
    likely *= (hispanic / np.einsum("nra,nr,na->n", likely, races, ages))[:, None, None]
    likely = np.minimum(likely, 0.97)
    ethnicities = np.stack([likely, 1 - likely], axis=2)
    found = np.einsum("na,nsa,nr,nrea->nsrea", ages, sexes, races, ethnicities)
    return np.asarray(found / found.sum(axis=(1, 2, 3, 4), keepdims=True))


def _ages(shares: dict[str, Floats]) -> Floats:
    """Shares of ``_GROUPS`` of each agency."""
    split = {"age_5_to_11": _UNDER_12, "age_12_to_14": 1 - _UNDER_12}
    known = {name: shares["age_5_to_14"] * part for name, part in split.items()} | shares
    rest = 1 - sum(shares[name] for name in _AGES)
    return np.stack([known.get(name, rest) for name in _GROUPS], axis=1)


def _races(shares: dict[str, Floats]) -> Floats:
    """Shares of ``persons.RACES`` of each agency."""
    known = {code: shares[name] for code, name in _RACE_COLUMNS.items()}
    white = 1 - sum(known.values())
    return np.stack([known.get(code, white) for code in RACES], axis=1)


def _shares(level: Floats, seed: int) -> dict[str, Floats]:
    random = generator(seed, "residents")
    size = len(level)
    ages = random.dirichlet(_ALIKE_IN_AGE * _with_rest(_AGES), size)
    races = random.dirichlet(_ALIKE_IN_RACE * _with_rest(_RACES), size)
    female = np.clip(random.normal(_FEMALE, _FEMALE_SPREAD, size), 0, 1)
    of_crime = level / level.std() if size > 1 else np.zeros(size)
    poverty = _POVERTY_AND_CRIME * of_crime + np.sqrt(1 - _POVERTY_AND_CRIME**2) * random.normal(size=size)
    poor = _share(_POOR, _INCOME_SPREAD * poverty)
    well_off = _share(_WELL_OFF, -_INCOME_SPREAD * (0.8 * poverty + 0.6 * random.normal(size=size)))
    return {
        **_named(_AGES, ages), "sex_female": female, **_named(_RACES, races),
        "income_under_poverty": poor, "income_twice_poverty": np.minimum(well_off, 1 - poor),
    }  # fmt: skip


def _with_rest(shares: dict[str, float]) -> Floats:
    given = np.array(list(shares.values()))
    return np.append(given, 1 - given.sum())


def _named(shares: dict[str, float], drawn: Floats) -> dict[str, Floats]:
    """What was drawn by the names of the shares, without the rest."""
    return dict(zip(shares, drawn.T[:-1], strict=True))


def _share(middle: float, log_odds: Floats) -> Floats:
    """Shares about a middle one."""
    return np.asarray(1 / (1 + np.exp(-(np.log(middle / (1 - middle)) + log_odds))))

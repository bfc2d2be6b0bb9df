"""Who lives where an agency works: shares by age, sex, race and income, as ``ref_agency_demographics`` has them."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from nibrs_simulation.arrays import Flags, Floats, generator
from nibrs_simulation.frame import Frame
from nibrs_simulation.records import integers, table

#: Shares of the nation's residents, about as the census of 2020 has them; the rest is aged 35 to 64.
_AGES = {"age_under_5": 0.055, "age_5_to_14": 0.125, "age_15": 0.013, "age_16": 0.013, "age_17": 0.013,
         "age_18_to_24": 0.092, "age_25_to_34": 0.136, "age_65_and_over": 0.168}  # fmt: skip
#: The rest is white.
_RACES = {"race_black": 0.13, "race_aian": 0.013, "race_asian": 0.06, "race_nhpi": 0.003}
_FEMALE, _POOR, _WELL_OFF = 0.505, 0.12, 0.70
#: How alike agencies are: ages as if so many residents had been drawn, races as if so few.
_ALIKE_IN_AGE, _ALIKE_IN_RACE = 300.0, 3.0
#: Spread of the share of women, and of the log odds of incomes.
_FEMALE_SPREAD, _INCOME_SPREAD = 0.012, 0.55
#: Correlation of poverty with the crime that an agency has beyond similar ones.
_POVERTY_AND_CRIME = 0.5
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

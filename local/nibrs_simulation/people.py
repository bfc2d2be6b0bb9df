"""Everyone who takes part in incidents."""

import numpy as np

from nibrs_simulation.arrays import Floats
from nibrs_simulation.incidents import Incidents
from nibrs_simulation.offenders import Offenders, Relationships, draw_offenders, relate
from nibrs_simulation.persons import race_mix
from nibrs_simulation.victims import Victims, draw_victims


def draw_people(
    random: np.random.Generator, incidents: Incidents, agencies: int, races: Floats | None = None
) -> tuple[Victims, Offenders, Relationships]:
    """Draw everyone who takes part in incidents of a state with so many agencies (``races``: see ``race_mix``)."""
    mix = race_mix(random, agencies, races)
    victims = draw_victims(random, incidents, mix)
    offenders = draw_offenders(random, incidents, victims, mix)
    return (victims, *relate(random, incidents.offenses, victims, offenders))

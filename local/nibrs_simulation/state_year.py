"""Everything that happens in a state in a year, drawn in one go."""

from dataclasses import dataclass

from nibrs_simulation.arrays import Floats, Integers, generator
from nibrs_simulation.arrests import Clearances, GroupB, draw_clearances, draw_group_b
from nibrs_simulation.frame import Frame
from nibrs_simulation.incidents import Incidents, draw_incidents
from nibrs_simulation.offenders import Offenders, Relationships
from nibrs_simulation.people import draw_people
from nibrs_simulation.property import Property, draw_property
from nibrs_simulation.victims import Victims


@dataclass(frozen=True)
class StateYearCrime:
    """The truth of a state and year.

    Attributes:
        first_incident: number of incidents of the nation before this state and year, for identifiers.
        first_arrest: the same of Group B arrests.
        month_offset: what is added to (agency_id - 1) * 12 + month for the identifier of a month.
    """

    state: str
    year: int
    frame: Frame
    first_incident: int
    month_offset: int
    incidents: Incidents
    victims: Victims
    offenders: Offenders
    relationships: Relationships
    property: Property
    clearances: Clearances
    group_b: GroupB


def draw_state_year(
    frame: Frame,
    year: int,
    counts: Integers,
    first_incident: int,
    month_offset: int,
    seed: int,
    races: Floats | None = None,
) -> StateYearCrime:
    """Draw a state's year.

    Args:
        frame: the agencies of the state.
        counts: incidents by agency, month and kind.
        races: see ``residents.shares_of_races``; None if all agencies' residents are alike.
    """
    state = str(frame.state[0])
    random = generator(seed, "state-year", state, year)
    incidents = draw_incidents(random, counts)
    victims, offenders, relationships = draw_people(random, incidents, len(frame), races)
    return StateYearCrime(
        state=state, year=year, frame=frame, first_incident=first_incident, month_offset=month_offset,
        incidents=incidents, victims=victims, offenders=offenders, relationships=relationships,
        property=draw_property(random, incidents),
        clearances=draw_clearances(random, incidents, offenders),
        group_b=draw_group_b(random, counts, races),
    )  # fmt: skip

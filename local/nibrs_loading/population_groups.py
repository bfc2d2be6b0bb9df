"""The FBI's population groups: codes by type, residents and whether the agency lies in a metropolitan area."""

#: Residents of the population groups of cities and counties: code and lower bound, largest first.
CITY_GROUPS = {"1A": 1_000_000, "1B": 500_000, "1C": 250_000, "2": 100_000, "3": 50_000, "4": 25_000, "5": 10_000,
               "6": 2_500, "7": 0}  # fmt: skip
COUNTY_GROUPS = {"A": 100_000, "B": 25_000, "C": 10_000, "D": 0}
STATE_POLICE = "E"
#: A county with so many residents is taken to belong to a metropolitan area.
METROPOLITAN = 60_000


def population_group(agency_type: str, residents: int, metropolitan: bool) -> str:
    """The code of an agency's group; agencies that are neither city, county nor state police are of the smallest."""
    area = "9" if metropolitan else "8"
    if agency_type == "State Police":
        return area + STATE_POLICE
    if agency_type == "County":
        return area + next(code for code, least in COUNTY_GROUPS.items() if residents >= least)
    if agency_type == "City":
        return next(code for code, least in CITY_GROUPS.items() if residents >= least)
    return "7"

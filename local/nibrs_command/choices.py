"""Years and states as people type them."""

from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.state_year import FIRST_YEAR, LAST_YEAR


def parse_years(text: str) -> list[int]:
    """``2016,2012-2014`` as a list of years in order.

    Raises:
        BadRequest: a part that is neither a year nor a range of years.
    """
    years: set[int] = set()
    for part in (each.strip() for each in text.split(",")):
        first, dash, last = (each.strip() for each in part.partition("-"))
        if not _is_year(first) or (dash and not _is_year(last)):
            raise BadRequest(
                f"--years: {part!r} was given; allowed is a year such as 2016 or a range such as 2012-2014, "
                f"from {FIRST_YEAR} to {LAST_YEAR}"
            )
        if dash and int(first) > int(last):
            raise BadRequest(f"--years: the range {part!r} ends before it begins; did you mean {last}-{first}?")
        years.update(range(int(first), int(last or first) + 1))
    return sorted(years)


def _is_year(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) == 4 and FIRST_YEAR <= int(text) <= LAST_YEAR


def parse_states(text: str) -> list[str]:
    """``AZ,la`` as a list of postal abbreviations.

    Raises:
        BadRequest: a part that is no postal abbreviation.
    """
    states = [part.strip() for part in text.split(",")]
    for state in states:
        if len(state) != 2 or not (state.isascii() and state.isalpha()):
            raise BadRequest(f"--states: {state!r} was given; allowed are postal abbreviations such as AZ,LA")
    return [state.upper() for state in states]

"""Years as people type them."""

from nibrs_pipeline.errors import BadRequest


def parse_years(text: str) -> list[int]:
    """``2016,2012-2014`` as a list of years in order.

    Raises:
        BadRequest: a part that is neither a year nor a range.
    """
    years: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise BadRequest(
                f"--years: {part.strip()!r} was given; allowed is a year such as 2016 or a range such as 2012-2014"
            )
        found = range(int(first), int(last or first) + 1)
        if not found or len(found) > 200:
            raise BadRequest(f"--years: the range {part.strip()!r} has {len(found)} years")
        years.update(found)
    return sorted(years)

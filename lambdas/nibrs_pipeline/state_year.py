"""What one zip holds."""

from typing import NamedTuple

#: Data years that there can be.
FIRST_YEAR, LAST_YEAR = 1960, 2100


class StateYear(NamedTuple):
    """A state (postal abbreviation) and a data year: what one zip holds."""

    state: str
    year: int

    def __str__(self) -> str:
        return f"{self.state}-{self.year}"

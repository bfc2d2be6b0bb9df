"""The options of a simulated nation."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

#: Agencies of each size, and their states (None: all). Four states of four regions are a nation in small.
SIZES: dict[str, tuple[int, tuple[str, ...] | None]] = {
    "tiny": (60, ("NE", "RI", "SC", "UT")),
    "states": (1_000, None),
    "small": (2_000, None),
    "national": (18_000, None),
}
#: What decides who reports NIBRS.
MECHANISMS = {
    "complete": "every agency reports everything",
    "random": "at random within the population group",
    "size": "the more residents, the likelier",
    "crime": "the less crime for its size, the likelier",
    "frame": "the NIBRS status of the frame",
}

#: What decides which items of persons are unknown.
UNKNOWN = {
    "random": "by chance, everywhere alike",
    "strangers": "more often where a stranger is concerned",
    "agency": "by an agency's habit",
}


class SimulationError(Exception):
    """A nation cannot be made: the database is not empty, the folder of the truth holds other files, a frame is bad."""


@dataclass(frozen=True)
class World:
    """What to simulate.

    Attributes:
        size: one of SIZES; of no effect with a frame.
        scale: of crime; 1 is the volume of the nation's real incidents per resident.
        years: with incidents.
        history: number of years with Return A, up to the last of ``years``.
        reporting: one of MECHANISMS.
        frame: a CSV of agencies, or None for made-up ones.
        unknown: one of UNKNOWN.
    """

    size: str
    scale: float
    years: tuple[int, ...]
    history: int
    reporting: str
    seed: int
    frame: Path | None = None
    unknown: str = "random"

    def described(self) -> str:
        """The options as JSON; nations with the same ones are the same."""
        return json.dumps({**asdict(self), "frame": self._frame_described()}, sort_keys=True)

    def _frame_described(self) -> str | None:
        if self.frame is None:
            return None
        if not self.frame.is_file():
            raise SimulationError(f"--frame: there is no file {self.frame}")
        return f"{self.frame.name}, SHA-256 {hashlib.sha256(self.frame.read_bytes()).hexdigest()}"

    @property
    def all_years(self) -> tuple[int, ...]:
        """Years with incidents or with Return A only."""
        return tuple(range(min(*self.years, max(self.years) - self.history + 1), max(self.years) + 1))

"""NIBRS_HOME: where a user's database, published objects, logs and results live."""

import os
from dataclasses import dataclass
from pathlib import Path

#: The bucket of emulated S3, and the folder of its objects.
BUCKET = "nibrs-data"


class HomeInUse(Exception):
    """Another run works in this home."""


@dataclass(frozen=True)
class Home:
    """The folders of one home; two homes share nothing."""

    path: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """NIBRS_HOME, or the current folder."""
        return cls(Path(os.environ.get("NIBRS_HOME") or ".").resolve())

    @property
    def database(self) -> Path:
        """Data folder of the embedded PostgreSQL."""
        return self.path / ".nibrs" / "postgresql"

    @property
    def objects(self) -> Path:
        """What emulated S3 holds, a folder per bucket."""
        return self.path / ".nibrs" / "objects"

    def scratch(self, run_id: str) -> Path:
        """Logs and temporary files of a run."""
        return self.path / "scratch" / run_id

    def artifacts(self, run_id: str) -> Path:
        """Results of a run."""
        return self.path / "artifacts" / run_id

    def quarantine(self, file: str) -> Path:
        """Rows of a file that broke keys and were not loaded."""
        return self.path / "quarantine" / file

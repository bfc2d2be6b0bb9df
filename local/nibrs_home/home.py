"""NIBRS_HOME: where a user's database, published objects, logs and results live."""

import os
from dataclasses import dataclass
from pathlib import Path

#: The bucket of emulated S3, and the folder of its objects.
BUCKET = "nibrs-data"


class HomeInUse(Exception):
    """Another run works in this home."""


class HomeUnusable(Exception):
    """NIBRS_HOME cannot be a home."""


@dataclass(frozen=True)
class Home:
    """The folders of one home; two homes share nothing."""

    path: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """NIBRS_HOME, or the current folder.

        Raises:
            HomeUnusable: a file is in its place, or the current folder is gone.
        """
        try:
            path = Path(os.environ.get("NIBRS_HOME") or ".").expanduser().resolve()
        except FileNotFoundError:
            raise HomeUnusable("the current folder has been removed; go to another, or set NIBRS_HOME") from None
        for part in (path, *path.parents):
            if part.exists() and not part.is_dir():
                raise HomeUnusable(
                    f"NIBRS_HOME: {part} is a file; it has to be a folder, which is made if it is not there"
                )
        return cls(path)

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

    @property
    def truth(self) -> Path:
        """The truth about a simulated nation, unless it was put elsewhere."""
        return self.path / "truth"

    def quarantine(self, file: str) -> Path:
        """Rows of a file that broke keys and were not loaded."""
        return self.path / "quarantine" / file

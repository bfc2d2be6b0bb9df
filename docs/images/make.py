"""Makes the pictures of the documentation from a run over a simulated nation.

python docs/images/make.py
"""

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nibrs_command.display import picture
from nibrs_command.local_run import run_locally
from nibrs_command.watching import Activity, RunView
from nibrs_home import embedded_postgres
from nibrs_home.home import Home
from nibrs_pipeline.catalog import nibrs_catalog
from nibrs_pipeline.extract.documents import DIAGRAM, documents
from nibrs_quality.page import write_page
from nibrs_quality.report import quality_of
from nibrs_simulation.nation import simulate
from nibrs_simulation.world import World
from PIL import Image
from rich.console import Console

HERE = Path(__file__).parent
BROWSER = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars"]


def main() -> None:
    """Run, and keep the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        with embedded_postgres.database(home) as location:
            simulate(location, World("tiny", 1.0, (2022, 2023), 5, "random", 1), home.path / "truth", 2)
            request = {"run_id": "pictures", "bundles": ["states", "years"], "estimates": False}
            outcome = run_locally(home, location, request, photograph)
        screenshot(outcome.artifacts / "downloads" / "index.html", HERE / "index.png", "1200,1080")
        nation = artifacts_of_a_nation(Path(folder) / "nation")
        screenshot(nation / "estimates" / "2023" / "report.html", HERE / "report.png", "1060,1960")
        explorer_pictures(nation / "downloads" / "explorer.html")
        page = Path(folder) / "quality.html"
        write_page(page, [quality_of(outcome.artifacts / "downloads" / "2023" / "SC-2023.zip", nibrs_catalog())])
        screenshot(page, HERE / "quality.png", "1060,1500")
        diagram = Path(folder) / DIAGRAM
        diagram.write_bytes(documents(nibrs_catalog())[DIAGRAM])
        screenshot(diagram, HERE / "diagram.png", "1560,2390")


def artifacts_of_a_nation(folder: Path) -> Path:
    """What a run publishes of a nation with all its states and a twentieth of the crime; takes some ten minutes."""
    home = Home(folder)
    with embedded_postgres.database(home) as location:
        simulate(location, World("national", 0.05, (2022, 2023), 5, "random", 1), folder / "truth", 2)
        outcome = run_locally(home, location, {"run_id": "nation", "years": "all"}, follow)
    if outcome.view.status != "SUCCEEDED":
        sys.exit(f"The nation's run failed: {': '.join(outcome.view.failure)}")
    return outcome.artifacts


def explorer_pictures(page: Path) -> None:
    """What the explorer shows to the questions of docs/which-file.md."""
    node, browser = Path(sys.prefix) / "bin" / "node", shutil.which("chromium") or "google-chrome"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([node, HERE / "explorer.mjs", browser, page.as_uri(), folder], check=True)
        for picture_file in sorted(Path(folder).iterdir()):
            with Image.open(picture_file) as made:
                made.convert("RGB").save(HERE / f"{picture_file.stem}.webp", quality=80, method=6)


def follow(look: Callable[[], RunView], activity: Callable[[], Activity]) -> RunView:
    """Wait for the end of a run."""
    while not (view := look()).is_over:
        time.sleep(1)
    return view


def photograph(look: Callable[[], RunView], activity: Callable[[], Activity]) -> RunView:
    """Follow a run and keep the picture that the terminal shows in the middle of it."""
    started = time.monotonic()
    while not (view := look()).is_over:
        if any(0 < progress.done < progress.total for progress in view.maps[:1]):
            console = Console(record=True, width=80, file=open("/dev/null", "w"))  # noqa: SIM115
            console.print("$ nibrs run --bundle states --bundle years", highlight=False)
            console.print(picture(view, time.monotonic() - started, activity()))
            console.save_svg(str(HERE / "run.svg"), title="nibrs run")
        time.sleep(0.1)
    return view


def screenshot(page: Path, target: Path, size: str) -> None:
    """Let a browser show a page in a window of a size, and keep what it shows."""
    browser = shutil.which("chromium") or "google-chrome"
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [browser, *BROWSER, f"--user-data-dir={profile}", f"--window-size={size}", f"--screenshot={target}",
             page.as_uri()],
            check=True, capture_output=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()

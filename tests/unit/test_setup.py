"""What local/setup.sh asks before it replaces what a run needs."""

import fcntl
import re
import subprocess
from pathlib import Path

SCRIPT = (Path(__file__).parents[2] / "local" / "setup.sh").read_text(encoding="utf-8")


def test_nothing_is_installed_under_a_command_that_is_at_work(tmp_path: Path) -> None:
    function = re.search(r"^nobody_at_work\(\).*?^}", SCRIPT, re.MULTILINE | re.DOTALL)
    assert function

    def ask() -> subprocess.CompletedProcess[str]:
        command = ["bash", "-euc", f"{function[0]}\nnobody_at_work"]
        return subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)

    assert ask().returncode == 0, "there is no home yet"
    (tmp_path / "simulated" / ".nibrs").mkdir(parents=True)
    with (tmp_path / "simulated" / ".nibrs" / "database.users").open("a") as users:
        assert ask().returncode == 0
        fcntl.flock(users, fcntl.LOCK_SH)
        refused = ask()
    assert refused.returncode == 1
    assert "at work in simulated" in refused.stderr
    assert ask().returncode == 0

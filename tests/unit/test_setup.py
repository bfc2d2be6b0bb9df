"""What local/setup.sh asks before it replaces what a run needs, and what a clone holds before it."""

import fcntl
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from nibrs_command import cli, entry

REPOSITORY = Path(__file__).parents[2]
SCRIPT = (REPOSITORY / "local" / "setup.sh").read_text(encoding="utf-8")


def test_nothing_is_installed_under_a_command_that_is_at_work(tmp_path: Path) -> None:
    function = re.search(r"^nobody_at_work\(\).*?^}", SCRIPT, re.MULTILINE | re.DOTALL)
    assert function

    def ask() -> subprocess.CompletedProcess[str]:
        command = ["bash", "-euc", f"{function[0]}\nnobody_at_work"]
        return subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)

    assert ask().returncode == 0, "nothing is installed yet"
    users = tmp_path / ".tools" / "commands.users"
    users.parent.mkdir()
    with users.open("a") as file:
        assert ask().returncode == 0
        fcntl.flock(file, fcntl.LOCK_SH)
        refused = ask()
    assert refused.returncode == 1
    assert "try again when it has ended" in refused.stderr
    assert ask().returncode == 0


def test_every_command_says_that_it_is_at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    users, seen = tmp_path / "commands.users", []
    monkeypatch.setattr(entry, "USERS", users)
    monkeypatch.setattr(cli, "main", lambda: seen.append(_is_free(users)))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    entry.entry()
    assert (seen, _is_free(users)) == ([False], True)
    monkeypatch.setattr(entry, "USERS", tmp_path / "not there" / "commands.users")
    entry.entry()
    assert seen == [False, True]


def _is_free(users: Path) -> bool:
    with users.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@pytest.mark.parametrize("optimised", [True, False])
def test_a_python_that_was_built_without_optimisations_gives_way_to_the_systems(
    optimised: bool, tmp_path: Path
) -> None:
    function = re.search(r"^interpreter\(\).*?^}", SCRIPT, re.MULTILINE | re.DOTALL)
    assert function
    system = Path("/usr/bin/python3")
    ask = [system, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    if not system.exists() or subprocess.run(ask, check=False).returncode != 0:
        pytest.skip("the system has no Python of 3.11 or later, which alone is taken instead")
    own = tmp_path / "python3"
    own.write_text(f"#!/bin/sh\nexit {0 if optimised else 1}\n")
    own.chmod(0o755)
    found = subprocess.run(
        ["bash", "-euc", f"{function[0]}\ninterpreter"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.strip() == str(own if optimised else system)


def test_a_clone_has_the_same_bytes_whatever_git_is_told_of_line_ends(tmp_path: Path) -> None:
    source, clone = tmp_path / "source", tmp_path / "clone"
    shutil.copytree(REPOSITORY / "code_tables" / "lists", source / "lists")
    shutil.copyfile(REPOSITORY / ".gitattributes", source / ".gitattributes")

    def git(*arguments: str) -> None:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        subprocess.run(["git", *who, "-c", "core.autocrlf=true", *arguments], check=True, capture_output=True)

    git("init", str(source))
    git("-C", str(source), "add", ".")
    git("-C", str(source), "commit", "--message=lists")
    # As on Windows, whose Linux then runs what was cloned there.
    git("clone", str(source), str(clone))
    lists = sorted((clone / "lists").glob("*.csv"))
    assert len(lists) > 20
    assert [path.name for path in lists if path.read_bytes() != (source / "lists" / path.name).read_bytes()] == []


def test_what_is_installed_can_be_read_by_others(tmp_path: Path) -> None:
    function = re.search(r"^let_everybody_read\(\).*?^}", SCRIPT, re.MULTILINE | re.DOTALL)
    assert function
    program = tmp_path / "bin" / "initdb"
    program.parent.mkdir(mode=0o700)
    program.touch(mode=0o700)
    text = tmp_path / "bin" / "text"
    text.touch(mode=0o600)
    subprocess.run(["bash", "-euc", f"{function[0]}\nlet_everybody_read bin"], cwd=tmp_path, check=True)
    assert [path.stat().st_mode & 0o777 for path in (program.parent, program, text)] == [0o755, 0o755, 0o644]

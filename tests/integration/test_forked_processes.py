"""Processes that several threads look at, and what stays of them in this one."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from nibrs_engine.container_process import run_program
from nibrs_engine.forked_processes import ForkedProcess, import_ahead


@pytest.fixture(scope="module", autouse=True)
def _server() -> None:
    import_ahead()


def program(folder: Path, text: str, *arguments: str, **environment: str) -> ForkedProcess:
    path = folder / "program.py"
    path.write_text(text)
    log = str(folder / "program.log")
    started = ForkedProcess(run_program, ([str(path), *arguments], environment, log), "program", daemon=False)
    started.start()
    return started


def said(folder: Path) -> str:
    return (folder / "program.log").read_text(encoding="utf-8")


def test_all_threads_are_told_the_same_end(tmp_path: Path) -> None:
    def look(process: ForkedProcess) -> int | None:
        while (code := process.exitcode) is None:
            pass
        return code

    with ThreadPoolExecutor(8) as threads:
        for _ in range(20):
            process = program(tmp_path, "raise SystemExit(3)")
            assert set(threads.map(look, [process] * 8)) == {3}


def test_nothing_stays_open_for_a_process_that_has_ended(tmp_path: Path) -> None:
    program(tmp_path, "").join()
    before = len(os.listdir("/proc/self/fd"))
    processes = [program(tmp_path, "") for _ in range(5)]
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_process_that_is_waited_for_too_briefly_has_not_ended(tmp_path: Path) -> None:
    process = program(tmp_path, "import time; time.sleep(60)")
    process.join(0.1)
    assert process.is_alive()
    process.kill()
    process.join()
    assert process.exitcode == -9


@pytest.mark.parametrize(
    ("text", "code", "last"),
    [
        ("print('ä')", 0, "ä"),
        ("raise SystemExit('it is wrong')", 1, "it is wrong"),
        ("import sys; sys.exit(124)", 124, ""),
        ("import os; print('before'); os.kill(os.getpid(), 9)", -9, "before"),
        ("import os; print('before'); os._exit(7)", 7, "before"),
        ("raise OSError('no space')", 1, "OSError: no space"),
        ("def", 1, "SyntaxError: invalid syntax"),
        ("import subprocess; subprocess.run(['echo', 'from a child'], check=True)", 0, "from a child"),
        ("import sys; print(sys.stdin.read() + 'no input')", 0, "no input"),
        ("import sys; print(*sys.argv[1:])", 0, "one two"),
        ("import other; print(other.__name__, __name__)", 0, "other __main__"),
    ],
)  # fmt: skip
def test_a_program_is_run_as_python_would(tmp_path: Path, text: str, code: int, last: str) -> None:
    (tmp_path / "other.py").touch()
    process = program(tmp_path, text, "one", "two", LANG="C.UTF-8", PATH=os.environ["PATH"])
    process.join()
    assert (process.exitcode, said(tmp_path).rstrip("\n").rpartition("\n")[2]) == (code, last)


def test_a_program_has_its_own_environment_and_appends_to_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "program.log").write_text("the first try\n")
    monkeypatch.setenv("MINE", "1")
    text = "import locale, os, tempfile; print(sorted(os.environ), tempfile.gettempdir(), locale.getencoding())"
    program(tmp_path, text, LANG="C.UTF-8", TMPDIR=str(tmp_path)).join()
    assert said(tmp_path) == f"the first try\n['LANG', 'TMPDIR'] {tmp_path} UTF-8\n"


def test_a_locale_that_is_not_installed_stops_no_program(tmp_path: Path) -> None:
    process = program(tmp_path, "print('ä')", LANG="xx_XX.nowhere")
    process.join()
    assert (process.exitcode, said(tmp_path)) == (0, "ä\n")


def test_a_module_is_run_as_python_would(tmp_path: Path) -> None:
    log = str(tmp_path / "program.log")
    arguments = ["-m", "json.tool", str(tmp_path / "none.json")]
    process = ForkedProcess(run_program, (arguments, {}, log), "program", daemon=False)
    process.start()
    process.join()
    assert (process.exitcode, "none.json" in said(tmp_path)) == (2, True)

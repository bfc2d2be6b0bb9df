"""Processes of functions begin with what the command has imported, and with nothing else of it."""

import subprocess
import sys

import pytest

PROGRAM = """
import multiprocessing, os, sys, threading, types
from nibrs_engine.fork_server import start_fork_server

def look(path):
    opened = [os.path.realpath(f"/proc/self/fd/{each}") for each in os.listdir("/proc/self/fd")]
    print("mine" in sys.modules, path in opened, "pprint" in sys.modules, flush=True)

if __name__ == "__main__":
    sys.modules["mine"] = types.ModuleType("mine")
    path = os.path.realpath(sys.argv[0])
    opened = os.open(path, os.O_RDONLY)
    over = threading.Event()
    if sys.argv[1] == "threads":
        threading.Thread(target=over.wait).start()
    print("begun")
    start_fork_server(["pprint"])
    process = multiprocessing.get_context("forkserver").Process(target=look, args=[path])
    process.start()
    process.join()
    over.set()
    print("ended with", process.exitcode)
"""


@pytest.mark.parametrize(("threads", "has_what_was_imported"), [("none", True), ("threads", False)])
def test_a_process_is_forked_from_this_one_unless_it_has_threads(
    tmp_path_factory: pytest.TempPathFactory, threads: str, has_what_was_imported: bool
) -> None:
    program = tmp_path_factory.mktemp("program") / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, str(program), threads], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.splitlines() == ["begun", f"{has_what_was_imported} False True", "ended with 0"], done.stderr

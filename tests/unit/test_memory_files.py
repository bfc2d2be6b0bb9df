"""Tests write into memory only where nobody has said otherwise and there is room."""

import os
import tempfile
from types import SimpleNamespace

import pytest

from tests import memory_files


@pytest.fixture(autouse=True)
def _nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMPDIR", "PYTEST_DEBUG_TEMPROOT"):
        # Set first, so that what is set there by a test is gone after it.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setattr(tempfile, "tempdir", "/where/it/was")


def folder(monkeypatch: pytest.MonkeyPatch, **there: int) -> str | None:
    """Where temporary files go, on a machine whose shared memory has 100 GiB if nothing else is said."""
    known = {"f_flag": 0, "f_bavail": 100 << 18, "f_frsize": 4096, **there}
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(**known))
    memory_files.write_into_memory()
    assert (tempfile.tempdir is None) == ("TMPDIR" in os.environ)
    return os.environ.get("TMPDIR")


def test_files_go_into_memory_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_files, "_MEMORY", 0)
    assert folder(monkeypatch) == "/dev/shm"


@pytest.mark.parametrize("there", [{"f_bavail": 64 << 8}, {"f_flag": os.ST_NOEXEC}])
def test_not_where_it_is_small_or_runs_no_programs(monkeypatch: pytest.MonkeyPatch, there: dict[str, int]) -> None:
    monkeypatch.setattr(memory_files, "_MEMORY", 0)
    assert folder(monkeypatch, **there) is None


def test_not_where_processes_need_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_files, "_MEMORY", 1 << 60)
    assert folder(monkeypatch) is None


def test_not_where_another_place_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DEBUG_TEMPROOT", "/elsewhere")
    monkeypatch.setattr(memory_files, "_MEMORY", 0)
    assert folder(monkeypatch) is None

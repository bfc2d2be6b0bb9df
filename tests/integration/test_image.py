"""The estimation's image and what Fargate makes of it; where the tools and the rights are."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nibrs_engine.container_tasks import estimation_folder, r_library

from tests.conftest import real_zip


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_stage_runs_in_the_image(tmp_path: Path) -> None:
    docker = (
        shutil.which("docker") and not subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    )
    buildah = shutil.which("buildah") and shutil.which("debootstrap") and os.getuid() == 0
    if not docker and not buildah:
        pytest.skip("neither a running Docker nor buildah, debootstrap and root are here; `make image-test` says more")
    done = subprocess.run(
        [str(estimation_folder() / "image_test.sh")],
        env={**os.environ, "NIBRS_IMAGE_FOLDER": str(tmp_path / "image"), "NIBRS_IMAGE_LAYERS": "false"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The image was built and works" in done.stdout


@pytest.mark.skipif(os.getuid() != 0, reason="a file system is made read-only by root alone")
def test_a_stage_writes_nowhere_but_into_its_scratch_folder(tmp_path: Path) -> None:
    # As Fargate runs it: a read-only root, and one folder that TMPDIR and HOME name.
    scratch, store = tmp_path / "scratch", tmp_path / "store"
    (store / "downloads" / "2018").mkdir(parents=True)
    scratch.mkdir()
    shutil.copyfile(real_zip("DC-2018"), store / "downloads" / "2018" / "DC-2018.zip")
    read_only = (
        "mount --make-rprivate / && mount --bind $TMPDIR $TMPDIR && mount --bind $ARTIFACT_STORE $ARTIFACT_STORE "
        "&& mount -o remount,bind,ro / && cd $TMPDIR && { touch /var/tmp/x 2>/dev/null && exit 99; "
        f"exec {sys.executable} {estimation_folder() / 'entry_point.py'} tabulate_state; }}"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", read_only],
        env={
            "PATH": os.environ["PATH"], "HOME": str(scratch), "TMPDIR": str(scratch), "ARTIFACT_STORE": str(store),
            "R_LIBS": str(r_library()), "PYTHONDONTWRITEBYTECODE": "1", "DATA_YEAR": "2018", "INPUT_STATE": "DC",
            "STATE_ZIP": "downloads/2018/DC-2018.zip", "ESTIMATION_PREFIX": "runs/r/estimation/2018/",
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "Operation not permitted" in done.stderr or "permission denied" in done.stderr:
        pytest.skip(f"this machine lets nobody mount: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (store / "runs" / "r" / "estimation" / "2018" / "tabulated" / "DC.csv").stat().st_size
    assert list(scratch.iterdir()) == []

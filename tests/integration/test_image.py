"""The images and what Fargate makes of them; where the tools and the rights are."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from nibrs_cdk.pipeline_image import lay_out
from nibrs_engine.container_tasks import estimation_folder, r_library
from nibrs_pipeline.database.connection import connect
from nibrs_pipeline.database.location import DatabaseLocation

from tests.conftest import real_zip
from tests.databases import copied
from tests.trial_data import write_trial_zips

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables with which images are built here, on one base."""
    docker = (
        shutil.which("docker") and not subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    )
    buildah = shutil.which("buildah") and shutil.which("mmdebstrap") and os.getuid() == 0
    if not docker and not buildah:
        pytest.skip("neither a running Docker nor buildah, mmdebstrap and root are here; `make image-test` says more")
    folder = tmp_path_factory.mktemp("images")
    return {**os.environ, "NIBRS_IMAGE_FOLDER": str(folder), "NIBRS_IMAGE_LAYERS": "false"}


def keep_to_the_owner(folder: Path) -> Path:
    """Nobody else may read it, as where one deploys with a umask of 077."""
    subprocess.run(["chmod", "-R", "go-rwx", str(folder)], check=True)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_stage_runs_in_the_image(images: dict[str, str], tmp_path: Path) -> None:
    shutil.copytree(estimation_folder().parent, tmp_path / "containers")
    folder = keep_to_the_owner(tmp_path / "containers") / "r_estimation"
    done = subprocess.run([str(folder / "image_test.sh")], env=images, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The image was built and works" in done.stdout


def incidents(location: DatabaseLocation) -> int:
    connection = connect(location)
    [[count]] = connection.run("SELECT count(*) FROM nibrs_incident")
    connection.close()
    return int(count)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_command_loads_and_simulates_in_the_pipeline_s_image(
    images: dict[str, str], server: DatabaseLocation, tmp_path: Path
) -> None:
    laid_out = keep_to_the_owner(lay_out(REPOSITORY, tmp_path / "image"))
    [zip_, *_] = write_trial_zips(tmp_path / "data")
    (tmp_path / "data").chmod(0o777)
    sockets = Path(server.host)
    before = sockets.stat().st_mode
    sockets.chmod(0o755)
    script = REPOSITORY / "containers" / "pipeline" / "image_test.sh"
    with copied(server, "empty") as loaded, copied(server, "empty") as simulated:
        address = f"postgresql://{server.user}@/{{}}?host=/sockets"
        commands = [
            f"{address.format(loaded.database)} load /data/{zip_.name}",
            f"{address.format(simulated.database)} simulate --scale 0.02 --truth /data/truth",
        ]
        try:
            done = subprocess.run(
                [str(script), str(laid_out), str(tmp_path / "data"), str(sockets)], input="\n".join([*commands, ""]),
                env=images, capture_output=True, text=True, check=False,
            )  # fmt: skip
        finally:
            sockets.chmod(before)
        assert done.returncode == 0, done.stdout + done.stderr
        assert incidents(loaded) > 0
        assert incidents(simulated) > 0
    assert {path.stat().st_uid for path in (tmp_path / "data" / "truth").iterdir()} == {10001}


@pytest.mark.skipif(os.getuid() != 0, reason="a file system is made read-only by root alone")
def test_a_stage_writes_nowhere_but_into_its_scratch_folder(tmp_path: Path) -> None:
    # As Fargate runs it: a read-only root, and one folder that TMPDIR and HOME name.
    scratch, store = tmp_path / "scratch", tmp_path / "store"
    (store / "downloads" / "2018").mkdir(parents=True)
    scratch.mkdir()
    shutil.copyfile(real_zip("DC-2018"), store / "downloads" / "2018" / "DC-2018.zip")
    # Made up, and of another state: nothing is known of the residents.
    example = f'invisible(nibrsest::example_year("{tmp_path / "example"}"))'
    subprocess.run(["Rscript", "-e", example], env={**os.environ, "R_LIBS": str(r_library())}, check=True)
    reference = store / "runs" / "r" / "estimation" / "2018" / "reference" / "reference-2018.zip"
    reference.parent.mkdir(parents=True)
    (tmp_path / "example" / "reference" / "reference-2016.zip").rename(reference)
    read_only = (
        "mount --make-rprivate / && mount --bind $TMPDIR $TMPDIR && mount --bind $ARTIFACT_STORE $ARTIFACT_STORE "
        "&& mount -o remount,bind,ro / && cd $TMPDIR && { touch /var/tmp/x 2>/dev/null && exit 99; "
        f"{sys.executable} {estimation_folder() / 'entry_point.py'} impute_and_tabulate; }}"
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", read_only],
        env={
            "PATH": os.environ["PATH"], "HOME": str(scratch), "TMPDIR": str(scratch), "ARTIFACT_STORE": str(store),
            "R_LIBS": str(r_library()), "PYTHONDONTWRITEBYTECODE": "1", "DATA_YEAR": "2018", "INPUT_STATE": "DC",
            "STATE_ZIP": "downloads/2018/DC-2018.zip", "ESTIMATION_PREFIX": "runs/r/estimation/2018/",
            "IMPUTATIONS": "1", "TABLES": "all",
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "Operation not permitted" in done.stderr or "permission denied" in done.stderr:
        pytest.skip(f"this machine lets nobody mount: {done.stderr.strip()}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (store / "runs" / "r" / "estimation" / "2018" / "tabulated" / "DC.csv").stat().st_size
    assert list(scratch.iterdir()) == []

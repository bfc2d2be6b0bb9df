"""The estimation's image, built from its Dockerfile, with a stage run inside; where the tools and the rights are."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from nibrs_local.container_tasks import estimation_folder


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
        env={**os.environ, "NIBRS_IMAGE_FOLDER": str(tmp_path / "image")},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The image was built and works" in done.stdout

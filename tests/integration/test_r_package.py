"""The R package's own tests, its style, and its documentation, run from here so that one command runs all."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from nibrs_engine.container_tasks import estimation_folder, r_library

from tests.conftest import REAL_DATA, missing

PACKAGE = estimation_folder() / "nibrsest"


def r(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    if not shutil.which("Rscript") or not (r_library() / "nibrsest").is_dir():
        missing("R or its package nibrsest is not installed; `make setup-test` installs them")
    environment = {
        **os.environ, "R_LIBS": str(r_library()), "LANG": "C.UTF-8", "NIBRS_REAL_DATA": str(REAL_DATA),
        # A heap that need not grow: collecting garbage would take up to a third of the time.
        "R_VSIZE": "500M", "R_NSIZE": "8000000", "R_GC_MEM_GROW": "3",
    }  # fmt: skip
    return subprocess.run(
        ["Rscript", "-e", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.timeout(900)
def test_the_packages_tests_pass(tmp_path: Path) -> None:
    # In a copy: testthat writes beside the tests.
    shutil.copytree(PACKAGE / "tests", tmp_path / "tests")
    done = r(
        'library(nibrsest); testthat::test_dir("tests/testthat", package = "nibrsest", load_package = "installed", '
        'reporter = "check", stop_on_failure = TRUE)',
        tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAIL 0" in done.stdout


def test_the_installed_package_is_the_source() -> None:
    for path in (PACKAGE / "inst").rglob("*"):
        if path.is_file():
            installed = r_library() / "nibrsest" / path.relative_to(PACKAGE / "inst")
            if not installed.exists():
                missing(f"{installed} is not installed; `make setup` installs the package")
            assert installed.read_bytes() == path.read_bytes()


@pytest.mark.parametrize("name", ["layouts", "tables", "columns", "values"])
def test_the_packages_layouts_are_the_importers(name: str) -> None:
    # A package has to install by itself, on a workstation and in an image, so that it has copies.
    ours = PACKAGE / "inst" / "extdata" / "layouts" / f"{name}.csv"
    assert ours.read_bytes() == (Path(__file__).parents[2] / "code_tables" / "layouts" / f"{name}.csv").read_bytes()


def test_the_page_of_files_is_what_the_package_says() -> None:
    done = r("writeLines(nibrsest::describe_files())", PACKAGE)
    page = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")
    assert page.partition("## Every file\n\n")[2].rstrip() == done.stdout.rstrip()


def test_every_exported_function_has_an_example_and_a_help_page_of_its_own() -> None:
    exported = re.findall(r"^export\((\w+)\)$", (PACKAGE / "NAMESPACE").read_text(encoding="utf-8"), re.MULTILINE)
    pages = [path.read_text(encoding="utf-8") for path in (PACKAGE / "man").glob("*.Rd")]
    with_examples = {name for page in pages if "\\examples{" in page for name in re.findall(r"\\alias\{(\w+)\}", page)}
    assert len(exported) > 30
    assert set(exported) - with_examples == set()


def test_installed_in_the_c_locale_the_package_says_what_it_says_elsewhere() -> None:
    # As an image is built, and a machine that is reached by ssh: names that are not ASCII would be translated.
    done = r(
        'Sys.setlocale("LC_ALL", "C"); options(warn = 2L); '
        'for (path in list.files("R", full.names = TRUE)) parse(path, keep.source = FALSE)',
        PACKAGE,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_lintr_finds_nothing() -> None:
    done = r('found <- lintr::lint_package("."); print(found); quit(status = length(found) > 0L)', PACKAGE)
    assert done.returncode == 0, done.stdout + done.stderr


def test_r_cmd_check_has_neither_errors_nor_warnings(tmp_path: Path) -> None:
    # Runs every example by the package that is installed already; so do the tests above, and the vignette below.
    installed = f'"--library={r_library()}", "--install=check:{r_library() / "install.log"}"'
    done = r(
        f'bin <- function(...) system2(file.path(R.home("bin"), "R"), c("CMD", ...)); '
        f'bin("build", "--no-build-vignettes", "{PACKAGE}") + '
        f'bin("check", "--no-tests", "--no-manual", "--ignore-vignettes", {installed}, Sys.glob("nibrsest_*.tar.gz"))',
        tmp_path,
    )
    log = tmp_path / "nibrsest.Rcheck" / "00check.log"
    assert log.exists(), done.stdout + done.stderr
    said = log.read_text(encoding="utf-8")
    assert not [line for line in said.splitlines() if line.endswith(("ERROR", "WARNING"))], said
    assert "* checking R code for possible problems ... OK" in said
    assert "* checking examples ... OK" in said


def test_the_vignette_is_built(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "nibrsest", ignore=shutil.ignore_patterns("tests"))
    done = r('tools::buildVignettes(dir = "nibrsest")', tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    [page] = (tmp_path / "nibrsest" / "vignettes").glob("*.html")
    assert "RI0000003" in page.read_text(encoding="utf-8"), "what its code gives stands in it"


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_wrong_stage_is_refused_in_any_locale(locale: str) -> None:
    if not shutil.which("Rscript"):
        missing("R is not installed; `make setup` installs it")
    done = subprocess.run(
        ["Rscript", str(estimation_folder() / "run_stage.R"), "sleep"],
        env={**os.environ, "R_LIBS": str(r_library()), "LC_ALL": locale},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert (
        "ERROR usage: Rscript run_stage.R STAGE; stages are impute_items, tabulate_state, impute_and_tabulate, "
        in done.stderr
    )

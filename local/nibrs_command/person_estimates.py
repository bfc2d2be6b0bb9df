"""Estimates for a group of persons, made by R from a published zip when they are asked for."""

import csv
import io
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nibrs_engine.container_tasks import r_library
from nibrs_pipeline.errors import BadRequest

_SCRIPT = """
options(warn = -1)
given <- commandArgs(TRUE)
numbers <- function(text) if (nzchar(text)) as.integer(strsplit(text, ",", fixed = TRUE)[[1]])
tryCatch({
  found <- nibrsest::estimate_persons(given[[1]], given[[2]], given[[3]], given[[4]], given[[5]], numbers(given[[6]]),
    numbers(given[[7]]))
  data.table::fwrite(found)
}, error = function(error) { cat(conditionMessage(error), file = stderr()); quit(status = 3) })
"""


@dataclass(frozen=True)
class PersonQuestion:
    """What is asked of a table of persons.

    Attributes:
        table: such as 3a or 4b.
        domain: a number of the method's domains, or items such as ``female, 12-17``.
        geography: such as US, South or TX.
        group: of agencies.
        rows: numbers of rows; none for all.
        columns: numbers of columns; none for all.
    """

    table: str
    domain: str
    geography: str
    group: str
    rows: Sequence[int]
    columns: Sequence[int]


def ask(path: Path, question: PersonQuestion) -> list[dict[str, str]]:
    """Rows with the columns of the published indicator tables and ``estimate_domain``.

    Raises:
        BadRequest: R is not installed, or it refuses the question.
    """
    rscript = shutil.which("Rscript")
    if rscript is None:
        raise BadRequest("Rscript was not found; groups of persons are estimated in R: `make setup` installs it")
    libraries = os.pathsep.join(filter(None, [str(r_library()), os.environ.get("R_LIBS", "")]))
    done = subprocess.run(
        [
            rscript, "-e", _SCRIPT, str(path), question.table, question.domain, question.geography, question.group,
            ",".join(map(str, question.rows)), ",".join(map(str, question.columns)),
        ],
        env={**os.environ, "R_LIBS": libraries}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BadRequest(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "R failed without a word")
    return list(csv.DictReader(io.StringIO(done.stdout)))

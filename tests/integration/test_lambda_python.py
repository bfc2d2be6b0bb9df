"""The functions under the Python that Lambda runs, with tracing on.

The other tests have whichever Python is here, and no tracing.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from nibrs_cdk.function_bundle import PYTHON
from nibrs_engine.lambda_pool import function_definitions

from tests.conftest import missing

REPOSITORY = Path(__file__).parents[2]
UV = REPOSITORY / ".tools" / "bin" / "uv"
#: Imports every handler, and lets the first refuse a request, so that decorators run too.
PROBE = """
import importlib, json, sys
from types import SimpleNamespace
from aws_lambda_powertools import Tracer

handlers = json.loads(sys.argv[1])
found = {name: getattr(importlib.import_module(name.rpartition(".")[0]), "handler") for name in handlers}
assert not Tracer(service="probe").disabled, "tracing is off"
context = SimpleNamespace(function_name="f", memory_limit_in_mb=1, invoked_function_arn="a", aws_request_id="r",
                          get_remaining_time_in_millis=lambda: 1000)
from aws_xray_sdk.core import xray_recorder
xray_recorder.begin_segment("probe")
try:
    found["nibrs_pipeline.handlers.plan_run.handler"](
        {"request": [1], "execution": "e", "execution_name": "n", "other": {"execution": "", "status": ""}}, context)
except Exception as error:
    print(sys.version_info[:2], type(error).__name__)
"""


def _candidates() -> list[str]:
    """Where Python may be: on the path, or among the versions that pyenv has."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found = [shutil.which(f"python{PYTHON}"), *map(str, pyenv.glob(f"versions/{PYTHON}.*/bin/python"))]
    return [path for path in found if path]


def _is_lambdas(path: str) -> bool:
    asked = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return asked.stdout.startswith(f"Python {PYTHON}.")


def test_every_handler_imports_and_answers_under_lambdas_python_with_tracing(tmp_path: Path) -> None:
    if not UV.exists():
        missing("uv is not in .tools/; `make test` installs it")
    python = next(filter(_is_lambdas, _candidates()), None)
    if python is None:
        pytest.skip(f"there is no Python {PYTHON} on this machine")
    probe = tmp_path / "probe.py"
    probe.write_text(PROBE)
    handlers = json.dumps([definition.handler for definition in function_definitions().values()])
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("POWERTOOLS_", "COVERAGE_"))},
        "UV_PROJECT_ENVIRONMENT": str(tmp_path / "venv"),
        "AWS_REGION": "us-east-1",
        "AWS_LAMBDA_FUNCTION_NAME": "f",
        "LAMBDA_TASK_ROOT": "/var/task",
        "DATA_BUCKET": "b",
    }
    done = subprocess.run(
        [str(UV), "run", "--locked", "--no-default-groups", "--python", python, "python", str(probe), handlers],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    major, minor = PYTHON.split(".")
    assert done.stdout.splitlines()[-1] == f"({major}, {minor}) BadRequest"

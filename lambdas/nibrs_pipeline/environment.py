"""The functions' environment, parsed once and typed."""

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Literal

from pydantic import ConfigDict, Field, ValidationError

from nibrs_pipeline.errors import BadRequest
from nibrs_pipeline.method_choices import MethodChoices


class Environment(MethodChoices):
    """Variables of a function's environment; the database's are read by ``database.location``."""

    model_config = ConfigDict(frozen=True)

    data_bucket: str = Field(description="bucket of runs and downloads")
    max_concurrency: int = Field(default=40, ge=1, description="state-years extracted at once")
    tolerated_failure_percentage: float = Field(
        default=0.0, ge=0, le=100, description="share of state-years that may fail without failing the run"
    )
    parquet: Literal["yes", "no"] = Field(
        default="yes", description='whether state-years are written as Parquet beside their zips: "yes" or "no"'
    )
    estimation_version: str = Field(default="unknown", description="identifies the code of the estimation")
    state_machine_arn: str = Field(default="", description="the state machine, for Report age")
    distribution_id: str = Field(default="", description="the CloudFront distribution of the downloads, for Publish")
    failure_topic_arn: str = Field(default="", description="SNS topic that is told of failed runs")

    @property
    def with_parquet(self) -> bool:
        """Whether state-years are written as Parquet, too."""
        return self.parquet == "yes"

    @property
    def temporary_folder(self) -> Path:
        """Where a function may write files."""
        return Path(gettempdir())


@cache
def environment() -> Environment:
    """This process's environment.

    Raises:
        BadRequest: a variable is missing, or is none of what it may be.
    """
    return parsed_environment(os.environ)


def parsed_environment(variables: Mapping[str, str]) -> Environment:
    """The environment that variables say.

    Raises:
        BadRequest: as ``environment``.
    """
    try:
        return Environment.model_validate({name.lower(): value for name, value in variables.items()})
    except ValidationError as error:
        # Of a variable that is missing the input is all the others, secrets among them.
        lines = [
            f"{str(each['loc'][0]).upper()} "
            + ("is not set" if each["type"] == "missing" else f"is {each['input']!r}: {_allowed(each['msg'])}")
            for each in error.errors()
        ]
        raise BadRequest("; ".join(lines)) from None


def _allowed(message: str) -> str:
    return message.replace("Input should be", "it has to be", 1)

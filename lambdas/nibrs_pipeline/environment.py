"""The functions' environment, parsed once and typed."""

import os
from functools import cache
from pathlib import Path
from tempfile import gettempdir
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

#: How the bias of estimates is found, as the R package's setting BIAS has it.
Bias = Literal["none", "copula", "copula_return_a"]


class Environment(BaseModel):
    """Variables of a function's environment; the database's are read by ``database.location``."""

    model_config = ConfigDict(frozen=True)

    data_bucket: str = Field(description="bucket of runs and downloads")
    max_concurrency: int = Field(default=40, ge=1, description="state-years extracted at once")
    tolerated_failure_percentage: float = Field(
        default=0.0, ge=0, le=100, description="share of state-years that may fail without failing the run"
    )
    estimation_version: str = Field(default="unknown", description="identifies the code of the estimation")
    bias: Bias = Field(default="none", description="how the bias of estimates is found, if it is sought")
    imputations: int = Field(default=1, ge=1, le=99, description="how often unknown items are imputed")
    state_machine_arn: str = Field(default="", description="the state machine, for Report age")
    distribution_id: str = Field(default="", description="the CloudFront distribution of the downloads, for Publish")
    failure_topic_arn: str = Field(default="", description="SNS topic that is told of failed runs")

    @property
    def temporary_folder(self) -> Path:
        """Where a function may write files."""
        return Path(gettempdir())


@cache
def environment() -> Environment:
    """This process's environment."""
    return Environment.model_validate({name.lower(): value for name, value in os.environ.items()})

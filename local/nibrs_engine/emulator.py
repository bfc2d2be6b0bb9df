"""Emulated AWS for this application: S3, SNS, Lambda, ECS and Step Functions on this machine, over a home's objects.

moto interprets the state machine. What it leaves out is filled in by the modules that touch it, and nowhere else:
``interpreter`` (states), ``tasks_of_states`` (containers), ``histories`` (what is watched), ``services`` (addresses
and functions), ``object_files`` (objects); each says what AWS does and moto does not, and which test fails without
it. What cannot be filled in is refused by ``definition.require_supported``.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from moto.core.config import default_user_config
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import S3Backend, s3_backends
from moto.s3.responses import S3Response
from nibrs_home.home import BUCKET, Home

from nibrs_engine.estimation_cluster import cluster_names
from nibrs_engine.histories import answering_histories
from nibrs_engine.interpreter import deep_recursion, parsing_once
from nibrs_engine.object_files import one_at_a_time, restore_objects, writing_to
from nibrs_engine.parsed_definitions import ParsedDefinitions
from nibrs_engine.patches import patched
from nibrs_engine.services import REGION, TOPIC, logging_to, served
from nibrs_engine.users_settings import without_the_users_settings

_ROLE = f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/local"


@dataclass(frozen=True)
class Emulator:
    """A running emulation: ``endpoint`` is the address of all its services."""

    endpoint: str
    topic_arn: str
    estimation: Mapping[str, str]

    def client(self, service: str) -> Any:
        """A boto3 client for a service of the emulation."""
        return boto3.client(service, **self.credentials(), endpoint_url=self.endpoint)  # type: ignore[call-overload]

    @staticmethod
    def credentials() -> dict[str, str]:
        """Credentials because boto3 requires some; the emulation ignores them."""
        return {"region_name": REGION, "aws_access_key_id": "local", "aws_secret_access_key": "local"}

    def function_environment(self, home: Home, run_id: str) -> dict[str, str]:
        """The variables that the functions would have on AWS, with the emulation's address."""
        temporary = home.scratch(run_id) / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        return {
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_ENDPOINT_URL": self.endpoint,
            "DATA_BUCKET": BUCKET,
            "FAILURE_TOPIC_ARN": self.topic_arn,
            "POWERTOOLS_TRACE_DISABLED": "true",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "TMPDIR": str(temporary),
        }

    def create_state_machine(self, definition: str) -> str:
        """Create the state machine; returns its ARN."""
        created = self.client("stepfunctions").create_state_machine(
            name="nibrs-pipeline", definition=definition, roleArn=_ROLE
        )
        return str(created["stateMachineArn"])


@contextmanager
def emulator(home: Home, log: Path | None = None) -> Iterator[Emulator]:
    """Emulated AWS with the objects of a home, until the block ends.

    Args:
        log: a file for the emulation's own messages about errors.
    """
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    default_user_config["lambda"] = {"use_docker": False}
    put_object, delete_object = writing_to(home.objects)
    with (
        without_the_users_settings(),
        patched(boto3, "DEFAULT_SESSION", None),
        logging_to(log),
        deep_recursion(),
        answering_histories(),
        patched(S3Backend, "put_object", put_object),
        patched(S3Backend, "delete_object", delete_object),
        patched(S3Response, "put_object", one_at_a_time(S3Response.put_object)),
        patched(S3Response, "delete_object", one_at_a_time(S3Response.delete_object)),
        parsing_once(ParsedDefinitions(home.objects.parent / "parsed")),
        served() as endpoint,
    ):
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket(BUCKET, REGION)
        restore_objects(home.objects, BUCKET, DEFAULT_ACCOUNT_ID)
        topic = f"arn:aws:sns:{REGION}:{DEFAULT_ACCOUNT_ID}:{TOPIC}"
        yield Emulator(endpoint, topic, cluster_names(REGION, DEFAULT_ACCOUNT_ID))

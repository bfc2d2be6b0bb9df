"""Which calls to AWS were made by whom, held against what the template's roles allow."""

import io
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.etree import ElementTree

from moto.moto_server.werkzeug_app import DomainDispatcherApplication

Statements = list[dict[str, Any]]

#: What is allowed and was not called in the emulation: the action, and why it is allowed all the same.
EXPLAINED = {
    "s3:AbortMultipartUpload": "ends an upload in parts that breaks off",
    "s3:ListBucket": "S3 answers 'not found' instead of 'forbidden' only to those who may list",
    "xray:*": "Lambda and Step Functions send traces themselves; the emulation traces nothing",
    "logs:*": "Lambda, Fargate and Step Functions write logs themselves",
    "ec2:*": "Lambda makes the network interfaces of functions in a VPC itself",
    "states:StartExecution": "a distributed Map starts its children; the emulation does so in the interpreter",
    "states:DescribeExecution": "as states:StartExecution",
    "states:StopExecution": "when an execution with a distributed Map is stopped",
    "ecs:StopTask": "when an execution is stopped, or a task's time is over",
    "ecs:DescribeTasks": "Step Functions asks for a task's end; the emulation knows it",
    "events:*": "Step Functions makes the rule that tells it of stopped tasks",
    "iam:PassRole": "checked by ECS when a task is started; the emulation does not check it",
}


@dataclass(frozen=True)
class Call:
    """One call: under which access key, what, and on which resource."""

    key: str
    action: str
    resource: str


@dataclass
class Calls:
    """All calls that were seen."""

    seen: set[Call] = field(default_factory=set)

    def refused(self, policies: Mapping[str, Statements]) -> list[Call]:
        """Calls of a deployed role that it may not make."""
        mine = (call for call in self.seen if call.key in policies)
        return sorted((c for c in mine if not _allowed(c, policies[c.key])), key=str)


def unexplained(calls: Calls, policies: Mapping[str, Statements]) -> list[str]:
    """What a role may do, was never seen to do, and has no reason in ``EXPLAINED``."""
    found = []
    for key, statements in policies.items():
        for statement in statements:
            for action in _listed(statement["Action"]):
                if any(fnmatchcase(action, pattern) for pattern in EXPLAINED):
                    continue
                for resource in _listed(statement["Resource"]):
                    if not any(
                        call.key == key and call.action == action and _matches(call.resource, resource)
                        for call in calls.seen
                    ):
                        found.append(f"{key}: {action} on {resource}")
    return sorted(found)


def _allowed(call: Call, statements: Statements) -> bool:
    return any(
        statement["Effect"] == "Allow"
        and call.action in _listed(statement["Action"])
        and any(_matches(call.resource, resource) for resource in _listed(statement["Resource"]))
        for statement in statements
    )


def _matches(resource: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), resource) is not None


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@contextmanager
def recorded_calls(calls: Calls) -> Iterator[None]:
    """Note every request that reaches the emulation."""
    original = DomainDispatcherApplication.__call__

    def note(self: Any, environ: dict[str, Any], start_response: Any) -> Any:
        key = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        if key:
            calls.seen.update(Call(key[1], action, resource) for action, resource in _read(environ, key[2]))
        return original(self, environ, start_response)

    DomainDispatcherApplication.__call__ = note  # type: ignore[method-assign]
    try:
        yield
    finally:
        DomainDispatcherApplication.__call__ = original  # type: ignore[method-assign]


def _read(environ: dict[str, Any], service: str) -> list[tuple[str, str]]:
    """Actions and resources of a request."""
    if service == "s3":
        return _read_s3(environ)
    if service == "lambda":
        if match := re.search(r"/functions/([^/]+)/invocations", environ["PATH_INFO"]):
            return [("lambda:InvokeFunction", unquote(match[1]))]
        return []
    body = _body(environ)
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if target:
        parameters = json.loads(body)
    else:
        parameters = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        target = parameters.get("Action", "")
    name = {"stepfunctions": "states"}.get(service, service)
    named = ("SecretId", "TopicArn", "taskDefinition", "stateMachineArn", "executionArn")
    resource = next((parameters[each] for each in named if each in parameters), "*")
    return [(f"{name}:{target}", resource)]


def _body(environ: dict[str, Any]) -> bytes:
    """A request's body, which can be read again."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _read_s3(environ: dict[str, Any]) -> list[tuple[str, str]]:
    bucket, _, key = environ["PATH_INFO"].lstrip("/").partition("/")
    arn = f"arn:aws:s3:::{bucket}"
    method, query = environ["REQUEST_METHOD"], environ.get("QUERY_STRING", "")
    if not key and "delete" in parse_qs(query, keep_blank_values=True):
        keys = ElementTree.fromstring(_body(environ)).iterfind(".//{*}Key")
        return [("s3:DeleteObject", f"{arn}/{each.text}") for each in keys]
    if not key:
        return [("s3:ListBucket", arn)] if method == "GET" else []
    made = {"GET": "s3:GetObject", "HEAD": "s3:GetObject", "PUT": "s3:PutObject", "POST": "s3:PutObject"}
    if method == "DELETE":
        action = "s3:AbortMultipartUpload" if "uploadId" in query else "s3:DeleteObject"
        return [(action, f"{arn}/{key}")]
    found = [(made[method], f"{arn}/{key}")]
    if source := environ.get("HTTP_X_AMZ_COPY_SOURCE"):
        found.append(("s3:GetObject", f"arn:aws:s3:::{unquote(source).lstrip('/')}"))
    return found

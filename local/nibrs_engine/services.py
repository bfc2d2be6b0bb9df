"""moto's services on one address of this machine, with functions that are processes.

What saves time:

* moto's Lambda takes longer to import than everything else: here calls of functions are answered without it.
* moto lists its services on the disk for every request: here once.
* moto looks twice a second whether its server should end: here it does so more often.
"""

import json
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from moto import backends
from moto.backends import list_of_moto_modules
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from nibrs_engine.lambda_pool import FunctionError, LambdaPool
from nibrs_engine.patches import patched

REGION = "us-east-1"
#: The topic of failures.
TOPIC = "nibrs-failures"
#: Seconds after which the server looks again whether it should end.
_LOOK = 0.02
_SERVICES = frozenset(list_of_moto_modules())
_INVOCATION = re.compile(r"/2015-03-31/functions/[^/]+/invocations")


class Services(DomainDispatcherApplication):
    """moto's services, each imported when it is first asked for, and the functions."""

    #: What calls a function, while functions are there.
    functions: LambdaPool | None = None

    def __init__(self) -> None:
        super().__init__(_create_service)

    def get_application(self, environ: dict[str, Any]) -> Any:
        """The application that answers a request."""
        if _INVOCATION.fullmatch(environ["PATH_INFO"]):
            return self._answer_invocation
        return super().get_application(environ)

    def _answer_invocation(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        name = request.path.split("/")[3].rpartition(":")[2]
        assert self.functions, f"{name} was called, and there are no functions"
        try:
            response = Response(json.dumps(self.functions.invoke(name, json.loads(request.data or "{}"))))
        except FunctionError as error:
            response = Response(json.dumps(error.payload), headers={"x-amz-function-error": "Unhandled"})
        return response(environ, start_response)


def _create_service(name: Any) -> Any:
    application = create_backend_app(name)
    if name == "sns":
        from moto.sns.models import sns_backends  # noqa: PLC0415  # with SQS and CloudWatch

        sns_backends[DEFAULT_ACCOUNT_ID][REGION].create_topic(TOPIC)
    return application


class _Server(ThreadedMotoServer):
    def _server_entry(self) -> None:
        """As moto's, except for how often the server looks whether it should end."""
        application = Services()
        self._server = make_server(self._ip_address, self._port, application, True, request_handler=MotoRequestHandler)
        self._server_ready_event.set()
        self._server.serve_forever(_LOOK)


@contextmanager
def served() -> Iterator[str]:
    """The services at an address of this machine, which is given; at the end their state is forgotten.

    It is global to the process in moto.
    """
    server = _Server("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ["MOTO_PORT"] = str(port)
    try:
        with patched(backends, "list_of_moto_modules", lambda: _SERVICES):
            yield f"http://{host}:{port}"
    finally:
        server.stop()
        BackendDict.reset()
        reset_model_data()


@contextmanager
def logging_to(path: Path | None) -> Iterator[None]:
    """Messages of moto and its server go into a file: the command reports errors in its own words."""
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, delay=True) if path else logging.NullHandler()
    loggers = [logging.getLogger(name) for name in ("werkzeug", "moto")]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
        logger.propagate = False
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True
        handler.close()

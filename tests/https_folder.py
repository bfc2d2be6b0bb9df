"""A folder published over https, with answers to requests for parts of a file, as S3 and CloudFront give them."""

import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.types import StartResponse

import trustme
from werkzeug.security import safe_join
from werkzeug.serving import make_server
from werkzeug.utils import send_file
from werkzeug.wrappers import Response


@contextmanager
def over_https(folder: Path, authority: trustme.CA) -> Iterator[str]:
    """The folder's address, with a slash at its end; its certificate is by the authority."""

    def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = safe_join(str(folder), environ["PATH_INFO"].removeprefix("/"))
        found = path is not None and Path(path).is_file()
        response = send_file(Path(str(path)), environ, conditional=True) if found else Response(status=404)
        return response(environ, start_response)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = make_server("localhost", 0, answer, threaded=True, ssl_context=context)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"https://localhost:{server.port}/"
    finally:
        server.shutdown()
        server.server_close()

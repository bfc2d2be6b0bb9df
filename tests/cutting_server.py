"""An S3 that closes the connection in the middle of every object that it gives."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class _Handler(BaseHTTPRequestHandler):
    taken: dict[str, bytes]

    def do_HEAD(self) -> None:
        self._answer(1000)

    def do_GET(self) -> None:
        self._answer(1000)
        self.wfile.write(b"x" * 10)
        self.close_connection = True

    def do_PUT(self) -> None:
        self.taken[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(0)

    def do_DELETE(self) -> None:
        self._answer(0)

    def _answer(self, size: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.send_header("ETag", '"e"')
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Nothing is printed."""


@contextmanager
def cutting_server() -> Iterator[tuple[str, dict[str, bytes]]]:
    """Its address, and what is written to it by path."""
    handler = type("Handler", (_Handler,), {"taken": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", handler.taken
    finally:
        server.shutdown()
        server.server_close()

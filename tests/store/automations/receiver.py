"""A real HTTP server on loopback that does what a test tells it to: answer, fail, hang, redirect, close in the middle."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any


@dataclass(slots=True)
class Request:
    """What came in.

    Attributes:
        began, ended: seconds of a clock that only goes forward.
    """

    path: str
    headers: Mapping[str, str]
    body: bytes
    began: float
    ended: float = 0.0

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


@dataclass(slots=True)
class Answer:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    wait: float = 0.0
    hang_up: bool = False  # close without a word
    drip: float = 0.0  # seconds between the body's bytes


class Receiver:
    """Use it as a context manager. `answers` are given in turn, then 200 for ever; or `by` answers each request."""

    def __init__(self, *answers: Answer, by: Callable[[Request], Answer] | None = None) -> None:
        self.seen: list[Request] = []
        self.answers = list(answers)
        self._by = by
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver._handle(self)

            do_GET = do_POST

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook"

    def __enter__(self) -> Receiver:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        began = time.monotonic()
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        request = Request(handler.path, {k.lower(): v for k, v in handler.headers.items()}, body, began)
        with self._lock:
            self.seen.append(request)
            answer = self._by(request) if self._by else self.answers.pop(0) if self.answers else Answer()
        time.sleep(answer.wait)
        request.ended = time.monotonic()
        if answer.hang_up:
            handler.close_connection = True
            handler.connection.close()
            return
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        try:
            if not answer.drip:
                handler.wfile.write(answer.body)
            else:
                for one in answer.body:
                    handler.wfile.write(bytes([one]))
                    handler.wfile.flush()
                    time.sleep(answer.drip)
        except OSError:
            handler.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """What a client breaks off is no news."""

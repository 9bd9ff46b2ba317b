"""Sending one delivery: over HTTP, to an address that is looked at when it is connected to; or to a command.

Redirects are not followed: where a webhook goes is what somebody has written down. Proxies of the environment are not
used: behind one, nobody could see where it leads.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, TypeVar

import httpcore
import httpx

from .rules import NotAllowed, Rules, resolve

if TYPE_CHECKING:
    import ssl
    from datetime import datetime

T = TypeVar("T")
CONNECTING = 5.0  # seconds to reach a host
LONGEST = 15.0  # seconds until an answer is whole
COMMAND = 60.0  # seconds that a command may take
KEPT = 2_000  # characters of an answer that are kept
logging.getLogger("httpx").setLevel(logging.WARNING)  # it would write every URL down, and some are secrets
_AGAIN = frozenset((408, 425, 429))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a try.

    Attributes:
        status: HTTP status or exit status; None: there was no answer.
        again: whether another try may do.
        wait: seconds that the host has asked for.
        dead: the host did not answer, or only to say that it can't.
        elsewhere: it is this machine that can't or may not; another one may.
    """

    ok: bool
    status: int | None = None
    response: str = ""
    error: str = ""
    again: bool = True
    wait: float | None = None
    dead: bool = False
    elsewhere: bool = False


class Sender:
    """Sends; keeps connections open between sends. For several threads."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._deadline = threading.local()
        self._clients = {scheme: self._client(scheme) for scheme in ("https", "http")}

    def _client(self, scheme: str) -> httpx.Client:
        transport = httpx.HTTPTransport(trust_env=False)
        transport._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(),
            max_connections=64,
            max_keepalive_connections=16,
            keepalive_expiry=10.0,
            network_backend=_Careful(scheme, self.rules, self._deadline),
        )
        no_cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
        return httpx.Client(transport=transport, trust_env=False, follow_redirects=False, cookies=no_cookies)

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def post(self, url: str, body: bytes, headers: Mapping[str, str], now: datetime) -> Outcome:
        """Send a payload. Never raises for what a host does."""
        self._deadline.at = time.monotonic() + LONGEST
        try:
            client = self._clients["https" if url.lower().startswith("https:") else "http"]
            with client.stream(
                "POST",
                url,
                content=body,
                headers={**headers, "Accept-Encoding": "identity"},
                timeout=httpx.Timeout(LONGEST, connect=CONNECTING),
            ) as response:
                text = _beginning(response)
                return _judged(response, text, now)
        except NotAllowed as error:
            return Outcome(False, error=str(error), elsewhere=True)
        except httpx.LocalProtocolError:  # its text holds the header, and with it the token
            return Outcome(
                False, error="It can't be sent: a header has characters that headers can't have.", again=False
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError, ValueError) as error:
            return Outcome(False, error=f"It can't be sent: {error}", again=False)
        except httpx.TimeoutException:
            return Outcome(False, error=f"The host did not answer within {LONGEST:.0f} seconds.", dead=True)
        except (httpx.HTTPError, OSError) as error:
            return Outcome(False, error=f"The host could not be reached: {_plain(error)}", dead=True)

    def run(self, argv: Iterable[str], body: bytes, environment: Mapping[str, str]) -> Outcome:
        """Run a command with the payload on its standard input."""
        if not self.rules.commands:
            return Outcome(
                False,
                error="Commands don't run on this machine. Its owner can allow that: commands = true in "
                f"{self.rules.path}",
                elsewhere=True,
            )
        command = list(argv)
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(environment),
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            return Outcome(False, error=f"{command[0]} can't be run: {error}", again=False)
        try:
            output, _ = process.communicate(body, timeout=COMMAND)
        except subprocess.TimeoutExpired:
            _kill(process)
            return Outcome(False, error=f"The command was stopped: it took longer than {COMMAND:.0f} seconds.")
        text = output.decode("utf-8", "replace")[:KEPT]
        if process.returncode == 0:
            return Outcome(True, 0, text)
        return Outcome(False, process.returncode, text, f"The command ended with {process.returncode}.")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """A command with all that it has started."""
    import os
    import signal

    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _beginning(response: httpx.Response) -> str:
    """How an answer begins; a long one is not read to its end."""
    found = b""
    for piece in response.iter_raw(4096):
        found += piece
        if len(found) >= KEPT * 4:
            break
    return found.decode("utf-8", "replace")[:KEPT]


def _judged(response: httpx.Response, text: str, now: datetime) -> Outcome:
    status = response.status_code
    if 200 <= status < 300:
        return Outcome(True, status, text)
    if 300 <= status < 400:
        where = response.headers.get("location", "elsewhere")[:200]
        return Outcome(
            False, status, text, f"The host sends it on to {where}; redirects are not followed.", again=False
        )
    again = status >= 500 or status in _AGAIN
    wait = _retry_after(response.headers.get("retry-after"), now)
    return Outcome(False, status, text, f"The host answered {status}.", again, wait, dead=status in (502, 503, 504))


def _retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds that a host asks to be left alone: a number, or until a date."""
    if value is None:
        return None
    if value.strip().isdigit():
        return float(value.strip()[:9])
    with suppress(ValueError, TypeError):
        return max((parsedate_to_datetime(value) - now).total_seconds(), 0.0)
    return None


def aside(work: Callable[[], T], name: str) -> Future[T]:
    """Work in a thread of its own; a daemon, so that a host which does not answer keeps no process from ending."""
    future: Future[T] = Future()

    def go() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=go, name=name, daemon=True).start()
    return future


def _plain(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__


class _Careful(httpcore.SyncBackend):
    """Connects only to addresses that the rules allow: a name is looked up once, and what it led to is connected to."""

    def __init__(self, scheme: str, rules: Rules, deadline: threading.local) -> None:
        super().__init__()
        self._scheme, self._rules, self._deadline = scheme, rules, deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        looking = aside(lambda: resolve(host, port, self._scheme, self._rules), f"resolve-{host}")
        try:
            addresses = looking.result(min(timeout or CONNECTING, self._left()))
        except TimeoutError:  # the system's resolver knows no timeout: it is left behind
            raise httpcore.ConnectError(f"nobody said in time where {host} is") from None
        except OSError as error:
            raise httpcore.ConnectError(f"{host} is not known: {error}") from error
        problem: Exception = httpcore.ConnectError(f"{host} leads nowhere")
        for address in addresses[:4]:
            left = min(timeout or CONNECTING, self._left())
            try:
                stream = super().connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
            else:
                return _Timed(stream, self._deadline)
        raise problem

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        raise NotAllowed("Webhooks don't go to sockets.")

    def _left(self) -> float:
        return max(self._deadline.at - time.monotonic(), 0.01)


class _Timed(httpcore.NetworkStream):
    """A stream that ends with its request's time, however slowly a host drips."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: threading.local) -> None:
        self._stream, self._deadline = stream, deadline

    def _left(self, timeout: float | None) -> float:
        left = self._deadline.at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("its time is over")
        return min(left, timeout) if timeout is not None else left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, self._left(timeout)), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

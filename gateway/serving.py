"""Processes that keep a door open: for a team, or for as long as one script runs."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import uvicorn

from ..store import Unavailable, open_store, read_rules
from .delivering import Courier
from .door import Door, Opener, make_door

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from ..store import Store

_SETTINGS = "CURATORY_DOOR"  # how worker processes, which start anew, learn what they serve
GRACE = 30  # seconds that requests have to end in when the door is shut
LAST = 20.0  # seconds that deliveries under way have then
LAST_OF_SCRIPT = 3.0  # seconds for what a script has set off, when it has ended


@dataclass(frozen=True, slots=True)
class Settings:
    """How a door is kept open.

    Attributes:
        store, actor: what is served, and a user of it to open it as.
        public: the address that clients reach it under; from each request unless given.
        certificate, key: PEM files, for TLS.
        proxies: whose word about the client's address and scheme is taken ("127.0.0.1", "*").
    """

    store: str
    actor: str | None
    host: str = "127.0.0.1"
    port: int = 8484
    public: str | None = None
    certificate: str | None = None
    key: str | None = None
    workers: int = 1
    proxies: str = "127.0.0.1"


def serve(settings: Settings) -> None:
    """Keep the door open until a signal shuts it; requests under way are answered first.

    Raises:
        Unavailable: the address is taken.
        Invalid: what this machine's owner has allowed to be delivered can't be read.
    """
    read_rules()
    _refuse_taken(settings.host, settings.port)
    os.environ[_SETTINGS] = json.dumps(asdict(settings))
    uvicorn.run(
        f"{__name__}:served",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.key,
        proxy_headers=True,
        forwarded_allow_ips=settings.proxies,
        timeout_graceful_shutdown=GRACE,
        server_header=False,
        access_log=False,
        log_level="warning",
    )


def served() -> Starlette:
    """The application of a worker process, which delivers while it runs."""
    settings = Settings(**json.loads(os.environ[_SETTINGS]))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    store = open_store(settings.store, settings.actor)

    @contextlib.asynccontextmanager
    async def delivering(_: Starlette) -> AsyncIterator[None]:
        courier = Courier(store)
        try:
            yield
        finally:
            await anyio.to_thread.run_sync(courier.end, LAST)

    return make_door(store, store.keys.opener, public=settings.public, lifespan=delivering).app


def _refuse_taken(host: str, port: int) -> None:
    """Said before worker processes start, each of which would say it."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise Unavailable(
            f"Nothing can be served at {host}:{port} ({error.strerror}): choose another --host or --port."
        ) from None


@contextlib.contextmanager
def started(
    store: Store, opener: Opener, *, wrapped: Callable[[Door], Any] = lambda door: door.app
) -> Iterator[tuple[str, Door]]:
    """A door on a free loopback port, in a thread: its address, and itself. Shut when the block ends.

    What was set off is sent meanwhile and, for a few seconds, when it is shut.

    Args:
        wrapped: the ASGI application that is served, where it is more than the door's own.

    Raises:
        Unavailable: it did not open.
        Invalid: what this machine's owner has allowed to be delivered can't be read.
    """
    courier = Courier(store)
    listening = socket.create_server(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    door = make_door(store, opener, public=address)
    config = uvicorn.Config(
        wrapped(door), access_log=False, log_level="error", server_header=False, timeout_graceful_shutdown=GRACE
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="door", daemon=True)
    thread.start()
    try:
        _wait(server, thread)
        yield address, door
    finally:
        server.should_exit = True
        thread.join(GRACE + 5)
        listening.close()
        courier.finish(LAST_OF_SCRIPT)


def _wait(server: uvicorn.Server, thread: threading.Thread) -> None:
    while not server.started:
        if not thread.is_alive():
            raise Unavailable("The door for the script did not open; nothing was run.")
        time.sleep(0.01)

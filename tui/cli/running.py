"""`curatory run` and `curatory serve`: the door that W&B's client talks to, for one script or for a team."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from .failure import Refused
from .options import pass_session, verb
from .output import number, short

if TYPE_CHECKING:
    from ...gateway import Door
    from ...store import Event, Store
    from .session import Session

SETTLE = 20.0  # seconds that the client's own process may still send in when the script has ended
QUIET = 0.3  # seconds without a request after which it has nothing more to send


@verb(short_help="Run a script that logs with wandb; it logs here.", context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_context
@pass_session
def run(session: Session, ctx: click.Context, command: tuple[str, ...]) -> None:
    """Run a script that logs with the wandb client, unchanged: it logs to this store, and to nobody else.

    For as long as it runs there is a door on a free port of this machine. What it prints is its own, and so is its
    exit status; at the end you are told what was logged and linked.

    \b
      curatory run -- python train.py
      curatory --store /data/registry.db run -- python train.py --lr 0.1
      curatory run -- wandb sync wandb/offline-run-*
    """
    from ...gateway import started

    store = session.store
    key = secrets.token_hex(20)
    opens = store.actor.name
    before = store.events.head()
    with started(store, lambda given: opens if secrets.compare_digest(given.encode(), key.encode()) else None) as door:
        address, served = door
        status = _carried(command, environment(os.environ, address, key))
        _settle(served)
    _told(store, before)
    ctx.exit(status)


def environment(current: Mapping[str, str], address: str, key: str) -> dict[str, str]:
    """The environment in which the client talks to one address and to nobody else."""
    chosen = {name: value for name, value in current.items() if name not in _ELSEWHERE}
    chosen |= {
        "WANDB_BASE_URL": address,
        "WANDB_API_KEY": key,
        "WANDB_APP_URL": address,
        "WANDB_ERROR_REPORTING": "false",  # clients of before 0.31 send errors to a third party
    }
    here = "127.0.0.1,localhost"
    for name in ("NO_PROXY", "no_proxy"):
        chosen[name] = f"{current[name]},{here}" if current.get(name) else here
    return chosen


# What would lead the client to another server, or to another person's key.
_ELSEWHERE = frozenset(("WANDB_IDENTITY_TOKEN_FILE", "WANDB_CREDENTIALS_FILE", "WANDB_SERVICE", "WANDB_HOST"))


def _carried(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command to its end, with our own terminal and signals; returns its exit status as a shell gives it."""
    try:
        with _passing_on() as pass_to:
            process = subprocess.Popen(command, env=environment)
            pass_to.append(process)
            code = process.wait()
    except FileNotFoundError:
        raise Refused(f"There is no program {command[0]!r}: check the name, or say where it is.") from None
    except PermissionError:
        raise Refused(f"{command[0]} can't be run: it is no program, or not yours to run.") from None
    return 128 - code if code < 0 else code


@contextlib.contextmanager
def _passing_on() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Signals that end us go to the script, which decides. ctrl+c reaches it from the terminal by itself."""
    running: list[subprocess.Popen[bytes]] = []

    def passed(number: int, _: Any) -> None:
        for process in running:
            process.send_signal(number)

    old = {signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None)}
    old |= {one: signal.signal(one, passed) for one in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield running
    finally:
        for one, handler in old.items():
            signal.signal(one, handler)


def _settle(door: Door) -> None:
    """Wait for what the client's own process still sends."""
    end = time.monotonic() + SETTLE
    quiet_since = time.monotonic()
    while time.monotonic() < end and time.monotonic() - quiet_since < QUIET:
        if door.busy:
            quiet_since = time.monotonic()
        time.sleep(0.02)


def _told(store: Store, before: int) -> None:
    """Say on stderr what was logged and linked since an event."""
    from ..safe import clean

    lines = summary(_since(store, before))
    for line in lines or ["curatory: nothing was logged"]:
        click.echo(clean(line), err=True)


def _since(store: Store, before: int) -> list[Event]:
    """The events after one, oldest first."""
    found: list[Event] = []
    cursor: str | None = None
    while True:
        page = store.events.of(limit=500, after=cursor)
        found += [event for event in page.items if event.seq > before and event.actor == store.actor.name]
        cursor = page.after
        if cursor is None or page.items[-1].seq <= before:
            return found[::-1]


def summary(events: Sequence[Event]) -> list[str]:
    """What was logged and linked, a line each, with paths as the app takes them; last, how to look at it."""
    lines: list[str] = []
    opens = ""
    for event in events:
        path = str(event.detail.get("path", ""))
        match event.action:
            case "run.start":
                lines.append(f"run      {path}")
                opens = opens or path
            case "version.log":
                version = event.detail.get("version")
                opens = path if version is None else f"{path}:v{version}"
                lines.append(f"logged   {opens}")
            case "link.add":
                opens = f"{short(path)}:v{event.detail.get('version')}"
                aliases = event.detail.get("aliases") or []
                lines.append(f"linked   {opens}" + (f"  as {', '.join(aliases)}" if aliases else ""))
    if opens:
        lines.append(f"open     curatory {opens}")
    return [f"curatory: {line}" for line in lines]


@verb(short_help="Keep a door open for wandb clients of a team.")
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 lets other machines in.")
@click.option("--port", type=click.IntRange(1, 65535), default=8484, show_default=True, help="Of this machine.")
@click.option("--public-url", metavar="URL", help="How clients reach it, where that is another address.")
@click.option("--tls-cert", type=click.Path(exists=True, dir_okay=False), help="A PEM file.")
@click.option("--tls-key", type=click.Path(exists=True, dir_okay=False), help="A PEM file.")
@click.option("--behind", metavar="ADDRESSES", default="127.0.0.1", help="Proxies whose X-Forwarded-* counts.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes.")
@pass_session
def serve(
    session: Session,
    host: str,
    port: int,
    public_url: str | None,
    tls_cert: str | None,
    tls_key: str | None,
    behind: str,
    workers: int,
) -> None:
    """Keep a door open for the wandb clients of a team, until ctrl+c or SIGTERM: what is under way is finished first.

    Everybody needs a key of their own: `curatory key create laptop`. Their scripts then need no changed line, only
    WANDB_BASE_URL (this address) and WANDB_API_KEY in the environment.

    \b
      curatory serve
      curatory serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
      curatory serve --workers 4 --public-url https://registry.example.com
    """
    from ...gateway import Settings, serve

    if bool(tls_cert) != bool(tls_key):
        raise Refused("TLS needs both --tls-cert and --tls-key.")
    store = session.store  # opened first, so that what is wrong with it is said before a port is taken
    url, actor = session.url, store.actor.name
    address = public_url or f"{'https' if tls_cert else 'http'}://{_shown(host)}:{port}"
    if host not in ("127.0.0.1", "localhost", "::1") and not tls_cert and not (public_url or "").startswith("https"):
        click.echo("warning: keys and files cross the network unencrypted: give --tls-cert, or put a proxy before it")
    click.echo(f"serving {url} at {address} with {number(workers, 'process', 'processes')}  (ctrl+c ends it)")
    sys.stdout.flush()
    session.close()
    serve(Settings(url, actor, host, port, public_url, tls_cert, tls_key, workers, behind))


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host

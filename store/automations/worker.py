"""Sending what is in the outbox: by the app, the door, or `curatory automation work`, as many as there are."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ..errors import CuratoryError, Invalid
from . import payload, signing
from .actions import action_of, rendered
from .records import Action, Command, Delivery, Nothing, Slack, Webhook

if TYPE_CHECKING:
    from ..store import Store
    from .claims import Claimed
    from .sending import Outcome, Sender

LEASE = timedelta(seconds=120)  # longer than any try takes, so that nobody else makes it meanwhile
_INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR")  # what a command sees of the environment
PATIENCE = 20.0  # seconds: a try over HTTP takes no longer
PACE = 1.0  # seconds between two looks into an empty outbox


@dataclass(frozen=True, slots=True)
class _Ready:
    """A delivery with all that its try takes.

    Attributes:
        target: what is shown of where it goes.
        shown: what is shown of what is sent.
        go: makes the try.
    """

    claimed: Claimed
    target: str
    shown: str
    go: Callable[[], Outcome]


class Worker:
    """Claims deliveries and makes them, several at a time.

    Args:
        threads: how many are under way at once.
        lease: how long a delivery is this worker's; after that, it is taken for dead.
    """

    def __init__(self, store: Store, *, threads: int = 8, lease: timedelta = LEASE) -> None:
        from .rules import read_rules
        from .sending import Sender

        self._store = store
        self._claims = store.deliveries.claims
        self._threads = threads
        self._lease = lease
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._sender: Sender = Sender(read_rules())

    def close(self) -> None:
        self._sender.close()

    def run(self, stop: threading.Event, *, pace: float = PACE, patience: float = PATIENCE) -> None:
        """Deliver until told to stop.

        Nothing that goes wrong with the database ends it: it is there again sooner or later.

        Args:
            patience: seconds that what is under way then has; what is not done is tried again after its lease.
        """
        under_way: dict[Future[Outcome], _Ready] = {}
        end = float("inf")
        while not stop.is_set() or under_way:
            if stop.is_set():
                end = min(end, time.monotonic() + patience)
                if time.monotonic() >= end:
                    return
            try:
                self._step(under_way, stop.is_set())
            except CuratoryError:
                time.sleep(min(pace, max(end - time.monotonic(), 0))) if stop.is_set() else stop.wait(pace)
                continue
            if under_way:
                wait(under_way, timeout=min(pace, max(end - time.monotonic(), 0)), return_when=FIRST_COMPLETED)
            elif not stop.is_set():
                stop.wait(pace)

    def drain(self, seconds: float | None = None) -> int:
        """Deliver all that is due now; returns how many tries were made.

        Args:
            seconds: how long at most; what is under way then is tried again by somebody, after its lease.
        """
        end = None if seconds is None else time.monotonic() + seconds
        made = 0
        under_way: dict[Future[Outcome], _Ready] = {}
        while True:
            left = None if end is None else end - time.monotonic()
            over = left is not None and left <= 0
            made += self._step(under_way, over)
            if over or (not under_way and not self._claims.due()):
                return made
            wait(under_way, timeout=left, return_when=FIRST_COMPLETED)

    def deliver(self, number: int) -> Delivery:
        """Make one delivery now, in this thread.

        Raises:
            NotFound, Forbidden: see `Deliveries.get`.
        """
        claimed = self._claims.claim_one(self._name, number, self._lease)
        if claimed is not None:
            ready = self._prepared(claimed)
            outcome = ready.go()
            with self._store.engine.write():
                self._settle(ready, outcome)
        end = time.monotonic() + PATIENCE
        while self._claims.taken(number) and time.monotonic() < end:  # another worker was faster
            time.sleep(0.1)
        return self._store.deliveries.get(number)

    def _step(self, under_way: dict[Future[Outcome], _Ready], ending: bool) -> int:
        """Write down what has come of tries, and begin as many new ones; in one transaction."""
        done = [future for future in under_way if future.done()]
        free = 0 if ending else self._threads - len(under_way) + len(done)
        claims = self._claims
        if not done and not (free and claims.due()):
            return 0
        claimed: list[Claimed] = []
        with self._store.engine.write():
            for future in done:
                self._settle(under_way[future], future.result())
            if free:
                claimed = claims.claim(self._name, free, self._lease)
        for future in done:
            del under_way[future]
        held: list[tuple[Claimed, str]] = []
        for one in claimed:
            ready = self._prepared(one)
            until = claims.closed_until(ready.target)
            if until is not None:
                held.append((one, until))
            else:
                under_way[_begun(ready)] = ready
        if held:
            with self._store.engine.write():
                for one, until in held:
                    claims.put_back(self._name, one, until)
        return len(claimed) - len(held)

    def _settle(self, ready: _Ready, outcome: Outcome) -> None:
        self._claims.settle(self._name, ready.claimed, outcome, target=ready.target, request=ready.shown)

    # -- one try ------------------------------------------------------------------------------------------------

    def _prepared(self, claimed: Claimed) -> _Ready:
        from .claims import TRIES
        from .sending import Outcome

        action = action_of(claimed.action)
        target, shown = "", ""
        try:
            if claimed.tries > TRIES:
                raise Invalid("Whoever sent it ended before the answer came, five times.")
            if self._store.engine.value(
                "SELECT 1 FROM automation WHERE id = :a AND removed_at IS NOT NULL", {"a": claimed.automation_id}
            ):
                raise Invalid("The automation was removed before this was sent.")
            shown = rendered(action, claimed.occasion)
            match action:
                case Command(argv):
                    return self._command(claimed, argv, shown)
                case Nothing():
                    return _Ready(claimed, "", shown, lambda: Outcome(True))
                case Webhook(integration) | Slack(integration):
                    row = self._store.engine.row(
                        "SELECT address FROM integration WHERE id = :i AND removed_at IS NULL", {"i": integration}
                    )
                    if row is None:
                        raise Invalid("Its webhook was removed.")
                    target = row[0]
                    return self._request(claimed, action, integration, target, shown)
        except Invalid as error:
            problem = Outcome(False, error=str(error), again=False)
        except CuratoryError as error:  # the key of the secrets is not here
            problem = Outcome(False, error=str(error), elsewhere=True)
        except Exception as error:  # a fault of ours must not end the worker
            problem = Outcome(False, error=f"It could not be made: {type(error).__name__}.", again=False)
        return _Ready(claimed, target, shown, lambda: problem)

    def _request(self, claimed: Claimed, action: Action, integration: int, target: str, shown: str) -> _Ready:
        store = self._store
        kept = store.integrations.secrets(integration)
        names = store.engine.row(
            "SELECT token_name, secret_name FROM integration WHERE id = :i", {"i": integration}
        ) or ("", "")
        token, secret = kept.get("token", ""), kept.get("secret", "")
        known = {"ACCESS_TOKEN": token, "SECRET_NAME": secret, names[0]: token, names[1]: secret}
        known.pop("", None)
        body = rendered(action, claimed.occasion, known).encode()
        if isinstance(action, Webhook):
            masks = {name: None if value else "" for name, value in known.items()}
            shown = payload.render(action.template.strip(), claimed.occasion, masks)
        now: datetime = store.now()
        headers = {"Content-Type": "application/json", "User-Agent": "curatory"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        headers |= signing.headers(
            body,
            store.integrations.signing(kept),
            message=f"msg_{store.id}_{claimed.id}",
            seconds=int(now.timestamp()),
        )
        url = kept.get("url", target)
        hidden = [one for one in (token, secret, kept.get("former", ""), kept.get("url", "")) if len(one) > 3]

        def go() -> Outcome:
            outcome = self._sender.post(url, body, headers, now)
            return replace(outcome, response=_masked(outcome.response, hidden), error=_masked(outcome.error, hidden))

        return _Ready(claimed, target, shown, go)

    def _command(self, claimed: Claimed, argv: tuple[str, ...], shown: str) -> _Ready:
        values = claimed.occasion
        told = {
            f"CURATORY_{key.upper()}": str(value)
            for key, value in values.items()
            if key != "metadata" and "\0" not in str(value)
        }
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ} | told
        body = shown.encode()
        return _Ready(claimed, " ".join(argv), shown, lambda: self._sender.run(argv, body, environment))


def _masked(text: str, hidden: list[str]) -> str:
    """A host's words without the secrets that it may have repeated."""
    for one in hidden:
        text = text.replace(one, payload.MASK)
    return text


def _begun(ready: _Ready) -> Future[Outcome]:
    from .sending import Outcome, aside

    def go() -> Outcome:
        try:
            return ready.go()
        except Exception as error:  # a fault of ours must not end the worker
            return Outcome(False, error=f"It could not be sent: {type(error).__name__}.")

    return aside(go, f"delivery-{ready.claimed.id}")

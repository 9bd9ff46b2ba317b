"""kill -9 between change, sending and acknowledgement; and many workers at once. Nothing is lost, nothing out of order."""

from __future__ import annotations

import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from curatory.store import File, Store, Webhook, create_store

from .programs import running
from .receiver import Answer, Receiver, Request

TEMPLATE = '{"path": "${artifact_version_string}", "alias": "${alias}"}'


@pytest.fixture
def live(url: str, tmp_path: Path) -> Iterator[Store]:
    """A store with the world's clock, and one version that is model/detector:v0."""
    with create_store(url, "ana", organization="acme", team="vision", blobs=tmp_path / "b", durable=False) as store:
        files = [File("w", 1, "a==", uri="s3://b/a")]
        version = store.versions.log(files, "net", "model", project="labs", entity="vision")
        store.links.add(version, "model/detector")
        yield store


def automate(store: Store, receiver: Receiver) -> int:
    hook = store.integrations.create(None, "hook", receiver.url)
    return store.automations.create("deploy", "model", "alias.add", Webhook(hook.id, TEMPLATE)).id


def collections(store: Store, count: int) -> list[str]:
    """Further collections that hold the version."""
    names = [f"model/c{number}" for number in range(count)]
    with store.batch():
        for name in names:
            store.links.add("model/detector:v0", name)
    return names


def until_done(store: Store, seconds: float) -> None:
    end = time.monotonic() + seconds
    while store.engine.value("SELECT count(*) FROM delivery WHERE state = 'pending'"):
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


def states(store: Store) -> Counter[str]:
    return Counter(state for (state,) in store.engine.rows("SELECT state FROM delivery"))


def in_order(seen: list[Request]) -> bool:
    """Whether what arrived first of each delivery arrived, within its collection, in the order of the events."""
    lanes: dict[str, list[int]] = defaultdict(list)
    known: set[str] = set()
    for request in sorted(seen, key=lambda request: request.began):
        if request.id not in known:
            known.add(request.id)
            collection = request.json["path"].rpartition(":")[0]
            lanes[collection].append(int(request.json["alias"].removeprefix("a")))
    return all(numbers == sorted(numbers) for numbers in lanes.values())


@pytest.mark.parametrize("seed", range(3))
def test_killed_while_changing_every_change_has_its_delivery(live: Store, url: str, seed: int) -> None:
    at = random.Random(seed)
    with Receiver() as receiver:
        automate(live, receiver)
    with running("changing", url) as process:
        assert process.stdout
        for _ in range(at.randint(3, 40)):
            process.stdout.readline()
        time.sleep(at.random() * 0.02)
        process.kill()
        acknowledged = 1 + max(map(int, process.stdout.read().split()), default=2)
    events = {seq for (seq,) in live.engine.rows("SELECT seq FROM event WHERE action = 'alias.add'")}
    deliveries = [event for (event,) in live.engine.rows("SELECT event FROM delivery")]
    assert sorted(deliveries) == sorted(events)
    assert len(events) >= acknowledged


def test_killed_while_sending_everything_arrives(live: Store, url: str) -> None:
    at = random.Random(1)
    with Receiver(by=lambda _: Answer(wait=at.random() * 0.05)) as receiver:
        automate(live, receiver)
        names = collections(live, 6)
        for number in range(12):
            for name in names:
                live.aliases.add(f"{name}:v0", f"a{number}")
        for _ in range(4):
            before = len(receiver.seen)
            with running("working", url, "4") as process:
                while len(receiver.seen) < before + at.randint(4, 9):
                    time.sleep(0.002)
                time.sleep(at.random() * 0.03)  # anywhere between sending, answer and acknowledgement
                process.kill()
        with running("working", url, "4"):
            until_done(live, 60)
        assert states(live) == {"finished": 72}
        times = Counter(request.id for request in receiver.seen)
        assert len(times) == 72, "each arrived at least once"
        assert sum(times.values()) <= 72 + 4 * 4, "and again only what was under way when somebody was killed"
        assert in_order(receiver.seen)


@pytest.mark.timeout(900)
def test_ten_thousand_events_and_eight_workers(live: Store, url: str) -> None:
    with Receiver() as receiver, ExitStack() as workers:
        automate(live, receiver)
        names = collections(live, 100)
        for number in range(100):
            with live.batch():  # an event each; a commit each would only be slower
                for name in names:
                    live.aliases.add(f"{name}:v0", f"a{number}")
        assert live.engine.value("SELECT count(*) FROM event WHERE action = 'alias.add'") == 10_000
        assert states(live) == {"pending": 10_000}
        for _ in range(8):
            workers.enter_context(running("working", url, "4"))
        until_done(live, 600)
        assert states(live) == {"finished": 10_000}
        tries = Counter(tries for (tries,) in live.engine.rows("SELECT tries FROM delivery"))
        times = Counter(request.id for request in receiver.seen)
        assert len(times) == 10_000
        # Nobody died; a worker that the machine has let wait for two seconds is taken for dead, and that one is sent again.
        assert sum(times.values()) == sum(tries_of * count for tries_of, count in tries.items())
        assert tries[1] >= 9_900
        assert in_order(receiver.seen)
        assert overlapping(receiver.seen) == []


def overlapping(seen: list[Request]) -> list[str]:
    """Collections in which a delivery began to arrive before the one before it was answered."""
    found: list[str] = []
    ended: dict[str, float] = {}
    for request in sorted(seen, key=lambda request: request.began):
        collection = json.loads(request.body)["path"].rpartition(":")[0]
        if ended.get(collection, 0.0) > request.began:
            found.append(collection)
        ended[collection] = request.ended
    return found

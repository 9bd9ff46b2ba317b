"""What automations cost: on the change that sets one off, and for each delivery, beside bare httpx to the same server."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from curatory.store import File, Nothing, Store, Webhook, Worker, create_store

from ..store.automations.receiver import Receiver
from .timing import Row, once, rivals, shown

TEMPLATE = '{"path": "${artifact_version_string}", "alias": "${alias}", "acc": "${artifact_metadata.acc}"}'


def run(folder: Path, *, quick: bool) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        rules = Path(place) / "delivery.toml"
        rules.write_text("loopback = true\n")
        os.environ |= {"CURATORY_DELIVERY": str(rules), "CURATORY_SECRETS_KEY_FILE": str(Path(place) / "key")}
        _change(Path(place))
        _delivery(Path(place), 500 if quick else 5_000)


def _store(path: Path) -> Store:
    store = create_store(path, "ana", organization="acme", team="vision")
    files = [File("w", 1, "a==", uri="s3://b/a")]
    version = store.versions.log(files, "net", "model", project="labs", entity="vision", metadata={"acc": 0.9})
    store.links.add(version, "model/detector")
    return store


def _change(place: Path) -> None:
    """Moving an alias between two stores' versions, durable: without automations, with one, with a filter, with fifty."""
    calls: dict[str, Callable[[], object]] = {}
    stores: list[Store] = []
    for name, count, pattern, filtered in (
        ("bare", 0, "", ""),
        ("one", 1, "", ""),
        ("filtered", 1, "~^x", "metadata.acc>0.5 type:model"),
        ("of_fifty", 50, "never", ""),
    ):
        store = _store(place / f"{name}.db")
        stores.append(store)
        for number in range(count):
            last = number == count - 1
            store.automations.create(
                f"a{number}",
                "model",
                "alias.add",
                Nothing(),
                pattern="" if last and count > 1 else pattern,
                filter=filtered,
            )
        calls[name] = _mover(store)
    row = rivals("an alias is added", 200, "", **calls)
    for name, seconds in row.seconds.items():
        ratio = seconds / row.seconds["bare"]
        label = {"bare": "no automation", "one": "one that fires", "filtered": "by pattern and filter"}.get(
            name, "fifty, of which one fires"
        )
        print(f"{'an alias is added: ' + label:<50} {shown(seconds):>10}   {ratio:.2f} × none", flush=True)
    for store in stores:
        store.close()


def _mover(store: Store) -> Callable[[], object]:
    numbers = itertools.count()
    return lambda: store.aliases.add("model/detector:v0", f"x{next(numbers)}")


def _delivery(place: Path, count: int) -> None:
    """Deliveries that wait in 50 collections, made by one worker of eight threads; the same posts by bare httpx."""
    with Receiver() as receiver, _store(place / "deliveries.db") as store:
        hook = store.integrations.create(None, "hook", receiver.url, token="t", secret="s")
        names = [f"model/c{number}" for number in range(50)]
        with store.batch():
            for name in names:
                store.links.add("model/detector:v0", name)
        store.automations.create("deploy", "model", "alias.add", Webhook(hook.id, TEMPLATE))
        for number in range(count // 50):
            with store.batch():
                for name in names:
                    store.aliases.add(f"{name}:v0", f"x{number}")
        body = b'{"path": "acme/wandb-registry-model/c1:x1", "alias": "x1", "acc": "0.9"}'

        def bare() -> None:
            with httpx.Client() as client, ThreadPoolExecutor(8) as pool:
                for response in pool.map(lambda _: client.post(receiver.url, content=body), range(count)):
                    assert response.status_code == 200

        worker = Worker(store)
        theirs, mine = once(bare), once(worker.drain)
        assert store.engine.value("SELECT count(*) FROM delivery WHERE state = 'finished'") == count
        row = Row("a delivery", {"curatory": mine / count, "bare": theirs / count})
    print(
        f"{f'{count:,} deliveries, signed, durable':<50} {count / mine:,.0f} a second   "
        f"bare httpx {count / theirs:,.0f} a second   {row.ratio('curatory', 'bare'):.1f} × bare"
    )

"""A store with a model in it, a webhook, and a machine whose owner has allowed loopback and commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from curatory.store import File, Integration, Store, Version, Worker

from ...conftest import Clock
from .receiver import Receiver

MODEL = "acme/wandb-registry-model"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of what is allowed on this machine; the key of the secrets is beside it."""
    path = tmp_path / "delivery.toml"
    path.write_text("loopback = true\ncommands = true\n")
    monkeypatch.setenv("CURATORY_DELIVERY", str(path))
    monkeypatch.setenv("CURATORY_SECRETS_KEY_FILE", str(tmp_path / "secrets.key"))
    return path


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


Log = Callable[..., Version]


@pytest.fixture
def logged(store: Store) -> Log:
    """Log a version without bytes into vision/labs."""

    def make(text: str = "a", **draft: Any) -> Version:
        files = [File("w", 1, f"{text}==", uri=f"s3://b/{text}")]
        return store.versions.log(files, "net", "model", project="labs", entity="vision", **draft)

    return make


@pytest.fixture
def linked(store: Store, logged: Log, clock: Clock) -> Store:
    """model/detector with v0 and v1, before any automation; from here on only the test moves the clock."""
    for number in range(2):
        store.links.add(logged(str(number), metadata={"acc": 0.8 + number / 10}), "model/detector")
    store.now = lambda: clock.time
    return store


@pytest.fixture
def hook(linked: Store, receiver: Receiver) -> Integration:
    """A webhook of the organization's, with token and secret."""
    return linked.integrations.create(None, "deploys", receiver.url, token="t0ken", secret="whsec_c2VjcmV0c2VjcmV0")


@pytest.fixture
def worker(linked: Store) -> Iterator[Worker]:
    made = Worker(linked)
    yield made
    made.close()

"""Everything a script does with W&B, by every version of the client that is promised, on a real server."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from .clients import NEWEST, SCRIPTS, VERSIONS, Served

CHECKS = {"0.22.3": 31, "0.19.11": 28}  # old clients lack some of the calls that the script makes


def _tour(served: Served, version: str) -> None:
    told = {"TOUR_ORG": "acme", "TOUR_TEAM": "vision", "TOUR_PERSON": "kim"}
    done = served.run(SCRIPTS / "tour.py", version, more=told)
    assert done.returncode == 0, done.stderr[-8_000:]
    document = json.loads(done.stdout.splitlines()[-1])
    assert document["version"] == version
    assert document["failed"] == []
    assert len(document["passed"]) == CHECKS.get(version, 32)
    assert served.unknown() == []
    with served.store() as store:
        assert store.audit.verify(tables=True).ok
        changes = {event.action for event in store.events.of(limit=500).items}
    assert {"run.start", "version.log", "link.add", "alias.add", "run.use", "collection.rename"} <= changes


@pytest.mark.parametrize("version", VERSIONS)
def test_a_script_does_everything(served: Served, version: str) -> None:
    _tour(served, version)


def test_and_on_postgresql(serving: Callable[..., Served], postgres_url: str) -> None:
    _tour(serving(postgres_url, "--workers", "2"), NEWEST)

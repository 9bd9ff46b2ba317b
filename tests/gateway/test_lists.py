"""Lists longer than a page, runs without a network, and the client's own commands, by every version of the client."""

from __future__ import annotations

import json

import pytest
from curatory.store import File

from .clients import NEWEST, SCRIPTS, VERSIONS, Served

TOLD = {"TOUR_ORG": "acme", "TOUR_TEAM": "vision"}


def _filled(served: Served) -> None:
    """Five of everything that is listed; what is linked in another order than it was logged."""
    with served.store() as store, store.batch():
        for number in range(5):
            store.runs.start("many", entity="vision", name=f"r{number}", title=f"run {number}")
        store.runs.start("other", entity="vision", name="r0")
        store.runs.start("third", entity="vision", name="r0")
        run = store.runs.get("vision/many/r0")
        for number in range(5):
            files = [File(f"f{one}", 1 + number, f"{number}{one}==", uri=f"s3://b/{number}{one}") for one in range(5)]
            version = store.versions.log(files, "series", "model", entity="vision", project="many", run=run.id)
            store.runs.use(run, version)
        for number in range(3):
            files = [File("f", 1, f"c{number}==", uri=f"s3://c/{number}")]
            store.versions.log(files, f"c{number}", "model", entity="vision", project="many")
            store.links.add(f"vision/many/c{number}:v0", f"model/c{number}")
        for number in (4, 2, 0, 1, 3):
            store.links.add(f"vision/many/series:v{number}", "model/served")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_list_is_whole_and_ends(served: Served, version: str) -> None:
    _filled(served)
    done = served.run(SCRIPTS / "lists.py", version, more=TOLD)
    assert done.returncode == 0, done.stderr[-6_000:]
    found = json.loads(done.stdout.splitlines()[-1])
    series = [f"series:v{number}" for number in range(5)]
    assert found.pop("runs") == ["r0", "r1", "r2", "r3", "r4"]
    assert found.pop("projects") == ["many", "other", "third"]
    assert found.pop("files") == []
    assert sorted(found.pop("logged")) == series
    assert sorted(found.pop("used")) == series
    assert found.pop("versions") == series[::-1]
    assert found.pop("collections") == ["c0", "c1", "c2", "series"]
    assert found.pop("contents") == ["f0", "f1", "f2", "f3", "f4"]
    if "registries" in found:
        assert sorted(found.pop("registries")) == ["dataset", "model"]
        assert found.pop("places") == ["c0", "c1", "c2", "served"]
        assert found.pop("linked") == ["v0", "v1", "v2", "v3", "v4"]
    if version == NEWEST:  # numbers are given as they are linked: v0 is series:v4
        assert found.pop("created_at") == ["v2", "v3", "v1", "v4", "v0"]
        assert found.pop("-created_at") == ["v0", "v4", "v1", "v3", "v2"]
        assert found.pop("linked_at") == ["v0", "v1", "v2", "v3", "v4"]
        assert found.pop("-linked_at") == ["v4", "v3", "v2", "v1", "v0"]
        assert found.pop("artifact_size") == ["v2", "v3", "v1", "v4", "v0"]
        assert sorted(found.pop("since")) == ["v0", "v1", "v2", "v3", "v4"]
        assert found.pop("names") == ["served", "c2", "c1", "c0"]
    assert found == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_run_without_a_network_is_synced_and_artifacts_are_put_by_command(served: Served, version: str) -> None:
    done = served.run(SCRIPTS / "offline.py", version, more=TOLD)
    assert done.returncode == 0, done.stderr[-6_000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "state": "finished",
        "lr": 0.5,
        "acc": [0.0, 0.25, 0.5, 0.75],
        "weights": "offline weights",
        "listed": True,
        "got": "put",
    }

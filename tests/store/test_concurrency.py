"""Many processes on one store at once: opening it while it is made, publishing, and moving the same alias."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from curatory.store import Store, create_store, open_store
from curatory.store.engine import open_engine

from .workers import check_whole, errors, run

OPENERS = 12
ATTEMPTS = [pytest.param(n, marks=[pytest.mark.slow] if n >= 2 else []) for n in range(10)]
PUBLISHERS = 50
TIMES = 4


@pytest.fixture
def made(url: str, tmp_path: Path) -> str:
    """The URL of a store that is there, with nobody in it."""
    create_store(url, "ana", organization="acme", team="vision", blobs=tmp_path / "blobs").close()
    return url


def processes(url: str, wanted: int) -> int:
    """How many processes this engine has room for: PostgreSQL keeps a backend for each, and others use it as well."""
    if not url.startswith("postgresql"):
        return wanted
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT CAST(current_setting('max_connections') AS int) - count(*) FROM pg_stat_activity"
        ).fetchone()
    assert row
    room = row[0] - 20
    if room < wanted:
        print(f"{room} processes instead of {wanted}: PostgreSQL has {row[0]} connections left, and 20 are for others")
    return max(2, min(wanted, room))


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_one_of_twelve_makes_a_new_store_and_the_others_find_it(url: str, tmp_path: Path, attempt: int) -> None:
    found = run("opening", url=url, processes=OPENERS, blobs=str(tmp_path / "blobs"))
    refused = [line for line in found if line.get("done") == "refused"]
    assert [
        line for line in refused if line["error"] != "Conflict" or "already; it was left" not in line["message"]
    ] == []
    assert errors([line for line in found if line not in refused]) == []
    assert Counter(line["done"] for line in found) == {"created": 1, "refused": OPENERS - 1, "opened": OPENERS}
    assert len({line["id"] for line in found if line["done"] == "opened"}) == 1
    with open_store(url, "ana") as store:
        check_whole(store, [])
        assert len(store.registries.list()) == 2


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_all_of_twelve_make_the_same_tables(url: str, attempt: int) -> None:
    found = run("opening", url=url, processes=OPENERS, blobs="", prepare=True)
    assert errors(found) == []
    assert [line["tables"] for line in found] == [1] * OPENERS
    engine = open_engine(url)
    engine.prepare(create=False)
    engine.close()


def test_fifty_processes_publish_at_once(made: str) -> None:
    count = processes(made, PUBLISHERS)
    found = run("publishing", url=made, processes=count, times=TIMES)
    assert errors(found) == []
    assert Counter(line["done"] for line in found) == {"log": count * TIMES, "link": count * TIMES}
    with open_store(made, "ana") as store:
        check_whole(store, found)
        for path in ("vision/uncategorized/detector", "model/detector"):
            assert store.collections.get(path).versions == count * TIMES
        actions = Counter(action for (action,) in store.engine.rows("SELECT action FROM event"))
        assert actions["version.log"] == actions["link.add"] == count * TIMES
        # The last link of each process holds its alias, and `latest` is the highest number.
        last = {line["worker"]: line["path"] for line in found if line["done"] == "link"}
        assert {n: store.versions.get(f"model/detector:by-{n}").path for n in range(count)} == last
        assert store.versions.get("model/detector:latest").number == count * TIMES - 1
        # All have written the same file, and it is there once.
        assert len(list(store.blobs.stored())) == count * TIMES + 1


def _versions(store: Store, tmp_path: Path, count: int) -> None:
    file = tmp_path / "file"
    for n in range(count):
        file.write_text(str(n))
        store.links.add(store.versions.log_paths([file], "detector", "model"), "model/detector")


def test_read_and_move_in_one_batch_loses_no_update(made: str, tmp_path: Path) -> None:
    moves = 2 * 15
    with open_store(made, "ana") as store:
        _versions(store, tmp_path, moves + 1)
        store.aliases.add("model/detector:v0", "prod")
        found = run("moving", url=made, processes=2, times=moves // 2, path="model/detector", alias="prod")
        assert errors(found) == []
        assert sorted(line["to"] for line in found) == list(range(1, moves + 1))
        assert store.versions.get("model/detector:prod").number == moves
        history = store.aliases.history("model/detector", "prod", limit=1000)
        assert len(history) == moves + 1
        check_whole(store, [])


def test_the_last_to_move_an_alias_wins_and_history_has_both(made: str, tmp_path: Path) -> None:
    with open_store(made, "ana") as store:
        _versions(store, tmp_path, 5)
        found = run("grabbing", url=made, processes=2, times=20, path="model/detector", alias="prod")
        assert errors(found) == []
        check_whole(store, [])
        held = store.versions.get("model/detector:prod")
        history = store.aliases.history("model/detector", "prod", limit=1000)
        (fact,) = history[0].after
        assert history[0].after[fact] == held.id
        assert [event.before[fact] for event in history[:-1]] == [event.after[fact] for event in history[1:]]
        assert len({event.after[fact] for event in history}) == 4  # those of both processes

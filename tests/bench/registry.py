"""The registry against raw SQL on the same file (the limit) and against MLflow's own store doing the same work.

Raw SQL comes in two forms. "bare" is the least that answers the question: one prepared statement, ids known, a row of
seven columns, nobody asked who is asking. "same" is the statement Curatory runs, with the access rule and every
column, so that what is left is the price of Python records. Writes are durable (`synchronous=full`) everywhere.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curatory.store import File, Store, create_store, open_store
from curatory.store.drafts import Draft
from curatory.store.paths import alias_condition
from curatory.store.versions import FROM, PEOPLE, columns

from ..environments import MLFLOW, python_with
from .timing import Row, once, rivals

PER_COLLECTION = 500


def file_of(number: int) -> File:
    """A file that is recorded, as a client would report it; its bytes play no part in what is measured."""
    content = str(number).encode()
    md5 = base64.b64encode(hashlib.md5(content).digest()).decode()
    return File("model.safetensors", 1_000 + number % 1_000, md5, hashlib.sha256(content).hexdigest())


def drafts(start: int, count: int) -> Iterator[Draft]:
    for number in range(start, start + count):
        yield Draft([file_of(number)], {"acc": (number % 1_000) / 1_000, "epochs": number % 90, "dataset": "coco"})


def build(path: Path, versions: int) -> float:
    """A store of that many versions, each linked in no registry but the first of every collection; returns seconds."""
    store = create_store(path, "ana", organization="acme", team="vision", durable=False)

    def fill() -> None:
        for start in range(0, versions, PER_COLLECTION):
            name = f"model-{start // PER_COLLECTION:05d}"
            count = min(PER_COLLECTION, versions - start)
            store.versions.log_many(drafts(start, count), name, "model", project="training")
            for number in range(0, count, max(1, count // 20)):
                aliases = ["prod"] if number == 0 else []
                store.links.add(f"vision/training/{name}:v{number}", f"model/{name}", aliases)

    try:
        return once(fill)
    finally:
        store.engine.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.close()


def bulk(path: Path, count: int) -> float:
    """Seconds that publishing so many versions of one artifact takes."""
    store = create_store(path, "ana", organization="acme", team="vision", durable=False)
    try:
        return once(lambda: store.versions.log_many(drafts(0, count), "model", "model", project="training"))
    finally:
        store.close()


def raw_bulk(path: Path, rows: int) -> float:
    """Seconds that raw `executemany` takes for the same rows in the same tables: the limit of bulk publishing."""
    store = create_store(path, "ana", organization="acme", team="vision", durable=False)
    store.versions.log_many(drafts(0, 1), "model", "model", project="training")
    connection: Any = store.engine.connection  # type: ignore[attr-defined]
    tables = ("version", "membership", "entry", "blob", "event", "event_fact")
    newest = {"version": "id", "membership": "id", "event": "seq"}
    templates = {
        table: connection.execute(f"SELECT * FROM {table} ORDER BY {newest.get(table, '1')} DESC LIMIT 1").fetchone()
        for table in tables
    }

    def made(table: str) -> Iterator[tuple[Any, ...]]:
        base = list(templates[table])
        for number in range(1, rows + 1):
            row = list(base)
            match table:
                case "version":
                    row[0] = base[0] + number
                case "membership":
                    row[0], row[3], row[4] = base[0] + number, templates["version"][0] + number, number
                case "entry":
                    row[0], row[4] = templates["version"][0] + number, hashlib.sha256(str(number).encode()).hexdigest()
                case "blob":
                    row[0] = hashlib.sha256(b"x" + str(number).encode()).hexdigest()
                case "event":
                    row[0] = base[0] + number
                case _:
                    row = [f"version/{number}/state", base[1] + number]
            yield tuple(row)

    def fill() -> None:
        connection.execute("BEGIN IMMEDIATE")
        for table in tables:
            marks = ", ".join("?" * len(templates[table]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", made(table))
        connection.executemany(
            "INSERT INTO event_fact VALUES (?, ?)",
            ((f"link/1/{number}", templates["event"][0] + number) for number in range(1, rows + 1)),
        )
        connection.execute("COMMIT")

    try:
        return once(fill)
    finally:
        store.close()


BARE = "SELECT v.id, v.digest, v.description, v.metadata, v.size, m.number, m.at FROM "


def reads(store: Store, mlflow: dict[str, float]) -> list[Row]:
    """Lookups and pages, beside raw SQL on the same connection."""
    engine = store.engine
    connection: Any = engine.connection  # type: ignore[attr-defined]
    names = itertools.cycle([f"model-{n:05d}" for n in range(20)])
    me = store.me
    every = columns(store)
    lookup = (
        BARE + "project p JOIN collection c ON c.project_id = p.id JOIN alias a ON a.collection_id = c.id "
        "JOIN membership m ON m.collection_id = c.id AND m.version_id = a.version_id JOIN version v ON "
        "v.id = m.version_id "
        "WHERE p.key = 'wandb-registry-model' AND c.name = :n AND a.alias = 'prod'"
    )
    same_lookup = (
        f"SELECT {every}, {store.role_sql} FROM project p JOIN entity e ON e.id = p.entity_id "
        "JOIN collection c ON c.project_id = p.id JOIN membership m ON m.collection_id = c.id "
        f"JOIN version v ON v.id = m.version_id {PEOPLE} WHERE p.key = 'wandb-registry-model' AND c.name = :n "
        f"AND {alias_condition('name', 'c.id')}"
    )
    place = store.paths.collection("vision/training/model-00003")
    page = (
        BARE + "membership m JOIN version v ON v.id = m.version_id WHERE m.collection_id = :c "
        "ORDER BY m.number DESC LIMIT 100"
    )
    same_page = f"SELECT {every} FROM {FROM} WHERE m.collection_id = :c ORDER BY m.number DESC LIMIT 100"
    filtered = (
        BARE + "membership m JOIN version v ON v.id = m.version_id WHERE m.collection_id = :c "
        "AND json_extract(v.metadata, '$.acc') > 0.3 ORDER BY m.number DESC LIMIT 100"
    )
    same_filtered = (
        f"SELECT {every} FROM {FROM} WHERE m.collection_id = :c AND json_extract(v.metadata, '$.acc') > 0.3 "
        "ORDER BY m.number DESC LIMIT 100"
    )
    scope = {"c": place.collection_id}
    rows = [
        rivals(
            "alias lookup",
            400,
            "≤ 2 × raw; ≥ 20 × faster than MLflow",
            bare=lambda: connection.execute(lookup, {"n": next(names)}).fetchall(),
            same=lambda: connection.execute(same_lookup, {"n": next(names), "alias": "prod", **me}).fetchall(),
            curatory=lambda: store.versions.get(f"model/{next(names)}:prod"),
        ),
        rivals(
            "page of 100 versions",
            100,
            "≤ 2 × raw; ≥ 20 × faster than MLflow",
            bare=lambda: connection.execute(page, scope).fetchall(),
            same=lambda: connection.execute(same_page, scope).fetchall(),
            curatory=lambda: store.search.versions("vision/training/model-00003", limit=100),
        ),
        rivals(
            "filtered page (metadata.acc>0.3)",
            100,
            "≤ 2 × raw; ≥ 20 × faster than MLflow",
            bare=lambda: connection.execute(filtered, scope).fetchall(),
            same=lambda: connection.execute(same_filtered, scope).fetchall(),
            curatory=lambda: store.search.versions("vision/training/model-00003", "metadata.acc>0.3", limit=100),
        ),
        rivals(
            "page of 100 over all registries",
            100,
            curatory=lambda: store.search.versions(limit=100),
        ),
    ]
    return [_with_mlflow(row, mlflow) for row in rows]


def writes(store: Store, mlflow: dict[str, float]) -> list[Row]:
    """Moving an alias and publishing, durably, beside raw SQL on the same file."""
    connection: Any = store.engine.connection  # type: ignore[attr-defined]
    place = store.paths.collection("model/model-00007")
    cid = place.collection_id
    members = [
        v for (v,) in store.engine.rows("SELECT version_id FROM membership WHERE collection_id = :c", {"c": cid})
    ]
    # In opposite directions, or one would move the alias to where the other has just put it, which is no change.
    turn, numbers = itertools.cycle(members), itertools.cycle(reversed(range(len(members))))
    fresh = itertools.count(10**9)
    source = store.paths.collection("vision/training/model-00008")

    def raw_move() -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "UPDATE alias SET version_id = ? WHERE collection_id = ? AND alias = 'prod'", (next(turn), cid)
        )
        connection.execute("COMMIT")

    def raw_publish() -> None:
        file = file_of(next(fresh))
        connection.execute("BEGIN IMMEDIATE")
        number = connection.execute(
            "UPDATE collection SET next_number = next_number + 1 WHERE id = ? RETURNING next_number - 1",
            (source.collection_id,),
        ).fetchone()[0]
        version = connection.execute(
            "INSERT INTO version (collection_id, digest, state, metadata, size, file_count, created_at, updated_at) "
            "VALUES (?, ?, 'committed', '{}', ?, 1, '', '') RETURNING id",
            (source.collection_id, file.digest, file.size),
        ).fetchone()[0]
        connection.execute(
            "INSERT INTO membership (collection_id, project_id, version_id, number, at) VALUES (?, ?, ?, ?, '')",
            (source.collection_id, source.project_id, version, number),
        )
        connection.execute(
            "INSERT INTO entry (version_id, path, digest, size, sha256) VALUES (?, ?, ?, ?, ?)",
            (version, file.path, file.digest, file.size, file.sha256),
        )
        connection.execute("COMMIT")

    rows = [
        rivals(
            "move an alias (durable)",
            200,
            "≤ 3 × raw; ≥ 5 × faster than MLflow",
            bare=raw_move,
            curatory=lambda: store.aliases.add(f"model/model-00007:v{next(numbers)}", "prod"),
        ),
        rivals(
            "publish a version (durable)",
            200,
            "≤ 3 × raw; ≥ 5 × faster than MLflow",
            bare=raw_publish,
            curatory=lambda: store.versions.log([file_of(next(fresh))], "model-00009", "model", project="training"),
        ),
    ]
    return [_with_mlflow(row, mlflow) for row in rows]


def making(folder: Path) -> Row:
    """The first open: a new store, its schema, its organization."""
    count = itertools.count()

    def make() -> None:
        create_store(folder / f"new-{next(count)}.db", "ana", organization="acme", team="vision").close()

    return rivals("make a store (first open)", 10, curatory=make)


def opening(path: Path) -> Row:
    """Opening a store that is there, and reading one thing from it."""

    def first() -> None:
        with open_store(path, "ana") as store:
            store.registries.list()

    return rivals("open and list registries", 30, curatory=first)


def _with_mlflow(row: Row, mlflow: dict[str, float]) -> Row:
    key = row.name.split(" (")[0]
    return Row(row.name, {**row.seconds, "mlflow": mlflow[key]}, row.aim) if key in mlflow else row


def mlflow_medians(folder: Path) -> dict[str, float]:
    """The same operations by MLflow's SqlAlchemyStore on SQLite, in an environment of its own, made on first use."""
    script = Path(__file__).with_name("mlflow_side.py")
    command = [python_with("mlflow", MLFLOW), script, folder]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])

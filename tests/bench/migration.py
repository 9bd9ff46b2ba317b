"""Migrating many teams' legacy registries, beside a raw SQL copy of the same rows: what the ledger and the history cost.

The raw copy makes the same rows of projects, members, collections, memberships, aliases and tags by INSERT … SELECT,
one durable transaction a collection, on a copy of the same file. It knows no permission, keeps no ledger and no event.
"""

from __future__ import annotations

import resource
import shutil
from pathlib import Path

from curatory.store import Store, create_store, open_store
from curatory.store.store import insert

from .timing import once, shown

MODELS, VERSIONS = 100, 50


def run(folder: Path, *, quick: bool) -> None:
    teams = 4 if quick else 200
    path, rival = folder / "legacy.db", folder / "raw" / "legacy.db"
    took = once(lambda: build(path, teams))
    total = teams * MODELS * VERSIONS
    print(f"{teams} teams, {teams * MODELS:,} models, {total:,} versions (built in {shown(took)})", flush=True)
    rival.parent.mkdir()
    shutil.copy(path, rival)
    memory: list[int] = []

    def ours() -> None:
        with open_store(path, "ana") as store:
            for number in range(teams):
                store.migrations.run(f"team{number}")
                if number == teams // 10:
                    memory.append(rss())
        memory.append(rss())

    def raw() -> None:
        with open_store(rival, "ana") as store:
            for number in range(teams):
                copy(store, f"team{number}")

    theirs, mine = once(raw), once(ours)
    print(f"raw SQL copy            {shown(theirs):>10}   {shown(theirs / total)} a version")
    print(
        f"migrated                {shown(mine):>10}   {shown(mine / total)} a version   {mine / theirs:.1f} × (aim 3 ×)"
    )
    print(f"memory                  {memory[0] / 1024:.0f} MB after a tenth, {memory[1] / 1024:.0f} MB at the end")
    with open_store(path, "ana") as store:
        proven = once(lambda: [store.migrations.verify(f"team{n}") for n in range(teams)])
        proofs = [store.migrations.verify("team0")]
    print(f"verified                {shown(proven):>10}   {shown(proven / total)} a version", flush=True)
    assert all(proof.ok for proof in proofs)


def rss() -> int:
    """The most memory that was ever held, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def build(path: Path, teams: int) -> None:
    """Legacy registries as years of linking would leave them, without the years: rows alone, and no event."""
    with create_store(path, "ana", organization="acme", team="vision", durable=False) as store:
        for number in range(teams):
            team = f"team{number}"
            store.teams.create(team)
            legacy = store.legacy.ensure(team).id
            source = store.projects.ensure("labs", team).project_id
            assert source is not None
            with store.engine.write():
                for model in range(MODELS):
                    _fill(store, source, legacy, model)


def _fill(store: Store, source: int, legacy: int, model: int) -> None:
    engine, now, me = store.engine, store.events.next_time(), store.actor.id
    made = [
        insert(
            engine, "collection", project_id=project, kind=kind, name=f"Model-{model}", type="model", folded="",
            next_number=VERSIONS, created_at=now, created_by=me, updated_at=now,
        )
        for project, kind in ((source, "sequence"), (legacy, "portfolio"))
    ]  # fmt: skip
    engine.many(
        "INSERT INTO version (collection_id, digest, state, metadata, ttl, size, file_count, created_at, created_by, "
        "updated_at) VALUES (:c, :d, 'committed', :m, -2, 1000, 1, :at, :by, :at)",
        [
            {"c": made[0], "d": f"{n:032x}", "m": f'{{"acc":{n / VERSIONS}}}', "at": now, "by": me}
            for n in range(VERSIONS)
        ],
    )
    engine.execute(
        "INSERT INTO membership (collection_id, project_id, version_id, number, at, by_id) "
        "SELECT :c, :p, id, id - (SELECT min(id) FROM version WHERE collection_id = :c), created_at, created_by "
        "FROM version WHERE collection_id = :c",
        {"c": made[0], "p": source},
    )
    _copied(store, made[0], made[1], legacy)
    engine.execute(
        "INSERT INTO alias (collection_id, alias, version_id) SELECT collection_id, 'prod', version_id FROM membership "
        "WHERE collection_id = :c AND number = 7",
        {"c": made[1]},
    )


def copy(store: Store, team: str) -> None:
    """The same rows, by SQL alone."""
    engine, now = store.engine, store.events.next_time()
    legacy = engine.value("SELECT p.id FROM project p JOIN entity e ON e.id = p.entity_id WHERE e.name = :t AND "
                          "p.kind = 'legacy'", {"t": team})  # fmt: skip
    with engine.write():
        registry = insert(
            engine, "project", entity_id=store.organizations.get(None).id, kind="registry", visibility="restricted",
            name=f"wandb-registry-{team}", key=f"wandb-registry-{team}", created_at=now, updated_at=now,
        )  # fmt: skip
    for (source,) in engine.rows("SELECT id FROM collection WHERE project_id = :p ORDER BY id", {"p": legacy}):
        with engine.write():
            engine.execute(
                "INSERT INTO collection (project_id, kind, name, type, description, folded, next_number, created_at, "
                "created_by, updated_at) SELECT :r, kind, name, type, description, folded, next_number, created_at, "
                "created_by, updated_at FROM collection WHERE id = :c",
                {"r": registry, "c": source},
            )
            made = engine.value("SELECT max(id) FROM collection")
            _copied(store, source, made, registry)
            engine.execute(
                "INSERT INTO alias (collection_id, alias, version_id) SELECT :new, alias, version_id FROM alias "
                "WHERE collection_id = :old",
                {"new": made, "old": source},
            )


def _copied(store: Store, source: int | None, made: int, project: int) -> None:
    store.engine.execute(
        "INSERT INTO membership (collection_id, project_id, version_id, number, at, by_id) SELECT :new, :p, version_id, "
        "number, at, by_id FROM membership WHERE collection_id = :old ORDER BY number",
        {"new": made, "p": project, "old": source},
    )

"""Filters against real rows: the same answers on SQLite and PostgreSQL, and the right ones."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from curatory.store.clock import to_text
from curatory.store.engine import Engine, open_engine
from curatory.store.engine.regex import PatternError
from curatory.store.engine.regex import read as read_pattern
from curatory.store.errors import FilterError
from curatory.store.filters import TARGETS, Target, compile_filter, fold, from_mongo, parse
from curatory.store.filters.tree import MAX_CONDITIONS, Node
from curatory.store.names import fold_key
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

POSTGRES = os.environ.get("CURATORY_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
SCHEMA = f"filters_{os.getpid()}"
NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)

FROM = {
    "registries": "SELECT p.id FROM project p JOIN entity e ON e.id = p.entity_id WHERE p.kind <> 'project' AND ",
    "collections": "SELECT c.id FROM collection c JOIN project p ON p.id = c.project_id "
    "JOIN entity e ON e.id = p.entity_id WHERE ",
    "versions": "SELECT m.id FROM membership m JOIN version v ON v.id = m.version_id "
    "JOIN collection c ON c.id = m.collection_id JOIN project p ON p.id = c.project_id "
    "JOIN entity e ON e.id = p.entity_id WHERE ",
}

# -- the rows -------------------------------------------------------------------------------------------------------

ENTITIES = [
    (1, "organization", "Acme"),
    (2, "team", "Vision"),
    (3, "user", "ana"),
    (4, "user", "Bo"),
    (5, "user", "김민수"),
]
PROJECTS = [
    # id, entity, kind, name, description, core, any_type, created, by, updated
    (1, 1, "registry", "wandb-registry-model", "What we ship", 1, 0, "2026-01-10", 3, "2026-06-14"),
    (2, 1, "registry", "wandb-registry-dataset", "", 1, 0, "2026-01-10", 3, "2026-02-01"),
    (
        3,
        1,
        "registry",
        "wandb-registry-Vision-Éval",
        "ÉCOLE models\nand 100% of tests",
        0,
        1,
        "2026-05-31",
        4,
        "2026-06-15",
    ),
    (4, 2, "project", "detection", "", 0, 1, "2025-12-31", 4, "2026-06-01"),
    (5, 2, "legacy", "model-registry", "older", 0, 1, "2025-03-01", None, "2025-03-01"),
]
TYPES = [(1, "model"), (2, "dataset"), (3, "eval")]
COLLECTIONS = [
    # id, project, kind, name, type, description, created, by, updated
    (1, 1, "portfolio", "Detector", "model", "Finds cars.\nRobust to [rain].", "2026-01-11", 3, "2026-06-15"),
    (2, 1, "portfolio", "Fine*Tuned? [x]", "model", "", "2026-02-11", 4, "2026-05-15"),
    (3, 2, "portfolio", "Golden Set", "dataset", "détector data", "2026-03-11", None, "2026-04-15"),
    (4, 3, "portfolio", "분류기-STRASSE", "model", "한국어 모델", "2026-04-11", 5, "2026-06-08"),
    (5, 4, "sequence", "detector", "model", "", "2025-12-31", 4, "2026-06-01"),
    (6, 4, "sequence", "coco", "dataset", "100%_done", "2025-12-31", 4, "2026-01-01"),
    (7, 5, "portfolio", "old", "model", "Detector, retired", "2025-04-01", 3, "2025-05-01"),
]
COLLECTION_TAGS = [(1, "prod"), (1, "needs review"), (3, "Prod"), (4, "품질-École"), (7, "legacy_x")]
VERSIONS = [
    # id, collection, digest, state, description, metadata, size, files, run, created, by
    (1, 5, "aa11", "committed", "First TRY", {"acc": 0.5, "ok": True, "split": "test", "n": "7"}, 1000, 1, 1,
     "2026-01-01", 4),
    (2, 5, "aa22", "committed", "", {"acc": 0.95, "ok": False, "a": {"b": {"c": 3}}, "e.f": 1}, 1_500_000_000, 12, 1,
     "2026-02-01", 4),
    (3, 5, "bb33", "pending", "Déjà vu: 한국어 설명",
     {"acc": "0.95", "list": [1, 2], "null": None, "q\"\\k": "x"}, 0, 0, None, "2026-06-14", 5),
    (4, 6, "bb44", "committed", "100% of it_all", {"acc": 10**400, "big": 2**53, "split": "Train*", "ok": "true"},
     2**40, 300, 2, "2026-06-15", None),
    (5, 6, "cc55", "deleted", "ab", {}, 7, 2, None, "2025-06-15", 3),
]  # fmt: skip
RUNS = [(1, 4, "3f2", "Sunny Dog"), (2, 4, "9ab", "prep")]
VERSION_TAGS = [(1, "wip"), (2, "prod"), (2, "fast"), (4, "Prod"), (4, "품질"), (5, "a b")]
MEMBERSHIPS = [
    # id, collection, version, number, at, by
    (1, 5, 1, 0, "2026-01-01", 4),
    (2, 5, 2, 1, "2026-02-01", 4),
    (3, 5, 3, 2, "2026-06-14", 5),
    (4, 6, 4, 0, "2026-06-15", None),
    (5, 6, 5, 1, "2025-06-15", 3),
    (6, 1, 1, 0, "2026-05-31", 3),
    (7, 1, 2, 3, "2026-06-01", 3),
    (8, 3, 4, 0, "2026-06-15", 5),
    (9, 4, 2, 0, "2026-06-09", 5),
    (10, 7, 1, 14, "2025-04-01", None),
]
ALIASES = [
    (1, "prod", 1), (1, "best acc", 2), (3, "gold*", 4), (4, "Prod", 2), (5, "시험", 1), (7, "v-old", 1),
]  # fmt: skip


def at(day: str) -> str:
    return f"{day}T12:00:00.000000Z"


def fill(engine: Engine) -> None:
    def put(table: str, **row: Any) -> None:
        names = ", ".join(row)
        engine.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in row)})", row)

    project_of = {row[0]: row[1] for row in COLLECTIONS}
    with engine.write():
        for id_, kind, name in ENTITIES:
            put("entity", id=id_, kind=kind, name=name, key=fold_key(name), created_at=at("2025-01-01"))
        for id_, entity, kind, name, text, core, any_type, created, by, updated in PROJECTS:
            put(
                "project", id=id_, entity_id=entity, kind=kind, name=name, key=fold_key(name), description=text,
                visibility="organization", core=core, any_type=any_type, created_at=at(created), created_by=by,
                updated_at=at(updated),
            )  # fmt: skip
        for project, type_ in TYPES:
            put("accepted_type", project_id=project, type=type_)
        for id_, project, kind, name, type_, text, created, by, updated in COLLECTIONS:
            put(
                "collection", id=id_, project_id=project, kind=kind, name=name, type=type_, description=text,
                folded=fold(f"{name}\n{text}"), created_at=at(created), created_by=by, updated_at=at(updated),
            )  # fmt: skip
        for collection, tag in COLLECTION_TAGS:
            put("collection_tag", collection_id=collection, tag=tag)
        for id_, project, name, title in RUNS:
            put(
                "run", id=id_, project_id=project, name=name, title=title, state="finished", config="{}", summary="{}",
                created_at=at("2026-01-01"), heartbeat_at=at("2026-01-01"),
            )  # fmt: skip
        for id_, collection, digest, state, text, metadata, size, files, run, created, by in VERSIONS:
            put(
                "version", id=id_, collection_id=collection, digest=digest, state=state, description=text,
                metadata=json.dumps(metadata, ensure_ascii=False), size=size, file_count=files, run_id=run,
                created_at=at(created), created_by=by, updated_at=at(created),
            )  # fmt: skip
            if text:
                put("version_text", version_id=id_, text=fold(text))
        for version, tag in VERSION_TAGS:
            put("version_tag", version_id=version, tag=tag)
        for id_, collection, version, number, when, by in MEMBERSHIPS:
            put(
                "membership", id=id_, collection_id=collection, project_id=project_of[collection],
                version_id=version, number=number, at=at(when), by_id=by,
            )  # fmt: skip
        for collection, alias, version in ALIASES:
            put("alias", collection_id=collection, alias=alias, version_id=version)


@pytest.fixture(scope="module")
def filter_engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Engine]]:
    """Both engines with the same rows; only SQLite where no PostgreSQL answers."""
    engines = {"sqlite": open_engine(str(tmp_path_factory.mktemp("filters") / "store.db"))}
    connection = None
    try:
        import psycopg

        connection = psycopg.connect(POSTGRES, autocommit=True, connect_timeout=5)
    except Exception as error:  # no driver, no server
        if "CURATORY_TEST_POSTGRES" in os.environ:
            raise
        print(f"no PostgreSQL: {error}")
    if connection is not None:
        connection.execute(f"CREATE SCHEMA {SCHEMA}")  # type: ignore[arg-type]
        mark = "&" if "?" in POSTGRES else "?"
        engines["postgresql"] = open_engine(f"{POSTGRES}{mark}options=-csearch_path%3D{SCHEMA},public")
    try:
        for engine in engines.values():
            engine.prepare(create=True)
            fill(engine)
        yield engines
    finally:
        for engine in engines.values():
            engine.close()
        if connection is not None:
            connection.execute(f"DROP SCHEMA {SCHEMA} CASCADE")  # type: ignore[arg-type]
            connection.close()


def found(
    engines: dict[str, Engine], node: Node | None, target: Target, ways: tuple[bool, ...] = (False, True)
) -> set[int]:
    """The ids that a filter finds: on every engine, and both ways of asking, the same."""
    answers: dict[str, set[int]] = {}
    for name, engine in engines.items():
        for narrow in ways:
            sql, args = compile_filter(node, target, engine, NOW, narrow=narrow)
            assert all(key.startswith("f") and key[1:].isdigit() for key in args)
            rows = engine.rows(FROM[target] + f"({sql})", args)
            answers[f"{name} {narrow}"] = {row[0] for row in rows}
            assert len(rows) == len(answers[f"{name} {narrow}"]), "a row was found twice"
    first = next(iter(answers.values()))
    assert all(answer == first for answer in answers.values()), answers
    return first


# -- the filter language --------------------------------------------------------------------------------------------

REGISTRIES = [
    ("model", {1, 3, 5}),  # 3 by its description
    ("MODELS", {1, 3}),  # 1 by its title
    ("wandb", set()),
    ("école", {3}),
    ("ÉVAL", {3}),
    ('"100% of"', {3}),
    ('"100_ of"', set()),
    ("name:model", {1}),
    ("name:Models", {1}),
    ("name:wandb-registry-model", {1}),
    ("name:Wandb-Registry-MODEL", {1}),
    ("name=wandb-registry-model", {1}),
    ("name=Models", set()),
    ("name=Model", set()),
    ("name:model*", {1, 5}),
    ("name:*", {1, 2, 3, 5}),
    ("name:w*", set()),
    ("name:wandb-registry-*", {1, 2, 3}),
    ("name:vision-É*", {3}),
    ("name:VISION-é???", {3}),
    ("name:(model, dataset, nothing)", {1, 2}),
    ("name~^[md]", {1, 2, 5}),
    ("name~wandb-registry-[md]", {1, 2}),
    ("name!=model", {2, 3, 5}),
    ("registry:dataset", {2}),
    ("project:dataset", {2}),
    ("entity:ACME", {1, 2, 3}),
    ("entity=acme", set()),
    ("entity=Acme", {1, 2, 3}),
    ("entity:v*", {5}),
    ("entity~^V", {5}),
    ("type:model", {1, 3, 5}),  # 3 takes every type and has a model
    ("type:eval", {3}),
    ("type:m*", {1, 3, 5}),
    ("by:ANA", {1, 2}),
    ("by:bo", {3}),
    ("!by:ana", {3, 5}),
    ("description:ship", {1}),
    ("description:école", {3}),
    ("description:É?ole*TESTS", {3}),
    ("description:100%", {3}),
    ("description=older", {5}),
    ("description~ship$", {1}),
    ("has:description", {1, 3, 5}),
    ("created:2026-01-10", {1, 2}),
    ("created<2026", {5}),
    ("updated>7d", {1, 3}),
]

COLLECTION_CASES = [
    ("", {1, 2, 3, 4, 5, 6, 7}),
    ("detector", {1, 5, 7}),
    ("DETECTOR", {1, 5, 7}),
    ("détector", {3}),
    ("rain", {1}),
    ("[rain]", {1}),
    ("한국어", {4}),
    ("한국어", {4}),  # decomposed, as macOS types it
    ("strasse", {4}),
    ("straße", {4}),
    ("ＧＯＬＤ", {3}),  # full width
    ("prod", {1, 3, 4}),
    ("REVIEW", {1}),
    ("품질", {4}),
    ("éCOLE", {4}),
    ("test", set()),  # not every `latest`
    ("latest", {1, 3, 4, 5, 6, 7}),
    ("best", {1}),
    ("100%", {6}),
    ("_", {6, 7}),
    ("*", {2, 3}),
    ("name:detector", {1, 5}),
    ("name=detector", {5}),
    ("name=Detector", {1}),
    ("name!=Detector", {2, 3, 4, 5, 6, 7}),
    ("name:det*", {1, 5}),
    ("name:*data", set()),  # a description's line is no name
    ("name:*cars.", set()),
    ("name:?OCO", {6}),
    ("name:(coco, OLD)", {6, 7}),
    ("name:(coco, det*)", {1, 5, 6}),
    ('name:"fine*tuned? [x]"', {2}),
    ("name:fine*[x]", {2}),
    ("name:fine*[y]", set()),
    ('name:"fine"', set()),
    ("name:분류기*", {4}),
    ("name:분류기-straße", {4}),
    ("name~^[Dd]et", {1, 5}),
    ("name~^det", {5}),
    (r"name~\bSet$", {3}),
    (r"name~^\w+-\w+$", {4}),
    ("registry:model", {1, 2}),
    ("registry:Datasets", {3}),
    ("project:detection", {5, 6}),
    ("registry:model-registry", {7}),
    ("entity:vision", {5, 6, 7}),
    ("type:dataset", {3, 6}),
    ("type:Dataset", set()),
    ("type:(model, dataset)", {1, 2, 3, 4, 5, 6, 7}),
    ("tag:prod", {1}),
    ("tag:Prod", {3}),
    ("tag:[Pp]rod", set()),
    ("tag:?rod", {1, 3}),
    ("tag~^[Pp]rod$", {1, 3}),
    ("tag:(prod, legacy_x)", {1, 7}),
    ("tag:(prod, legacy*)", {1, 7}),
    ("tag:legacy?x", {7}),
    ("tag:*e*e*e*", {1}),
    ("tag=needs", set()),
    ("tag:needs*", {1}),
    ("tag:(needs review)", {1}),
    ("tag!=prod", {2, 3, 4, 5, 6, 7}),
    ("tag!=(prod, Prod)", {2, 4, 5, 6, 7}),
    ("has:tag", {1, 3, 4, 7}),
    ("NOT has:tag", {2, 5, 6}),
    ("alias:prod", {1}),
    ("alias:*rod", {1, 4}),
    ("alias:latest", {1, 3, 4, 5, 6, 7}),
    ("alias:v14", {7}),
    ("alias:(v14, prod)", {1, 7}),
    ("alias:v*", {7}),
    ("alias:v2", {5}),
    ('alias="gold*"', {3}),
    ("has:alias", {1, 3, 4, 5, 7}),
    ("by:ana", {1, 7}),
    ("by:김민수", {4}),
    ("by:(ANA, bo)", {1, 2, 5, 6, 7}),
    ("by~^B", {2, 5, 6}),
    ("by!=Bo", {1, 3, 4, 7}),
    ("description:cars", {1}),
    ("description:Detector", {7}),
    ("description:détector", {3}),
    ("description:r*ST", {1}),
    ("description:rain?.", {1}),
    ("description:%", {6}),
    ('description="100%_done"', {6}),
    ("description~^Robust", set()),
    ("description~cars..Robust", set()),  # a point is no newline
    (r"description~cars\.\sRobust", {1}),
    ("description~cars.$", set()),
    (r"description~\nRobust", {1}),
    (r"description~한국어\s모델$", {4}),
    ("has:description", {1, 3, 4, 6, 7}),
    ("created:2025-12-31", {5, 6}),
    ("created:2025", {5, 6, 7}),
    ("created:2026-02", {2}),
    ("created>2026-02-11", {3, 4}),
    ("created>=2026-02-11", {2, 3, 4}),
    ("created<2026-02-11", {1, 5, 6, 7}),
    ("created<=2026-02-11", {1, 2, 5, 6, 7}),
    ("created>2026-02-11T11:59", {2, 3, 4}),
    ("created>2026-02-11T12:00", {3, 4}),
    ("created>=2026-02-11T12:00", {2, 3, 4}),
    ("created:2026-02-11T12:00:00", {2}),
    ("created:2026-02-11T12:00:00.000001", set()),
    ("created:2026-02-11T21:00+09:00", {2}),
    ("created!=2025", {1, 2, 3, 4}),
    ("created:(2025-12, 2026-04)", {4, 5, 6}),
    ("updated:today", {1}),
    ("updated>=yesterday", {1}),
    ("updated<yesterday", {2, 3, 4, 5, 6, 7}),
    ("updated>7d", {1, 4}),
    ("updated:7d", {1, 4}),
    ("updated<7d", {2, 3, 5, 6, 7}),
    ("updated>1w", {1, 4}),
    ("updated>6mo", {1, 2, 3, 4, 5, 6}),
    ("updated>999999y", {1, 2, 3, 4, 5, 6, 7}),
    ("tag:prod OR type:dataset -name:coco", {1, 3}),
    ("(tag:prod OR type:dataset) -name:coco", {1, 3}),
    ("(tag:prod OR type:dataset) name:coco", {6}),
    ("NOT (detector OR type:dataset)", {2, 4}),
    ("!(!detector)", {1, 5, 7}),
]

VERSION_CASES = [
    ("detector", {1, 2, 3, 6, 7}),
    ("cars", set()),  # a collection's description is not its versions'
    ("data", set()),
    ("prod", {2, 4, 6, 7, 8, 9}),
    ("TRY", {1, 6, 10}),
    ("déjà", {3}),
    ("국어 설", set()),
    ('"국어 설"', {3}),
    ('"어 "', set()),  # two letters, a word again: descriptions from three on
    ("ab", set()),
    ('"100% of it_all"', {4, 8}),
    ('"100% of itxall"', set()),
    ("v14", {10}),
    ("v1", {2, 5}),
    ("latest", {3, 5, 7, 8, 9, 10}),
    ("est", {1, 3, 5, 7, 8, 9, 10} - {1, 3, 5, 8, 9, 10}),  # `best acc`
    ("시험", {1}),
    ("품", {4, 8}),
    ("name:detector", {1, 2, 3, 6, 7}),
    ("name=detector", {1, 2, 3}),
    ("name~tector$", {1, 2, 3, 6, 7}),
    ("name:(det*, old)", {1, 2, 3, 6, 7, 10}),
    ("registry:models", {6, 7}),
    ("registry:Vision-éval", {9}),
    ("entity:acme", {6, 7, 8, 9}),
    ("type:dataset", {4, 5, 8}),
    ("tag:prod", {2, 7, 9}),
    ("tag:*rod", {2, 4, 7, 8, 9}),
    ("tag:(wip, fast)", {1, 2, 6, 7, 9, 10}),
    ("tag!=prod", {1, 3, 4, 5, 6, 8, 10}),
    ('tag:"a b"', {5}),
    ("has:tag", {1, 2, 4, 5, 6, 7, 8, 9, 10}),
    ("alias:prod", {6}),
    ("alias:(prod, Prod)", {6, 9}),
    ("alias:latest", {3, 5, 7, 8, 9, 10}),
    ("alias!=latest", {1, 2, 4, 6}),
    ("alias:lat*", {3, 5, 7, 8, 9, 10}),
    ("alias~^late", {3, 5, 7, 8, 9, 10}),
    ("alias:v0", {1, 4, 6, 8, 9}),
    ("alias:(v3, prod)", {6, 7}),
    ("alias:gold*", {8}),
    ("alias:b*t*a*c", {7}),
    ("alias~^v", {10}),
    ("has:alias", {1, 6, 7, 8, 9, 10}),
    ("version:3", {7}),
    ("version:v3", {7}),
    ("version:(0, v3)", {1, 4, 6, 7, 8, 9}),
    ("version>=3", {7, 10}),
    ("version!=0", {2, 3, 5, 7, 10}),
    ("version=9223372036854775807", set()),
    ("by:ana", {5, 6, 7}),
    ("by:bo", {1, 2, 6, 7, 9, 10}),
    ("-by:bo", {3, 4, 5, 8}),
    ("state:pending", {3}),
    ("state:(pending, deleted)", {3, 5}),
    ("state!=committed", {3, 5}),
    ("digest:aa", {1, 2, 6, 7, 9, 10}),
    ("digest:AA22", {2, 7, 9}),
    ("digest=aa", set()),
    ("digest=bb33", {3}),
    ("size>1.5GB", {4, 8}),
    ("size>=1.5GB", {2, 4, 7, 8, 9}),
    ("size:1k", {1, 6, 10}),
    ("size>=1TiB", {4, 8}),
    ("size>1TiB", set()),
    ("size<1KiB", {1, 3, 5, 6, 10}),
    ("files>12", {4, 8}),
    ("files:(0, 2)", {3, 5}),
    ("created:2026-06", {3, 4, 8}),
    ("linked:2026-06", {3, 4, 7, 8, 9}),
    ("linked>7d", {3, 4, 8, 9}),
    ("updated>1y", {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}),
    ("updated<364d", {5}),
    ("description:try", {1, 6, 10}),
    ("description:AB", {5}),
    ("description:d?jà*설명", {3}),
    ('description="ab"', {5}),
    ("description=AB", set()),
    ("description~^First", {1, 6, 10}),
    (r"description~:\s\w+\s\w+$", {3}),
    ("has:description", {1, 3, 4, 5, 6, 8, 10}),
    ("metadata.acc>0.9", {2, 4, 7, 8, 9}),
    ("metadata.acc>1e300", {4, 8}),
    ("metadata.acc:0.95", {2, 3, 7, 9}),
    ('metadata.acc:"0.95"', {3}),
    ("metadata.acc=0.950", {2, 7, 9}),
    ("metadata.acc<=.5", {1, 6, 10}),
    ("metadata.acc!=0.95", {1, 4, 5, 6, 8, 10}),
    ("metadata.n:7", {1, 6, 10}),
    ("metadata.n>6", set()),  # text is not a number
    ("metadata.ok:true", {1, 4, 6, 8, 10}),
    ('metadata.ok:"true"', {4, 8}),
    ("metadata.ok=false", {2, 7, 9}),
    ("metadata.split:test", {1, 6, 10}),
    ("metadata.split:t*", {1, 6, 10}),
    ("metadata.split:T*", {4, 8}),
    ('metadata.split:"Train*"', {4, 8}),
    ("metadata.split=Train*", {4, 8}),
    ("metadata.split~^[tT]", {1, 4, 6, 8, 10}),
    ("metadata.split>T", {1, 4, 6, 8, 10}),
    ("metadata.split>Z", {1, 6, 10}),
    ("metadata.a.b.c:3", {2, 7, 9}),
    ("metadata.a.b:3", set()),
    ("metadata.a.x.c:3", set()),
    ('metadata."e.f":1', {2, 7, 9}),
    ("metadata.e.f:1", set()),
    (r'metadata."q\"\\k":x', {3}),
    ("metadata.list:1", set()),
    ("metadata.big>=9007199254740992", {4, 8}),
    ("metadata.acc:(0.5, 0.95)", {1, 2, 3, 6, 7, 9, 10}),
    ("has:metadata", {1, 2, 3, 4, 6, 7, 8, 9, 10}),
    ("has:metadata.null", {3}),
    ("has:metadata.list", {3}),
    ("has:metadata.a.b", {2, 7, 9}),
    ("-has:metadata.acc", {5}),
    ("run:3f2", {1, 2, 6, 7, 9, 10}),
    ('run:"Sunny Dog"', {1, 2, 6, 7, 9, 10}),
    ("run:pre?", {4, 8}),
    ("run!=3f2", {3, 4, 5, 8}),
    ("has:run", {1, 2, 4, 6, 7, 8, 9, 10}),
    ("!has:run", {3, 5}),
    ("source:COCO", {4, 5, 8}),
    ("source:detection/detector", {1, 2, 3, 6, 7, 9, 10}),
    ("source:vision/det*/coco", {4, 5, 8}),
    ("source=Vision/detection/coco", {4, 5, 8}),
    ("source=vision/detection/coco", set()),
    ("source:acme/detection/coco", set()),
    ("source~^Vision/[^/]*/c", {4, 5, 8}),
    ("has:source", {6, 7, 8, 9, 10}),
    ("has:source tag:prod metadata.acc>0.9 !registry:model", {9}),
]

CASES: list[tuple[Target, str, set[int]]] = [
    *(("registries", text, ids) for text, ids in REGISTRIES),
    *(("collections", text, ids) for text, ids in COLLECTION_CASES),
    *(("versions", text, ids) for text, ids in VERSION_CASES),
]


@pytest.mark.parametrize(("target", "text", "ids"), CASES)
def test_language(filter_engines: dict[str, Engine], target: Target, text: str, ids: set[int]) -> None:
    assert found(filter_engines, parse(text), target) == ids


MONGO: list[tuple[Target, dict[str, Any], set[int]]] = [
    ("registries", {}, {1, 2, 3, 5}),
    ("registries", {"name": "model"}, {1}),
    ("registries", {"name": "wandb-registry-model"}, {1}),
    ("registries", {"name": "Wandb-registry-MODEL"}, {1}),
    ("registries", {"name": {"$in": ["model", "wandb-registry-dataset"]}}, {1, 2}),
    ("registries", {"name": {"$ne": "wandb-registry-model"}}, {2, 3, 5}),
    ("registries", {"name": {"$regex": "^mod"}}, {1, 5}),
    ("registries", {"name": {"$regex": "^wandb-registry-mod"}}, {1}),
    ("registries", {"name": {"$contains": "ode"}}, {1, 5}),
    ("registries", {"name": {"$contains": "wandb-registry-mod"}}, {1}),
    ("registries", {"id": 3}, {3}),
    ("registries", {"project_id": {"$in": [1, "2"]}}, {1, 2}),
    ("registries", {"id": "UHJvamVjdDoz"}, {3}),  # Project:3
    ("registries", {"entity_id": {"$gte": 2}}, {5}),
    ("registries", {"description": {"$exists": False}}, {2}),
    ("registries", {"created_at": {"$lt": "2026-01-10 12:00:00"}}, {5}),
    ("registries", {"created_at": {"$lte": "2026-01-10 12:00:00"}}, {1, 2, 5}),
    ("collections", {"name": "detector"}, {5}),
    ("collections", {"collection_name": {"$contains": "etector"}}, {1, 5}),
    ("collections", {"tag": "prod"}, {1}),
    ("collections", {"tags": {"$all": ["prod", "needs review"]}}, {1}),
    ("collections", {"tags": {"$size": 2}}, {1}),
    ("collections", {"tags": {"$size": 0}}, {2, 5, 6}),
    ("collections", {"tag": {"$nin": ["prod", "Prod"]}}, {2, 4, 5, 6, 7}),
    ("collections", {"tag": {"$contains": "ro"}}, {1, 3}),
    ("collections", {"tag": {"$in": []}}, set()),
    ("collections", {"tag": {"$nin": []}}, {1, 2, 3, 4, 5, 6, 7}),
    ("collections", {"$or": []}, set()),
    ("collections", {"description": ""}, {2, 5}),
    ("collections", {"description": {"$regex": "car|data"}}, {1, 3}),
    ("collections", {"$or": [{"name": "coco"}, {"id": 7}]}, {6, 7}),
    ("collections", {"$nor": [{"name": "coco"}, {"id": 7}]}, {1, 2, 3, 4, 5}),
    ("collections", {"$not": {"name": "coco"}, "id": {"$gt": 4}}, {5, 7}),
    ("collections", {"id": {"$not": {"$gt": 4}}}, {1, 2, 3, 4}),
    ("versions", {"version": "v3"}, {7}),
    ("versions", {"version_index": {"$gt": 2}}, {7, 10}),
    ("versions", {"alias": "prod"}, {6}),
    ("versions", {"aliases": {"$in": ["prod", "v3"]}}, {6, 7}),
    ("versions", {"alias": {"$size": 2}}, {7, 8, 9, 10}),
    ("versions", {"tag": {"$regex": "^[pP]rod$"}}, {2, 4, 7, 8, 9}),
    ("versions", {"metadata.acc": {"$gt": 0.9}}, {2, 4, 7, 8, 9}),
    ("versions", {"metadata.acc": 0.95}, {2, 7, 9}),
    ("versions", {"metadata.acc": "0.95"}, {3}),
    ("versions", {"metadata.acc": {"$ne": 0.95}}, {1, 3, 4, 5, 6, 8, 10}),
    ("versions", {"metadata.ok": True}, {1, 6, 10}),
    ("versions", {"metadata": {"a": {"b": {"c": {"$gte": 3}}}}}, {2, 7, 9}),
    ("versions", {"artifact_metadata.a.b.c": 3}, {2, 7, 9}),
    ("versions", {"metadata.acc": None}, {5}),
    ("versions", {"metadata.acc": {"$in": [0.5, None]}}, {1, 5, 6, 10}),
    ("versions", {"metadata.split": {"$contains": "ra"}}, {4, 8}),
    ("versions", {"metadata.acc": {"$exists": True}}, {1, 2, 3, 4, 6, 7, 8, 9, 10}),
    ("versions", {"artifact_size": {"$gte": 1500000000, "$lt": 2**40}}, {2, 7, 9}),
    ("versions", {"artifact_size": {"$gt": 6.5, "$lte": 7.0}}, {5}),
    ("versions", {"linked_at": {"$gte": "2026-06-14"}}, {3, 4, 8}),
    ("versions", {"linked_at": {"$gt": "2026-06-14T12:00:00.000000Z"}}, {4, 8}),
    ("versions", {"created_at": "2026-06-14"}, {3}),
    ("versions", {"artifact_id": 2}, {2, 7, 9}),
]


@pytest.mark.parametrize(("target", "filter_", "ids"), MONGO)
def test_mongo(filter_engines: dict[str, Engine], target: Target, filter_: dict[str, Any], ids: set[int]) -> None:
    assert found(filter_engines, from_mongo(filter_, target), target) == ids


# -- what must hold of every filter ---------------------------------------------------------------------------------

EVERYTHING = {"registries": {1, 2, 3, 5}, "collections": set(range(1, 8)), "versions": set(range(1, 11))}
FILTERS = {target: [text for t, text, ids in CASES if t == target and text] for target in TARGETS}


def _trees(target: Target) -> st.SearchStrategy[str]:
    free = st.text(st.characters(exclude_categories=("Cs",), exclude_characters='\0"\\'), min_size=1, max_size=4)
    words = free.filter(lambda text: bool(text.strip())).map(lambda text: f'"{text}"')
    globs = st.text("aAeprd*?é품[%_", min_size=1, max_size=5)
    globbed = st.tuples(st.sampled_from(["name", "description", "entity", "registry", "by", "type"]), globs).map(
        ":".join
    )
    leaf = st.one_of(st.sampled_from(FILTERS[target]).map(lambda text: f"({text})"), words, globbed)
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            inner.map(lambda one: f"NOT ({one})"),
            st.tuples(inner, inner).map(lambda both: f"({both[0]} {both[1]})"),
            st.tuples(inner, inner).map(lambda both: f"({both[0]} OR {both[1]})"),
        ),
        max_leaves=6,
    )


@pytest.mark.parametrize("target", TARGETS)
def test_engines_agree_and_not_is_the_complement(filter_engines: dict[str, Engine], target: Target) -> None:
    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(_trees(target), st.sampled_from(FILTERS[target]))
    def check(text: str, other: str) -> None:
        here = found(filter_engines, parse(text), target)
        there = found(filter_engines, parse(other), target)
        assert found(filter_engines, parse(f"NOT ({text})"), target) == EVERYTHING[target] - here
        assert found(filter_engines, parse(f"({text}) ({other})"), target) == here & there
        assert found(filter_engines, parse(f"({text}) OR ({other})"), target) == here | there

    check()


def test_patterns_mean_the_same(filter_engines: dict[str, Engine]) -> None:
    atoms = st.sampled_from(
        [*"aeDt-. *", "한", r"\w", r"\W", r"\s", r"\d", ".", "[a-eé]", "[^D]", r"[\W가-힣]", "^", "$"]
    )
    counts = ["*", "+", "?", "{2}", "{,2}", "{1,3}", "*?"]
    patterns = st.recursive(
        st.one_of(atoms, st.sampled_from([r"\b", r"\B"])),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map("".join),
            st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
            st.tuples(inner, st.sampled_from(counts)).map(lambda two: f"(?:{two[0]}){two[1]}"),
        ),
        max_leaves=8,
    )  # fmt: skip

    @settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(patterns)
    @example("(^|a)?$")
    @example(r"(\b)?한")
    @example("(a{1,9}b?){90}")
    def check(pattern: str) -> None:
        try:
            read_pattern(pattern)
        except PatternError:
            return
        if len(pattern) <= 200:
            found(filter_engines, parse(f'description~"{pattern}" OR name~"{pattern}"'), "collections")

    check()


@pytest.mark.parametrize("target", TARGETS)
def test_the_largest_filter_runs(filter_engines: dict[str, Engine], target: Target) -> None:
    words = " OR ".join(f"word{number}" for number in range(MAX_CONDITIONS))
    # Asked for each row, PostgreSQL compiles it (jit) for longer than it runs: the long way only.
    assert found(filter_engines, parse(words), target, (False,)) == set()
    deep = "NOT (" * 99 + "detector" + ")" * 99
    assert found(filter_engines, parse(deep), target) == EVERYTHING[target] - found(
        filter_engines, parse("detector"), target
    )


def repr_short(text: str) -> str:
    return f"{text[:2]}x{len(text)}"


@pytest.mark.parametrize("text", ["한" * 500, "é" * 500, "ﷺ" * 500, "*?" * 100, "é*" * 250, "[" * 500], ids=repr_short)
@pytest.mark.parametrize("target", TARGETS)
def test_the_longest_text_can_be_looked_for(filter_engines: dict[str, Engine], target: Target, text: str) -> None:
    assert found(filter_engines, parse(f'"{text}"'), target) == set()
    for field in ("name", "description", "by", "type", "tag", "alias", "source", "run", "metadata.split"):
        if field not in ("tag", "alias", "source", "run", "metadata.split") or target == "versions":
            found(filter_engines, parse(f"{field}:{text}"), target)


def test_no_pattern_takes_exponential_time(filter_engines: dict[str, Engine]) -> None:
    long = "a" * 100_000
    for engine in filter_engines.values():
        with engine.write():
            engine.execute("UPDATE collection SET description = :text WHERE id = 6", {"text": long})
    try:
        start = time.monotonic()
        for pattern in ("(a+)+Q", "(a|a)*Q", "(a*)*Q", "(.*a.*b|.*c)*.*Q", "a?" * 60 + "a" * 60 + "Q"):
            assert found(filter_engines, parse(f"description~{pattern}"), "collections") == set()
        assert time.monotonic() - start < 30
    finally:
        for engine in filter_engines.values():
            with engine.write():
                engine.execute("UPDATE collection SET description = '100%_done' WHERE id = 6")


def test_nothing_given_is_everything(filter_engines: dict[str, Engine]) -> None:
    for target in TARGETS:
        assert found(filter_engines, None, target) == EVERYTHING[target]


@pytest.mark.parametrize(
    ("target", "text", "position"),
    [
        ("registries", "model tag:prod", 6),
        ("registries", "version:3", 0),
        ("collections", "name:x OR metadata.acc>1", 10),
        ("collections", "!(a size>3)", 4),
        ("collections", "has:run", 4),
    ],
)
def test_a_field_that_the_target_has_not(
    filter_engines: dict[str, Engine], target: Target, text: str, position: int
) -> None:
    with pytest.raises(FilterError, match=f"is not a field of {target}; they have name, ") as error:
        compile_filter(parse(text), target, filter_engines["sqlite"], NOW)
    assert error.value.position == position
    assert error.value.text == text


def test_times_are_those_of_the_store() -> None:
    assert at("2026-05-01") == to_text(datetime(2026, 5, 1, 12, tzinfo=UTC))

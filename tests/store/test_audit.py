"""Audit: whatever is done to the log or to the tables behind the store's back is found."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from curatory.store import File, Store, create_store
from curatory.store.audit import Report
from curatory.store.engine.schema import GENESIS
from curatory.store.errors import Damaged, Invalid, Unavailable
from curatory.store.events import HASHED, digest

Tamper = Callable[[Store], object]


@pytest.fixture
def busy(store: Store) -> Store:
    """A store with some history, whose guards are gone."""
    store.users.add("ben")
    for number in range(3):
        made = store.versions.log([File("w", 1, f"e{number}", uri=f"s3://b/{number}")], "detector", "model")
        store.links.add(made, "model/detector", ["prod"])
    store.tags.add("model/detector", "old")
    store.members.add("model", "ben", "member")
    store.registries.create("golden", visibility="restricted", types=["model"])
    store.registries.protect("golden", "prod")
    assert store.audit.verify(tables=True).ok
    if store.engine.name == "sqlite":
        for trigger in ("event_no_update", "event_no_delete", "event_no_replace"):
            store.engine.execute(f"DROP TRIGGER {trigger}")
    else:
        for trigger in ("event_no_change", "event_no_truncate"):
            store.engine.execute(f"DROP TRIGGER {trigger} ON event")
    return store


class TakenBack(Exception):
    pass


def after(store: Store, tamper: Tamper, **options) -> Report:
    """What a verification finds after a crime, which is taken back."""
    report = None
    try:
        with store.engine.write():
            tamper(store)
            report = store.audit.verify(**options)
            raise TakenBack
    except TakenBack:
        assert report
        return report


def run(sql: str, **args: object) -> Tamper:
    return lambda store: store.engine.execute(sql, args)


def forge(store: Store, start: int, **changes: object) -> None:
    """Rewrite an event and make the chain right again from there on: what somebody with the whole database can do."""
    names = (*HASHED, "prev", "hash")
    rows = store.engine.rows(f"SELECT {', '.join(names)} FROM event WHERE seq >= :s ORDER BY seq", {"s": start})
    previous = store.engine.value("SELECT hash FROM event WHERE seq = :s", {"s": start - 1}) or GENESIS
    for row in rows:
        event: dict[str, Any] = dict(zip(names, row, strict=True))
        if event["seq"] == start:
            event |= changes
        event["prev"], event["hash"] = previous, digest(previous, event)
        store.engine.execute(
            f"UPDATE event SET {', '.join(f'{name} = :{name}' for name in names)} WHERE seq = :seq", event
        )
        previous = event["hash"]
    store.engine.execute("UPDATE chain SET hash = :h WHERE id = 1", {"h": previous})


def cut(store: Store, last: int) -> None:
    """Take the end off the log and set the head of the chain back to where it now ends."""
    row = store.engine.row("SELECT at, hash FROM event WHERE seq = :s", {"s": last})
    assert row
    store.engine.execute("DELETE FROM event WHERE seq > :s", {"s": last})
    store.engine.execute("DELETE FROM event_fact WHERE seq > :s", {"s": last})
    store.engine.execute(
        "UPDATE chain SET seq = :s, at = :at, hash = :h WHERE id = 1", {"s": last, "at": row[0], "h": row[1]}
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("at", "2020-01-01T00:00:00.000000Z"), ("actor", "eve"), ("actor_id", 7), ("action", "tag.add"), ("detail", "{}"),
        ("before", '{"x":1}'), ("after", "{}"), ("batch", "b"), ("undoes", 1), ("project_id", 99), ("collection_id", 99),
        ("version_id", 99), ("person_id", 99), ("hash", "0" * 64), ("prev", "0" * 64),
    ],
)  # fmt: skip
def test_no_column_of_an_event_is_edited_unseen(
    edited: Callable[[str, object], Report], column: str, value: object
) -> None:
    report = edited(column, value)
    assert report.findings[0].seq in (5, 6)
    assert report.findings[0].kind == ("edited" if column not in ("hash", "prev") else report.findings[0].kind)
    assert not report.ok


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory):
    """What a verification finds after a column of event 5 was edited: in one store, which is as it was afterwards."""
    made = create_store(
        tmp_path_factory.mktemp("audit") / "r.db", "ana", organization="acme", team="vision", durable=False
    )
    for number in range(5):
        made.collections.create(f"model/c{number}", "model")
    made.engine.execute("DROP TRIGGER event_no_update")
    yield lambda column, value: after(made, run(f"UPDATE event SET {column} = :v WHERE seq = 5", v=value))
    made.close()


def test_what_was_done_to_the_log_is_found(busy: Store) -> None:
    last = busy.events.head()
    crimes: list[tuple[Tamper, str, int, str]] = [
        (run("UPDATE event SET actor = 'eve' WHERE seq = 3"), "edited", 3, r"event 3 \(.* by eve\) was edited"),
        (run("DELETE FROM event WHERE seq = 1"), "removed", 1, "event 1 is missing"),
        (run("DELETE FROM event WHERE seq BETWEEN 4 AND 6"), "removed", 4, "event 4 to 6 is missing"),
        (run("DELETE FROM event WHERE seq = :s", s=last), "cut", last - 1, f"ends at event {last - 1}, but {last} events"),
        (run("DELETE FROM event"), "cut", 0, "the log ends at event 0"),
        (
            lambda s: (
                s.engine.execute("UPDATE event SET seq = -1 WHERE seq = 3"),
                s.engine.execute("UPDATE event SET seq = 3 WHERE seq = 4"),
                s.engine.execute("UPDATE event SET seq = 4 WHERE seq = -1"),
            ),
            "replaced", 3, "event 3 does not follow the one before it",
        ),
        (run("UPDATE chain SET hash = :h WHERE id = 1", h="0" * 64), "edited", last, "not the one that was written last"),
    ]  # fmt: skip
    for tamper, kind, seq, message in crimes:
        first = after(busy, tamper).findings[0]
        assert (first.kind, first.seq) == (kind, seq), message
        assert re.search(message, first.message), first.message
    report = busy.audit.verify()
    assert (report.ok, report.events, report.facts, report.anchor) == (True, last, 0, None)
    assert report.head == busy.events.get(last).hash


def test_an_anchor_finds_what_the_chain_alone_can_not(busy: Store, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors"
    first = busy.audit.anchor(anchors)
    assert first["seq"] == busy.events.head()
    busy.tags.add("model/detector", "later")
    second = busy.audit.anchor(anchors)
    assert [json.loads(line) for line in anchors.read_text().splitlines()] == [first, second]
    assert busy.audit.verify(anchor=anchors).anchor == second["seq"]

    def end(store: Store) -> None:
        cut(store, first["seq"] - 1)

    assert after(busy, end).ok  # the chain is whole, only shorter
    kinds = [(finding.kind, finding.seq) for finding in after(busy, end, anchor=anchors).findings]
    assert kinds == [("cut", first["seq"] - 1), ("cut", first["seq"] - 1)]

    def rewrite(store: Store) -> None:
        forge(store, 3, actor="eve")

    assert after(busy, rewrite).ok
    kinds = [(finding.kind, finding.seq) for finding in after(busy, rewrite, anchor=anchors).findings]
    assert kinds == [("replaced", first["seq"]), ("replaced", second["seq"])]
    assert busy.audit.verify(anchor=anchors, tables=True).ok


def test_a_broken_log_is_not_anchored(busy: Store, tmp_path: Path) -> None:
    anchors = tmp_path / "anchors"

    def broken(store: Store) -> None:
        store.engine.execute("DELETE FROM event WHERE seq = 3")
        with pytest.raises(Damaged, match="does not verify, so it was not anchored: event 3 is missing"):
            store.audit.anchor(anchors)

    after(busy, broken)
    assert not anchors.exists()
    with pytest.raises(Unavailable, match="can't be written"):
        busy.audit.anchor(tmp_path / "no folder" / "anchors")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not json\n", "Line 1 of .* is not an anchor"),
        ('{"seq": 1}\n', "Line 1 of .* is not an anchor"),
        ('{"store": "x", "seq": "1", "hash": "", "at": "2026-01-01T00:00:00Z"}\n', "is not an anchor"),
        ('{"store": "x", "seq": 1, "hash": "", "at": "yesterday"}\n', "is not an anchor"),
        ('{"store": "another", "seq": 1, "hash": "", "at": "2026-01-01T00:00:00Z"}\n', r"holds anchors of another store \(another\)"),
        (b"\xff\xfe", "can't be read"),
        (None, "can't be read"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_anchor_of_this_store_is_refused(
    anchored: Store, tmp_path: Path, text: str | bytes | None, message: str
) -> None:
    path = tmp_path / "anchors"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(Invalid, match=message):
        anchored.audit.verify(anchor=path)
    if text is not None:
        with pytest.raises(Invalid, match=message):
            anchored.audit.anchor(path)


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory):
    made = create_store(
        tmp_path_factory.mktemp("anchors") / "r.db", "ana", organization="acme", team="vision", durable=False
    )
    yield made
    made.close()


# Rows that somebody changed, took away or put in with a database program, and the fact that gives them away.
BEHIND = [
    ("UPDATE alias SET version_id = 1 WHERE alias = 'prod'", "alias/2/prod is 1 in the store, but the history"),
    ("DELETE FROM alias WHERE alias = 'prod'", "alias/2/prod is None in the store"),
    ("INSERT INTO alias (collection_id, alias, version_id) VALUES (2, 'eve', 1)", "alias/2/eve is 1 in the store"),
    ("UPDATE member SET role = 4 WHERE entity_id = 4", "member/1/4 is 'admin' in the store"),
    ("INSERT INTO member (project_id, entity_id, role) VALUES (4, 4, 4)", "member/4/4 is 'admin' in the store"),
    ("DELETE FROM member WHERE entity_id = 4", "member/1/4 is None in the store"),
    ("UPDATE organization_member SET role = 'admin' WHERE user_id = 4", "organization_member/2/4 is 'admin'"),
    ("INSERT INTO team_member (team_id, user_id, role) VALUES (3, 4, 'admin')", "team_member/3/4 is 'admin'"),
    ("DELETE FROM protected_alias", "protected_alias/4/prod is None"),
    ("INSERT INTO accepted_type (project_id, type) VALUES (4, 'x')", "accepted_type/4/x is 1"),
    ("DELETE FROM collection_tag", "collection_tag/2/old is None"),
    ("INSERT INTO version_tag (version_id, tag) VALUES (1, 'x')", "version_tag/1/x is 1"),
    ("UPDATE membership SET number = 9 WHERE collection_id = 2 AND version_id = 1", "link/2/1 is \\[9, "),
    ("DELETE FROM membership WHERE collection_id = 2 AND version_id = 1", "link/2/1 is None"),
    ("UPDATE version SET ttl = 5 WHERE id = 1", "version/1/ttl is 5"),
    ("UPDATE version SET state = 'deleted' WHERE id = 1", "version/1/state is 'deleted'"),
    ("UPDATE collection SET removed_at = 'x' WHERE id = 2", "collection/2/exists is 0"),
    ("UPDATE project SET removed_at = 'x' WHERE id = 4", "project/4/exists is 0"),
    ("UPDATE entity SET removed_at = 'x' WHERE id = 4", "entity/4/exists is 0"),
    ("DELETE FROM event_fact WHERE fact = 'alias/2/prod'", "the index of facts|alias/2/prod is 3"),
    (
        "DELETE FROM event_fact WHERE fact = 'alias/2/prod' AND seq < (SELECT max(seq) FROM event_fact WHERE fact = 'alias/2/prod')",
        "the index of facts",
    ),
    ("INSERT INTO event_fact (fact, seq) VALUES ('alias/2/prod', 2)", "the index of facts"),
]


def test_a_row_that_was_changed_behind_the_stores_back_is_found(busy: Store) -> None:
    clean = busy.audit.verify(tables=True)
    assert clean.ok
    assert clean.facts > 20
    for sql, message in BEHIND:
        assert after(busy, run(sql)).ok, sql  # the log itself is whole
        findings = after(busy, run(sql), tables=True).findings
        assert {finding.kind for finding in findings} == {"unlike"}, sql
        assert any(re.search(message, finding.message) for finding in findings), (sql, findings)


def test_what_is_written_meanwhile_is_no_finding(busy: Store) -> None:
    before = busy.events.head()

    def meanwhile(done: int, total: int) -> None:
        if busy.events.head() == before:
            busy.aliases.add("model/detector:v0", "prod")

    assert busy.audit.verify(progress=meanwhile, tables=True).findings == ()
    assert busy.events.head() == before + 1


def test_an_event_that_was_edited_into_rubbish_is_a_finding_too(busy: Store) -> None:
    report = after(busy, run("UPDATE event SET after = 'rubbish' WHERE seq = 5"), tables=True)
    assert report.findings[0].kind == "edited"


def test_progress_is_told(busy: Store) -> None:
    told: list[tuple[int, int]] = []
    busy.audit.verify(progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (busy.events.head(), busy.events.head())


def test_an_edited_manifest_shows_against_what_was_logged(store: Store, log: Callable[..., str]) -> None:
    log("a")
    log("b")
    assert store.audit.verify(tables=True).ok
    store.engine.execute("UPDATE entry SET digest = 'forged' WHERE version_id = 1")
    assert ["manifest of version 1" in finding.message for finding in store.audit.verify(tables=True).findings] == [
        True
    ]
    store.engine.execute("UPDATE version SET digest = 'forged' WHERE id = 2")
    assert len(store.audit.verify(tables=True).findings) == 2
    assert store.audit.verify().ok  # the chain itself is whole


def test_an_event_that_cant_be_read_is_damage_and_says_so(store: Store) -> None:
    for guard in ("event_no_update", "event_no_change"):
        if store.engine.name == ("sqlite" if guard == "event_no_update" else "postgresql"):
            store.engine.execute(f"DROP TRIGGER {guard}" + (" ON event" if guard == "event_no_change" else ""))
    store.engine.execute("UPDATE event SET detail = 'not json' WHERE seq = 1")
    with pytest.raises(Damaged, match="Event 1 can't be read.*audit verify"):
        store.events.get(1)

"""The event log: one event a change with what was before and after, history of anything, and who held `prod` when."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from curatory.store import File, Store
from curatory.store.errors import CuratoryError, Invalid, NotFound

Verb = Callable[[Store], object]
SOURCE = "vision/uncategorized/detector"
MODELS = "acme/wandb-registry-model"


def files(number: int) -> list[File]:
    return [File("w", 1, f"etag-{number}", uri=f"s3://b/{number}")]


@pytest.fixture
def world(store: Store) -> Store:
    """model/detector v0 (prod, best) and v1; ben, who may edit it; the restricted registry "closed"."""
    store.users.add("ben")
    store.teams.set_member("vision", "ben")
    store.members.add("model", "ben", "member")
    for number in range(3):
        store.versions.log(files(number), "detector", "model", ttl=3600)
    store.links.add(f"{SOURCE}:v0", "model/detector", ["prod", "best"])
    store.links.add(f"{SOURCE}:v1", "model/detector")
    store.tags.add("model/detector", "old")
    store.registries.create("closed", visibility="restricted", types=["model"])
    store.runs.start("uncategorized", name="train")
    return store


# A verb, its action, its subject, what else it tells, and the facts it changed as before → after.
EVENTS: list[tuple[Verb, str, str, dict[str, object], dict[str, tuple[object, object]]]] = [
    (
        lambda s: s.links.add(f"{SOURCE}:v2", "model/detector", ["new", "best"]), "link.add", f"{MODELS}/detector",
        {"source": f"{SOURCE}:v2", "version": 2, "name": "detector:v2", "aliases": ["new", "best"], "ttl_cleared": 3600},
        {"alias/2/best": (1, 3), "alias/2/new": (None, 3), "version/3/ttl": (3600, -2), "link/2/3": (None, ...)},
    ),
    (
        lambda s: s.links.add(f"{SOURCE}:v0", "model/other"), "link.add", f"{MODELS}/other", {"created": True, "type": "model"},
        {"collection/3/exists": (0, 1), "link/3/1": (None, ...)},
    ),
    (
        lambda s: s.links.remove("model/detector:v0"), "link.remove", f"{MODELS}/detector",
        {"name": "detector:v0", "source": f"{SOURCE}:v0", "version_number": 0},
        {"alias/2/best": (1, None), "alias/2/prod": (1, None), "link/2/1": (..., None)},
    ),
    (
        lambda s: s.aliases.add("model/detector:v1", "prod", "x"), "alias.add", f"{MODELS}/detector",
        {"aliases": ["prod", "x"], "name": "detector:v1", "moved": {"prod": 0}},
        {"alias/2/prod": (1, 2), "alias/2/x": (None, 2)},
    ),
    (
        lambda s: s.aliases.remove("model/detector:v0", "prod"), "alias.remove", f"{MODELS}/detector",
        {"aliases": ["prod"], "name": "detector:v0"}, {"alias/2/prod": (1, None)},
    ),
    (
        lambda s: s.tags.add("model/detector", "old", "new"), "tag.add", f"{MODELS}/detector", {"tags": ["old", "new"]},
        {"collection_tag/2/new": (None, 1)},
    ),
    (
        lambda s: s.tags.add("model/detector:v0", "new"), "tag.add", f"{MODELS}/detector:v0", {},
        {"version_tag/1/new": (None, 1)},
    ),
    (
        lambda s: s.tags.remove("model/detector", "old"), "tag.remove", f"{MODELS}/detector", {"tags": ["old"]},
        {"collection_tag/2/old": (1, None)},
    ),
    (
        lambda s: s.versions.describe("model/detector:v0", "새"), "version.describe", f"{MODELS}/detector:v0", {},
        {"version/1/description": ("", "새")},
    ),
    (
        lambda s: s.versions.set_metadata(f"{SOURCE}:v0", {"a": [1]}), "version.metadata", f"{SOURCE}:v0", {},
        {"version/1/metadata": ({}, {"a": [1]})},
    ),
    (lambda s: s.versions.set_ttl(f"{SOURCE}:v2", 60), "version.ttl", f"{SOURCE}:v2", {"ttl": 60}, {"version/3/ttl": (3600, 60)}),
    (
        lambda s: s.versions.remove(f"{SOURCE}:v1"), "version.delete", f"{SOURCE}:v1", {"links": 1},
        {"link/1/2": (..., None), "link/2/2": (..., None), "version/2/state": ("committed", "deleted")},
    ),
    (
        lambda s: s.versions.log(files(9), "new", "model", aliases=["a"], tags=["t"]), "version.log", "vision/uncategorized/new",
        {"version": 0, "name": "new:v0", "created": True, "type": "model"},
        {
            "collection/3/exists": (0, 1), "version/4/state": (None, "committed"), "link/3/4": (None, ...),
            "alias/3/a": (None, 4), "version_tag/4/t": (None, 1),
        },
    ),
    (
        lambda s: s.collections.create("model/new", "model", tags=["t"]), "collection.create", f"{MODELS}/new",
        {"type": "model"}, {"collection/3/exists": (0, 1), "collection_tag/3/t": (None, 1)},
    ),
    (
        lambda s: s.collections.rename("model/detector", "finder"), "collection.rename", f"{MODELS}/detector",
        {"to": "finder"}, {"collection/2/name": ("detector", "finder")},
    ),
    (
        lambda s: s.collections.describe("model/detector", "card"), "collection.describe", f"{MODELS}/detector", {},
        {"collection/2/description": ("", "card")},
    ),
    (
        lambda s: s.collections.set_type(SOURCE, "net"), "collection.type", SOURCE, {"type": "net"},
        {"collection/1/type": ("model", "net")},
    ),
    (
        lambda s: s.collections.remove("model/detector"), "collection.delete", f"{MODELS}/detector", {"versions": 2},
        {"collection/2/exists": (1, 0)},
    ),
    (
        lambda s: s.registries.create("new", types=["a"]), "registry.create", "acme/wandb-registry-new",
        {"visibility": "organization", "types": ["a"]},
        {"project/5/exists": (0, 1), "accepted_type/5/a": (None, 1), "member/5/1": (None, "admin")},
    ),
    (
        lambda s: s.registries.rename("closed", "shut"), "registry.rename", "acme/wandb-registry-closed",
        {"to": "wandb-registry-shut"}, {"project/4/name": ("wandb-registry-closed", "wandb-registry-shut")},
    ),
    (
        lambda s: s.registries.describe("closed", "d"), "registry.describe", "acme/wandb-registry-closed", {},
        {"project/4/description": ("", "d")},
    ),
    (
        lambda s: s.registries.set_visibility("closed", "organization", confirmed=True), "registry.visibility",
        "acme/wandb-registry-closed", {"visibility": "organization"},
        {"project/4/visibility": ("restricted", "organization")},
    ),
    (
        lambda s: s.registries.accept("closed", ["model", "b"]), "registry.accept", "acme/wandb-registry-closed",
        {"types": ["model", "b"]}, {"accepted_type/4/b": (None, 1)},
    ),
    (
        lambda s: s.registries.accept_any("closed"), "registry.accept", "acme/wandb-registry-closed", {"any": True},
        {"project/4/any_type": (0, 1)},
    ),
    (
        lambda s: s.registries.set_owner("model", "ben"), "registry.owner", MODELS, {"owner": "ben"},
        {"project/1/owner_id": (1, 4)},
    ),
    (lambda s: s.registries.protect("model", "x"), "registry.protect", MODELS, {"alias": "x"}, {"protected_alias/1/x": (None, 1)}),
    (
        lambda s: s.registries.remove("closed"), "registry.delete", "acme/wandb-registry-closed", {"collections": 0},
        {"project/4/exists": (1, 0)},
    ),
    (
        lambda s: s.members.add("closed", "ben"), "member.add", "acme/wandb-registry-closed",
        {"member": "ben", "role": "restricted_viewer"}, {"member/4/4": (None, "restricted_viewer")},
    ),
    (
        lambda s: s.members.set_role("model", "ben", "viewer"), "member.role", MODELS, {"member": "ben", "role": "viewer"},
        {"member/1/4": ("member", "viewer")},
    ),
    (lambda s: s.members.remove("model", "ben"), "member.remove", MODELS, {"member": "ben"}, {"member/1/4": ("member", None)}),
    (
        lambda s: s.users.add("kim"), "user.add", "kim", {"role": "member", "organization": "acme", "service": False},
        {"entity/5/exists": (0, 1), "organization_member/2/5": (None, "member")},
    ),
    (
        lambda s: s.organizations.set_role("ben", "viewer"), "user.role", "ben", {"role": "viewer"},
        {"organization_member/2/4": ("member", "viewer")},
    ),
    (
        lambda s: s.users.remove("ben"), "user.remove", "ben", {},
        {
            "entity/4/exists": (1, 0), "organization_member/2/4": ("member", None), "team_member/3/4": ("member", None),
            "member/1/4": ("member", None),
        },
    ),
    (
        lambda s: s.teams.create("speech"), "team.create", "speech", {"organization": "acme"},
        {"entity/5/exists": (0, 1), "team_member/5/1": (None, "admin")},
    ),
    (
        lambda s: s.teams.set_member("vision", "ben", "viewer"), "team.member", "vision", {"user": "ben", "role": "viewer"},
        {"team_member/3/4": ("member", "viewer")},
    ),
    (
        lambda s: s.teams.remove_member("vision", "ben"), "team.leave", "vision", {"user": "ben"},
        {"team_member/3/4": ("member", None)},
    ),
    (
        lambda s: s.teams.set_default_ttl("vision", 60), "team.ttl", "vision", {"ttl": 60},
        {"entity/3/default_ttl": (None, 60)},
    ),
    (lambda s: s.projects.ensure("new", "vision"), "project.create", "vision/new", {}, {"project/5/exists": (0, 1)}),
    (lambda s: s.projects.remove("vision/uncategorized"), "project.delete", "vision/uncategorized", {}, {"project/3/exists": (1, 0)}),
    (
        lambda s: s.runs.start("uncategorized", name="eval"), "run.start", "vision/uncategorized/eval", {},
        {"run/2/exists": (0, 1)},
    ),
    (
        lambda s: s.runs.finish("vision/uncategorized/train"), "run.finish", "vision/uncategorized/train",
        {"state": "finished"}, {"run/1/state": ("running", "finished")},
    ),
    (
        lambda s: s.runs.use("vision/uncategorized/train", "model/detector:v0"), "run.use", f"{MODELS}/detector:v0",
        {"run": "vision/uncategorized/train"}, {"edge/2/3": (None, 1)},
    ),
    (
        lambda s: s.runs.remove("vision/uncategorized/train"), "run.delete", "vision/uncategorized/train", {},
        {"run/1/exists": (1, 0)},
    ),
]  # fmt: skip


class TakenBack(Exception):
    pass


def test_every_verb_is_exactly_one_event_with_what_was_before_and_after(world: Store) -> None:
    head = world.events.head()
    offset = _identities(world)
    for verb, action, subject, detail, changed in EVENTS:
        try:
            with world.engine.write():
                verb(world)
                assert world.events.head() == head + 1, action
                event = world.events.get(head + 1)
                assert (event.action, event.subject, event.actor) == (action, subject, "ana")
                assert {name: event.detail.get(name) for name in detail} == detail, action
                found: dict[str, tuple[object, object]] = {
                    name: (event.before.get(name), event.after.get(name)) for name in event.after
                }
                assert set(event.before) == set(event.after)
                _same(found, changed, offset, action)
                assert (event.undoes, event.undone_by) == (None, None)
                raise TakenBack
        except TakenBack:
            assert world.events.head() == head


def _identities(store: Store) -> dict[str, int]:
    """PostgreSQL does not give a taken-back number again: names of new rows are compared without it."""
    return {
        table: store.engine.value(f"SELECT max(id) FROM {table}")
        for table in ("entity", "project", "collection", "version", "run")
    }


def _same(
    found: dict[str, tuple[object, object]],
    wanted: dict[str, tuple[object, object]],
    last: dict[str, int],
    action: str,
) -> None:
    def shape(facts: dict[str, tuple[object, object]]) -> dict[str, tuple[object, object]]:
        return {_anonymous(name, last): tuple(_value(v, last) for v in pair) for name, pair in facts.items()}  # type: ignore[misc]

    got, expected = shape(found), shape(wanted)
    assert set(got) == set(expected), action
    for name, pair in expected.items():
        for one, other in zip(got[name], pair, strict=True):
            assert one == other or (other is ... and one is not None), (action, name)


OWNERS = {
    "alias": "collection", "collection_tag": "collection", "link": "collection", "collection": "collection",
    "version": "version", "version_tag": "version", "member": "project", "accepted_type": "project", "project": "project",
    "protected_alias": "project", "entity": "entity", "team_member": "entity", "organization_member": "entity", "run": "run",
}  # fmt: skip


def _anonymous(name: str, last: dict[str, int]) -> str:
    kind, owner, key = name.split("/", 2)
    table = OWNERS.get(kind)
    if table and int(owner) > last[table]:
        owner = "new"
    inner = {"link": "version", "organization_member": "entity"}.get(kind)
    if inner and int(key) > last[inner]:
        key = "new"
    return f"{kind}/{owner}/{key}"


def _value(value: object, last: dict[str, int]) -> object:
    return "new" if isinstance(value, int) and not isinstance(value, bool) and value == last["version"] + 1 else value


NO_CHANGE: list[Verb] = [
    lambda s: s.aliases.add("model/detector:v0", "prod"),
    lambda s: s.links.add(f"{SOURCE}:v0", "model/detector", ["best"]),
    lambda s: s.tags.add("model/detector", "old"),
    lambda s: s.collections.describe("model/detector", ""),
    lambda s: s.collections.rename("model/detector", "detector"),
    lambda s: s.collections.set_type(SOURCE, "model"),
    lambda s: s.versions.describe("model/detector:v0", ""),
    lambda s: s.versions.set_metadata("model/detector:v0", {}),
    lambda s: s.versions.set_ttl(f"{SOURCE}:v2", 3600),
    lambda s: s.versions.log(files(0), "detector", "model"),
    lambda s: s.registries.rename("closed", "closed"),
    lambda s: s.registries.describe("closed", ""),
    lambda s: s.registries.set_visibility("closed", "restricted"),
    lambda s: s.registries.accept("model", ["model"]),
    lambda s: s.registries.set_owner("model", "ana"),
    lambda s: s.members.set_role("model", "ben", "member"),
    lambda s: s.organizations.set_role("ben", "member"),
    lambda s: s.teams.set_member("vision", "ben", "member"),
    lambda s: s.projects.ensure("uncategorized", "vision"),
    lambda s: s.garbage.collect(),
    lambda s: s.aliases.add("model/detector:v0"),
    lambda s: s.tags.add("model/detector"),
]


def test_what_changes_nothing_is_no_event(world: Store) -> None:
    head = world.events.head()
    for verb in NO_CHANGE:
        verb(world)
        assert world.events.head() == head


def test_events_are_numbered_without_gaps_in_the_order_of_time(world: Store, clock) -> None:
    clock.forward(hours=-5)  # a clock that was set back does not turn the log round
    world.tags.add("model/detector", "x")
    events = world.events.of(limit=1000).items[::-1]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.at for event in events] == sorted(event.at for event in events)
    assert events[-1].at.tzinfo is not None


# -- history ----------------------------------------------------------------------------------------------------------


def history(store: Store, path: str | None, **options) -> list[str]:
    return [event.action for event in store.events.of(path, **options)]


def test_the_history_of_anything(world: Store) -> None:
    assert history(world, "model/detector") == ["tag.add", "link.add", "link.add"]
    assert history(world, "model/detector:prod") == ["link.add", "version.log"]
    assert history(world, f"{SOURCE}:v2") == ["version.log"]
    assert history(world, "closed") == ["registry.create"]
    assert history(world, "model") == ["tag.add", "link.add", "link.add", "member.add"]
    world.as_actor("ben").tags.add("model/detector", "bens")
    assert history(world, "ben") == ["tag.add", "member.add", "team.member", "user.add"]  # done by and done to
    assert history(world, "vision") == ["team.create"]
    assert len(world.events.of(None, limit=1000)) == world.events.head()
    with pytest.raises(NotFound):
        history(world, "model/nothing")
    with pytest.raises(NotFound):
        history(world, "model/detector:v7")


def test_the_history_of_what_was_renamed_or_deleted(world: Store) -> None:
    world.collections.rename("model/detector", "finder")
    assert history(world, "model/finder") == ["collection.rename", "tag.add", "link.add", "link.add"]
    world.links.remove("model/finder:v0")
    assert history(world, "model/finder:v0") == ["link.remove", "link.add", "version.log"]
    world.collections.remove("model/finder")
    assert history(world, "model/finder")[:2] == ["collection.delete", "link.remove"]
    world.collections.create("model/finder", "model")  # what is there goes before what was
    assert history(world, "model/finder") == ["collection.create"]
    world.registries.rename("closed", "shut")
    world.registries.remove("shut")
    assert history(world, "shut") == ["registry.delete", "registry.rename", "registry.create"]
    world.versions.remove(f"{SOURCE}:v2")
    assert history(world, f"{SOURCE}:v2") == ["version.delete", "version.log"]
    world.users.remove("ben")
    assert history(world, "ben")[0] == "user.remove"
    assert len(history(world, None, by="ben", limit=1)) == 0


def test_history_is_filtered_by_person_time_and_kind(world: Store, clock) -> None:
    before = clock()
    clock.forward(hours=1)
    ben = world.as_actor("ben")
    ben.aliases.add("model/detector:v1", "x")
    ben.tags.add("model/detector", "x")
    at = world.events.get(world.events.head()).at
    world.aliases.remove("model/detector:v1", "x")
    assert history(world, None, since=before) == ["alias.remove", "tag.add", "alias.add"]
    assert history(world, None, since=before, until=at) == ["tag.add", "alias.add"]
    assert history(world, None, since=at, until=at) == ["tag.add"]
    assert history(world, None, until=before - timedelta(days=1)) == []
    assert history(world, None, by="BEN") == ["tag.add", "alias.add"]
    assert history(world, "model/detector", actions="alias") == ["alias.remove", "alias.add"]
    assert history(world, None, actions="alias.add") == ["alias.add"]
    assert history(world, None, actions="ALIAS") == history(world, None, actions="alias")
    assert history(world, None, actions="ali") == []
    assert history(world, "model/detector", by="ana", actions="tag") == ["tag.add"]
    with pytest.raises(NotFound, match="There is no user or team 'bem'. Did you mean 'ben'"):
        history(world, None, by="bem")


def test_history_comes_in_pages(world: Store) -> None:
    whole = [event.seq for event in world.events.of(limit=1000)]
    for size in (1, 3, len(whole), len(whole) + 1):
        paged, after = [], None
        while True:
            page = world.events.of(limit=size, after=after)
            paged += [event.seq for event in page]
            if not (after := page.after):
                break
        assert paged == whole
    for bad in (0, 1001, -1):
        with pytest.raises(Invalid, match="1 to 1,000"):
            world.events.of(limit=bad)
    for cursor in ("nonsense", "", "WzEsMl0=", "eyJhIjogMX0=", world.search.registries(limit=1).after):
        with pytest.raises(Invalid, match="not a page cursor"):
            world.events.of(after=cursor)


def test_what_happened_where_one_may_not_look_is_not_told(world: Store) -> None:
    made = world.registries.create("secret", visibility="restricted")
    seq = world.events.head()
    world.links.add("model/detector:v0", "secret/hidden")
    world.users.add("kim")
    kim = world.as_actor("kim")
    assert {event.project_id for event in kim.events.of(limit=1000)} & {made.id} == set()
    assert "secret" not in str(kim.events.of(limit=1000))
    with pytest.raises(NotFound, match=f"There is no event {seq}"):
        kim.events.get(seq)
    assert history(kim, "ana", actions="registry") == []
    assert len(history(world, "ana", actions="registry")) == 2
    with pytest.raises(NotFound):
        history(kim, "secret")
    with pytest.raises(NotFound, match=f"There is no event {seq}"):
        kim.undo.undo(seq)
    world.members.add("secret", "kim")
    assert kim.events.get(seq).action == "registry.create"


# -- batches ----------------------------------------------------------------------------------------------------------


def test_a_batch_is_all_or_nothing_under_one_id(world: Store) -> None:
    head = world.events.head()
    with world.batch() as batch:
        world.tags.add("model/detector", "x")
        with world.batch() as inner:
            world.tags.add("model/detector", "y")
        with pytest.raises(NotFound):
            world.tags.remove("model/detector", "z", "x")  # refused on its own, the rest goes on
    assert inner == batch
    assert {event.batch for event in world.events.of(limit=2)} == {batch}
    assert world.events.head() == head + 2

    def refused_in_the_middle() -> None:
        with world.batch():
            world.tags.add("model/detector", "w")
            world.tags.remove("model/detector", "z")

    with pytest.raises(NotFound):
        refused_in_the_middle()
    assert (world.events.head(), world.batch_id) == (head + 2, None)
    assert world.collections.get("model/detector").tags == ("old", "x", "y")
    world.tags.add("model/detector", "v")
    assert world.events.get(world.events.head()).batch is None


def test_a_rehearsal_tells_what_would_happen_and_keeps_nothing(world: Store) -> None:
    head = world.events.head()
    with world.rehearsal() as changes:
        world.aliases.add("model/detector:v1", "prod")
        world.links.add(f"{SOURCE}:v2", "model/new")
    assert [(change.action, change.detail.get("moved")) for change in changes] == [
        ("alias.add", {"prod": 0}), ("link.add", None),
    ]  # fmt: skip
    with pytest.raises(NotFound), world.rehearsal():
        world.aliases.remove("model/detector:v1", "nothing")
    assert world.events.head() == head
    assert world.versions.get("model/detector:prod").number == 0
    world.tags.add("model/detector", "real")
    assert (world.events.head(), len(changes)) == (head + 1, 2)


# -- the log only grows -----------------------------------------------------------------------------------------------

ATTACKS = {
    "sqlite": [
        "UPDATE event SET actor = 'eve' WHERE seq = 3",
        "DELETE FROM event WHERE seq = 3",
        "DELETE FROM event",
        "INSERT OR REPLACE INTO event SELECT * FROM event WHERE seq = 3",
        "REPLACE INTO event (seq, at, actor, action, detail, before, after, prev, hash) VALUES (3, '', 'eve', 'x', '{}', '{}', '{}', '', '')",
        "INSERT INTO event SELECT * FROM event WHERE seq = 3 ON CONFLICT (seq) DO UPDATE SET actor = 'eve'",
        "UPDATE OR REPLACE event SET seq = 4 WHERE seq = 3",
    ],
    "postgresql": [
        "UPDATE event SET actor = 'eve' WHERE seq = 3",
        "DELETE FROM event WHERE seq = 3",
        "TRUNCATE event",
        "TRUNCATE event CASCADE",
        "INSERT INTO event SELECT * FROM event WHERE seq = 3 ON CONFLICT (seq) DO UPDATE SET actor = 'eve'",
    ],
}  # fmt: skip


def test_the_log_can_only_grow(world: Store) -> None:
    before = world.engine.rows("SELECT * FROM event ORDER BY seq")
    for attack in ATTACKS[world.engine.name]:
        with pytest.raises(CuratoryError, match="append-only"):
            world.engine.execute(attack)
    if world.engine.name == "sqlite":  # another program, without our settings
        plain = sqlite3.connect(world.engine.url)
        plain.execute("PRAGMA recursive_triggers = off")
        for attack in ATTACKS["sqlite"]:
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                plain.execute(attack)
        plain.close()
    assert world.engine.rows("SELECT * FROM event ORDER BY seq") == before


# -- who held it when -------------------------------------------------------------------------------------------------


def test_what_an_alias_named_at_any_moment(store: Store, clock) -> None:
    for number in range(3):
        store.versions.log(files(number), "detector", "model")
    moments: list[tuple[datetime, dict[str, int]]] = [(clock(), {})]

    def then(verb: Callable[[], object], held: dict[str, int]) -> None:
        clock.forward(hours=1)
        verb()
        moments.append((clock(), held))

    then(lambda: store.links.add(f"{SOURCE}:v0", "model/detector", ["prod"]), {"latest": 0, "prod": 0})
    then(lambda: store.links.add(f"{SOURCE}:v1", "model/detector"), {"latest": 1, "prod": 0})
    then(lambda: store.aliases.add("model/detector:v1", "prod", "한"), {"latest": 1, "prod": 1, "한": 1})
    then(lambda: store.aliases.remove("model/detector:v1", "한"), {"latest": 1, "prod": 1})
    then(store.undo.undo, {"latest": 1, "prod": 1, "한": 1})
    then(lambda: store.links.remove("model/detector:prod"), {"latest": 0})
    then(store.undo.undo, {"latest": 1, "prod": 1, "한": 1})
    then(lambda: store.collections.rename("model/detector", "finder"), {"latest": 1, "prod": 1, "한": 1})
    then(lambda: store.registries.protect("model", "prod"), {"latest": 1, "prod": 1, "한": 1})
    then(lambda: store.links.add(f"{SOURCE}:v2", "model/finder", ["prod"]), {"latest": 2, "prod": 2, "한": 1})
    then(lambda: store.aliases.remove("model/finder:v2", "prod"), {"latest": 2, "한": 1})
    then(lambda: store.versions.remove(f"{SOURCE}:v2"), {"latest": 1, "한": 1})
    then(lambda: store.collections.remove("model/finder"), {})
    then(store.undo.undo, {"latest": 1, "한": 1})
    then(lambda: store.collections.remove("model/finder"), {})
    for moment, held in moments:
        assert store.aliases.at("model/finder", moment) == held, moment
    assert store.aliases.at("model/finder", datetime(1999, 1, 1, tzinfo=UTC)) == {}
    with pytest.raises(Invalid, match="is not a collection; aliases are a collection's"):
        store.aliases.at("model", clock())


def test_a_collection_tells_of_links_that_went_with_their_source(store: Store, log: Callable[..., str]) -> None:
    store.links.add(log("a"), "model/detector")
    store.versions.remove("vision/uncategorized/detector:v0")
    assert [event.action for event in store.events.of("model/detector")] == ["version.delete", "link.add"]

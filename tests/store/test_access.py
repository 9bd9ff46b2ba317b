"""Access: every role at every verb, what is refused leaves no trace, and what may not be seen does not exist.

The expected tables stand here in letters of their own: they are not made from the matrix that the store uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import pytest
from curatory.store import File, Store
from curatory.store.access import MATRIX, Permission, Role, allowed
from curatory.store.engine.schema import TABLES
from curatory.store.errors import CuratoryError, Forbidden, Invalid, NotFound

Log = Callable[..., str]
Verb = Callable[[Store], object]

NAMES = [re.findall(r"CREATE TABLE (\w+)", statement)[0] for statement in TABLES]


def rows_of(store: Store) -> dict[str, list[str]]:
    """Everything that is in the database."""
    return {name: sorted(map(repr, store.engine.rows(f"SELECT * FROM {name}"))) for name in NAMES}


class TakenBack(Exception):
    pass


def outcome(store: Store, actor: str, verb: Verb, untouched: dict[str, list[str]]) -> str:
    """What comes of a verb, which is taken back afterwards: done, read, refused, hidden, or what went wrong."""
    mine = store.as_actor(actor)
    found = ""
    try:
        with store.engine.write():
            head = store.events.head()
            try:
                verb(mine)
                found = "read" if store.events.head() == head else "done"
            except Forbidden:
                found = "refused"
            except NotFound:
                found = "hidden"
            except CuratoryError as error:
                found = f"{type(error).__name__}: {error}"
            if found not in ("done", "read") and rows_of(store) != untouched:
                found = f"{found}, but it left a trace"
            raise TakenBack
    except TakenBack:
        return found


def outcomes(store: Store, actors: Iterable[str], verbs: Iterable[tuple[str, Verb]]) -> dict[str, dict[str, str]]:
    untouched = rows_of(store)
    verbs = list(verbs)
    return {name: {actor: outcome(store, actor, verb, untouched) for actor in actors} for name, verb in verbs}


# -- a restricted registry --------------------------------------------------------------------------------------------

# Who is what in the restricted registry "closed". All may see the team's source project.
PEOPLE = {
    "nora": "no role",
    "ruth": "restricted_viewer",
    "vera": "viewer",
    "mark": "member",
    "sync": "service account, member",
    "alma": "admin",
    "cora": "admin, and it is hers",
    "olga": "organization admin",
}
HIDDEN = "nora"
RV, V, M, A = (
    {"ruth", "vera", "mark", "sync", "alma", "cora", "olga"},
    {"vera", "mark", "sync", "alma", "cora", "olga"},
    {"mark", "sync", "alma", "cora", "olga"},
    {"alma", "cora", "olga"},
)
ITS_CREATOR, ORGANIZATION_ADMIN = {"cora", "olga"}, {"olga"}


@pytest.fixture
def closed(store: Store, log: Log) -> dict[str, int]:
    """The registry "closed" with detector v0 (Production, protected) and v1 (candidate); the events to take back."""
    for name in PEOPLE:
        store.users.add(name, role="admin" if name == "olga" else "member", service=name == "sync")
        store.teams.set_member("vision", name, "member" if name == "sync" else "viewer")
    sources = [log(f"weights {n}", name="detector") for n in range(3)]
    cora = store.as_actor("cora")
    cora.registries.create("closed", visibility="restricted", types=["model"])
    for name, role in [("ruth", "restricted_viewer"), ("vera", "viewer"), ("mark", "member"), ("alma", "admin")]:
        cora.members.add("closed", name, role)
    cora.members.add("closed", "sync")
    cora.registries.create("inbox")  # where everybody may link to
    for name in set(PEOPLE) - {"cora"}:
        cora.members.add("inbox", name, "member")
    cora.registries.create("open")
    for name, role in [("ruth", "restricted_viewer"), ("vera", "viewer"), ("mark", "member"), ("alma", "admin")]:
        cora.members.add("open", name, role)
    for name in PEOPLE:
        store.as_actor(name).runs.start("labs", entity=name, name="run")

    seqs: dict[str, int] = {}

    def remember(name: str) -> None:
        seqs[name] = store.events.head()

    cora.registries.protect("closed", "Production")
    remember("protect")
    cora.links.add(sources[0], "closed/detector", ["Production"])
    cora.links.add(sources[1], "closed/detector")
    cora.aliases.add("closed/detector:v1", "candidate")
    remember("alias")
    cora.tags.add("closed/detector", "old")
    remember("tag")
    cora.tags.add("closed/detector:v1", "seen")
    cora.collections.create("closed/spare", "model")
    remember("create")
    cora.links.add(sources[2], "closed/other")
    remember("link")
    cora.collections.describe("closed/detector", "card")
    remember("describe")
    cora.aliases.add("closed/other:v0", "Production")
    remember("protected alias")
    cora.members.add("closed", "ana", "viewer")
    remember("member")
    cora.registries.describe("closed", "for us")
    remember("describe registry")
    cora.registries.rename("closed", "Closed")
    remember("rename registry")
    cora.registries.accept("closed", ["dataset"])
    remember("types")
    cora.registries.create("gone")
    cora.members.add("gone", "alma", "admin")
    cora.registries.set_visibility("gone", "restricted")
    remember("hide")
    return seqs


SOURCE = "vision/uncategorized/detector"

CLOSED: list[tuple[str, set[str], Verb]] = [
    # reading
    ("view the registry", RV, lambda s: s.registries.get("closed")),
    ("view a collection", RV, lambda s: s.collections.get("closed/detector")),
    ("view a version", RV, lambda s: s.versions.get("closed/detector:Production")),
    ("view a version in full", RV, lambda s: s.versions.get("acme/wandb-registry-closed/detector:v1")),
    ("view what files it has", RV, lambda s: s.versions.files("closed/detector:v0")),
    ("view settings and members", RV, lambda s: s.members.list("closed")),
    ("search", RV, lambda s: s.search.collections("closed")),
    ("search versions", RV, lambda s: s.search.versions("closed/detector")),
    ("tags in use", RV, lambda s: s.tags.used("closed")),
    ("history", RV, lambda s: s.events.of("closed/detector")),
    ("aliases of the past", RV, lambda s: s.aliases.at("closed/detector", s.now())),
    ("history of an alias", RV, lambda s: s.aliases.history("closed/detector", "Production")),
    ("lineage", RV, lambda s: s.lineage.graph("closed/detector:v0")),
    ("download", V, lambda s: s.versions.downloadable("closed/detector:v0")),
    ("hash its files anew", V, lambda s: s.garbage.verify("closed/detector:v0")),
    # using
    ("use in a run", V, lambda s: s.runs.use(f"{s.actor.name}/labs/run", "closed/detector:v0")),
    ("link it elsewhere", V, lambda s: s.links.add("closed/detector:v0", "inbox/copy")),
    # linking
    ("link", M, lambda s: s.links.add(f"{SOURCE}:v2", "closed/detector")),
    ("link into a new collection", M, lambda s: s.links.add(f"{SOURCE}:v2", "closed/new")),
    ("link with an alias", M, lambda s: s.links.add(f"{SOURCE}:v2", "closed/detector", ["best"])),
    ("link with a protected alias", A, lambda s: s.links.add(f"{SOURCE}:v2", "closed/detector", ["Production"])),
    ("link again, with an alias", M, lambda s: s.links.add(f"{SOURCE}:v1", "closed/detector", ["best"])),
    ("link again, with a protected alias", A, lambda s: s.links.add(f"{SOURCE}:v1", "closed/detector", ["Production"])),
    ("unlink", M, lambda s: s.links.remove("closed/detector:v1")),
    ("unlink what has a protected alias", A, lambda s: s.links.remove("closed/detector:v0")),
    # aliases
    ("add an alias", M, lambda s: s.aliases.add("closed/detector:v1", "best")),
    ("move an alias", M, lambda s: s.aliases.add("closed/detector:v0", "candidate")),
    ("delete an alias", M, lambda s: s.aliases.remove("closed/detector:v1", "candidate")),
    ("move a protected alias", A, lambda s: s.aliases.add("closed/detector:v1", "Production")),
    ("add a protected alias among others", A, lambda s: s.aliases.add("closed/detector:v1", "best", "Production")),
    ("delete a protected alias", A, lambda s: s.aliases.remove("closed/detector:v0", "Production")),
    ("define a protected alias", A, lambda s: s.registries.protect("closed", "Staging")),
    ("protect an alias in use", A, lambda s: s.registries.protect("closed", "candidate")),
    ("make a protected alias ordinary", A, lambda s: s.registries.unprotect("closed", "Production")),
    # tags, cards, metadata
    ("tag a collection", M, lambda s: s.tags.add("closed/detector", "new")),
    ("untag a collection", M, lambda s: s.tags.remove("closed/detector", "old")),
    ("tag a version", M, lambda s: s.tags.add("closed/detector:v1", "new")),
    ("untag a version", M, lambda s: s.tags.remove("closed/detector:v1", "seen")),
    ("describe a collection", M, lambda s: s.collections.describe("closed/detector", "new card")),
    ("describe a version", M, lambda s: s.versions.describe("closed/detector:v1", "new")),
    ("set metadata", M, lambda s: s.versions.set_metadata("closed/detector:v1", {"a": 1})),
    # collections
    ("create a collection", M, lambda s: s.collections.create("closed/more", "model", tags=["x"])),
    ("rename a collection", M, lambda s: s.collections.rename("closed/detector", "finder")),
    ("delete a collection", M, lambda s: s.collections.remove("closed/spare")),
    ("delete a collection with a protected alias", A, lambda s: s.collections.remove("closed/detector")),
    # the registry
    ("rename the registry", M, lambda s: s.registries.rename("closed", "shut")),
    ("describe the registry", A, lambda s: s.registries.describe("closed", "new")),
    ("accept a type", A, lambda s: s.registries.accept("closed", ["table"])),
    ("accept every type", A, lambda s: s.registries.accept_any("closed")),
    ("change the owner", A, lambda s: s.registries.set_owner("closed", "ruth")),
    ("open it to the organization", ORGANIZATION_ADMIN, lambda s: s.registries.set_visibility("closed", "organization", confirmed=True)),
    ("delete the registry", ITS_CREATOR, lambda s: s.registries.remove("closed")),
    # members
    ("add a member", A, lambda s: s.members.add("closed", "nora")),
    ("add a team", A, lambda s: s.members.add("closed", "vision")),
    ("change a role", A, lambda s: s.members.set_role("closed", "ruth", "viewer")),
    ("raise one's own role", {"alma", "cora", "olga"}, lambda s: s.members.set_role("closed", "mark", "admin")),
    ("remove a member", A, lambda s: s.members.remove("closed", "ruth")),
]  # fmt: skip

TAKE_BACK: list[tuple[str, set[str]]] = [
    ("protect", A), ("alias", M), ("tag", M), ("create", M), ("describe", M), ("protected alias", A), ("member", A),
    ("describe registry", A), ("rename registry", M), ("types", A),
]  # fmt: skip


def expected(allowed_to: set[str], done: str, *, people: Iterable[str] = PEOPLE) -> dict[str, str]:
    return {name: done if name in allowed_to else "hidden" if name == HIDDEN else "refused" for name in people}


READING = {name for name, _, _ in CLOSED[:15]}


def test_every_role_at_every_verb_of_a_restricted_registry(store: Store, closed: dict[str, int]) -> None:
    found = outcomes(store, PEOPLE, [(name, verb) for name, _, verb in CLOSED])
    assert found == {name: expected(who, "read" if name in READING else "done") for name, who, _ in CLOSED}


def test_undo_takes_the_permission_that_the_inverse_takes_by_hand(store: Store, closed: dict[str, int]) -> None:
    def taking_back(name: str) -> Verb:
        return lambda s: s.undo.undo(closed[name])

    found = outcomes(store, PEOPLE, [(name, taking_back(name)) for name, _ in TAKE_BACK])
    assert found == {name: expected(who, "done") for name, who in TAKE_BACK}

    # what only the organization's admins may do by hand, nobody else does by an undo
    hide = {"alma", "cora", "olga", "mark"}
    assert outcomes(store, hide, [("show again", taking_back("hide"))]) == {
        "show again": {"alma": "refused", "cora": "refused", "olga": "done", "mark": "hidden"}
    }
    cora = store.as_actor("cora")
    cora.registries.create("brief", visibility="restricted")
    made = store.events.head()
    cora.members.add("brief", "alma", "admin")
    assert outcomes(store, ["alma", "cora", "olga"], [("delete", lambda s: s.undo.undo(made))]) == {
        "delete": {"alma": "refused", "cora": "done", "olga": "done"}
    }


def test_a_member_can_not_unlink_a_protected_version_by_undoing_the_link(store: Store, closed: dict[str, int]) -> None:
    for name in PEOPLE:  # v0 of "other" has become Production since; not even an admin leaves an alias in the air
        with pytest.raises(CuratoryError):
            store.as_actor(name).undo.undo(closed["link"])
    assert store.versions.get("closed/other:Production").number == 0


def test_where_the_organization_may_look_everybody_is_a_restricted_viewer(store: Store, closed: dict[str, int]) -> None:
    store.users.add("omar")
    store.users.add("ovid", role="viewer")
    store.users.add("cron", service=True)
    store.as_actor("cora").links.add("closed/detector:v0", "open/detector")
    people = {"omar": "member of the organization", "ovid": "viewer of it", "cron": "service account of it"}
    look, work = "read", "done"
    assert outcomes(
        store,
        people,
        [
            ("view", lambda s: s.versions.get("open/detector")),
            ("settings", lambda s: s.members.list("open")),
            ("search", lambda s: s.search.versions("open")),
            ("download", lambda s: s.versions.downloadable("open/detector")),
            ("elsewhere", lambda s: s.links.add("open/detector", "inbox/copy")),
            ("tag", lambda s: s.tags.add("open/detector", "x")),
            ("alias", lambda s: s.aliases.add("open/detector", "x")),
            ("protect", lambda s: s.registries.protect("open", "x")),
            ("make a registry", lambda s: s.registries.create("mine")),
            ("the restricted one", lambda s: s.registries.get("closed")),
        ],
    ) == {
        "view": {"omar": look, "ovid": look, "cron": look},
        "settings": {"omar": look, "ovid": look, "cron": look},
        "search": {"omar": look, "ovid": look, "cron": look},
        "download": {"omar": "refused", "ovid": "refused", "cron": look},
        "elsewhere": {"omar": "refused", "ovid": "refused", "cron": work},
        "tag": {"omar": "refused", "ovid": "refused", "cron": work},
        "alias": {"omar": "refused", "ovid": "refused", "cron": work},
        "protect": {"omar": "refused", "ovid": "refused", "cron": "refused"},
        "make a registry": {"omar": work, "ovid": "refused", "cron": work},
        "the restricted one": {"omar": "hidden", "ovid": "hidden", "cron": "hidden"},
    }


def test_hiding_takes_a_registry_admin(store: Store, closed: dict[str, int]) -> None:
    hide: Verb = lambda s: s.registries.set_visibility("open", "restricted")  # noqa: E731
    found = outcomes(store, PEOPLE, [("hide", hide)])["hide"]
    assert found == {name: "done" if name in A else "refused" for name in PEOPLE}


# -- a team's own projects --------------------------------------------------------------------------------------------

TEAM = {"out": "not in it", "tess": "viewer", "tom": "member", "tara": "admin", "bot": "service account, member", "olga": "organization admin"}  # fmt: skip
TV, TM, TA = (
    {"tess", "tom", "tara", "bot", "olga"},
    {"tom", "tara", "bot", "olga"},
    {"tara", "olga"},
)
P = "vision/uncategorized"
FILES = [File("weights", 1, "etag", uri="s3://bucket/weights")]
LEGACY = "vision/model-registry"

TEAM_VERBS: list[tuple[str, set[str], str, Verb]] = [
    ("view", TV, "read", lambda s: s.versions.get(f"{P}/detector")),
    ("view the project", TV, "read", lambda s: s.projects.get(P)),
    ("view a run", TV, "read", lambda s: s.runs.get(f"{P}/train")),
    ("read a run's metrics", TV, "read", lambda s: s.runs.history(f"{P}/train")),
    ("list runs", TV, "read", lambda s: s.runs.list(P)),
    ("download", TV, "read", lambda s: s.versions.downloadable(f"{P}/detector:v0")),
    ("link what it made", TV, "done", lambda s: s.links.add(f"{P}/detector:v0", "inbox/copy")),
    ("describe", TM, "done", lambda s: s.versions.describe(f"{P}/detector:v0", "new")),
    ("metadata", TM, "done", lambda s: s.versions.set_metadata(f"{P}/detector:v0", {"a": 1})),
    ("time to live", TM, "done", lambda s: s.versions.set_ttl(f"{P}/detector:v0", 60)),
    ("alias", TM, "done", lambda s: s.aliases.add(f"{P}/detector:v0", "x")),
    ("tag", TM, "done", lambda s: s.tags.add(f"{P}/detector:v0", "x")),
    ("delete a version", TM, "done", lambda s: s.versions.remove(f"{P}/detector:v0")),
    ("rename a collection", TM, "done", lambda s: s.collections.rename(f"{P}/detector", "finder")),
    ("type of a collection", TM, "done", lambda s: s.collections.set_type(f"{P}/detector", "net")),
    ("delete a collection", TM, "done", lambda s: s.collections.remove(f"{P}/detector")),
    ("log metrics", TM, "read", lambda s: s.runs.log(f"{P}/train", [{"loss": 1}])),
    ("append lines", TM, "read", lambda s: s.runs.append(f"{P}/train", "output", ["x"], offset=0)),
    ("configure a run", TM, "read", lambda s: s.runs.set(f"{P}/train", config={"a": 1})),
    ("finish a run", TM, "done", lambda s: s.runs.finish(f"{P}/train")),
    ("use in a run", TM, "done", lambda s: s.runs.use(f"{P}/train", f"{P}/detector:v0")),
    ("delete a run", TM, "done", lambda s: s.runs.remove(f"{P}/train")),
    ("delete the project", TA, "done", lambda s: s.projects.remove(P)),
    # the legacy registry follows the team's roles
    ("legacy: view", TV, "read", lambda s: s.registries.get(LEGACY)),
    ("legacy: download", TV, "read", lambda s: s.versions.downloadable(f"{LEGACY}/old:v0")),
    ("legacy: link", TM, "done", lambda s: s.legacy.link_model(f"{P}/detector:v0", "best")),
    ("legacy: unlink", TM, "done", lambda s: s.links.remove(f"{LEGACY}/old:v0")),
    ("legacy: alias", TM, "done", lambda s: s.aliases.add(f"{LEGACY}/old:v0", "x")),
    ("legacy: protect", TA, "done", lambda s: s.registries.protect(LEGACY, "prod")),
    ("legacy: protected alias", TA, "done", lambda s: s.aliases.add(f"{LEGACY}/old:v0", "gold")),
    # people
    ("set a member", TA, "done", lambda s: s.teams.set_member("vision", "out", "member")),
    ("remove a member", TA | {"tess"}, "done", lambda s: s.teams.remove_member("vision", "tess")),
    ("default time to live", TA, "done", lambda s: s.teams.set_default_ttl("vision", 3600)),
]  # fmt: skip

# Who is not in the team does not find its projects; the team itself is known in the organization.
OPEN_TO_SEE = {"set a member", "remove a member", "default time to live"}
MAKING = [
    ("log", TM, "done", lambda s: s.versions.log(FILES, "new", "model", entity="vision")),
    ("log into a new project", TM, "done", lambda s: s.versions.log(FILES, "new", "model", project="p2", entity="vision")),
    ("start a run", TM, "done", lambda s: s.runs.start("uncategorized", entity="vision", name="r2")),
    ("start a run in a new project", TM, "done", lambda s: s.runs.start("p2", entity="vision", name="r2")),
    ("legacy: make it", TV, "read", lambda s: s.legacy.ensure("vision")),
]  # fmt: skip


@pytest.fixture
def team(store: Store, log: Log) -> None:
    for name in TEAM:
        store.users.add(name, role="admin" if name == "olga" else "member", service=name == "bot")
    for name, role in [("tess", "viewer"), ("tom", "member"), ("tara", "admin"), ("bot", "member")]:
        store.teams.set_member("vision", name, role)
    store.registries.create("inbox")
    for name in TEAM:
        store.members.add("inbox", name, "member")
    log("one")
    log("two")
    store.legacy.link_model(f"{P}/detector:v1", "old")
    store.registries.protect(LEGACY, "gold")
    store.runs.start("uncategorized", entity="vision", name="train")


def test_every_team_role_at_every_verb_of_its_projects(store: Store, team: None) -> None:
    found = outcomes(store, TEAM, [(name, verb) for name, _, _, verb in [*TEAM_VERBS, *MAKING]])
    made = {name for name, *_ in MAKING} | OPEN_TO_SEE
    assert found == {
        name: {
            who: done if who in may else "hidden" if who == "out" and name not in made else "refused" for who in TEAM
        }
        for name, may, done, _ in [*TEAM_VERBS, *MAKING]
    }


def test_whether_a_team_has_a_project_is_not_told_to_outsiders(store: Store, team: None) -> None:
    out = store.as_actor("out")
    texts = set()
    for project in ("uncategorized", "no-such"):
        with pytest.raises(Forbidden) as error:
            out.versions.log(FILES, "x", "model", project=project, entity="vision")
        texts.add(str(error.value))
    assert len(texts) == 1


# -- the organization -------------------------------------------------------------------------------------------------

ORGANIZATION: list[tuple[str, Verb]] = [
    ("add a person", lambda s: s.users.add("new")),
    ("remove a person", lambda s: s.users.remove("vic")),
    ("change an organization role", lambda s: s.organizations.set_role("vic", "member")),
    ("create a team", lambda s: s.teams.create("speech")),
    ("remove a team", lambda s: s.teams.remove("empty")),
    ("create an organization", lambda s: s.organizations.create("other")),
    ("delete any registry", lambda s: s.registries.remove("theirs")),
]


def test_the_organization_is_its_admins_affair(store: Store) -> None:
    for name, role in [("ada", "admin"), ("mia", "member"), ("vic", "viewer")]:
        store.users.add(name, role=role)
    store.users.add("bot", service=True)
    store.teams.create("empty")
    store.registries.create("theirs")
    people = ["ada", "mia", "vic", "bot"]
    assert outcomes(store, people, ORGANIZATION) == {
        name: {who: "done" if who == "ada" else "refused" for who in people} for name, _ in ORGANIZATION
    }
    for who in people[1:]:
        for verb in (store.as_actor(who).garbage.collect, store.as_actor(who).garbage.verify):
            with pytest.raises(Forbidden):
                verb()


# -- where a role comes from ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("organization", "own", "teams", "role"),
    [
        ("member", None, [], None),
        ("admin", None, [], "admin"),
        ("admin", "viewer", [], "admin"),
        ("viewer", "member", [], "member"),
        ("member", "viewer", ["member"], "member"),
        ("member", "member", ["viewer"], "member"),
        ("member", None, ["restricted_viewer", "viewer"], "viewer"),
        ("member", "restricted_viewer", ["viewer", "admin"], "admin"),
    ],
)
def test_the_highest_role_wins(
    store: Store, organization: str, own: str | None, teams: list[str], role: str | None
) -> None:
    store.users.add("kim", role=organization)
    store.registries.create("closed", visibility="restricted")
    if own:
        store.members.add("closed", "kim", own)
    for number, given in enumerate(teams):
        store.teams.create(f"team{number}")
        store.teams.set_member(f"team{number}", "kim", "viewer")  # what one is in a team is not what the team is here
        store.members.add("closed", f"team{number}", given)
    listed = {member.name: member.effective for member in store.members.list("closed")}
    assert listed.get("kim") == role
    if role is None:
        with pytest.raises(NotFound):
            store.as_actor("kim").registries.get("closed")
    else:
        assert store.as_actor("kim").registries.get("closed").role == role


def test_what_comes_through_a_team_goes_with_it(store: Store) -> None:
    store.users.add("kim")
    store.teams.create("speech")
    store.teams.set_member("speech", "kim")
    store.registries.create("closed", visibility="restricted")
    store.members.add("closed", "speech", "member")
    kim = store.as_actor("kim")
    assert kim.registries.get("closed").role == "member"
    store.teams.remove_member("speech", "kim")
    with pytest.raises(NotFound):
        kim.registries.get("closed")
    store.teams.set_member("speech", "kim", "viewer")
    assert kim.registries.get("closed").role == "member"
    store.teams.remove("speech")
    with pytest.raises(NotFound):
        kim.registries.get("closed")
    store.undo.undo()
    assert kim.registries.get("closed").role == "member"
    store.members.remove("closed", "speech")
    with pytest.raises(NotFound):
        kim.registries.get("closed")


def test_who_was_removed_is_nobody(store: Store) -> None:
    store.users.add("kim", role="admin")
    kim = store.as_actor("kim")
    store.users.remove("kim")
    assert kim.registries.list() == []
    with pytest.raises(CuratoryError):
        kim.registries.create("mine")
    with pytest.raises(NotFound, match="'kim' is not a user of this store"):
        store.as_actor("kim")


def test_access_is_decided_by_the_registry_one_comes_through(store: Store, log: Log) -> None:
    """Restricted viewer in A and viewer in B: the same version can be downloaded from B only."""
    path = log()
    store.users.add("kim")
    for name, role in [("a", "restricted_viewer"), ("b", "viewer"), ("mine", "admin")]:
        store.registries.create(name, visibility="restricted")
        store.members.add(name, "kim", role)
    store.links.add(path, "a/detector")
    kim = store.as_actor("kim")
    with pytest.raises(Forbidden, match="download its files in acme/wandb-registry-a: that needs the role viewer"):
        kim.versions.downloadable("a/detector")
    with pytest.raises(Forbidden):
        kim.links.add("a/detector", "mine/stolen")
    with pytest.raises(NotFound):  # the source itself is the team's
        kim.versions.downloadable(path)
    store.links.add(path, "b/detector")
    assert kim.versions.downloadable("b/detector") == store.versions.files(path)
    with pytest.raises(Forbidden):
        kim.versions.downloadable("a/detector")
    assert kim.links.add("b/detector", "mine/copied").source == path
    assert [one.collection for one in kim.versions.places("a/detector")] == ["detector", "detector", "copied"]


@pytest.mark.parametrize("role", ["viewer", "restricted_viewer"])
def test_a_service_account_is_never_a_viewer(store: Store, role: str) -> None:
    store.users.add("bot", service=True)
    with pytest.raises(Invalid, match="service account"):
        store.members.add("model", "bot", role)
    assert store.members.add("model", "bot").role == "member"
    with pytest.raises(Invalid, match="service account"):
        store.members.set_role("model", "bot", role)
    if role == "viewer":
        for refused in (
            lambda: store.users.add("bot2", service=True, role=role),
            lambda: store.organizations.set_role("bot", role),
            lambda: store.teams.set_member("vision", "bot", role),
        ):
            with pytest.raises(Invalid, match="[Ss]ervice account"):
                refused()


def test_automations_are_for_members_and_every_permission_has_a_role() -> None:
    for permission in (Permission.CREATE_AUTOMATION, Permission.DELETE_AUTOMATION):
        assert [role.label for role in Role if allowed(role, permission)] == ["member", "admin"]
    assert set(MATRIX) == set(Permission)
    assert not allowed(None, Permission.VIEW)


@pytest.mark.parametrize("name", ["Restricted Viewer", "restricted-viewer", " RESTRICTED_VIEWER "])
def test_a_role_may_be_written_as_people_write_it(name: str) -> None:
    assert Role.parse(name) is Role.RESTRICTED_VIEWER
    with pytest.raises(Invalid, match="There is no role 'boss'"):
        Role.parse("boss")

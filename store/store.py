"""A store, bound to one actor: every noun is an attribute with a handful of verbs."""

from __future__ import annotations

import getpass
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from . import access, clock
from .engine import Engine, open_engine
from .errors import Conflict, Forbidden, NotFound
from .events import Change, Events
from .names import entity_name, fold_key
from .records import Entity

if TYPE_CHECKING:
    from .aliases import Aliases
    from .audit import Audit
    from .automations.automations import Automations
    from .automations.deliveries import Deliveries
    from .automations.integrations import Integrations
    from .blobs import BlobStore
    from .collections import Collections
    from .garbage import Garbage
    from .keys import Keys
    from .legacy import Legacy
    from .lineage import Lineage
    from .links import Links
    from .members import Members
    from .migration.migrations import Migrations
    from .migration.reviews import Reviews
    from .mlflow.importing import Imports
    from .organizations import Organizations
    from .paths import Paths
    from .projects import Projects
    from .registries import Registries
    from .runs import Runs
    from .search import Search
    from .tags import Tags
    from .teams import Teams
    from .undo import Undo
    from .uploads import Uploads
    from .users import Users
    from .versions import Versions


class Store:
    """The whole registry, as one actor sees it and may change it.

    Use it from several threads: each has its own connection. Close it, or use it as a context manager.

    Attributes:
        actor: who is acting; every event carries this name.
        now: the clock, aware UTC.
    """

    def __init__(
        self, engine: Engine, actor: Entity, *, now: Callable[[], datetime] = clock.system_clock, durable: bool = True
    ) -> None:
        self.engine = engine
        self.actor = actor
        self.now = now
        self.durable = durable
        self.events = Events(self)
        self._batch = threading.local()
        self.me = {"me": actor.id, "floor": access.floor(actor.kind)}

    role_sql = access.role_sql()

    # Nouns are made when first used, so that a small command loads only what it needs.

    @cached_property
    def paths(self) -> Paths:
        from .paths import Paths

        return Paths(self)

    @cached_property
    def organizations(self) -> Organizations:
        from .organizations import Organizations

        return Organizations(self)

    @cached_property
    def teams(self) -> Teams:
        from .teams import Teams

        return Teams(self)

    @cached_property
    def users(self) -> Users:
        from .users import Users

        return Users(self)

    @cached_property
    def projects(self) -> Projects:
        from .projects import Projects

        return Projects(self)

    @cached_property
    def registries(self) -> Registries:
        from .registries import Registries

        return Registries(self)

    @cached_property
    def members(self) -> Members:
        from .members import Members

        return Members(self)

    @cached_property
    def collections(self) -> Collections:
        from .collections import Collections

        return Collections(self)

    @cached_property
    def versions(self) -> Versions:
        from .versions import Versions

        return Versions(self)

    @cached_property
    def links(self) -> Links:
        from .links import Links

        return Links(self)

    @cached_property
    def aliases(self) -> Aliases:
        from .aliases import Aliases

        return Aliases(self)

    @cached_property
    def tags(self) -> Tags:
        from .tags import Tags

        return Tags(self)

    @cached_property
    def runs(self) -> Runs:
        from .runs import Runs

        return Runs(self)

    @cached_property
    def lineage(self) -> Lineage:
        from .lineage import Lineage

        return Lineage(self)

    @cached_property
    def search(self) -> Search:
        from .search import Search

        return Search(self)

    @cached_property
    def uploads(self) -> Uploads:
        from .uploads import Uploads

        return Uploads(self)

    @cached_property
    def keys(self) -> Keys:
        from .keys import Keys

        return Keys(self)

    @cached_property
    def undo(self) -> Undo:
        from .undo import Undo

        return Undo(self)

    @cached_property
    def audit(self) -> Audit:
        from .audit import Audit

        return Audit(self)

    @cached_property
    def garbage(self) -> Garbage:
        from .garbage import Garbage

        return Garbage(self)

    @cached_property
    def legacy(self) -> Legacy:
        from .legacy import Legacy

        return Legacy(self)

    @cached_property
    def migrations(self) -> Migrations:
        from .migration.migrations import Migrations

        return Migrations(self)

    @cached_property
    def imports(self) -> Imports:
        from .mlflow.importing import Imports

        return Imports(self)

    @cached_property
    def reviews(self) -> Reviews:
        from .migration.reviews import Reviews

        return Reviews(self)

    @cached_property
    def automations(self) -> Automations:
        from .automations.automations import Automations

        return Automations(self)

    @cached_property
    def integrations(self) -> Integrations:
        from .automations.integrations import Integrations

        return Integrations(self)

    def shared_now(self) -> datetime:
        """Now by the database's clock, the one clock that all who deliver share."""
        return self.now() + self.engine.ahead()

    @cached_property
    def deliveries(self) -> Deliveries:
        from .automations.deliveries import Deliveries

        return Deliveries(self)

    @cached_property
    def blobs(self) -> BlobStore:
        from .blobs import BlobStore

        root = self.engine.value("SELECT value FROM meta WHERE key = 'blobs'")
        location = Path(root)
        if not location.is_absolute():  # beside the SQLite file, so that the two move together
            location = Path(self.engine.url).parent / location
        return BlobStore(location, durable=self.durable)

    # -- changing -----------------------------------------------------------------------------------------------

    @property
    def batch_id(self) -> str | None:
        """The id of the batch this thread is in."""
        return getattr(self._batch, "id", None)

    @contextmanager
    def batch(self) -> Iterator[str]:
        """Several changes as one: all or none is kept, and they are undone as one. Yields the batch's id.

        A refused change inside leaves no trace of itself; catch its error to go on with the others.
        """
        if self.batch_id is not None:
            yield self.batch_id
            return
        with self.engine.write():
            self._batch.id = f"b{self.events.head() + 1}"  # unique: the number of its first event
            try:
                yield self._batch.id
            finally:
                self._batch.id = None

    @contextmanager
    def rehearsal(self) -> Iterator[list[Change]]:
        """Carry changes out and take them back at the end: what they would do, or the error they would meet.

        Yields the list of changes, filled while the block runs. Nothing is kept, whatever happens in it.
        """
        seen: list[Change] = []
        with self.engine.write():
            self.events.watch(seen)
            try:
                with self.engine.write():
                    yield seen
                    raise _Rehearsed
            except _Rehearsed:
                pass
            finally:
                self.events.watch(None)

    def close(self) -> None:
        self.engine.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def as_actor(self, name: str) -> Store:
        """The same store, acted on by somebody else: the SSH door and tests use it, permissions are theirs."""
        return Store(self.engine, _find_actor(self.engine, name), now=self.now, durable=self.durable)

    @property
    def id(self) -> str:
        """The store's own id, made with it."""
        return self.engine.value("SELECT value FROM meta WHERE key = 'id'")


P = ParamSpec("P")
T = TypeVar("T")


def writes(verb: Callable[P, T]) -> Callable[P, T]:
    """A noun's verb that changes something: all it looks up, checks and changes is in one write transaction."""

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        noun: Any = args[0]
        with noun._store.engine.write():
            return verb(*args, **kwargs)

    return run


class _Rehearsed(Exception):
    """Ends a rehearsal so that its transaction is taken back."""


def operating_system_user() -> str:
    """Who is at the keyboard, as far as the operating system knows."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid{os.getuid()}"


def open_store(
    url: str | os.PathLike[str],
    actor: str | None = None,
    *,
    now: Callable[[], datetime] = clock.system_clock,
    durable: bool = True,
) -> Store:
    """Open an existing store.

    Args:
        url: a file path, `sqlite:///path` or `postgresql://…`.
        actor: a user of the store; the operating-system user unless given.
        durable: False does not wait for the disk, for data that can be made again.

    Raises:
        NotFound: there is no store there, or the actor is not a user of it.
        Invalid: something else is there, or a newer Curatory made it.
        Unavailable: it can't be reached.
    """
    engine = open_engine(os.fspath(url), durable=durable)
    try:
        engine.prepare(create=False)
        if engine.value("SELECT value FROM meta WHERE key = 'id'") is None:
            raise NotFound(f"The store at {engine.url} has not been set up yet. Run `curatory init`.")
        return Store(engine, _find_actor(engine, actor or operating_system_user()), now=now, durable=durable)
    except BaseException:
        engine.close()
        raise


def create_store(
    url: str | os.PathLike[str],
    actor: str | None = None,
    *,
    organization: str = "local",
    team: str = "lab",
    blobs: str | os.PathLike[str] | None = None,
    now: Callable[[], datetime] = clock.system_clock,
    durable: bool = True,
) -> Store:
    """Make a store: its organization, the actor as the organization's admin, and the two core registries.

    Args:
        organization: its name, as it stands in paths.
        team: a first team, with the actor as its admin: only what a team logs can be linked in a registry.
        blobs: folder of the files; by default beside a SQLite file, and in the platform's data folder for PostgreSQL.

    Raises:
        Conflict: there is a store already.
    """
    name = entity_name(actor or operating_system_user(), "User")
    organization = entity_name(organization, "Organization")
    team = entity_name(team, "Team")
    if len({fold_key(name), fold_key(organization), fold_key(team)}) < 3:
        raise Conflict(
            f"The user {name!r}, the organization {organization!r} and the team {team!r} need different names, because "
            "names begin paths. Choose others with --organization and --team."
        )
    engine = open_engine(os.fspath(url), durable=durable)
    try:
        engine.prepare(create=True)
        with engine.write():
            if engine.value("SELECT value FROM meta WHERE key = 'id'") is not None:
                raise Conflict(f"There is a store at {engine.url} already; it was left as it is.")
            identity = secrets.token_hex(8)
            stamp = clock.to_text(now())
            user = engine.value(
                "INSERT INTO entity (kind, name, key, created_at) VALUES ('user', :name, :key, :at) RETURNING id",
                {"name": name, "key": fold_key(name), "at": stamp},
            )
            store = Store(engine, Entity(user, "user", name), now=now, durable=durable)
            engine.many(
                "INSERT INTO meta (key, value) VALUES (:key, :value)",
                [
                    {"key": "id", "value": identity},
                    {"key": "blobs", "value": _blob_location(engine, blobs, identity)},
                ],
            )
            store.organizations.found(organization, user)
            store.teams.create(team)
        return store
    except BaseException:
        engine.close()
        raise


def _blob_location(engine: Engine, given: str | os.PathLike[str] | None, identity: str) -> str:
    if given is not None:
        return str(Path(given).expanduser().absolute())
    if engine.name == "sqlite":
        return f"{Path(engine.url).name}.blobs"
    from platformdirs import user_data_path

    return str(user_data_path("curatory") / f"blobs-{identity}")


def _find_actor(engine: Engine, name: str) -> Entity:
    row = engine.row(
        "SELECT id, kind, name, email FROM entity WHERE key = :key AND kind IN ('user', 'service') AND "
        "removed_at IS NULL",
        {"key": fold_key(name)},
    )
    if row is None:
        raise NotFound(
            f"{name!r} is not a user of this store. Ask one of its admins for `curatory user add {name}`, "
            "or say who you are with --as."
        )
    return Entity(row[0], row[1], row[2], email=row[3])


def need_organization_admin(store: Store, organization: int, what: str) -> None:
    """Refuse what only the organization's admins may do."""
    role = store.engine.value(
        "SELECT role FROM organization_member WHERE organization_id = :o AND user_id = :me",
        {"o": organization, "me": store.actor.id},
    )
    if role != "admin":
        raise Forbidden(
            f"{store.actor.name} is not allowed to {what}: only admins of the organization are. Ask one of them."
        )


def insert(engine: Engine, table: str, **values: Any) -> int:
    """Insert one row and return its id."""
    names = ", ".join(values)
    return engine.value(
        f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{name}' for name in values)}) RETURNING id", values
    )

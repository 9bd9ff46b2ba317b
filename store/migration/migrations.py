"""Migrations of teams' legacy registries: plan, run, verify, roll back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ..access import Permission, Role, allowed
from ..errors import Conflict, Forbidden, Invalid
from ..names import collection_name
from ..store import writes
from . import copying, ledger, people, plan, proof
from .naming import fitting
from .records import Migration, Plan, Proof

if TYPE_CHECKING:
    from ..store import Store

# Called with collections done and in all, versions done and in all; returning False stops where it is.
Progress = Callable[[int, int, int, int], bool | None]


class Migrations:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    # -- reading ------------------------------------------------------------------------------------------------

    def list(self, *, rolled_back: bool = False) -> list[Migration]:
        """The migrations that the actor may see, newest first; those that were rolled back only when asked for."""
        return ledger.all_of(self._store, rolled_back=rolled_back)

    def get(self, name: str) -> Migration:
        """A migration by its team, its registry or its source.

        Raises:
            NotFound
        """
        return ledger.find(self._store, name)

    def plan(self, team: str) -> Plan:
        """What migrating a team will do. Nothing is changed.

        Raises:
            NotFound: no such team, or it has no legacy registry.
            Invalid: it is a person's, no team's.
            Forbidden: only the team's admins and the organization's may.
            Conflict: it has been migrated, or is being.
        """
        number, legacy = plan.place_of(self._store, team)
        self._need_admin(Role.parse(legacy.role), legacy.path)
        one = ledger.of_source(self._store, legacy.id)
        if one and one.state == "running":
            raise Conflict(
                f"{legacy.path} is being migrated to {one.registry}: `curatory migrate run {one.team}` goes on."
            )
        if one:
            raise Conflict(f"{legacy.path} was migrated to {one.registry} on {one.started_at:%Y-%m-%d}.")
        return plan.made(self._store, legacy.entity, number, legacy)

    def verify(self, name: str, *, progress: Callable[[int, int], None] | None = None) -> Proof:
        """Compare both sides from the data: versions, digests, aliases, tags, cards, and everybody's access.

        Args:
            progress: called with collections done and in all.

        Raises:
            NotFound
            Conflict: it is not all copied yet.
        """
        found = self.get(name)
        if found.state == "running":
            raise Conflict(
                f"{found.source} is not all copied yet ({found.copied} of {found.collections} collections): "
                f"`curatory migrate run {found.team}` goes on."
            )
        return proof.of(self._store, found, progress)

    # -- doing --------------------------------------------------------------------------------------------------

    def run(self, team: str, progress: Progress | None = None) -> Migration:
        """Migrate a team, or go on with what was begun: after a crash at any point, nothing is doubled or left out.

        The legacy registry is read-only from the first moment on. Each collection is a transaction of its own.

        Raises:
            NotFound, Forbidden
            Conflict: it has been migrated already, or was rolled back meanwhile.
            Invalid: the plan has a problem that somebody must mend first.
        """
        found = self._begun(team) or self._begin(team)
        if found.state != "running":
            raise Conflict(f"{found.source} has been migrated to {found.registry} already.")
        waiting = ledger.items(self._store, found.id, state="waiting")
        done, count = found.copied, found.versions - sum(item.versions for item in waiting)
        if progress and progress(done, found.collections, count, found.versions) is False:
            return found
        for item in waiting:
            self._copy(found, item.id)
            done, count = done + 1, count + item.versions
            if progress and progress(done, found.collections, count, found.versions) is False:
                return ledger.again(self._store, found.id)
        return self.end(found)

    def _begun(self, team: str) -> Migration | None:
        _, legacy = plan.place_of(self._store, team)
        self._need_admin(Role.parse(legacy.role), legacy.path)
        return ledger.of_source(self._store, legacy.id)

    @writes
    def _begin(self, team: str) -> Migration:
        """The ledger, the new registry with its people, and the legacy registry's write pause: all at once."""
        store = self._store
        begun = self._begun(team)
        if begun:  # another process was faster
            return begun
        number, legacy = plan.place_of(store, team)
        intended = plan.made(store, legacy.entity, number, legacy, only_blocking=True)
        blocking = [problem for problem in intended.problems if problem.blocking]
        if blocking:
            first = blocking[0]
            raise Invalid(f"{intended.source} can't be migrated yet: {first.subject}: {first.what}; {first.deed}.")
        access, given = people.planned(store, legacy.id, number)
        return ledger.begin(
            store,
            ledger.Beginning(
                kind="legacy",
                source=legacy.path,
                source_id=legacy.id,
                team=number,
                registry=intended.registry,
                description=legacy.description,
                owner=self._owner(given),
                members=given,
                protected=legacy.protected_aliases,
                people={one.name: one.before for one in access},
                lines=tuple(self._lines(legacy.id)),
            ),
        )

    def _lines(self, legacy: int) -> Iterator[ledger.Line]:
        taken: set[str] = set()
        for collection, name, count in self._engine.rows(
            "SELECT c.id, c.name, (SELECT count(*) FROM membership m WHERE m.collection_id = c.id) FROM collection c "
            "WHERE c.project_id = :p AND c.removed_at IS NULL ORDER BY c.id",
            {"p": legacy},
        ):
            target = fitting(name, collection_name, taken)
            taken.add(target)
            yield ledger.Line(name, target, count, collection)

    def _owner(self, given: dict[int, Role]) -> int | None:
        """Who is accountable for the new registry: the first of the team's admins."""
        admins = sorted(who for who, role in given.items() if role == Role.ADMIN)
        return self._store.actor.id if self._store.actor.id in admins or not admins else admins[0]

    @writes
    def _copy(self, found: Migration, number: int) -> None:
        item = ledger.item(self._store, number)
        row = self._engine.row(
            "SELECT i.source_id, g.state FROM migration_item i JOIN registry_migration g ON g.id = i.migration_id "
            "WHERE i.id = :id",
            {"id": number},
        )
        assert row
        source, state = row
        self._refuse_rolled_back(found, state)
        if item.state == "waiting":  # else another process was faster
            with self._store.legacy.thawed():
                copying.copy(self._store, found, item, source)

    @staticmethod
    def _refuse_rolled_back(found: Migration, state: str) -> None:
        if state == "rolled back":
            raise Conflict(f"The migration of {found.source} was rolled back meanwhile; what was copied went with it.")

    @writes
    def end(self, found: Migration) -> Migration:
        """Say that all is copied, where it is; for those who copy."""
        now = ledger.again(self._store, found.id)
        self._refuse_rolled_back(found, now.state)
        if now.state != "running" or now.copied < now.collections:
            return now
        change = self._store.events.draft(
            "migration.end",
            project=found.registry_id,
            path=found.registry,
            source=found.source,
            collections=found.collections,
            versions=found.versions,
        )
        if found.source_id is not None:
            self._store.automations.copy(change, "project", found.source_id, found.registry_id)
        change.set(f"registry_migration/{found.id}/state", "done")
        self._engine.execute(
            "UPDATE registry_migration SET ended_at = :at WHERE id = :id", {"at": change.now, "id": found.id}
        )
        with self._store.legacy.thawed():
            self._store.events.append([change])
        return ledger.again(self._store, found.id)

    @writes
    def roll_back(self, name: str, *, confirmed: bool = False) -> Migration:
        """Take a migration back that was not signed off: the new registry goes, the legacy one is written to again.

        Args:
            confirmed: what was done in the new registry since is given up.

        Raises:
            Forbidden, NotFound
            Conflict: it was signed off; or something was done since, which `confirmed` gives up.
        """
        found = self.get(name)
        store = self._store
        role = store.engine.value(  # in a registry that was deleted since, too: or nothing would thaw the legacy one
            f"SELECT {store.role_sql} FROM project p JOIN entity e ON e.id = p.entity_id WHERE p.id = :p",
            {"p": found.registry_id} | store.me,
        )
        self._need_admin(role, found.registry)
        if found.state == "approved":
            raise Conflict(f"The migration of {found.source} was signed off; take the sign-off back first.")
        since = self._engine.value(
            "SELECT count(*) FROM event WHERE project_id = :p AND action NOT LIKE 'migration.%' "
            "AND action NOT LIKE '%review.%'",
            {"p": found.registry_id},
        )
        if since and not confirmed:
            what, it = ("1 change was", "it") if since == 1 else (f"{since:,} changes were", "them")
            raise Conflict(
                f"{what} made in {found.registry} since it was migrated (`curatory history {found.registry}`); "
                f"rolling back gives {it} up. Confirm to go on (--confirm)."
            )
        change = store.events.draft(
            "migration.rollback", project=found.registry_id, path=found.registry, source=found.source, changes=since
        )
        change.set(f"project/{found.registry_id}/exists", 0)
        for automation in store.automations.of_registry(found.registry_id):
            change.set(f"automation/{automation}/exists", 0)
        change.set(f"registry_migration/{found.id}/state", "rolled back")
        if found.kind != "legacy":  # the series were made for it, too
            for (made,) in self._engine.rows(
                "SELECT f.fact FROM event e JOIN event_fact f ON f.seq = e.seq WHERE e.project_id = :p "
                "AND e.action = 'migration.collection' AND f.fact LIKE 'collection/%/exists'",
                {"p": found.registry_id},
            ):
                change.set(made, 0)
        with store.legacy.thawed():
            store.events.append([change])
        return ledger.again(store, found.id)

    def _need_admin(self, role: Role | int | None, where: str) -> None:
        if not allowed(role, Permission.SIGN_OFF):
            raise Forbidden(
                f"{self._store.actor.name} is not allowed to migrate {where}: only the team's admins and the "
                "organization's are. Ask one of them."
            )

"""Registries: who owns them, who sees them, which artifact types they take, which aliases are protected."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from . import names
from .access import Permission, Role
from .errors import Conflict, Forbidden, Invalid
from .names import REGISTRY_PREFIX, alias_name, artifact_type, fold_key, registry_name
from .paths import Place
from .records import Project
from .store import insert, writes

if TYPE_CHECKING:
    from .events import Change
    from .store import Store

VISIBILITIES = ("organization", "restricted")


class Registries:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def list(self) -> list[Project]:
        """Every registry the actor may see: the core ones first, then by name."""
        return self._store.projects.list("registry")

    def get(self, path: str) -> Project:
        """A registry (or legacy registry) by path or short name.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        place = self._store.paths.registry(path)
        assert place.project_id is not None
        return self._store.projects.by_id(place.project_id)

    @writes
    def create(
        self,
        name: str,
        *,
        visibility: str = "organization",
        types: Sequence[str] = (),
        description: str = "",
        organization: str | None = None,
    ) -> Project:
        """A custom registry; its creator becomes its admin and owner.

        Args:
            visibility: "organization" (everyone in it may look) or "restricted" (only those who were added).
            types: accepted artifact types; none means every type.

        Raises:
            Invalid, Conflict
            Forbidden: viewers of the organization don't create registries.
        """
        name = registry_name(name)
        _check_visibility(visibility)
        names.description(description)
        types = [artifact_type(kind) for kind in types]
        place = self._store.organizations.get(organization)
        if place.role == "viewer":
            raise Forbidden(
                f"{self._store.actor.name} is a viewer of {place.name}; creating a registry needs the role member."
            )
        path = f"{place.name}/{REGISTRY_PREFIX}{name}"
        with self._store.events.change(
            "registry.create", path=path, visibility=visibility, types=list(types)
        ) as change:
            self._refuse_taken(place.id, place.name, name)
            registry = insert(
                self._engine,
                "project",
                entity_id=place.id,
                kind="registry",
                name=REGISTRY_PREFIX + name,
                key=fold_key(REGISTRY_PREFIX + name),
                description=description,
                visibility=visibility,
                owner_id=self._store.actor.id,
                any_type=int(not types),
                created_at=change.now,
                created_by=self._store.actor.id,
                updated_at=change.now,
            )
            change.subject["project_id"] = registry
            change.note(f"project/{registry}/exists", 0, 1)
            for kind in dict.fromkeys(types):
                change.set(f"accepted_type/{registry}/{kind}", 1)
            change.set(f"member/{registry}/{self._store.actor.id}", Role.ADMIN.label)
        return self._store.projects.by_id(registry)

    @writes
    def rename(self, path: str, name: str) -> Project:
        """Give a custom registry another name; the old one then leads nowhere.

        Raises:
            Forbidden, Conflict, Invalid
        """
        place = self._store.paths.registry(path)
        name = registry_name(name)
        self._refuse_legacy(place, "its name is what tells that it is one")
        with self._change(place, "registry.rename", Permission.RENAME_REGISTRY, to=REGISTRY_PREFIX + name) as change:
            self._refuse_core(place, "renamed")
            if fold_key(REGISTRY_PREFIX + name) != fold_key(place.project):
                self._refuse_taken(place.entity_id, place.entity, name)
            change.set(f"project/{place.project_id}/name", REGISTRY_PREFIX + name)
        return self._again(place)

    @writes
    def describe(self, path: str, text: str) -> Project:
        """Set a registry's description.

        Raises:
            Forbidden, Invalid
        """
        place = self._store.paths.registry(path)
        names.description(text)
        with self._change(place, "registry.describe", Permission.EDIT_REGISTRY) as change:
            self._refuse_core(place, "described; its description is preconfigured")
            change.set(f"project/{place.project_id}/description", text)
        return self._again(place)

    def newly_seeing(self, path: str) -> list[str]:
        """The people who don't see a restricted registry now and would if it were visible to the organization."""
        place = self._store.paths.registry(path)
        hidden = self._engine.value(
            "SELECT 1 FROM project WHERE id = :p AND visibility = 'restricted'", {"p": place.project_id}
        )
        return [name for _, name in self._unseeing(place)] if hidden else []

    def _unseeing(self, place: Place) -> list[tuple[int, str]]:
        return [
            (i, name)
            for i, name in self._engine.rows(
                "SELECT u.id, u.name FROM organization_member o JOIN entity u ON u.id = o.user_id "
                "WHERE o.organization_id = :o AND o.role <> 'admin' AND u.removed_at IS NULL "
                "AND NOT EXISTS (SELECT 1 FROM member g WHERE g.project_id = :p AND (g.entity_id = u.id "
                "OR g.entity_id IN (SELECT team_id FROM team_member WHERE user_id = u.id))) ORDER BY u.key",
                {"o": place.entity_id, "p": place.project_id},
            )
        ]

    @writes
    def set_visibility(self, path: str, visibility: str, *, confirmed: bool = False) -> Project:
        """Change who sees a custom registry.

        Args:
            confirmed: an organization admin has seen `newly_seeing` and agrees.

        Raises:
            Forbidden: only registry admins; back to organization only the organization's admins.
            Conflict: that would show it to more people and was not confirmed; the message names them.
        """
        _check_visibility(visibility)
        place = self._store.paths.registry(path)
        with self._change(place, "registry.visibility", Permission.CHANGE_VISIBILITY, visibility=visibility) as change:
            self._refuse_legacy(place, "it is visible to its team")
            self._refuse_core(place, "hidden: it is always visible to the organization")
            before = self._engine.value("SELECT visibility FROM project WHERE id = :p", {"p": place.project_id})
            if before == "restricted" and visibility == "organization":
                self._allow_opening(place, confirmed)
            change.set(f"project/{place.project_id}/visibility", visibility)
        return self._again(place)

    def _allow_opening(self, place: Place, confirmed: bool) -> None:
        assert place.project_id is not None
        self.need_opener(place.project_id)
        if not confirmed:
            people = [name for _, name in self._unseeing(place)]
            listed = ", ".join(people[:20]) + (f" and {len(people) - 20} more" if len(people) > 20 else "")
            raise Conflict(
                f"{len(people)} people would newly see {place.path}: {listed or 'nobody'}. Confirm to go "
                "on (--confirm)."
            )

    def need_opener(self, registry: int) -> None:
        """Refuse showing a restricted registry to the organization, but to its admins.

        Raises:
            Forbidden
        """
        if not self._is_organization_admin(registry):
            raise Forbidden(
                "A restricted registry can't be made visible to the organization: its people were promised that only "
                "they see it. An organization admin may, after confirming who will newly see it."
            )

    @writes
    def accept(self, path: str, types: Sequence[str]) -> Project:
        """Add accepted artifact types. A saved type can't be removed.

        Raises:
            Forbidden, Invalid
            Conflict: it accepts every type; narrow it first with `accept_only`.
        """
        types = [artifact_type(kind) for kind in types]
        place = self._store.paths.registry(path)
        self._refuse_legacy(place, "it takes models and nothing else")
        with self._change(place, "registry.accept", Permission.EDIT_TYPES, types=list(types)) as change:
            if self._engine.value("SELECT any_type FROM project WHERE id = :p", {"p": place.project_id}):
                raise Conflict(
                    "Cannot update artifact types when `allows_all_artifact_types` is True. Set it to False first."
                )
            for kind in types:
                change.set(f"accepted_type/{place.project_id}/{kind}", 1)
        return self._again(place)

    @writes
    def accept_only(self, path: str, types: Sequence[str] = ()) -> Project:
        """Stop accepting every type: from now on those that are in use, those saved before, and `types`.

        Raises:
            Forbidden, Invalid
        """
        types = [artifact_type(kind) for kind in types]
        place = self._store.paths.registry(path)
        self._refuse_legacy(place, "it takes models and nothing else")
        with self._change(place, "registry.accept", Permission.EDIT_TYPES, types=list(types), any=False) as change:
            used = self._engine.rows(
                "SELECT DISTINCT type FROM collection WHERE project_id = :p AND removed_at IS NULL",
                {"p": place.project_id},
            )
            for kind in [*types, *(kind for (kind,) in used)]:
                change.set(f"accepted_type/{place.project_id}/{kind}", 1)
            change.set(f"project/{place.project_id}/any_type", 0)
        return self._again(place)

    @writes
    def accept_any(self, path: str) -> Project:
        """Accept every artifact type.

        Raises:
            Forbidden
        """
        place = self._store.paths.registry(path)
        self._refuse_legacy(place, "it takes models and nothing else")
        with self._change(place, "registry.accept", Permission.EDIT_TYPES, any=True) as change:
            self._refuse_core(place, "opened to every type; types can be added to it")
            change.set(f"project/{place.project_id}/any_type", 1)
        return self._again(place)

    def reject(self, path: str, kind: str) -> None:
        """Always refused: a saved type can't be removed.

        Raises:
            Invalid
        """
        self._store.paths.registry(path)
        raise Invalid(f"Cannot remove artifact type: {kind!r} that has been saved to the registry")

    @writes
    def set_owner(self, path: str, user: str) -> Project:
        """Make a member the one who is accountable; that gives no extra permission.

        Raises:
            Forbidden
            Conflict: they are not a member.
        """
        place = self._store.paths.registry(path)
        person = self._store.users.get(user)
        with self._change(place, "registry.owner", Permission.CHANGE_OWNER, owner=person.name) as change:
            if not self._store.members.effective(place, person.id):
                raise Conflict(f"{person.name} has no role in {place.path}; add them as a member first.")
            change.subject["person_id"] = person.id
            change.set(f"project/{place.project_id}/owner_id", person.id)
        return self._again(place)

    @writes
    def protect(self, path: str, alias: str) -> Project:
        """Define a protected alias: from now on only admins put it on a version or take it off.

        Raises:
            Forbidden, Invalid
        """
        alias_name(alias)
        place = self._store.paths.registry(path)
        with self._change(place, "registry.protect", Permission.PROTECT_ALIASES, alias=alias) as change:
            change.set(f"protected_alias/{place.project_id}/{alias}", 1)
        return self._again(place)

    @writes
    def unprotect(self, path: str, alias: str) -> Project:
        """Make a protected alias an ordinary one; versions keep it.

        Raises:
            Forbidden
            Conflict: it is not protected.
        """
        place = self._store.paths.registry(path)
        with self._change(place, "registry.unprotect", Permission.PROTECT_ALIASES, alias=alias) as change:
            if not change.set(f"protected_alias/{place.project_id}/{alias}", None):
                raise Conflict(f"{alias!r} is not a protected alias of {place.path}.")
        return self._again(place)

    @writes
    def remove(self, path: str) -> None:
        """Delete a custom registry with its collections. The versions that were linked stay in their source projects.

        Raises:
            Forbidden: organization admins may, and a registry admin one that they created.
            Conflict: core registries stay.
        """
        place = self._store.paths.registry(path)
        with self._change(place, "registry.delete", Permission.DELETE_REGISTRY) as change:
            self._refuse_core(place, "deleted")
            assert place.project_id is not None
            self.need_creator(place.project_id)
            change.detail["collections"] = self._engine.value(
                "SELECT count(*) FROM collection WHERE project_id = :p AND removed_at IS NULL", {"p": place.project_id}
            )
            change.set(f"project/{place.project_id}/exists", 0)

    def need_creator(self, registry: int) -> None:
        """Refuse deleting a registry, but to who created it and to the organization's admins.

        Raises:
            Forbidden
        """
        row = self._engine.row(
            "SELECT p.kind, p.created_by, e.name || '/' || p.name FROM project p JOIN entity e ON e.id = p.entity_id "
            "WHERE p.id = :p",
            {"p": registry},
        )
        if (
            row is None
            or row[0] == "project"
            or row[1] == self._store.actor.id
            or self._is_organization_admin(registry)
        ):
            return
        raise Forbidden(
            f"{self._store.actor.name} did not create {row[2]}: a registry admin may delete the registries "
            "they created, an organization admin any. Ask one of those."
        )

    def need_maker(self, registry: int) -> None:
        """Refuse making a registry anew, but to who made it and still may make one, and to organization admins.

        Raises:
            Forbidden
        """
        if self._is_organization_admin(registry):
            return
        role = self._engine.value(
            "SELECT o.role FROM project p JOIN organization_member o ON o.organization_id = p.entity_id "
            "WHERE p.id = :p AND p.created_by = :me AND o.user_id = :me",
            {"p": registry, "me": self._store.actor.id},
        )
        if role not in ("admin", "member"):
            raise Forbidden(
                f"{self._store.actor.name} may not make this registry anew: only who made it may, as a member of the "
                "organization, and the organization's admins."
            )

    # -- shared -------------------------------------------------------------------------------------------------

    def _change(
        self, place: Place, action: str, permission: Permission, **detail: object
    ) -> AbstractContextManager[Change]:
        self._store.paths.need(place, permission)
        return self._store.events.change(action, project=place.project_id, path=place.path, **detail)

    def _is_organization_admin(self, registry: int) -> bool:
        return bool(
            self._engine.value(
                "SELECT 1 FROM project p JOIN entity e ON e.id = p.entity_id JOIN organization_member m "
                "ON m.organization_id = coalesce(e.organization_id, e.id) "
                "WHERE p.id = :p AND m.user_id = :me AND m.role = 'admin'",
                {"p": registry, "me": self._store.actor.id},
            )
        )

    def _again(self, place: Place) -> Project:
        assert place.project_id is not None
        return self._store.projects.by_id(place.project_id)

    @staticmethod
    def _refuse_legacy(place: Place, why: str) -> None:
        if place.project_kind == "legacy":
            raise Invalid(f"{place.path} is a legacy registry; {why}, so that can't be changed.")

    def _refuse_core(self, place: Place, what: str) -> None:
        if self._engine.value("SELECT core FROM project WHERE id = :p", {"p": place.project_id}):
            raise Conflict(f"{place.path} is a core registry and can't be {what}.")

    def _refuse_taken(self, organization: int | None, title: str, name: str) -> None:
        if self._engine.value(
            "SELECT 1 FROM project WHERE entity_id = :o AND key = :key AND removed_at IS NULL",
            {"o": organization, "key": fold_key(REGISTRY_PREFIX + name)},
        ):
            raise Conflict(f"Registry {name!r} already exists in organization {title!r}, please use a different name.")


def _check_visibility(visibility: str) -> None:
    if visibility not in VISIBILITIES:
        raise Invalid(f"Invalid visibility {visibility!r}: must be 'organization' or 'restricted'")

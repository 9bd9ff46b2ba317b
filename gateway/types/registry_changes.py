"""Changes to registries, their members, and projects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...store import Conflict, NotFound, Project
from . import people, projects
from .base import Object, gid, number_of

PREFIX = "wandb-registry-"
_VISIBILITY = {"PRIVATE": "organization", "RESTRICTED": "restricted"}


class RegistryChanges(Object):
    def upsert_model(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """Make a registry or a project, or change what is there."""
        store = self._store
        entity = input.get("entity_name") or store.users.home()
        name = input.get("name") or ""
        if input.get("id"):
            found: Project | None = store.projects.by_id(number_of(input["id"], "Project", "ProjectInternalId"))
        else:
            found = self._existing(f"{entity}/{name}")
        if found is None:
            made = self._make(entity, name, input)
        else:
            made = self._change(found, input) if found.kind == "registry" else found
        node = projects.Project(self._call, made)
        return {"inserted": found is None, "project": node, "model": node}

    def _existing(self, path: str) -> Project | None:
        try:
            found = self._store.projects.get(path)
        except NotFound:
            return None
        return found if found.name.casefold() == path.rpartition("/")[2].casefold() else None

    def _make(self, entity: str, name: str, input: Mapping[str, Any]) -> Project:
        if name.startswith(PREFIX) and self._store.paths.entity(entity).entity_kind == "organization":
            return self._store.registries.create(
                name.removeprefix(PREFIX),
                visibility=_VISIBILITY.get(input.get("access") or "", "organization"),
                types=[one["name"] for one in input.get("artifact_types") or ()],
                description=input.get("description") or "",
                organization=entity,
            )
        place = self._store.projects.ensure(name, entity)
        assert place.project_id is not None
        return self._store.projects.by_id(place.project_id)

    def _change(self, registry: Project, input: Mapping[str, Any]) -> Project:
        verbs, path = self._store.registries, registry.path
        with self._store.batch():
            text = input.get("description")
            if text is not None and text != registry.description:
                verbs.describe(path, text)
            visibility = _VISIBILITY.get(input.get("access") or "")
            if visibility and visibility != registry.visibility:
                verbs.set_visibility(path, visibility, confirmed=True)
            every = input.get("allow_all_artifact_types_in_registry")
            types = [one["name"] for one in input.get("artifact_types") or () if one["name"] not in registry.types]
            if every and not registry.any_type:
                verbs.accept_any(path)
            elif every is False and registry.any_type:
                verbs.accept_only(path, types)
            elif types:
                verbs.accept(path, types)
        return self._store.projects.by_id(registry.id)

    def rename_project(self, input: Mapping[str, Any]) -> dict[str, Any]:
        path = f"{input['entity_name']}/{input['old_project_name']}"
        found = self._store.projects.get(path)
        if found.kind != "registry":
            raise Conflict("Source projects keep their names: runs and scripts refer to them.")
        made = self._store.registries.rename(found.path, input["new_project_name"])
        return {"inserted": False, "project": projects.Project(self._call, made)}

    def delete_model(self, input: Mapping[str, Any]) -> dict[str, Any]:
        found = self._store.projects.by_id(number_of(input["id"], "Project", "ProjectInternalId"))
        if found.kind == "registry":
            self._store.registries.remove(found.path)
        else:
            self._store.projects.remove(found.path)
        return {"success": True}

    # -- members ------------------------------------------------------------------------------------------------

    def create_project_members(self, input: Mapping[str, Any]) -> dict[str, Any]:
        path = self._registry(input)
        with self._store.batch():
            for name in self._named(input):
                self._store.members.add(path, name)
        return {"success": True}

    def delete_project_members(self, input: Mapping[str, Any]) -> dict[str, Any]:
        path = self._registry(input)
        with self._store.batch():
            for name in self._named(input):
                self._store.members.remove(path, name)
        return {"success": True}

    def update_project_member(self, input: Mapping[str, Any]) -> dict[str, Any]:
        name = self._name(input["user_id"])
        self._store.members.set_role(self._registry(input), name, input["user_project_role"])
        return {"success": True}

    def update_project_team_member(self, input: Mapping[str, Any]) -> dict[str, Any]:
        name = self._name(input["team_id"])
        self._store.members.set_role(self._registry(input), name, input["team_project_role"])
        return {"success": True}

    def _registry(self, input: Mapping[str, Any]) -> str:
        return self._store.projects.by_id(number_of(input["project_id"], "Project", "ProjectInternalId")).path

    def _named(self, input: Mapping[str, Any]) -> Sequence[str]:
        return [self._name(one) for one in (*(input.get("user_ids") or ()), *(input.get("team_ids") or ()))]

    def _name(self, text: str) -> str:
        return self._store.users.name_of(number_of(text, "User", "Entity", "Team", "ProjectMember", "Member"))

    # -- people -------------------------------------------------------------------------------------------------

    def create_team(self, input: Mapping[str, Any]) -> dict[str, Any]:
        with self._store.batch():
            team = self._store.teams.create(input["team_name"])
            admin = input.get("team_admin_user_name")
            if admin and admin != self._store.actor.name:
                self._store.teams.set_member(team.name, admin, "admin")
        return {"entity": people.Entity(self._call, team.name)}

    def delete_invite(self, input: Mapping[str, Any]) -> dict[str, Any]:
        self._store.teams.remove_member(input["entity_name"], self._name(input["id"]))
        return {"success": True}

    def create_invite(self, input: Mapping[str, Any]) -> dict[str, Any]:
        """There is nobody to write to: who is a user already becomes a member."""
        name = self._store.users.get(input.get("username") or input.get("email") or "").name
        self._store.teams.set_member(input["entity_name"], name, "admin" if input.get("admin") else "member")
        return {
            "invite": {
                "id": gid("Invite", name),
                "name": name,
                "email": input.get("email"),
                "createdAt": None,
                "toUser": {"name": name},
            }
        }

"""Links: putting a version into a registry's collection, and taking it out. No bytes are copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from .access import Permission, allowed
from .drafts import TTL_INHERITED, TTL_NEVER
from .errors import Forbidden, Invalid, NotFound
from .names import alias_name, collection_name
from .paths import Place, parse
from .records import Version
from .store import writes

if TYPE_CHECKING:
    from .store import Store


class Links:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    @writes
    def add(self, source: str | Version, target: str, aliases: Sequence[str] = ()) -> Version:
        """Link a version into a collection, which is made where it is missing.

        Linking a link links its source. Linking it there again changes nothing but adds the aliases. The version's
        time to live is switched off: what a registry holds does not expire, and unlinking does not bring it back.

        Args:
            target: registry/collection.
            aliases: besides `latest`, which the newest link has by itself.

        Raises:
            Forbidden: the actor may not download the source, or not link there, or an alias is protected.
            Invalid: another type, or not a team's artifact of the same organization.
        """
        aliases = list(dict.fromkeys(alias_name(alias) for alias in aliases if alias != "latest"))
        place = self._store.paths.at(source)
        version = self._store.versions.by_place(place)
        if not allowed(place.role, Permission.DOWNLOAD):
            # or a restricted viewer could link it to where they may download
            self._store.paths.need(place, Permission.USE)
        if version.state != "committed":
            raise Invalid(
                f"{version.path} is {version.state}: only a complete version can be linked. Finish its upload first."
            )
        parsed = parse(target)
        if parsed.alias is not None or len(parsed.parts) < 2:
            raise Invalid(
                f"{target!r} is not where a version can be linked to; it looks like registry/collection. "
                "Aliases are given apart."
            )
        name = collection_name(parsed.parts[-1])
        project = self._store.paths.project("/".join(parsed.parts[:-1]))
        if project.project_kind == "legacy":
            project, name = self._continued(project, name)
        self._store.paths.need(project, Permission.LINK)
        self._refuse_foreign(place, project)
        collection, created = self._store.collections.ensure(project, name, version.type, "portfolio")
        if collection.collection_kind != "portfolio":
            raise Invalid(f"{collection.path} holds what runs log into it; link into a registry's collection.")
        if collection.type != version.type:
            raise Invalid(
                f"{collection.path} holds artifacts of type {collection.type!r}; {version.path} is of "
                f"type {version.type!r}."
            )
        self._put(version, collection, created, aliases)
        return self._store.versions.by_place(self._place(collection, version.id))

    def _continued(self, project: Place, name: str) -> tuple[Place, str]:
        """Where a link into a legacy registry goes: since that was migrated, to what has taken the name's place."""
        store = self._store
        try:
            found = store.paths.collection(f"{project.path}/{name}")
        except NotFound:
            return project, name
        if found.project_id == project.project_id:
            return project, name
        return store.paths.project(f"{found.entity}/{found.project}"), found.collection

    def _put(self, version: Version, collection: Place, created, aliases: list[str]) -> None:
        store, engine, cid = self._store, self._engine, collection.collection_id
        change = store.events.draft(
            "link.add",
            created.now if created else None,
            project=collection.project_id,
            collection=cid,
            version=version.id,
            path=collection.path,
            source=version.source,
        )
        if created:
            change.note(f"collection/{cid}/exists", 0, 1)
            change.detail |= {"created": True, "type": version.type}
        number = engine.value(
            "SELECT number FROM membership WHERE version_id = :v AND collection_id = :c", {"v": version.id, "c": cid}
        )
        if number is None:
            number = engine.value(
                "UPDATE collection SET next_number = next_number + 1 WHERE id = :c RETURNING next_number - 1",
                {"c": cid},
            )
            change.set(f"link/{cid}/{version.id}", [number, change.now, store.actor.id])
            lived = self._lives(version)
            if change.set(f"version/{version.id}/ttl", TTL_NEVER) and lived is not None:
                change.detail["ttl_cleared"] = lived
        else:
            change.action = "alias.add"
        change.detail |= {"version": number, "name": f"{collection.collection}:v{number}"}
        if aliases:
            change.detail["aliases"] = aliases
        for alias in aliases:
            store.aliases.refuse_protected(collection, [alias], "add")
            holder = store.aliases.holder(collection, alias)
            if holder is not None and holder != number:
                change.detail.setdefault("moved", {})[alias] = holder
            change.set(f"alias/{cid}/{alias}", version.id)
        store.events.append([change])

    def _lives(self, version: Version) -> int | None:
        """The seconds that a version lives, by its own word or its team's; None: for ever."""
        if version.ttl != TTL_INHERITED:
            return version.ttl if version.ttl > 0 else None
        return self._engine.value(
            "SELECT e.default_ttl FROM version v JOIN collection c ON c.id = v.collection_id "
            "JOIN project p ON p.id = c.project_id JOIN entity e ON e.id = p.entity_id WHERE v.id = :v",
            {"v": version.id},
        )

    def _place(self, collection: Place, version: int) -> Place:
        number = self._engine.value(
            "SELECT number FROM membership WHERE version_id = :v AND collection_id = :c",
            {"v": version, "c": collection.collection_id},
        )
        return self._store.paths.in_collection(collection, f"v{number}")

    def _refuse_foreign(self, source: Place, target: Place) -> None:
        """Only a team's artifacts are linked, within the team or to the organization's registry."""
        row = self._engine.row(
            "SELECT e.id, e.kind, e.organization_id FROM version v JOIN collection c ON c.id = v.collection_id "
            "JOIN project p ON p.id = c.project_id JOIN entity e ON e.id = p.entity_id WHERE v.id = :v",
            {"v": source.version_id},
        )
        assert row
        owner, kind, organization = row
        if target.project_kind == "registry" and kind == "team" and organization == target.entity_id:
            return
        if target.project_kind != "registry" and owner == target.entity_id:
            return
        hint = " It was logged under a person; log it under a team (--entity)." if kind == "user" else ""
        raise Invalid(
            f"linking is only allowed within the same team or to a collection in your organization's registry.{hint}"
        )

    @writes
    def remove(self, target: str | Version) -> None:
        """Unlink a version from a collection. Its number is not used again; its source stays as it is.

        Raises:
            Invalid: it is not a link.
            Forbidden: it carries a protected alias, or the actor may not unlink here.
        """
        place = self._store.paths.at(target)
        version = self._store.versions.by_place(place)
        if not version.is_link:
            raise Invalid(
                f"Artifact {version.path!r} is not a linked artifact and cannot be unlinked. "
                "To delete it, use 'curatory rm' instead."
            )
        if not allowed(place.role, Permission.UNLINK):
            raise Forbidden(
                f"You do not have permission to unlink the artifact {version.path!r}: that needs the role member. "
                f"Ask an admin of {place.entity}/{place.project}."
            )
        self._store.aliases.refuse_protected(
            place, [a for a in version.aliases if a != "latest"], "unlink a version with"
        )
        with self._store.events.change(
            "link.remove",
            project=place.project_id,
            collection=place.collection_id,
            version=version.id,
            path=version.path.rpartition(":")[0],
            version_number=version.number,
            name=version.name,
            source=version.source,
        ) as change:
            for alias in version.aliases:
                if alias != "latest":
                    change.set(f"alias/{place.collection_id}/{alias}", None)
            change.set(f"link/{place.collection_id}/{version.id}", None)

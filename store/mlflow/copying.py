"""Importing one model in one transaction: its series and collection, its versions, their runs and datasets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..clock import from_text, to_text
from ..errors import Conflict
from ..facts import folded, index_text
from ..manifests import check_metadata, manifest_digest
from ..migration import Item, Migration, Side, SideVersion
from ..migration.ledger import renamed
from ..migration.naming import fitting
from ..migration.sides import dumped, loaded
from ..names import REGISTRY_PREFIX, fold_key, source_name
from ..store import insert
from .artifacts import reference
from .names import Named, author_of, type_of
from .records import PROMPT, PROMPT_TEXT, Dataset, Registry, Run, Version

if TYPE_CHECKING:
    from ..events import Change
    from ..records import File
    from ..store import Store

UNVERIFIED = "unverified"  # the tag of a version whose bytes were not read
_STATES = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "killed"}


@dataclass(frozen=True, slots=True)
class Before:
    """What was imported of a model before.

    Attributes:
        target, series: collections: of the registry, and the source.
        name: of the series.
        versions: by number.
    """

    target: int
    series: int
    name: str
    versions: Mapping[int, SideVersion]


class Copy:
    """One model in one transaction."""

    def __init__(
        self,
        store: Store,
        migration: Migration,
        item: Item,
        one: Named,
        registry: Registry,
        files: Mapping[int, tuple[list[File], str]],
        known: Mapping[str, int],
    ) -> None:
        self._store, self._engine = store, store.engine
        self._migration, self._item, self._named, self._registry = migration, item, one, registry
        self._files, self._known = files, known
        self._now = store.events.next_time()
        self._changes: list[Change] = []

    def carry_out(self) -> None:
        store, model, item = self._store, self._named.model, self._item
        place = store.projects.ensure(
            self._migration.registry.rpartition("/")[2].removeprefix(REGISTRY_PREFIX), self._migration.team
        )
        assert place.project_id is not None
        self._project, self._path = place.project_id, f"{place.entity}/{place.project}"
        text = model.description
        before = self._before()
        if before is None:
            self._series = self._free(self._named.series)
            series = self._collection(self._project, "sequence", self._series, "")
            target = self._collection(self._migration.registry_id, "portfolio", item.target, text)
        else:
            series, target = before.series, before.target
            self._series = before.name
            self._grow(series, target)
        change = self._draft(
            "migration.collection", self._migration.registry_id, f"{self._migration.registry}/{item.target}"
        )
        change.subject["collection_id"] = target
        change.detail |= {"source": f"{self._registry.address}#{model.name}", "versions": len(model.versions)}
        if before is None:
            change.after[f"collection/{target}/exists"] = 1
            change.after[f"collection/{series}/exists"] = 1
        known = before.versions if before is not None else {}
        sides: list[SideVersion] = []
        ids: dict[int, int] = {}
        for version in model.versions:
            if version.number in known:
                told = known[version.number]
                made = told.artifact or 0
            else:
                made, told = self._version(version, series, target, change)
            ids[version.number] = made
            sides.append(told)
        for alias, number in model.aliases.items():
            if number not in known:  # an alias of what was there before may have been moved here since
                change.set(f"alias/{target}/{self._named.aliases[alias]}", ids[number])
        aliases = {self._named.aliases[alias]: number for alias, number in model.aliases.items()}
        origin = Side(
            f"{self._registry.address}#{model.name}", model.name, type_of(model), text, (),
            dict(sorted(aliases.items())), tuple(sides), model.created_at, store.actor.name,
        )  # fmt: skip
        unread = ", ".join(f"v{told.number}" for told in sides if UNVERIFIED in told.tags)
        notes = [renamed(model.name, item.target), f"not verified: {unread}" if unread else ""]
        self._engine.execute(
            "UPDATE migration_item SET state = 'done', target_id = :t, origin = :o, at = :at, note = :n WHERE id = :id",
            {
                "t": target, "o": dumped(origin), "at": self._now, "id": item.id,
                "n": "; ".join(note for note in notes if note),
            },
        )  # fmt: skip
        store.events.append([*self._changes, change])

    def _before(self) -> Before | None:
        """What was imported of the model before.

        Raises:
            Conflict: it has been deleted here since.
        """
        target, origin = self._engine.rows(
            "SELECT target_id, origin FROM migration_item WHERE id = :id", {"id": self._item.id}
        )[0]
        if target is None:
            return None
        row = self._engine.row(
            "SELECT c.id, c.name FROM collection c WHERE c.project_id = :p AND c.removed_at IS NULL AND EXISTS "
            "(SELECT 1 FROM version v JOIN membership m ON m.version_id = v.id WHERE v.collection_id = c.id "
            "AND m.collection_id = :t) ORDER BY c.id LIMIT 1",
            {"p": self._project, "t": target},
        )
        if row is None or self._engine.value("SELECT removed_at FROM collection WHERE id = :t", {"t": target}):
            raise Conflict(
                f"{self._item.target} has new versions in MLflow, but was emptied or deleted here since: undo that, or "
                "roll the import back and begin anew."
            )
        versions = {version.number: version for version in loaded(origin).versions}
        return Before(target, row[0], row[1], versions)

    def _grow(self, series: int, target: int) -> None:
        """Make room for new numbers.

        Raises:
            Conflict: somebody has linked something under one of them.
        """
        highest = max(version.number for version in self._named.model.versions)
        for collection in (series, target):
            taken = self._engine.value(
                "SELECT max(number) FROM membership WHERE collection_id = :c AND version_id NOT IN "
                "(SELECT id FROM version WHERE collection_id = :s)",
                {"c": collection, "s": series},
            )
            if taken is not None and taken <= highest:
                raise Conflict(
                    f"v{taken} of {self._item.target} is something else here than in MLflow, which has a version of "
                    "that number, too: unlink it, and import again."
                )
            self._engine.execute(
                "UPDATE collection SET next_number = :n WHERE id = :c AND next_number < :n",
                {"c": collection, "n": highest + 1},
            )

    def _draft(self, action: str, project: int, path: str) -> Change:
        return self._store.events.draft(action, self._now, project=project, path=path)

    def _collection(self, project: int, kind: str, name: str, text: str) -> int:
        model = self._named.model
        highest = max([*(one.number for one in model.versions), *model.deleted, -1])
        return insert(
            self._engine,
            "collection",
            project_id=project,
            kind=kind,
            name=name,
            type=type_of(model),
            description=text,
            folded=folded(name, text),
            next_number=highest + 1,
            created_at=to_text(model.created_at),
            created_by=self._store.actor.id,
            updated_at=to_text(model.updated_at or model.created_at),
        )

    def _version(self, version: Version, series: int, target: int, change: Change) -> tuple[int, SideVersion]:
        """A version in its series, and its place in the registry; and what it is to be proven against."""
        files, reason = self._files[version.number]
        run = self._run(version.run_id)
        author = author_of(self._registry, version)
        by = self._known.get(fold_key(author)) or self._store.actor.id
        at, digest = to_text(version.created_at), manifest_digest(files)
        metadata = check_metadata({"mlflow": self._told(version, author, reason)})
        tags: list[str] = [*_staged(version.stage), *([UNVERIFIED] if reason else [])]
        size = sum(file.size for file in files)
        made = insert(
            self._engine,
            "version",
            collection_id=series,
            digest=digest,
            state="committed",
            description=version.description,
            metadata=json.dumps(metadata, ensure_ascii=False),
            ttl=-2,
            size=size,
            file_count=len(files),
            run_id=run,
            created_at=at,
            created_by=by,
            updated_at=to_text(version.updated_at or version.created_at),
        )
        if version.description:
            index_text(self._engine, made, version.description)
        self._store_files(made, files)
        for collection, project in ((series, self._project), (target, self._migration.registry_id)):
            self._engine.execute(
                "INSERT INTO membership (collection_id, project_id, version_id, number, at, by_id) "
                "VALUES (:c, :p, :v, :n, :at, :by)",
                {"c": collection, "p": project, "v": made, "n": version.number, "at": at, "by": by},
            )
        logged = self._draft("version.log", self._project, f"{self._path}/{self._series}")
        logged.subject |= {"collection_id": series, "version_id": made}
        name = f"{self._series}:v{version.number}"
        logged.detail |= {"version": version.number, "name": name, "digest": digest}
        logged.note(f"version/{made}/state", None, "committed")
        logged.note(f"link/{series}/{made}", None, [version.number, at, by])
        for tag in tags:
            logged.set(f"version_tag/{made}/{tag}", 1)
        self._changes.append(logged)
        if run is not None:
            self._edge(2 * run + 1, 2 * made)
        change.after[f"link/{target}/{made}"] = [version.number, at, by]
        who = self._engine.value("SELECT name FROM entity WHERE id = :i", {"i": by})
        stored = json.dumps(metadata, ensure_ascii=False, sort_keys=True)
        return made, SideVersion(
            version.number, made, digest, from_text(at), who, version.description, stored, tuple(tags), size
        )

    def _told(self, version: Version, author: str, reason: str) -> dict[str, Any]:
        """All that MLflow says of a version which has no place of its own here."""
        tags = {key: value for key, value in version.tags.items() if key not in (PROMPT, PROMPT_TEXT)}
        found: dict[str, Any] = {
            "address": self._registry.address, "model": self._named.model.name, "version": version.number,
            "source": version.source, "storage": version.storage, "run_id": version.run_id, "author": author or None,
            "stage": version.stage, "status": version.status, "tags": tags, "model_tags": dict(self._named.model.tags),
            "verified": not reason,
        }  # fmt: skip
        if reason:
            found["not_verified"] = reason
        if version.source.startswith("models:/") and not version.source.startswith("models:/m-"):
            found["copied_from"] = version.source.removeprefix("models:/")
        return found

    def _store_files(self, version: int, files: list[File]) -> None:
        self._engine.many(
            "INSERT INTO entry (version_id, path, digest, size, sha256, uri) VALUES (:v, :p, :d, :s, :sha, :uri)",
            [
                {"v": version, "p": file.path, "d": file.digest, "s": file.size, "sha": file.sha256, "uri": file.uri}
                for file in files
            ],
        )
        self._engine.many(
            "INSERT INTO blob (sha256, md5, size, created_at) VALUES (:sha, :d, :s, :at) ON CONFLICT DO NOTHING",
            [
                {"sha": file.sha256, "d": file.digest, "s": file.size, "at": self._now}
                for file in files
                if file.sha256 is not None
            ],
        )

    def _edge(self, source: int, to: int) -> None:
        self._engine.execute(
            "INSERT INTO edge (src, dst, at) VALUES (:s, :d, :at) ON CONFLICT DO NOTHING",
            {"s": source, "d": to, "at": self._now},
        )

    # -- runs and datasets ----------------------------------------------------------------------------------------

    def _run(self, name: str | None) -> int | None:
        """A version's run, made where it is not there yet, with the datasets that it used."""
        one = self._registry.runs.get(name or "")
        if one is None:
            return None
        known = self._engine.value(
            "SELECT id FROM run WHERE project_id = :p AND name = :n", {"p": self._project, "n": one.id}
        )
        if known is not None:
            return known
        begun = to_text(one.started_at) if one.started_at else self._now
        ended = to_text(one.ended_at) if one.ended_at else None
        config: dict[str, Any] = dict(one.params)
        if one.tags:
            config["mlflow.tags"] = dict(one.tags)
        made = insert(
            self._engine,
            "run",
            project_id=self._project,
            name=one.id,
            title=one.name,
            state=_STATES.get(one.status, "finished" if ended else "running"),
            config=json.dumps(config, ensure_ascii=False),
            summary=json.dumps(dict(one.metrics), ensure_ascii=False),
            notes="deleted in MLflow" if one.deleted else "",
            created_at=begun,
            created_by=self._known.get(fold_key(one.author)) or self._store.actor.id,
            heartbeat_at=ended or begun,
            ended_at=ended,
            exit_code=None if ended is None else int(one.status == "FAILED"),
        )
        change = self._draft("run.start", self._project, f"{self._path}/{one.id}")
        change.note(f"run/{made}/exists", 0, 1)
        self._changes.append(change)
        for dataset in one.datasets:
            self._edge(2 * self._dataset(dataset, one), 2 * made + 1)
        return made

    def _dataset(self, one: Dataset, run: Run) -> int:
        """A dataset as a version of type dataset: one for each digest that MLflow gave it."""
        name = fitting(one.name or "dataset", source_name, frozenset())
        collection = self._engine.value(
            "SELECT id FROM collection WHERE project_id = :p AND name = :n AND removed_at IS NULL AND type = 'dataset'",
            {"p": self._project, "n": name},
        )
        change = self._draft("version.log", self._project, f"{self._path}/{name}")
        if collection is None:
            collection = insert(
                self._engine, "collection", project_id=self._project, kind="sequence", name=self._free(name),
                type="dataset", folded=folded(name, ""), created_at=self._now, created_by=self._store.actor.id,
                updated_at=self._now,
            )  # fmt: skip
            change.note(f"collection/{collection}/exists", 0, 1)
        known = self._engine.value(
            "SELECT m.version_id FROM membership m JOIN version v ON v.id = m.version_id WHERE m.collection_id = :c "
            "AND v.description = :d",
            {"c": collection, "d": f"MLflow digest {one.digest}"},
        )
        if known is not None:
            return known
        files = [reference(_uri(one.source), f"{one.name}/{one.digest}")]
        digest, at = manifest_digest(files), to_text(run.started_at) if run.started_at else self._now
        number = self._engine.value(
            "UPDATE collection SET next_number = next_number + 1 WHERE id = :c RETURNING next_number - 1",
            {"c": collection},
        )
        metadata = {"mlflow": {"digest": one.digest, "source_type": one.source_type, "source": one.source,
                               "context": one.context}}  # fmt: skip
        made = insert(
            self._engine, "version", collection_id=collection, digest=digest, state="committed",
            description=f"MLflow digest {one.digest}", metadata=json.dumps(metadata, ensure_ascii=False), ttl=-1,
            size=0, file_count=1, created_at=at, created_by=self._store.actor.id, updated_at=at,
        )  # fmt: skip
        index_text(self._engine, made, f"MLflow digest {one.digest}")
        self._store_files(made, files)
        self._engine.execute(
            "INSERT INTO membership (collection_id, project_id, version_id, number, at, by_id) "
            "VALUES (:c, :p, :v, :n, :at, :by)",
            {"c": collection, "p": self._project, "v": made, "n": number, "at": at, "by": self._store.actor.id},
        )
        change.subject |= {"collection_id": collection, "version_id": made}
        change.detail |= {"version": number, "name": f"{name}:v{number}", "digest": digest}
        change.note(f"version/{made}/state", None, "committed")
        change.note(f"link/{collection}/{made}", None, [number, at, self._store.actor.id])
        self._changes.append(change)
        return made

    def _free(self, name: str) -> str:
        taken = {n for (n,) in self._engine.rows(
            "SELECT name FROM collection WHERE project_id = :p AND removed_at IS NULL", {"p": self._project}
        )}  # fmt: skip
        return fitting(name, source_name, taken)


def _staged(stage: str) -> list[str]:
    return [] if stage in ("None", "") else [f"stage-{stage}"]


def _uri(source: str) -> str:
    """The address in a dataset's source."""
    try:
        found = json.loads(source)
    except ValueError:
        return source
    if isinstance(found, dict):
        for key in ("uri", "url", "path"):
            if isinstance(found.get(key), str):
                return found[key]
    return source

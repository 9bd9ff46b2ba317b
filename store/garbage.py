"""Garbage: versions and deliveries that have outlived their time, and files that no version holds any more.

Nothing is removed for good within the grace period, and nothing that a version still needs: files are looked at
again, in the write transaction, before they go.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from .clock import optional, to_text
from .parts import clean_parts
from .records import File, Version
from .store import need_organization_admin, writes

if TYPE_CHECKING:
    from .store import Store

GRACE = timedelta(hours=24)
DELIVERIES_KEPT = timedelta(days=90)
UPLOADS_WAIT = timedelta(days=14)  # for whoever goes on with an upload that died


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection removed (or would remove).

    Attributes:
        expired: paths of versions whose time to live had ended, or whose project was deleted.
        purged: how many deleted versions lost their files for good.
        blobs, bytes: files removed, and their size.
        waiting: files that are unneeded but still within the grace period.
        deliveries: deliveries of automations that ended more than 90 days ago.
    """

    expired: tuple[str, ...]
    purged: int
    blobs: int
    bytes: int
    waiting: int
    deliveries: int
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """What hashing a stored file anew has shown.

    Attributes:
        path: in the version that was asked about; empty where it was the whole store.
        problem: None when all is well, or when it was never hashed since it was stored.
        at: when that was; None: never.
    """

    path: str
    size: int
    sha256: str
    problem: str | None
    at: datetime | None = None


# What a registry holds does not expire.
_LINKED = (
    "SELECT 1 FROM membership m JOIN collection l ON l.id = m.collection_id AND l.removed_at IS NULL "
    "JOIN project lp ON lp.id = l.project_id AND lp.removed_at IS NULL "
    "WHERE m.version_id = v.id AND m.collection_id <> v.collection_id"
)


class Garbage:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def collect(self, *, dry_run: bool = False, grace: timedelta = GRACE) -> Collected:
        """Delete expired versions and old deliveries, then the files that nothing needs.

        Raises:
            Forbidden: only organization admins may.
        """
        for organization in self._store.organizations.list():
            need_organization_admin(self._store, organization.id, "collect garbage")
        now = self._store.now()
        expired = self._expire(now, dry_run) + self._orphans(now - grace, dry_run)
        purged = self._purge(now - grace, dry_run)
        if not dry_run:
            self._store.uploads.give_up(now - UPLOADS_WAIT)
        deliveries = self._store.deliveries.forget(now - DELIVERIES_KEPT, dry_run=dry_run)
        blobs, size, waiting = self._sweep(now, grace, dry_run)
        if not dry_run:
            self._store.blobs.empty_trash(grace.total_seconds())
            self._store.blobs.clean_tmp(grace.total_seconds())
            clean_parts(self._store.blobs, grace.total_seconds())
        return Collected(tuple(expired), purged, blobs, size, waiting, deliveries, dry_run)

    # -- versions -----------------------------------------------------------------------------------------------

    def _expire(self, now: datetime, dry_run: bool) -> list[str]:
        rows = self._engine.rows(
            "SELECT v.id, v.collection_id, v.created_at, CASE WHEN v.ttl = -1 THEN e.default_ttl ELSE "
            "v.ttl END AS seconds "
            "FROM version v JOIN collection c ON c.id = v.collection_id JOIN project p ON p.id = c.project_id "
            "JOIN entity e ON e.id = p.entity_id WHERE v.state = 'committed' "
            "AND (v.ttl > 0 OR (v.ttl = -1 AND e.default_ttl IS NOT NULL)) "
            f"AND NOT EXISTS ({_LINKED}) ORDER BY v.id"
        )
        gone = []
        for version, collection, created, seconds in rows:
            if datetime.fromisoformat(created) + timedelta(seconds=seconds) > now:
                continue
            gone.append(self._name(version, collection))
            if not dry_run:
                self._expire_one(version, collection)
        return gone

    def _orphans(self, before: datetime, dry_run: bool) -> list[str]:
        """Versions whose source project was deleted longer ago than the grace period, but for those that are linked."""
        rows = self._engine.rows(
            "SELECT v.id, v.collection_id FROM version v JOIN collection c ON c.id = v.collection_id "
            "JOIN project p ON p.id = c.project_id WHERE p.removed_at < :before AND v.state = 'committed' "
            f"AND NOT EXISTS ({_LINKED}) ORDER BY v.id",
            {"before": to_text(before)},
        )
        gone = [self._name(version, collection) for version, collection in rows]
        if not dry_run:
            for version, collection in rows:
                self._expire_one(version, collection)
        return gone

    def _name(self, version: int, collection: int) -> str:
        return self._engine.value(
            "SELECT e.name || '/' || p.name || '/' || c.name || ':v' || m.number FROM collection c "
            "JOIN project p ON p.id = c.project_id JOIN entity e ON e.id = p.entity_id "
            "JOIN membership m ON m.collection_id = c.id AND m.version_id = :v WHERE c.id = :c",
            {"v": version, "c": collection},
        )

    @writes
    def _expire_one(self, version: int, collection: int) -> None:
        with self._store.events.change(
            "version.expire", collection=collection, version=version, path=self._name(version, collection)
        ) as change:
            change.subject["project_id"] = self._engine.value(
                "SELECT project_id FROM collection WHERE id = :c", {"c": collection}
            )
            for (alias,) in self._engine.rows(
                "SELECT alias FROM alias WHERE collection_id = :c AND version_id = :v", {"c": collection, "v": version}
            ):
                change.set(f"alias/{collection}/{alias}", None)
            change.set(f"link/{collection}/{version}", None)
            change.set(f"version/{version}/state", "deleted")

    def _purge(self, before: datetime, dry_run: bool) -> int:
        """Versions deleted longer ago than the grace period give up their files."""
        rows = self._engine.rows(
            "SELECT id FROM version WHERE removed_at IS NOT NULL AND removed_at < :before AND purged_at IS NULL",
            {"before": to_text(before)},
        )
        if rows and not dry_run:
            self._purge_all([i for (i,) in rows])
        return len(rows)

    @writes
    def _purge_all(self, versions: Sequence[int]) -> None:
        with self._store.events.change("gc.purge", path="", versions=len(versions)) as change:
            for version in versions:
                # an undo may have brought it back since
                if self._engine.execute(
                    "UPDATE version SET purged_at = :at WHERE id = :v AND removed_at IS NOT NULL",
                    {"at": change.now, "v": version},
                ):
                    self._engine.execute("DELETE FROM entry WHERE version_id = :v", {"v": version})
                    change.note(f"version/{version}/purged_at", None, change.now)

    # -- files --------------------------------------------------------------------------------------------------

    def _sweep(self, now: datetime, grace: timedelta, dry_run: bool) -> tuple[int, int, int]:
        blobs = self._store.blobs
        count = size = waiting = 0
        before = time.time() - grace.total_seconds()  # the file system's clock, not the store's
        for sha256, length, modified in blobs.stored():
            if self._needed(sha256, now - grace if dry_run else None):
                continue
            if modified > before:  # just written, or hit again by a publish that is under way
                waiting += 1
                continue
            if dry_run or self._drop(sha256, grace):
                count += 1
                size += length
        return count, size, waiting

    def _needed(self, sha256: str, purging: datetime | None = None) -> bool:
        """Whether a version, an upload or a run has a file; in a dry run those don't count that would be purged."""
        return bool(
            self._engine.value(
                "SELECT 1 FROM entry JOIN version v ON v.id = entry.version_id WHERE entry.sha256 = :s "
                "AND (v.removed_at IS NULL OR v.removed_at >= :purging) "
                "UNION ALL SELECT 1 FROM upload_file WHERE sha256 = :s "
                "UNION ALL SELECT 1 FROM run_file WHERE sha256 = :s LIMIT 1",
                {"s": sha256, "purging": to_text(purging) if purging else ""},
            )
        )

    def _drop(self, sha256: str, grace: timedelta) -> bool:
        # The row first: dying in between leaves a file that nothing names, which the next collection finds.
        # A publish may hit the file at this moment: the blob store looks at its age once more after moving it.
        return self._forget(sha256) and self._store.blobs.trash(sha256, idle=grace.total_seconds())

    @writes
    def _forget(self, sha256: str) -> bool:
        if self._needed(sha256):
            return False
        self._engine.execute("DELETE FROM blob WHERE sha256 = :s", {"s": sha256})
        return True

    def problems(self, *, limit: int = 100) -> list[Checked]:
        """Stored files that were not what they were when they were verified last."""
        return [
            Checked("", size, sha256, problem, optional(at))
            for sha256, size, problem, at in self._engine.rows(
                "SELECT sha256, size, problem, verified_at FROM blob WHERE problem IS NOT NULL "
                "ORDER BY sha256 LIMIT :limit",
                {"limit": limit},
            )
        ]

    def checks(self, target: str | Version, *, path: str | None = None) -> list[Checked]:
        """When each stored file of a version was verified last, and with what result; by path, without references.

        Who may see the version may see this. Nothing is hashed.

        Args:
            path: only of this file.

        Raises:
            NotFound, Ambiguous, Invalid
        """
        place = self._store.paths.at(target)
        return [
            Checked(path, size, sha256, problem, optional(at))
            for path, size, sha256, problem, at in self._engine.rows(
                "SELECT entry.path, entry.size, entry.sha256, blob.problem, blob.verified_at FROM entry "
                "LEFT JOIN blob ON blob.sha256 = entry.sha256 "
                "WHERE entry.version_id = :v AND entry.sha256 IS NOT NULL"
                f"{'' if path is None else ' AND entry.path = :path'} ORDER BY entry.path",
                {"v": place.version_id, "path": path},
            )
        ]

    # -- verification -------------------------------------------------------------------------------------------

    def verify(
        self, target: str | Version | None = None, *, progress: Callable[[int, int, str], None] | None = None
    ) -> list[Checked]:
        """Hash stored files anew: those of one version, or all. What is found is kept (`blob.verified_at`, `problem`).

        Args:
            progress: called with bytes done, bytes in all, and the file at hand.

        Raises:
            NotFound, Forbidden
        """
        if target is not None:
            files = [file for file in self._store.versions.downloadable(target) if file.sha256]
        else:
            for organization in self._store.organizations.list():
                need_organization_admin(self._store, organization.id, "verify the whole store")
            files = [
                File(sha, size, "", sha)
                for sha, size in self._engine.rows("SELECT sha256, size FROM blob ORDER BY sha256")
            ]
        total = sum(file.size for file in files)
        done = 0
        results = []
        for file in files:
            sha256 = file.sha256 or ""
            if progress:
                progress(done, total, file.path)
            problem = self._store.blobs.verify(sha256, size=file.size)
            now = self._store.now()
            results.append(Checked(file.path, file.size, sha256, problem, now))
            done += file.size
            with self._engine.write(serial=False):
                self._engine.execute(
                    "UPDATE blob SET verified_at = :at, problem = :problem WHERE sha256 = :s",
                    {"at": to_text(now), "problem": problem, "s": sha256},
                )
        if progress:
            progress(done, total, "")
        return results

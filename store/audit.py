"""Audit: is the history what it was, does it end where it ended, and do the tables say what the history says?"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import facts
from .clock import from_text, to_text
from .engine.schema import GENESIS
from .errors import Damaged, Invalid, Unavailable
from .events import HASHED, digest
from .manifests import manifest_digest
from .records import File

if TYPE_CHECKING:
    from .store import Store

_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with the log.

    Attributes:
        kind: "edited", "removed", "replaced", "cut" (the end is missing), "unlike" (a table says something else).
        seq: the event where it shows.
    """

    kind: str
    seq: int
    message: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found.

    Attributes:
        events: how many were checked.
        head: hash of the last; keep it elsewhere (`audit anchor`).
        facts: how many facts were compared with the tables; 0 when that was not asked for.
    """

    events: int
    head: str
    findings: tuple[Finding, ...]
    facts: int = 0
    anchor: int | None = None

    @property
    def ok(self) -> bool:
        return not self.findings


class Audit:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._engine = store.engine

    def verify(
        self,
        *,
        anchor: str | os.PathLike[str] | None = None,
        tables: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Report:
        """Recompute the chain of hashes from the first event to the last.

        Args:
            anchor: a file made by `anchor`: the chain must contain what it says, so a cut or rewritten log shows.
            tables: also compare every fact's last value in the log with the tables.
            progress: called with events done and events in all.

        Raises:
            Invalid: the anchor file can't be read as one, or belongs to another store.
        """
        anchors = self._read_anchors(anchor) if anchor is not None else []
        wanted = {entry["seq"]: entry["hash"] for entry in anchors}
        head = self._engine.row("SELECT seq, hash FROM chain WHERE id = 1")
        total, head_hash = head or (0, GENESIS)
        findings: list[Finding] = []
        previous, expected, seen, logged = GENESIS, 1, 0, 0
        while True:
            rows = self._engine.rows(
                f"SELECT {', '.join(HASHED)}, prev, hash FROM event WHERE seq >= :seq ORDER BY seq LIMIT :n",
                {"seq": expected, "n": _CHUNK},
            )
            if not rows:
                break
            for row in rows:
                event: dict[str, Any] = dict(zip((*HASHED, "prev", "hash"), row, strict=True))
                findings += self._check_one(event, previous, expected)
                if event["seq"] in wanted and wanted[event["seq"]] != event["hash"]:
                    findings.append(
                        Finding(
                            "replaced",
                            event["seq"],
                            f"event {event['seq']} is not the one that was anchored: the log was rewritten",
                        )
                    )
                if event["seq"] == total and event["hash"] != head_hash:
                    findings.append(Finding("edited", total, "the last event is not the one that was written last"))
                if tables:
                    logged += sum(_mark(name, event["seq"]) for name in _values(event["after"]))
                previous, expected, seen = event["hash"], event["seq"] + 1, seen + 1
            if progress:
                progress(seen, total)
        last = expected - 1
        if last < total:
            findings.append(
                Finding(
                    "cut", last, f"the log ends at event {last}, but {total} events were written: its end is missing"
                )
            )
        for entry in anchors:
            if entry["seq"] > last:
                findings.append(
                    Finding(
                        "cut",
                        last,
                        f"the log ends at event {last}, but event {entry['seq']} was anchored at {entry['at']}",
                    )
                )
        compared = self._compare(last, logged, findings) + self._manifests(last, findings) if tables else 0
        return Report(seen, previous, tuple(findings), compared, anchors[-1]["seq"] if anchors else None)

    def _check_one(self, event: dict[str, Any], previous: str, expected: int) -> list[Finding]:
        seq = event["seq"]
        if seq != expected:
            return [
                Finding(
                    "removed", expected, f"event {expected}{f' to {seq - 1}' if seq - 1 > expected else ''} is missing"
                )
            ]
        if event["prev"] != previous:
            return [
                Finding("replaced", seq, f"event {seq} does not follow the one before it: one of the two was replaced")
            ]
        if digest(event["prev"], event) != event["hash"]:
            return [
                Finding(
                    "edited",
                    seq,
                    f"event {seq} ({event['action']} by {event['actor']}) was edited after it was written",
                )
            ]
        return []

    def _compare(self, last: int, logged: int, findings: list[Finding]) -> int:
        """Hold every fact's last value in the log against the tables, and the index of facts against the log."""
        compared = indexed = 0
        newest: dict[str, int] = {}
        for name, seq in self._index():
            if seq <= last:  # what is written meanwhile is not looked at
                indexed += _mark(name, seq)
            if newest and name not in newest:
                compared += self._compare_some(newest, findings)
            newest[name] = seq
        compared += self._compare_some(newest, findings, all_of_them=True)
        if indexed != logged:
            findings.append(
                Finding(
                    "unlike",
                    last,
                    "the index of facts (event_fact) does not say what the events say, so what an alias named in "
                    "the past can't be trusted",
                )
            )
        for name in facts.unlogged(self._engine):
            compared += 1
            value = facts.read(self._engine, name)
            if value is not None and not self._newest(name):
                findings.append(
                    Finding("unlike", last, f"{name} is {value!r} in the store, but the history has no word of it")
                )
        return compared

    def _index(self) -> Iterator[tuple[str, int]]:
        """Every fact with every event that changed it, in order."""
        after = ("", 0)
        while True:
            rows = self._engine.rows(
                "SELECT fact, seq FROM event_fact WHERE (fact, seq) > (:fact, :seq) ORDER BY fact, seq LIMIT :n",
                {"fact": after[0], "seq": after[1], "n": _CHUNK},
            )
            yield from rows  # type: ignore[misc]
            if len(rows) < _CHUNK:
                return
            after = rows[-1]  # type: ignore[assignment]

    def _compare_some(self, newest: dict[str, int], findings: list[Finding], *, all_of_them: bool = False) -> int:
        """Compare facts with their values after their newest events, once there are enough of them."""
        if not all_of_them and len(newest) < _CHUNK:
            return 0
        values = {
            seq: _values(text)
            for seq, text in self._engine.rows(
                f"SELECT seq, after FROM event WHERE {self._engine.any_of('seq', 'seqs')}",
                {"seqs": self._engine.pack(sorted(set(newest.values())))},
            )
        }
        for name, seq in newest.items():
            said = values.get(seq, {}).get(name)
            now = facts.read(self._engine, name)
            if now != said and self._newest(name) == seq:  # else it was changed meanwhile
                findings.append(
                    Finding(
                        "unlike", seq, f"{name} is {now!r} in the store, but the history (event {seq}) says {said!r}"
                    )
                )
        count = len(newest)
        newest.clear()
        return count

    def _manifests(self, last: int, findings: list[Finding]) -> int:
        """Compute every version's digest anew from its manifest, and hold it against what was logged."""
        compared = after = 0
        while True:
            rows = self._engine.rows(
                "SELECT e.seq, e.detail, v.id, v.digest, v.purged_at FROM event e "
                "JOIN version v ON v.id = e.version_id "
                "WHERE e.action = 'version.log' AND e.seq > :after AND e.seq <= :last ORDER BY e.seq LIMIT :n",
                {"after": after, "last": last, "n": 500},
            )
            if not rows:
                return compared
            after = rows[-1][0]
            manifests: dict[int, list[File]] = {version: [] for _, _, version, _, _ in rows}
            for version, path, content in self._engine.rows(
                f"SELECT version_id, path, digest FROM entry WHERE {self._engine.any_of('version_id', 'versions')}",
                {"versions": self._engine.pack(sorted(manifests))},
            ):
                manifests[version].append(File(path, 0, content))
            for seq, detail, version, stored, purged in rows:
                logged = _values(detail).get("digest")
                if logged is None:  # it was there already; the event only gave it aliases
                    continue
                compared += 1
                now = stored if purged or stored != logged else manifest_digest(manifests[version])
                if now != logged:
                    findings.append(
                        Finding(
                            "unlike",
                            seq,
                            f"the manifest of version {version} is not the one that was logged: its digest is {now}, "
                            f"the history (event {seq}) says {logged}",
                        )
                    )

    def _newest(self, fact: str) -> int | None:
        return self._engine.value("SELECT max(seq) FROM event_fact WHERE fact = :fact", {"fact": fact})

    # -- anchors ------------------------------------------------------------------------------------------------

    def anchor(self, path: str | os.PathLike[str]) -> dict[str, Any]:
        """Add the head of the chain to an anchor file. Keep that file where the store's owner can't write.

        Raises:
            Damaged: the log does not verify, so it is not worth anchoring.
            Invalid: the file holds another store's anchors.
            Unavailable: it can't be written.
        """
        report = self.verify(anchor=path if Path(path).exists() else None)
        if not report.ok:
            raise Damaged(
                f"The log does not verify, so it was not anchored: {report.findings[0].message}. See "
                "`curatory audit verify`."
            )
        entry = {"store": self._store.id, "seq": report.events, "hash": report.head, "at": to_text(self._store.now())}
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(json.dumps(entry) + "\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Unavailable(f"The anchor file {path} can't be written: {error.strerror}.") from error
        return entry

    def _read_anchors(self, path: str | os.PathLike[str]) -> list[dict[str, Any]]:
        try:
            lines = Path(path).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise Invalid(f"The anchor file {path} can't be read: {error}") from error
        entries = []
        for number, line in enumerate(lines, 1):
            try:
                entry = json.loads(line)
                if not (isinstance(entry["seq"], int) and isinstance(entry["hash"], str)):
                    raise ValueError(line)
                from_text(entry["at"])
            except (ValueError, KeyError, TypeError) as error:
                raise Invalid(
                    f"Line {number} of {path} is not an anchor (`curatory audit anchor` writes them)."
                ) from error
            if entry.get("store") != self._store.id:
                raise Invalid(
                    f"{path} holds anchors of another store ({entry.get('store')}); this one is {self._store.id}."
                )
            entries.append(entry)
        return entries


def _mark(fact: str, seq: int) -> int:
    """A number for a fact changed by an event; sums of them are the same in whatever order they are met."""
    return int.from_bytes(hashlib.sha256(f"{fact}\0{seq}".encode()).digest()[:16], "big")


def _values(text: str) -> dict[str, Any]:
    """An event's facts; none where it was edited into something else."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

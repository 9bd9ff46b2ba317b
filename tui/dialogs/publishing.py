"""Logging files into a source project and, from a registry's collection, linking them into it in the same breath."""

from __future__ import annotations

import re
import threading

from textual.app import ComposeResult
from textual.widgets import Input

from ...store import Collection, CuratoryError, File, Store
from .. import wording
from ..fetching import fetch
from ..plans import Plan, Work, rehearse
from ..widgets.forms import Completing, Push
from ..widgets.progress import Progress
from ..widgets.text import Line
from . import completion
from .dialog import PlanDialog, intro, label


class LogDialog(PlanDialog):
    """Files of this machine become a version. They are read when one says so, not while one types."""

    verb = "Log"

    def __init__(self, collection: Collection) -> None:
        super().__init__()
        self.collection = collection
        self._stored: tuple[list[str], list[File]] | None = None
        self._stop = threading.Event()
        self._reading = False

    def heading(self) -> Line:
        return [("Log files into ", ""), (self.collection.name, "")]

    @property
    def _links(self) -> bool:
        return self.collection.kind == "portfolio"

    def fields(self) -> ComposeResult:
        where = "the machine that this runs on" if self.desk_app.remote else "this machine"
        yield intro([(f"from {where}; type {self.collection.type}", "muted")])
        yield label("Files, folders or references (s3://…), with commas between")
        yield Completing(completion.local, hint="~/out/model.safetensors", several=True, id="paths")
        if self._links:
            store, type = self.store, self.collection.type
            yield label("Logged as team/project/name, and linked from there")
            yield Completing(lambda text: completion.sources(store, text, type), id="source")
        yield label("Aliases to put on it, separated by commas; latest comes by itself")
        yield Completing(hint="staging", several=True, id="aliases")
        yield Progress(id="bar")

    def on_mount(self) -> None:
        super().on_mount()
        if self._links:
            store, collection = self.store, self.collection
            fetch(self, "source", lambda: usual_source(store, collection), self._suggest)

    def _suggest(self, path: str) -> None:
        line = self.query_one("#source Input", Input)
        if not line.value:
            line.value = path

    # -- the plan -----------------------------------------------------------------------------------------------

    def work(self) -> Work | str:
        paths = self.query_one("#paths", Completing).words
        if not paths:
            return "Say which files. What is there is offered as you type; ↓ chooses, tab takes it."
        source = self.query_one("#source", Completing).text if self._links else self.collection.path
        if source.count("/") != 2 or not all(source.split("/")):
            return "Say as what they are logged: team/project/name."
        return self._work(paths, source, self._known(paths))

    def _known(self, paths: list[str]) -> list[File] | None:
        """The files of these paths, if they have been stored already."""
        return self._stored[1] if self._stored is not None and self._stored[0] == paths else None

    def _work(self, paths: list[str], source: str, files: list[File] | None) -> Work:
        entity, project, name = source.split("/")
        aliases, target, type = self.query_one("#aliases", Completing).words, self.collection.path, self.collection.type

        def log(store: Store) -> None:
            found = files if files is not None else store.versions.foresee_paths(completion.expanded(paths))
            own = () if self._links else aliases
            version = store.versions.log(found, name, type, entity=entity, project=project, aliases=own)
            if self._links:
                store.links.add(version, target, aliases)

        return log

    # -- doing --------------------------------------------------------------------------------------------------

    def action_apply(self) -> None:
        paths = self.query_one("#paths", Completing).words
        if self._busy or self._plan is None or self._known(paths) is not None:
            super().action_apply()
        else:
            self._store(paths, self._plan)

    def _store(self, paths: list[str], shown: Plan) -> None:
        """Hash and store the files; then do what was shown, unless their content makes it something else."""
        store, bar = self.store, self.query_one(Progress)
        self._busy = True
        self._read(True)
        self._stop.clear()
        bar.begin()

        def progress(done: int, total: int, path: str) -> None:
            if self._stop.is_set() or not self.app.is_running:
                raise CuratoryError("Stopped; nothing was logged.")
            bar.at(done, total, path)

        def work() -> tuple[list[File], Plan]:
            files = store.versions.store_paths(completion.expanded(paths), progress=progress)
            source = self.query_one("#source", Completing).text if self._links else self.collection.path
            return files, rehearse(store, self._work(paths, source, files))

        def done(found: tuple[list[File], Plan]) -> None:
            files, plan = found
            self._busy = False
            self._read(False)
            self._stored = (paths, files)
            bar.end([(f"{wording.count(len(files), 'file')} stored", "good")])
            if plan.lines == shown.lines and plan.effect == shown.effect:
                self._plan = plan
                self.action_apply()
            else:
                self.replan(0.0, note="The files are known already; this is what it comes to.")

        def failed(error: CuratoryError) -> None:
            self._busy = False
            self._read(False)
            bar.end()
            self._say([[(str(error), "bad")]], ready=False)
            self._plan, self._stale = shown, False
            self.query_one("#push-apply", Push).turn(True)

        fetch(self, "apply", work, done, failed)

    def _read(self, on: bool) -> None:
        """Files are being read now, or no longer."""
        self._reading = on
        self.query_one("#push-cancel", Push).call("Stop  esc" if on else "Cancel  esc")
        self.query_one("#push-apply", Push).turn(not on)

    def action_cancel(self) -> None:
        if self._reading:
            self._stop.set()
        else:
            super().action_cancel()


def usual_source(store: Store, collection: Collection) -> str:
    """Where the newest version of a collection was logged; for an empty one a place in the actor's first team."""
    for version in store.search.versions(collection.path, limit=1):
        return version.source.rpartition(":")[0]
    name = re.sub(r"[^a-zA-Z0-9_\-.]+", "-", collection.name).strip("-") or "files"
    return f"{store.users.home()}/uncategorized/{name}"

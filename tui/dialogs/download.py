"""Downloading a version's files: where to, how far it is, and stopping it."""

from __future__ import annotations

import threading
from pathlib import Path

from textual.app import ComposeResult
from textual.widgets import Input

from ...store import CuratoryError, DownloadReport, Version
from .. import wording
from ..fetching import fetch
from ..widgets.forms import Push
from ..widgets.progress import Progress
from ..widgets.text import Line, Word
from .dialog import Dialog, intro, label


class DownloadDialog(Dialog[None]):
    def __init__(self, version: Version) -> None:
        super().__init__()
        self.version = version
        self._stop = threading.Event()
        self._working = False

    def heading(self) -> Line:
        return [("Download ", ""), (self.version.name, "")]

    def fields(self) -> ComposeResult:
        size, count = wording.size(self.version.size), wording.count(self.version.file_count, "file")
        place = "the machine that this runs on" if self.desk_app.remote else "this machine"
        yield intro([(f"{count}, {size}, to {place}", "muted")])
        yield label("Folder; files that are there with the right bytes are kept")
        yield Input(f"./artifacts/{self.version.collection}-v{self.version.number}", id="folder", compact=True)
        yield Progress(id="bar")

    def buttons(self) -> ComposeResult:
        yield Push("cancel", "Close  esc")
        yield Push("apply", "Download  enter")

    def on_input_submitted(self) -> None:
        self._start()

    def on_push_pushed(self, event: Push.Pushed) -> None:
        if event.push.push_name == "apply":
            self._start()

    def action_cancel(self) -> None:
        if self._working:
            self._stop.set()
        else:
            self.dismiss(None)

    def _start(self) -> None:
        if self._working:
            return
        store, version = self.store, self.version
        folder = Path(self.query_one("#folder", Input).value.strip() or ".").expanduser()
        bar = self.query_one(Progress)
        self._work(True)
        self._stop.clear()
        bar.begin()

        def work() -> DownloadReport:
            return store.versions.download(version, folder, progress=bar.at, cancelled=self._stop.is_set)

        def done(report: DownloadReport) -> None:
            self._work(False)
            if report.cancelled:
                bar.end([("Stopped. What is whole stays; the next download goes on from there.", "warn")])
                return
            words: list[Word] = [(f"{wording.count(len(report.written), 'file')} written", "good")]
            if report.kept:
                words.append((f", {wording.count(len(report.kept), 'was', 'were')} there already", ""))
            if report.references:
                words.append((f", {wording.count(len(report.references), 'reference')} not fetched", "warn"))
            bar.end([*words, (f"  in {folder}", "path")])

        def failed(error: CuratoryError) -> None:
            self._work(False)
            bar.end([(str(error), "bad")])

        fetch(self, "download", work, done, failed)

    def _work(self, on: bool) -> None:
        """Files are being copied now, or no longer."""
        self._working = on
        self.query_one("#push-cancel", Push).call("Stop  esc" if on else "Close  esc")
        self.query_one("#push-apply", Push).turn(not on)

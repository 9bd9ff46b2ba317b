"""The metadata of a version, as JSON."""

from __future__ import annotations

import json
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding

from ...store import Version
from ..plans import Work
from ..safe import json_text
from ..widgets.forms import Area
from ..widgets.text import Line
from .card import editor_hint, open_editor
from .dialog import PlanDialog, label


class MetadataDialog(PlanDialog):
    BINDINGS: ClassVar = [Binding("ctrl+e", "editor", show=False, priority=True)]
    verb = "Save"
    box_classes = "-wide -tall"

    def __init__(self, version: Version) -> None:
        super().__init__()
        self.version = version

    def heading(self) -> Line:
        return [("Metadata of ", ""), (self.version.name, "")]

    def aside(self) -> Line:
        return editor_hint(self)

    def fields(self) -> ComposeResult:
        yield label("A JSON object, the same wherever the version is linked")
        yield Area(json_text(dict(self.version.metadata)))

    def work(self) -> Work | str:
        try:
            metadata = json.loads(self.query_one(Area).text or "{}")
        except (ValueError, RecursionError) as error:
            return f"That is no JSON yet: {error}"
        if not isinstance(metadata, dict):
            return "Metadata is an object: { … }."
        version = self.version
        if metadata == version.metadata:
            return "Nothing is different yet."
        return lambda store: store.versions.set_metadata(version, metadata)

    def action_editor(self) -> None:
        open_editor(self, "metadata.json")

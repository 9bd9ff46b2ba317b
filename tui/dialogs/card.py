"""The card of a registry or collection, or the description of a version, in Markdown."""

from __future__ import annotations

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding

from ...store import Collection, Project, Version
from ..plans import Work
from ..widgets.forms import Area
from ..widgets.text import Line
from .dialog import PlanDialog, label


class CardDialog(PlanDialog):
    BINDINGS = [Binding("ctrl+e", "editor", show=False, priority=True)]  # noqa: RUF012
    verb = "Save"
    box_classes = "-wide -tall"

    def __init__(self, subject: Project | Collection | Version) -> None:
        super().__init__()
        self.subject = subject

    def heading(self) -> Line:
        name = self.subject.title if isinstance(self.subject, Project) else self.subject.name
        return [("Description of " if isinstance(self.subject, Version) else "Card of ", ""), (name, "")]

    def aside(self) -> Line:
        return editor_hint(self)

    def fields(self) -> ComposeResult:
        yield label("Markdown: # heading, - list, **strong**, `code`, > quote")
        yield Area(self.subject.description)

    def work(self) -> Work | str:
        text = self.query_one(Area).text
        subject = self.subject
        if text == subject.description:
            return "Nothing is different yet."
        if isinstance(subject, Version):
            return lambda store: store.versions.describe(subject, text)
        if isinstance(subject, Collection):
            return lambda store: store.collections.describe(subject.path, text)
        return lambda store: store.registries.describe(subject.path, text)

    def action_editor(self) -> None:
        open_editor(self, "card.md")


def editor_hint(dialog: PlanDialog) -> Line:
    return () if dialog.desk_app.remote else [("^e", "key"), (" opens $EDITOR", "muted")]


def open_editor(dialog: PlanDialog, name: str) -> None:
    """Edit a dialog's text in $EDITOR; never over SSH, where that would be a shell on the server."""
    app = dialog.desk_app
    if app.remote:
        app.say("Your editor is not started over SSH: it would run on the server.", "warning")
        return
    from ..editor import edit

    area = dialog.query_one(Area)
    try:
        with app.suspend():
            text = edit(area.text, name)
    except SuspendNotSupported:
        app.say("Your editor can't be started here: this terminal can't be given to it.", "warning")
        return
    if text is None:
        app.say("Your editor could not be run: set EDITOR to a command that there is.", "warning")
    else:
        area.load_text(text)
        dialog.replan(0.0)

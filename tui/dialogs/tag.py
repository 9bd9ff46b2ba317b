"""Tags of collections or versions, as one line of text."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from ...store import Collection, Store, Version
from ..plans import Work
from ..widgets.forms import Completing
from ..widgets.text import Line
from . import completion
from .alias import changes
from .dialog import PlanDialog, label


class TagDialog(PlanDialog):
    verb = "Set tags"

    def __init__(self, subjects: Sequence[Collection | Version]) -> None:
        super().__init__()
        self.subjects = list(subjects)
        self.before = list(subjects[0].tags) if len(subjects) == 1 else []

    def heading(self) -> Line:
        first = self.subjects[0]
        what = "collections" if isinstance(first, Collection) else "versions"
        return [("Tags of ", ""), (first.name if len(self.subjects) == 1 else f"{len(self.subjects):,} {what}", "")]

    def fields(self) -> ComposeResult:
        store, first = self.store, self.subjects[0]
        yield label("Separated by commas; -tag takes one off")
        yield Completing(
            lambda text: completion.tags(store, f"{first.entity}/{first.project}", text),
            value=", ".join(self.before),
            hint="reviewed, -wip",
            several=True,
            id="tags",
        )

    def work(self) -> Work | str:
        words = self.query_one("#tags", Completing).words
        added, gone = changes(self.before, words)
        if len(self.subjects) > 1:
            gone = [word[1:].strip() for word in words if word.startswith("-")]
        if not added and not gone:
            return "Add a tag, or take one away."
        subjects = self.subjects

        def edit(store: Store) -> None:
            for subject in subjects:
                target = subject if isinstance(subject, Version) else subject.path
                if added:
                    store.tags.add(target, *added)
                held = [tag for tag in gone if tag in subject.tags]
                if held:
                    store.tags.remove(target, *held)

        return edit

"""Aliases of a version, as one line of text: what is added to it is put on, what is taken from it is taken off."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from ...store import Collection, Project, Store, Version
from ..plans import Work
from ..widgets.forms import Completing
from ..widgets.text import Line
from . import completion
from .completion import names
from .dialog import PlanDialog, label


def changes(before: Sequence[str], words: Sequence[str]) -> tuple[list[str], list[str]]:
    """What a line of words adds and takes away; `-word` takes away, too."""
    minus = {word[1:].strip() for word in words if word.startswith("-")}
    wanted = [word for word in words if not word.startswith("-") and word not in minus]
    added = [word for word in dict.fromkeys(wanted) if word not in before]
    gone = [word for word in before if word not in wanted or word in minus]
    return added, gone


class AliasDialog(PlanDialog):
    verb = "Set aliases"

    def __init__(self, versions: Sequence[Version], collection: Collection, registry: Project | None) -> None:
        super().__init__()
        self.versions = list(versions)
        self.collection = collection
        self.protected = registry.protected_aliases if registry is not None else ()
        self.before = [alias for alias in versions[0].aliases if alias != "latest"] if len(versions) == 1 else []

    def heading(self) -> Line:
        return [("Aliases of ", ""), (names(self.versions), "")]

    def fields(self) -> ComposeResult:
        store, collection, protected = self.store, self.collection, self.protected
        text = "Separated by commas; one that another version holds moves here"
        yield label(text if len(self.versions) == 1 else "-alias takes one off all of them")
        yield Completing(
            lambda text: completion.aliases(store, collection, protected, text),
            value=", ".join(self.before),
            hint="prod, staging" if len(self.versions) == 1 else "-candidate",
            several=True,
            id="aliases",
        )

    def work(self) -> Work | str:
        words = self.query_one("#aliases", Completing).words
        added, gone = changes(self.before, words)
        minus = [word[1:].strip() for word in words if word.startswith("-")]
        if len(self.versions) > 1:
            gone = minus
            if added:
                return "An alias names one version of a collection: stand on one, without marks. -alias takes off here."
        if not added and not gone:
            return "Add an alias, or take one away."
        versions = self.versions

        def edit(store: Store) -> None:
            for version in versions:
                if added:
                    store.aliases.add(version, *added)
                held = [alias for alias in gone if alias in version.aliases]
                if held:
                    store.aliases.remove(version, *held)

        return edit

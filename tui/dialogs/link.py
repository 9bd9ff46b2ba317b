"""Linking: versions into a collection, or into this collection a version."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult

from ...store import Collection, Store, Version
from ..plans import Work
from ..widgets.forms import Completing
from ..widgets.text import Line
from . import completion
from .completion import names
from .dialog import PlanDialog, intro, label


class LinkDialog(PlanDialog):
    """Link versions somewhere."""

    verb = "Link"

    def __init__(self, versions: Sequence[Version]) -> None:
        super().__init__()
        self.versions = list(versions)

    def heading(self) -> Line:
        return [("Link ", ""), (names(self.versions), "")]

    def fields(self) -> ComposeResult:
        first = self.versions[0]
        store = self.store
        yield intro(
            [("from ", "muted"), (first.source, "path")]
            if len(self.versions) == 1
            else [("all that are marked", "muted")]
        )
        yield label("Into registry/collection; a new name makes the collection")
        yield Completing(lambda text: completion.targets(store, text, first.type), hint="model/detector", id="target")
        yield label("Aliases to put on it, separated by commas; latest comes by itself")
        yield Completing(hint="staging, candidate", several=True, id="aliases")

    def work(self) -> Work | str:
        target = self.query_one("#target", Completing).text
        aliases = self.query_one("#aliases", Completing).words
        if "/" not in target.strip("/"):
            return "Say where to: registry/collection. What is there is offered as you type; tab takes it."
        versions = self.versions

        def link(store: Store) -> None:
            for version in versions:
                store.links.add(version, target, aliases if version is versions[-1] else ())

        return link


class LinkInDialog(PlanDialog):
    """Link a version into a collection."""

    verb = "Link"

    def __init__(self, collection: Collection) -> None:
        super().__init__()
        self.collection = collection

    def heading(self) -> Line:
        return [("Link into ", ""), (self.collection.name, "")]

    def fields(self) -> ComposeResult:
        store, collection = self.store, self.collection
        yield label(f"Which version of type {collection.type}? project/collection:version")
        yield Completing(
            lambda text: completion.versions(store, text, collection.type),
            hint="vision/perception/detector:v3",
            id="source",
        )
        yield label("Aliases to put on it, separated by commas; latest comes by itself")
        yield Completing(
            lambda text: completion.aliases(store, collection, (), text), hint="staging", several=True, id="aliases"
        )

    def work(self) -> Work | str:
        source = self.query_one("#source", Completing).text
        aliases = self.query_one("#aliases", Completing).words
        if not source:
            return "Say which version. What is there is offered as you type; ↓ chooses, tab takes it."
        target = self.collection.path
        return lambda store: store.links.add(source, target, aliases)


class UnlinkDialog(PlanDialog):
    """Take versions out of a collection."""

    verb = "Unlink"

    def __init__(self, versions: Sequence[Version]) -> None:
        super().__init__()
        self.versions = list(versions)

    def heading(self) -> Line:
        return [("Unlink ", ""), (names(self.versions), "")]

    def first_focus(self) -> None:
        self.query_one("#push-apply").focus()

    def work(self) -> Work | str:
        versions = self.versions

        def unlink(store: Store) -> None:
            for version in versions:
                store.links.remove(version)

        return unlink

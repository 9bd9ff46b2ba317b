"""Making and renaming: registries and collections."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Input

from ...store import Collection, Project, Store
from ..plans import Work
from ..widgets.forms import Choice, Completing
from ..widgets.text import Line
from . import completion
from .dialog import PlanDialog, label

VISIBILITY = (("organization", "everybody in the organization"), ("restricted", "only who is added"))


class NewRegistry(PlanDialog):
    verb = "Make"

    def heading(self) -> Line:
        return [("New registry", "")]

    def fields(self) -> ComposeResult:
        yield label("Name")
        yield Input(placeholder="vision-models", id="name", compact=True)
        yield label("Who sees it")
        yield Choice(VISIBILITY, "organization", id="visibility")
        yield label("Artifact types it takes, separated by commas; none means every type")
        yield Input(placeholder="model", id="types", compact=True)
        yield label("Description")
        yield Input(id="description", compact=True)

    def work(self) -> Work | str:
        name = self.query_one("#name", Input).value.strip()
        if not name:
            return "Give it a name."
        types = [part.strip() for part in self.query_one("#types", Input).value.split(",") if part.strip()]
        visibility = self.query_one("#visibility", Choice).value
        description = self.query_one("#description", Input).value.strip()
        return lambda store: store.registries.create(name, visibility=visibility, types=types, description=description)


class NewCollection(PlanDialog):
    verb = "Make"

    def __init__(self, registry: Project) -> None:
        super().__init__()
        self.registry = registry

    def heading(self) -> Line:
        return [("New collection in ", ""), (self.registry.title, "")]

    def fields(self) -> ComposeResult:
        store, registry = self.store, self.registry
        known = registry.types or ("model", "dataset")
        yield label("Name")
        yield Input(placeholder="detector", id="name", compact=True)
        yield label("The one artifact type it takes; that can't be changed later")
        yield Completing(
            lambda text: completion.types(store, known, text),
            value=known[0] if len(known) == 1 else "",
            hint=known[0],
            id="type",
        )
        yield label("Tags, separated by commas")
        yield Completing(lambda text: completion.tags(store, registry.path, text), several=True, id="tags")
        yield label("What is in it")
        yield Input(id="description", compact=True)

    def work(self) -> Work | str:
        name = self.query_one("#name", Input).value.strip()
        type = self.query_one("#type", Completing).text
        if not name or not type:
            return "Give it a name and a type."
        description, tags = (
            self.query_one("#description", Input).value.strip(),
            self.query_one("#tags", Completing).words,
        )
        path = f"{self.registry.path}/{name}"
        return lambda store: store.collections.create(path, type, description=description, tags=tags)


class Rename(PlanDialog):
    """Another name; for what runs log into, another artifact type as well."""

    verb = "Rename"

    def __init__(self, subject: Project | Collection) -> None:
        super().__init__()
        self.subject = subject

    def heading(self) -> Line:
        return [("Rename ", ""), (self._known_as, "")]

    @property
    def _known_as(self) -> str:
        return self.subject.short_name if isinstance(self.subject, Project) else self.subject.name

    def fields(self) -> ComposeResult:
        yield label("The new name; paths with the old one then lead nowhere")
        yield Input(self._known_as, id="name", compact=True, select_on_focus=False)
        if isinstance(self.subject, Collection) and self.subject.kind == "sequence":
            yield label("The artifact type of what runs log into it")
            yield Input(self.subject.type, id="type", compact=True, select_on_focus=False)

    def work(self) -> Work | str:
        name = self.query_one("#name", Input).value.strip()
        subject = self.subject
        type = next((field.value.strip() for field in self.query("#type").results(Input)), None)
        if not name or (name == self._known_as and (isinstance(subject, Project) or type in (None, subject.type))):
            return "Give it another name." if type is None else "Give it another name, or another type."

        def rename(store: Store) -> None:
            if isinstance(subject, Project):
                store.registries.rename(subject.path, name)
                return
            if type is not None and type != subject.type:
                store.collections.set_type(subject.path, type)
            if name != subject.name:
                store.collections.rename(subject.path, name)

        return rename

"""The settings of a registry: who sees it, what it takes, which aliases are protected, who is accountable."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Input

from ...store import Project, Store
from .. import wording
from ..plans import Warnings, Work
from ..widgets.forms import Choice, Completing
from ..widgets.text import Line
from . import completion
from .alias import changes
from .dialog import PlanDialog, label
from .making import VISIBILITY


class SettingsDialog(PlanDialog):
    verb = "Save"

    def __init__(self, registry: Project) -> None:
        super().__init__()
        self.registry = registry

    def heading(self) -> Line:
        return [("Settings of ", ""), (self.registry.title, "")]

    def fields(self) -> ComposeResult:
        store, registry = self.store, self.registry
        if registry.kind == "registry":
            yield label("Who sees it")
            yield Choice(VISIBILITY, registry.visibility, id="visibility")
            yield label("Which artifact types it takes")
            yield Choice(
                (("any", "every type"), ("some", "only these:")), "any" if registry.any_type else "some", id="any"
            )
            yield Input(", ".join(registry.types), id="types", compact=True, select_on_focus=False)
        yield label("Protected aliases: only admins put them on a version or take them off")
        yield Completing(value=", ".join(registry.protected_aliases), hint="prod", several=True, id="protected")
        if registry.kind == "registry":
            yield label("Owner: who is accountable")
            yield Completing(lambda text: completion.people(store, text), value=registry.owner or "", id="owner")

    def _seen_by(self) -> str:
        return self.query_one("#visibility", Choice).value if self.registry.kind == "registry" else "team"

    def work(self) -> Work | str:
        registry = self.registry
        added, gone = changes(registry.protected_aliases, self.query_one("#protected", Completing).words)
        steps: list[Work] = []
        path = registry.path
        if registry.kind == "registry":
            visibility = self._seen_by()
            if visibility != registry.visibility:
                steps.append(lambda store: store.registries.set_visibility(path, visibility, confirmed=True))
            steps += self._types()
            owner = self.query_one("#owner", Completing).text
            if owner and owner != registry.owner:
                steps.append(lambda store: store.registries.set_owner(path, owner))
        steps += [lambda store, alias=alias: store.registries.protect(path, alias) for alias in added]
        steps += [lambda store, alias=alias: store.registries.unprotect(path, alias) for alias in gone]
        if not steps:
            return "Nothing is different yet."

        def save(store: Store) -> None:
            for step in steps:
                step(store)

        return save

    def _types(self) -> list[Work]:
        registry, path = self.registry, self.registry.path
        anything = self.query_one("#any", Choice).value == "any"
        types = [part.strip() for part in self.query_one("#types", Input).value.split(",") if part.strip()]
        new = [type for type in types if type not in registry.types]
        gone = [type for type in registry.types if type not in types]
        steps: list[Work] = []
        if anything and not registry.any_type:
            steps.append(lambda store: store.registries.accept_any(path))
        elif not anything and registry.any_type:
            steps.append(lambda store: store.registries.accept_only(path, types))
        elif not anything and new:
            steps.append(lambda store: store.registries.accept(path, new))
        if not anything and not registry.any_type and gone:
            steps.append(lambda store: store.registries.reject(path, gone[0]))
        return steps

    def warnings(self) -> Warnings:
        registry = self.registry
        if registry.visibility != "restricted" or self._seen_by() != "organization":
            return super().warnings()

        def newly_seeing(store: Store) -> Sequence[Line]:
            people = store.registries.newly_seeing(registry.path)
            count = wording.count(len(people), "person", "people")
            return ([(f"{count} will newly see it: ", "warn"), (wording.listed(people) or "nobody", "person")],)

        return newly_seeing

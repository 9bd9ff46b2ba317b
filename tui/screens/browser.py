"""The main screen: registries, collections, versions and details; the selection of one feeds the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from ...store import Collection, CuratoryError, Event, File, Project, Role, Version, allowed
from .. import actions
from ..actions import BROWSER, PANES, Action, bindings
from ..fetching import fetch, later
from ..panes.collections import Collections
from ..panes.details import Details
from ..panes.pane import DEBOUNCE, Pane
from ..panes.registries import Registries
from ..panes.versions import Versions
from ..widgets.bars import Crumbs, Footer, TabLine
from ..widgets.text import Line, Word
from .curating import Curating, succession, succession_words
from .desk import Desk
from .jump import Target, in_table, in_tabs
from .layout import Layout
from .looking import Looking

if TYPE_CHECKING:
    from ..widgets.lineage import LineageView

LEGACY = "model-registry"  # as the project of a team's old registry is called


@dataclass(frozen=True, slots=True)
class _Wish:
    """Where the cursors go when the lists have been read."""

    project: int
    collection: int | None = None
    version: int | None = None


class Browser(Curating, Looking, Layout, Desk):
    BINDINGS = bindings(BROWSER, actions.ANYWHERE, *PANES, actions.LINEAGE)
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-narrow"),
        (100, "-normal"),
        (160, "-wide"),
    ]

    def __init__(self, path: str | None = None) -> None:
        super().__init__()
        self._start = path
        self._current = actions.REGISTRIES
        self._zoomed = False
        self._wish: _Wish | None = None
        self._ready = False

    def compose(self) -> ComposeResult:
        yield Crumbs()
        with Horizontal(id="columns"):
            with Vertical(id="left"):
                yield Registries("registries")
            with Vertical(id="middle"):
                yield Collections("collections")
                yield Versions("versions")
            with Vertical(id="right"):
                yield Details("details")
        yield Footer()

    def on_mount(self) -> None:
        state = self.desk_app.state
        self.collections.order = state.orders.get("collections", self.collections.order)
        self.versions.order = state.orders.get("versions", self.versions.order)
        self.details._wanted_tab = state.tab
        self._fit()
        self.registries.reload()
        start = self._start or state.place
        if self.desk_app.registry_off and not self._start:
            start = next((project.path for project in self.store.projects.list("legacy")), start)
        if start:
            pane = state.pane if not self._start else None
            self.go(start, pane=pane, quiet=not self._start)
        else:
            self.focus_pane(actions.REGISTRIES)

    # -- the panes ----------------------------------------------------------------------------------------------

    @property
    def registries(self) -> Registries:
        return self.query_one(Registries)

    @property
    def collections(self) -> Collections:
        return self.query_one(Collections)

    @property
    def versions(self) -> Versions:
        return self.query_one(Versions)

    @property
    def details(self) -> Details:
        return self.query_one(Details)

    @property
    def pane(self) -> Pane:
        return self.query_one(f"#{self._current}", Pane)

    @property
    def where(self) -> str:
        if self._current == actions.DETAILS and self.details.in_lineage:
            return actions.LINEAGE
        return self._current

    @property
    def registry(self) -> Project | None:
        return self.registries.selected

    @property
    def subject(self) -> Project | Collection | Version | None:
        """What the focused pane is about."""
        return self.pane.selected

    @property
    def narrow(self) -> bool:
        return self.size.width < 100

    @property
    def zoomed(self) -> bool:
        return self._zoomed

    def targets(self) -> Iterator[Target]:
        """What can be gone to by a letter, what is nearest first: rows, tabs and panes that are on the screen."""
        pane = self.pane
        seen = [pane, *(one for one in self.query(Pane) if one is not pane and one.region)]
        details = self.details
        for one in seen:
            yield from in_table(one.table, one.focus_inside)
        if details in seen and details.in_lineage:
            corner = details.lineage.region
            for key, x, y in details.lineage.seen():
                yield Target(corner.x + x, corner.y + y, lambda key=key: self._to_node(key))
        if details in seen:
            yield from in_tabs(details.query_one(TabLine), self._to_tab)
        for one in self.query(Pane):
            if one in seen:
                yield Target(one.region.x + 2, one.region.y, one.focus_inside)

    def _to_node(self, key: int) -> None:
        self.details.lineage.choose(key)
        self.focus_pane(actions.DETAILS)

    def _to_tab(self, tab: str) -> None:
        self.details.choose_tab(tab)
        self.focus_pane(actions.DETAILS)

    def focus_pane(self, name: str) -> None:
        self._enter(name)
        self.pane.focus_inside()

    def _enter(self, name: str) -> None:
        """A pane has the focus now: the details are of what is selected in it."""
        if name != self._current and name != actions.DETAILS:
            self._follow(self.query_one(f"#{name}", Pane).selected)
        self._current = name
        self._fit()
        self._changed()

    def _fit(self) -> None:
        """Show the panes that there is room for: all, or only the one with the focus."""
        self.set_class(self.narrow or self._zoomed, "-solo")
        self.lay_out()
        pane = self.pane
        for one in self.query(Pane):
            one.set_class(one is pane, "-current")
        for column in ("left", "middle", "right"):
            widget = self.query_one(f"#{column}")
            widget.set_class(widget is pane.parent, "-current")

    def on_resize(self, event: events.Resize) -> None:
        if self.is_mounted:
            self._fit()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        widget: Widget | None = event.widget
        while widget is not None and not isinstance(widget, Pane):
            widget = widget.parent if isinstance(widget.parent, Widget) else None
        if isinstance(widget, Pane) and widget.id and widget.id != self._current:
            self._enter(widget.id)

    def _announce(self, *, anew: bool = True) -> None:
        """Say what is to be known of the registry before one looks into it.

        Args:
            anew: it is another one; what was said of the one before goes at once.
        """
        registry = self.collections.registry
        off = self.desk_app.registry_off
        if off or registry is None or registry.kind != "legacy":
            self.workers.cancel_group(self, "banner")
            words = [("The registry is off here", "warn"), (f": {off}. What teams had before is below.", "")]
            self.collections.announce(words if off else ())
            return
        if anew:
            self.collections.announce([(f"The old model registry of {registry.entity}.", "")])
        store, keys = self.store, self.desk_app.keys
        fetch(
            self,
            "banner",
            lambda: succession(store, registry),
            lambda found: self.collections.announce(succession_words(registry, found, keys)),
        )

    # -- the selection ------------------------------------------------------------------------------------------

    @on(Pane.Selected)
    def _selected(self, event: Pane.Selected) -> None:
        event.stop()
        if type(event) is Pane.Opened:
            return
        pane, record = event.pane, event.record
        delay = DEBOUNCE if self._ready else 0.0
        if isinstance(pane, Registries):
            later(self, "registry", delay, lambda: self._open_registry(record))
        elif isinstance(pane, Collections):
            later(self, "collection", delay, lambda: self._open_collection(record))
        if pane is self.pane or (isinstance(record, Version) and self._current == actions.DETAILS):
            self._follow(record)
        self._changed()

    def _open_registry(self, registry: Project | None) -> None:
        self._ready = True
        wish = self._wish
        wanted = wish.collection if wish and registry and wish.project == registry.id else None
        self.collections.open(registry, seek=wanted)
        self._announce()
        if registry is None:
            self.versions.open(None)
        if wish and registry and wish.project == registry.id and wish.collection is None:
            self._wish = None

    def _open_collection(self, collection: Collection | None) -> None:
        wish, wanted = self._wish, None
        if wish is not None and collection is not None and wish.collection == collection.id:
            wanted = wish.version
            self._wish = None
        protected = self.registry.protected_aliases if self.registry else ()
        self.versions.open(collection, protected, seek=wanted)

    def _follow(self, record: Any) -> None:
        """The details are of what has the focus; in the details themselves, of the version."""
        self.details.show(record, delay=DEBOUNCE if self._ready else 0.0)

    @on(Pane.Opened)
    def _opened(self, event: Pane.Opened) -> None:
        event.stop()
        record = event.record
        if event.pane is self.details:
            self._open_detail(record)
        elif event.pane is self.registries:
            self.focus_pane(actions.COLLECTIONS)
        elif event.pane is self.collections:
            self.focus_pane(actions.VERSIONS)
        else:
            self.focus_pane(actions.DETAILS)

    def _open_detail(self, record: Any) -> None:
        if isinstance(record, Version):
            self.go(record.path)
        elif isinstance(record, File) and isinstance(self.details.subject, Version):
            from ..dialogs.preview import Preview

            self.app.push_screen(Preview(self.details.subject, record))
        elif isinstance(record, Event):
            from ..dialogs.event import EventDialog

            self.app.push_screen(EventDialog(record))

    def on_lineage_view_visit(self, event: LineageView.Visit) -> None:
        event.stop()
        self.go(event.path)

    @on(Pane.Counted)
    def _counted(self, event: Pane.Counted) -> None:
        event.stop()
        self._changed()

    def _changed(self) -> None:
        """Draw again what stands around the panes."""
        self.query_one(Crumbs).show(self._crumbs(), self._identity())
        self.show_footer()

    def _crumbs(self) -> Line:
        registry = self.registry
        if registry is None:
            return [(" Curatory", "head")]
        words: list[Word] = [(f" {registry.entity}", "muted"), (" ▸ ", "muted"), (registry.title, "strong")]
        place = PANES.index(self._current)
        collection = self.collections.selected
        if place >= 1 and collection is not None:
            words += [(" ▸ ", "muted"), (collection.name, "strong")]
        subject = self.versions.selected if place >= 2 else None
        if place == 3 and self.details.subject is not None:
            subject = self.details.subject
        if isinstance(subject, Version) and place >= 2:
            words += [(" ▸ ", "muted"), (f"v{subject.number}", "number")]
        return words

    def _identity(self) -> Line:
        role = f" · {self.registry.role}" if self.registry else ""
        return [(self.store.actor.name, "person"), (role, ""), (f" · {self.desk_app.where_store}", "muted")]

    def status(self) -> Line:
        marks = len(self.pane.table.marks)
        words: list[Word] = [(f"{marks:,} marked", "number"), (" · ", "muted")] if marks else []
        return [*words, self.desk_app.sync_word]

    # -- going somewhere ----------------------------------------------------------------------------------------

    def go(self, path: str, *, pane: str | None = None, quiet: bool = False) -> None:
        """Put the cursors where a path leads."""
        store = self.store

        def work() -> tuple[str, _Wish, str]:
            place = store.paths.resolve(path)
            if place.project_id is None:
                raise CuratoryError(f"{path} is a {place.kind}; a registry, a collection or a version is needed here.")
            moved = place.path if f"/{LEGACY}/" in path and place.project_kind == "registry" else ""
            return place.kind, _Wish(place.project_id, place.collection_id, place.version_id), moved

        def done(found: tuple[str, _Wish, str]) -> None:
            kind, wish, moved = found
            if kind == "run":
                self.desk_app.say(f"{path} is a run; here is its project. `curatory show {path}` tells all of the run.")
            if moved:
                self.desk_app.say(f"{path} was migrated to {moved}.", "warning")
            self._arrive(wish, pane or {"collection": "collections", "version": "versions"}.get(kind, "registries"))

        def failed(error: CuratoryError) -> None:
            if quiet:
                self.focus_pane(actions.REGISTRIES)
            else:
                self.desk_app.say(str(error), "warning")
                if self.focused is None:
                    self.focus_pane(actions.REGISTRIES)

        fetch(self, "go", work, done, failed)

    def _arrive(self, wish: _Wish, pane: str) -> None:
        self._wish = wish
        here = self.registry
        for one in (self.registries, self.collections, self.versions):
            one.filter.clear()
        self.focus_pane(pane)
        if here is None or here.id != wish.project:
            self.registries.choose(wish.project)
            return
        self._open_registry(here)
        collection = self.collections.selected
        if collection is not None and collection.id == wish.collection:
            self._open_collection(collection)

    def live(self) -> None:
        """Something has changed in the store: read what is shown again, without moving anything."""
        for pane in self.query(Pane):
            pane.live()
        self._announce(anew=False)
        self._changed()

    def remember(self) -> None:
        """Put into the state where one is."""
        state = self.desk_app.state
        subject = self.versions.selected or self.collections.selected or self.registry
        if self._current == actions.REGISTRIES:
            subject = self.registry
        elif self._current == actions.COLLECTIONS:
            subject = self.collections.selected or self.registry
        state.place = subject.path if subject is not None else ""
        state.pane, state.tab = self._current, self.details.tab.id
        state.orders = {"collections": self.collections.order, "versions": self.versions.order}

    # -- why not ------------------------------------------------------------------------------------------------

    def reason(self, action: Action) -> str | None:
        where = self.where
        if not action.fits(where):
            places = " and ".join(sorted({place for place in action.where if place in PANES})) or "another screen"
            return f"“{action.label}” belongs to {places}; here it does nothing."
        permission = action.permission(where)
        if permission is None:
            return None
        registry = self.registry
        if registry is None:
            return "There is no registry selected."
        if not allowed(Role.parse(registry.role), permission):
            from ...store import MATRIX

            return (
                f"You are {registry.role} of {registry.title}; to {permission.value} takes the role "
                f"{MATRIX[permission].label}. Ask an admin of it ({registry.owner or 'see its members'})."
            )
        return None

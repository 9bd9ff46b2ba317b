"""What every full screen of the app has: its actions, why one of them is refused, undo and redo, and the footer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from textual import on
from textual.screen import Screen

from ...store import CuratoryError, Event, Store
from .. import wording
from ..actions import BY_ID, LIST, Action, in_footer, keys_of
from ..fetching import fetch
from ..plans import watched
from ..widgets.bars import Footer
from ..widgets.table import VirtualTable
from ..widgets.text import Line
from .jump import Jump, Target, in_table

if TYPE_CHECKING:
    from ..app import CuratoryApp


class Desk(Screen[None]):
    """A screen whose keys are those of the action registry."""

    ESCAPE_TO_MINIMIZE = False

    @property
    def desk_app(self) -> CuratoryApp:
        from ..app import CuratoryApp

        assert isinstance(self.app, CuratoryApp)
        return self.app

    @property
    def store(self) -> Store:
        return self.desk_app.store

    @property
    def where(self) -> str:
        """The pane or screen in which keys are pressed now."""
        raise NotImplementedError

    def status(self) -> Line:
        """What stands on the right of the footer."""
        return ()

    def reason(self, action: Action) -> str | None:
        """Why an action is refused here, in a sentence; None when it is not."""
        if not action.fits(self.where):
            places = ", ".join(place for place in action.where)
            return f"“{action.label}” is for: {places}."
        return None

    def action_act(self, name: str) -> None:
        """Carry out an action, or say why not."""
        action = BY_ID[name]
        refusal = self.reason(action)
        if refusal is not None:
            self.desk_app.say(refusal, "warning")
            return
        method: Callable[[], object] = getattr(self, f"do_{action.method}")
        method()

    def show_footer(self) -> None:
        keymap = self.desk_app.keys
        items = [
            (action.id, keys_of(action, keymap)[0], action.label, LIST in action.where or self.reason(action) is None)
            for action in in_footer(self.where)
        ]
        self.query_one(Footer).show(tuple(items), self.status())

    @on(Footer.Pressed)
    def _pressed(self, event: Footer.Pressed) -> None:
        event.stop()
        action = BY_ID[event.action]
        if action.id.startswith("list."):
            focused = self.focused
            if focused is not None and hasattr(focused, f"action_{action.method}"):
                getattr(focused, f"action_{action.method}")()
            return
        self.action_act(event.action)

    # -- what every screen can do -------------------------------------------------------------------------------

    def do_undo(self) -> None:
        self._take_back("undo")

    def do_redo(self) -> None:
        self._take_back("redo")

    def _take_back(self, word: str) -> None:
        store = self.store
        work = store.undo.undo if word == "undo" else store.undo.redo

        def done(found: tuple[list[Event], list[Line]]) -> None:
            events, runs = found
            line: Any = [(f"{word.capitalize()}: ", "strong"), *wording.tell(*_plain(events[0]))]
            if len(events) > 1:
                line.append((f" and {len(events) - 1:,} more", "muted"))
            other = keys_of(BY_ID["redo" if word == "undo" else "undo"], self.desk_app.keys)[0]
            line.append((f"   {other} {'does it again' if word == 'undo' else 'takes it back'}", "muted"))
            for words in runs:
                line += [("   ", ""), *words]
            self.desk_app.tell(line)
            self.desk_app.look_for_changes()

        def failed(error: CuratoryError) -> None:
            self.desk_app.say(str(error), "warning")

        fetch(self, "undo", lambda: watched(store, work), done, failed, exclusive=False)

    def do_undo_list(self) -> None:
        from ..dialogs.undo import UndoList

        self.app.push_screen(UndoList())

    def do_palette(self) -> None:
        self.app.action_command_palette()

    def do_help(self) -> None:
        from .help import HelpScreen

        self.app.push_screen(HelpScreen(self.where, self.reason))

    def targets(self) -> Iterator[Target]:
        """What can be gone to by a letter: the rows of the list."""
        for table in self.query(VirtualTable):
            yield from in_table(table, table.focus)

    def do_jump(self) -> None:
        self.app.push_screen(Jump(list(self.targets()), self.size))

    def do_theme(self) -> None:
        self.desk_app.next_theme()

    def do_quit(self) -> None:
        self.desk_app.leave()

    def do_out(self) -> None:
        self.app.pop_screen()


def _plain(event: Event) -> tuple[str, Any]:
    return event.action.split(":")[-1], event.detail

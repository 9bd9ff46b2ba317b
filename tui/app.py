"""The app: a session on one store as one person, its themes and keys, and what it does when something breaks."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual import events, on
from textual.app import App, SystemCommand
from textual.filter import LineFilter
from textual.screen import Screen
from textual.widgets import Input, TextArea

from ..store import CuratoryError, Invalid, Store, open_store, registry_told_by
from . import keymap, safety, state
from .actions import BY_ID, keys_of
from .delivering import Courier
from .fetching import fetch
from .frames import Frame
from .palette import Commands, Entities
from .plans import Plan
from .safe import clean
from .screens.browser import Browser
from .themes import DARK, LIGHT, THEMES
from .typeahead import TypeAhead
from .widgets.text import Line, Word

POLL = 0.5  # seconds between two looks at whether somebody has changed something


class CuratoryApp(App[None]):
    """
    Attributes:
        store: bound to the one who is acting.
        remote: somebody else's terminal is at the other end.
        files: files of the machine it runs on may be read and written.
        registry_off: why the registry is off here; empty where it is on.
        typed: the keys that have been pressed and not had their effect yet.
        courier: sends what automations have set off.
        keys: action → keys, where they are not the usual ones.
    """

    TITLE = "Curatory"
    CSS_PATH: ClassVar = [
        "app.tcss",
        "widgets/table.tcss",
        "widgets/bars.tcss",
        "panes/pane.tcss",
        "panes/details.tcss",
        "widgets/lineage.tcss",
        "screens/browser.tcss",
        "screens/screens.tcss",
        "dialogs/dialog.tcss",
    ]
    COMMANDS: ClassVar = {Commands, Entities}
    BINDINGS: ClassVar = []
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "f12"  # ctrl+p is an action of ours
    AUTO_FOCUS = None

    def __init__(
        self,
        store: Store,
        path: str | None = None,
        *,
        remote: bool = False,
        files: bool = True,
        registry_off: str = "",
        keys: dict[str, str] | None = None,
        problems: Sequence[str] = (),
        state_file: Path | None = None,
    ) -> None:
        super().__init__()
        self.store = store
        self.remote = remote
        self.files = files
        self.registry_off = registry_off
        self.courier = Courier(store, allowed=files)
        self.keys = keys or {}
        self.state = state.read_state(state_file) if state_file else state.State()
        self.sync_word: Word = ("synced", "muted")
        self.crash = ""
        self._path = path
        self._problems = problems
        self._state_file = state_file
        self._frame = Frame()
        self.typed = TypeAhead(self)
        self._head = store.events.head()  # before anything is read, so that no change falls between
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self.state.theme if self.state.theme in self.available_themes else DARK
        if remote:
            self.animation_level = "none"

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self._frame.forget())
        if self.keys:
            self.set_keymap(self.keys)
        self.push_screen(Browser(self._path))
        for problem in self._problems:
            self.say(problem, "warning")
        self.set_interval(POLL, self.look_for_changes)

    async def on_unmount(self) -> None:
        await asyncio.to_thread(self.courier.stop)

    @on(events.DescendantFocus)
    def _steady(self, event: events.DescendantFocus) -> None:
        """Far away no cursor blinks: each blink is a packet."""
        if self.remote and isinstance(event.widget, Input | TextArea):
            event.widget.cursor_blink = False

    @property
    def where_store(self) -> str:
        """How the store is reached, in a word."""
        kind = "local" if self.store.engine.name == "sqlite" else "postgresql"
        return f"{kind} over ssh" if self.remote else kind

    # -- others' changes ----------------------------------------------------------------------------------------

    def look_for_changes(self) -> None:
        def look() -> tuple[int, bool]:
            return self.store.events.head(), self.courier.wanted()

        fetch(self, "head", look, self._looked, self._lost, exclusive=False)

    def _looked(self, found: tuple[int, bool]) -> None:
        head, deliver = found
        self._sync(("synced", "muted"))
        if deliver:
            self.courier.start()
        if problem := self.courier.problem():
            self.say(problem, "warning")
        if self._head != head:
            for screen in self.screen_stack:
                live = getattr(screen, "live", None)
                if live is not None:
                    live()
        self._head = head

    def _lost(self, error: CuratoryError) -> None:
        self._sync((f"not synced: {clean(error)[:60]}", "bad"))

    def _sync(self, word: Word) -> None:
        if word != self.sync_word:
            self.sync_word = word
            for screen in self.screen_stack:
                if isinstance(screen, Browser):
                    screen.show_footer()

    # -- saying something ---------------------------------------------------------------------------------------

    def say(self, text: str, severity: str = "information") -> None:
        """A toast; stored text in it is harmless."""
        lasting = 4.0 if severity == "information" else 8.0
        self.notify(clean(text), severity=severity, timeout=lasting, markup=False)  # type: ignore[arg-type]

    def tell(self, line: Line) -> None:
        """A toast of words."""
        self.say("".join(text for text, _ in line))

    def done(self, plan: Plan, *, undoable: bool = True) -> None:
        """A plan has been carried out: say so, and how it is taken back."""
        line: list[Word] = list(plan.lines[0]) if plan.lines else [("Done", "")]
        more = len(plan.lines) - plan.runs - 1
        if more > 0:
            line.append((f" and {more:,} more", ""))
        key = keys_of(BY_ID["undo"], self.keys)[0]
        self.tell([("Done: ", ""), *line, (f"   {key} takes it back" if undoable else "", "")])
        self.look_for_changes()

    def copy(self, text: str) -> None:
        """Copy through the terminal; what is copied is shown, since not every terminal obeys."""
        self.copy_to_clipboard(text)
        self.say(f"Copied: {text}" if "\n" not in text else "Copied.")

    def next_theme(self) -> None:
        names = [DARK, LIGHT, *sorted(name for name in self.available_themes if name not in (DARK, LIGHT))]
        self.theme = names[(names.index(self.theme) + 1) % len(names)]
        self.state.theme = self.theme
        self.say(f"Theme {self.theme}")

    def visit(self, path: str) -> None:
        """Leave what lies over the main screen, and go to a path there."""
        while not isinstance(self.screen, Browser) and len(self.screen_stack) > 1:
            self.pop_screen()
        if isinstance(self.screen, Browser):
            self.screen.go(path)

    def leave(self) -> None:
        """Remember where one is, and end."""
        for screen in self.screen_stack:
            if isinstance(screen, Browser):
                screen.remember()
        if self._state_file is not None:
            state.write_state(self._state_file, self.state)
        self.exit()

    async def action_quit(self) -> None:
        self.leave()

    # -- keys ---------------------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self.typed.begin(event):
            target = self.focused or self.screen
            await super().on_event(event)
            self.typed.follow(target)

    # -- painting -----------------------------------------------------------------------------------------------

    def _display(self, screen: Screen, renderable: Any) -> None:
        """Write what has changed on the terminal, not all that was painted."""
        width, height = self.size
        super()._display(screen, safety.thrifty(renderable, self._frame, (width, height)))

    def repaint(self) -> None:
        """Write everything again: something else may have written on the terminal."""
        self._frame.forget()
        self.screen.refresh(layout=True)

    # -- safety -------------------------------------------------------------------------------------------------

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), safety.ControlFilter()]

    def get_system_commands(self, screen: Screen) -> Iterable[SystemCommand]:
        return ()

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Never opens anything: over SSH that would be on the server."""
        self.copy(clean(url))

    def action_suspend_process(self) -> None:
        """Never stops: over SSH nobody could start it again."""

    def deliver_screenshot(self, *args: object, **kwargs: object) -> str | None:
        return None

    def action_screenshot(self, *args: object, **kwargs: object) -> None:
        """Never writes: it would be into the server's folders."""

    def _handle_exception(self, error: Exception) -> None:
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._return_code = 1
        self.crash = self.crash or safety.report_crash(error)
        self._close_messages_no_wait()

    def _fatal_error(self) -> None:
        self._close_messages_no_wait()


def _leave(app: CuratoryApp, number: int) -> None:
    """End because the terminal is gone or somebody asked; whatever a worker was writing is whole or not there."""
    if hasattr(signal, "SIGCONT"):  # a dying terminal sends it along, and taking the screen back would wait for ever
        signal.signal(signal.SIGCONT, signal.SIG_IGN)
    last = threading.Timer(2, os._exit, (128 + number,))
    last.daemon = True
    last.start()
    app.call_later(app.exit)


def run_app(store_url: str, actor: str | None, path: str | None = None, *, files: bool = True) -> int:
    """Open the app on a store; returns the exit code.

    Args:
        files: whether files of this machine may be read and written; not where others come in by a forced command.

    Raises:
        NotFound, Invalid, Unavailable: before anything is drawn.
    """
    remote = safety.over_ssh()
    safety.patch_textual()
    os.environ.pop("TEXTUAL_DRIVER", None)
    with open_store(store_url, actor) as store:
        keys, problems = keymap.read_keymap(keymap.default_path())
        registry_off = ""
        try:
            answer = registry_told_by(os.environ)
            registry_off = "" if answer.on else answer.reason
        except Invalid as error:
            problems = [*problems, str(error)]
        app = CuratoryApp(
            store,
            path,
            remote=remote,
            files=files,
            registry_off=registry_off,
            keys=keys,
            problems=problems,
            state_file=state.state_file(store.id, store.actor.name),
        )
        for name in ("SIGHUP", "SIGTERM"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda number, _: _leave(app, number))
        app.run(mouse=not remote or os.environ.get("CURATORY_MOUSE") == "1")
        if app.crash:
            print(app.crash, file=sys.stderr)
        app.courier.join()  # it uses the store, which is closed next
        return app.return_code or 0

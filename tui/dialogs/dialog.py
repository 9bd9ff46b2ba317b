"""Dialogs: a box with fields, below it what will come of it, and the two ways out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static, TextArea

from ...store import CuratoryError, Store
from .. import wording
from ..fetching import fetch
from ..plans import Plan, Surprise, Warnings, Work, carry_out, rehearse
from ..widgets.forms import Choice, Completing, Push
from ..widgets.text import Line, content

if TYPE_CHECKING:
    from ..app import CuratoryApp

MOST = 300  # lines of what will come of it that are shown; the others are counted
DEBOUNCE = 0.12  # seconds after the last key until the plan is made

T = TypeVar("T")


class Dialog(ModalScreen[T], Generic[T]):
    """A box over the screen; escape leaves it."""

    BINDINGS: ClassVar = [Binding("escape", "cancel", "cancel", show=False)]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-mid"), (44, "-high")]  # noqa: RUF012
    box_classes: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self._title: Line = ()

    @property
    def desk_app(self) -> CuratoryApp:
        from ..app import CuratoryApp

        assert isinstance(self.app, CuratoryApp)
        return self.app

    @property
    def store(self) -> Store:
        return self.desk_app.store

    def heading(self) -> Line:
        """The title of the box."""
        raise NotImplementedError

    def fields(self) -> ComposeResult:
        yield from ()

    def aside(self) -> Line:
        """What stands in the lower border."""
        return ()

    def buttons(self) -> ComposeResult:
        yield Push("cancel", "Close  esc")

    def compose(self) -> ComposeResult:
        with Vertical(classes=f"dialog--box {self.box_classes}"):
            with VerticalScroll(classes="dialog--fields", can_focus=False):
                yield from self.fields()
            with Horizontal(classes="dialog--buttons"):
                yield from self.buttons()

    def on_mount(self) -> None:
        box, aside = self.query_one(".dialog--box"), self.aside()
        box.border_title = content([(" ", ""), *self.heading(), (" ", "")])
        if aside:
            box.border_subtitle = content([(" ", ""), *aside, (" ", "")])
        self.first_focus()

    def first_focus(self) -> None:
        for widget in self.query("Input, TextArea, Choice, VirtualTable, Push"):
            widget.focus()
            return

    def action_cancel(self) -> None:
        self.dismiss(None)

    @on(Push.Pushed, "#push-cancel")
    def _cancelled(self) -> None:
        self.action_cancel()


class PlanDialog(Dialog[bool]):
    """A dialog that changes something: its plan is rehearsed as one types, and carried out as it was shown.

    Attributes:
        verb: on the button that does it.
        danger: what it does can't be undone, or is large.
        undoable: `u` takes it back; said in the toast.
    """

    BINDINGS: ClassVar = [
        Binding("ctrl+s", "apply", "do it", show=False),
        Binding("pagedown", "look(1)", show=False, priority=True),
        Binding("pageup", "look(-1)", show=False, priority=True),
        Binding("escape", "cancel", "cancel", show=False),
    ]
    verb: ClassVar[str] = "Do it"
    danger: ClassVar[bool] = False
    undoable: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self._plan: Plan | None = None
        self._busy = False
        self._wish = False
        self._stale = False
        self._asked: Sequence[str] = ()
        if self.danger:
            self.box_classes = "-danger"  # type: ignore[misc]

    # -- what a dialog says of itself ---------------------------------------------------------------------------

    def work(self) -> Work | str:
        """What the fields ask for; or, in words, what is missing yet."""
        raise NotImplementedError

    def warnings(self) -> Warnings:
        """What reads further consequences, before the change is rehearsed and again before it is done."""
        return lambda store: ()

    def missing(self) -> str | None:
        """What must still be given before what is shown may be done."""
        return None

    def told(self) -> Line:
        """What is said when it is done, where the first line of the plan does not say it all."""
        return ()

    def buttons(self) -> ComposeResult:
        yield Push("cancel", "Cancel  esc")
        yield Push("apply", f"{self.verb}  ^s", danger=self.danger)

    def compose(self) -> ComposeResult:
        with Vertical(classes=f"dialog--box {self.box_classes}"):
            with VerticalScroll(classes="dialog--fields", can_focus=False):
                yield from self.fields()
            with VerticalScroll(classes="dialog--plan", can_focus=False):
                yield Static(id="plan")
            with Horizontal(classes="dialog--buttons"):
                yield from self.buttons()

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#push-apply", Push).turn(False)
        self.replan(0.0)

    # -- planning -----------------------------------------------------------------------------------------------

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Choice.Changed)
    @on(Completing.Changed)
    def _edited(self) -> None:
        if self._given() != self._asked:  # else what applies has overtaken the news of this edit
            self._wish = False
        self.replan()

    def _given(self) -> Sequence[str]:
        """What stands in the fields."""
        return [
            one.text if isinstance(one, TextArea) else one.value
            for one in self.query("Input, TextArea, Choice")
            if isinstance(one, Input | TextArea | Choice)
        ]

    def replan(self, delay: float = DEBOUNCE, *, note: str = "") -> None:
        """Rehearse what the fields ask for, and show what would come of it."""
        if self._busy:
            return
        self._plan = None
        self._stale = True
        self._asked = self._given()
        work = self.work()
        if isinstance(work, str):
            self.workers.cancel_group(self, "plan")
            self._stale = False
            self._say([[(work, "muted")]], ready=False)
            return
        store, warnings = self.store, self.warnings()

        def done(plan: Plan) -> None:
            self._stale = False
            if not plan.effect:
                self._say([[("Nothing would change.", "muted")]], ready=False)
                return
            missing = self.missing()
            self._plan = plan if missing is None else None
            lines: list[Line] = [[("• ", "muted"), *line] for line in plan.lines]
            last = len(lines) - plan.kept
            if last > MOST:
                lines[MOST:last] = [[(f"… and {last - MOST:,} more of the kind", "warn")]]
            if missing is not None:
                lines.insert(0, [(missing, "muted")])
            if note:
                lines.insert(0, [(note, "warn")])
            self._say(lines, ready=missing is None)
            if self._wish:
                self._wish = False
                self.action_apply()

        def failed(error: CuratoryError) -> None:
            self._stale = False
            self._say([[(str(error), "bad")]], ready=False)

        fetch(self, "plan", lambda: rehearse(store, work, warnings), done, failed, delay=delay)

    def _say(self, lines: Sequence[Line], *, ready: bool) -> None:
        self.query_one("#plan", Static).update(content(*lines))
        self.query_one("#push-apply", Push).turn(ready)
        self.call_after_refresh(self._say_more)

    def _say_more(self) -> None:
        """Where not all that will come of it has room, say how the rest is seen; where one types stays in sight."""
        if self.focused is not None:
            self.focused.scroll_visible(animate=False)
        box, plan = self.query_one(".dialog--box"), self.query_one(".dialog--plan")
        more = plan.max_scroll_y - plan.scroll_target_y
        key = "pgdn" if more > 0 else "pgup"
        what = (
            f"{wording.count(int(more), 'more line')} of what will come of it" if more > 0 else "back to the first line"
        )
        hint: Line = [(f" {key}", "key"), (f" {what} ", "warn")]
        aside = self.aside()
        box.border_subtitle = (
            content(hint) if plan.max_scroll_y > 0 else content([(" ", ""), *aside, (" ", "")]) if aside else ""
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The page keys are the plan's, but for a text or a plan that is seen as a whole."""
        if action == "look":
            text = isinstance(self.focused, TextArea) and self.focused.max_scroll_y > 0
            return not text and self.query_one(".dialog--plan").max_scroll_y > 0
        return super().check_action(action, parameters)

    def action_look(self, pages: int) -> None:
        plan = self.query_one(".dialog--plan")
        plan.scroll_relative(y=pages * max(plan.size.height - 1, 1), animate=False)
        self.call_after_refresh(self._say_more)

    # -- doing --------------------------------------------------------------------------------------------------

    @on(Completing.Submitted)
    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_apply()

    @on(Push.Pushed, "#push-apply")
    def _pushed(self) -> None:
        self.action_apply()

    def action_apply(self) -> None:
        if self._busy:
            return
        if self._given() != self._asked:  # what was typed before it counts, though nobody was told of it yet
            self.replan()
        if self._plan is None:
            self._wish = self._stale  # it is being rehearsed: then, unless something is wrong with it
            return
        plan, store = self._plan, self.store
        self._busy = True
        self.query_one("#push-apply", Push).turn(False)

        def done(_: object) -> None:
            self.dismiss(True)
            told = self.told()
            if told:
                self.desk_app.tell([("Done: ", ""), *told])
                self.desk_app.look_for_changes()
            else:
                self.desk_app.done(plan, undoable=self.undoable)

        def failed(error: CuratoryError) -> None:
            self._busy = False
            if isinstance(error, Surprise):
                self.replan(0.0, note=str(error))
            else:
                self._say([[(str(error), "bad")]], ready=False)

        fetch(self, "apply", lambda: carry_out(store, plan), done, failed)

    def action_cancel(self) -> None:
        if not self._busy:
            self.dismiss(False)


class Confirm(PlanDialog):
    """No fields: only what will come of it, and the safe button has the focus."""

    def __init__(self, heading: Line, verb: str, work: Work, *, danger: bool = False, undoable: bool = True) -> None:
        self.verb, self.danger, self.undoable = verb, danger, undoable  # type: ignore[misc]
        super().__init__()
        self._heading, self._work = heading, work

    def heading(self) -> Line:
        return self._heading

    def first_focus(self) -> None:
        self.query_one("#push-cancel", Push).focus()

    def work(self) -> Work | str:
        return self._work


def label(text: str) -> Static:
    return Static(content([(text, "")]), classes="dialog--label")


def intro(*lines: Line) -> Static:
    return Static(content(*lines), classes="dialog--intro")

"""The actions that change nothing: going from pane to pane, and looking at something in another way."""

from __future__ import annotations

from ...store import Collection, Version
from .. import actions
from ..actions import PANES
from ..panes.tabs.use import snippet
from ..safe import clean
from .part import Part


class Looking(Part):
    """Mixed into the browser."""

    def do_pane_1(self) -> None:
        browser = self._browser
        browser.focus_pane(PANES[0])

    def do_pane_2(self) -> None:
        browser = self._browser
        browser.focus_pane(PANES[1])

    def do_pane_3(self) -> None:
        browser = self._browser
        browser.focus_pane(PANES[2])

    def do_pane_4(self) -> None:
        browser = self._browser
        browser.focus_pane(PANES[3])

    def do_pane_next(self) -> None:
        browser = self._browser
        browser.focus_pane(PANES[(PANES.index(browser._current) + 1) % len(PANES)])

    def do_pane_previous(self) -> None:
        browser = self._browser
        browser.focus_pane(PANES[(PANES.index(browser._current) - 1) % len(PANES)])

    def do_pane_right(self) -> None:
        browser = self._browser
        if browser.where == actions.LINEAGE and browser.details.lineage.move("right"):
            return
        browser.focus_pane(PANES[min(PANES.index(browser._current) + 1, len(PANES) - 1)])

    def do_pane_left(self) -> None:
        browser = self._browser
        if browser.where == actions.LINEAGE and browser.details.lineage.move("left"):
            return
        browser.focus_pane(PANES[max(PANES.index(browser._current) - 1, 0)])

    def do_out(self) -> None:
        """One layer out: range or marks, filter, zoom, and in a drill-down the pane before."""
        browser = self._browser
        pane = browser.pane
        if pane.table.marks or pane.table.ranging:
            pane.table.clear_marks()
        elif pane.clear_filter():
            pass
        elif browser._zoomed:
            browser._zoomed = False
            browser._fit()
        elif browser._current != PANES[0]:
            browser.focus_pane(PANES[PANES.index(browser._current) - 1])

    def do_zoom(self) -> None:
        browser = self._browser
        browser._zoomed = not browser._zoomed
        browser._fit()
        browser._changed()

    def do_filter(self) -> None:
        browser = self._browser
        browser.pane.open_filter()

    def do_order(self) -> None:
        browser = self._browser
        order = browser.pane.next_order()
        browser.desk_app.say(f"Ordered by {order.lstrip('-')}{', highest first' if order.startswith('-') else ''}.")

    def do_next_tab(self) -> None:
        browser = self._browser
        if browser.where == actions.LINEAGE and browser.details.lineage.forward():
            return
        browser.details.step_tab(1)

    def do_previous_tab(self) -> None:
        browser = self._browser
        if browser.where == actions.LINEAGE and browser.details.lineage.back():
            return
        browser.details.step_tab(-1)

    def do_lineage(self) -> None:
        browser = self._browser
        browser.details.choose_tab("lineage")
        browser.focus_pane(actions.DETAILS)

    def do_reload(self) -> None:
        browser = self._browser
        browser.desk_app.repaint()
        browser.live()
        browser.desk_app.say("Read again.")

    def do_copy(self) -> None:
        browser = self._browser
        paths = [target.path for target in browser.pane.targets]
        if paths:
            browser.desk_app.copy(clean(paths[0]) if len(paths) == 1 else " ".join(clean(path) for path in paths))

    def do_copy_use(self) -> None:
        browser = self._browser
        subject = browser.details.subject if browser._current == actions.DETAILS else browser.subject
        if isinstance(subject, Version | Collection):
            browser.desk_app.copy("\n".join(clean(line) for line in snippet(subject).split("\n")))

    def do_goto(self) -> None:
        browser = self._browser
        from ..dialogs.goto import GoTo

        browser.app.push_screen(GoTo(), lambda path: browser.go(path) if path else None)

    def do_history(self) -> None:
        browser = self._browser
        from .history import HistoryScreen

        subject = browser.details.subject if browser._current == actions.DETAILS else browser.subject
        browser.app.push_screen(HistoryScreen(subject))

    def do_automations(self) -> None:
        browser = self._browser
        from ..dialogs.automation import Watched
        from .automations import AutomationsScreen

        registry = browser.registry
        if registry is None:
            browser.desk_app.say("Choose a registry first.", "warning")
            return
        inside = browser._current != actions.REGISTRIES
        browser.app.push_screen(AutomationsScreen(Watched(registry, browser.collections.selected if inside else None)))

    def do_compare(self) -> None:
        browser = self._browser
        from .compare import CompareScreen

        marked = [row.record for row in browser.versions.table.marks.values()]
        if len(marked) == 2:
            old, new = sorted(marked, key=lambda version: version.number)
            browser.app.push_screen(CompareScreen(old, new))
            return
        new = browser.details.subject if browser._current == actions.DETAILS else browser.versions.selected
        if not isinstance(new, Version) or len(marked) > 2:
            browser.desk_app.say(
                "Mark two versions with space, or stand on one to compare it with the one before.", "warning"
            )
            return
        other = marked[0] if marked and marked[0].id != new.id else browser._one_before(new)
        if other is None:
            browser.desk_app.say(f"{new.name} is the first version; mark another with space to compare.", "warning")
            return
        old, new = sorted((other, new), key=lambda version: version.number)
        browser.app.push_screen(CompareScreen(old, new))

    def do_compare_with(self) -> None:
        browser = self._browser
        from ..dialogs.comparing import CompareWith
        from .compare import CompareScreen

        version = browser.details.subject if browser._current == actions.DETAILS else browser.versions.selected
        if not isinstance(version, Version):
            browser.desk_app.say("There is no version here to compare. Choose one in the versions, key 3.", "warning")
            return

        def chosen(other: Version | None) -> None:
            if other is not None:
                old, new = sorted((other, version), key=lambda one: one.number)
                browser.app.push_screen(CompareScreen(old, new))

        browser.app.push_screen(CompareWith(version), chosen)

    def _one_before(self, version: Version) -> Version | None:
        browser = self._browser
        older = [row.record for row in browser.versions.table.known if row.record.number < version.number]
        return max(older, key=lambda one: one.number, default=None)

    def do_lineage_more(self) -> None:
        browser = self._browser
        browser.details.lineage.more(1)

    def do_lineage_less(self) -> None:
        browser = self._browser
        browser.details.lineage.more(-1)

    def do_lineage_way(self) -> None:
        browser = self._browser
        browser.details.lineage.turn()

    def do_lineage_lanes(self) -> None:
        browser = self._browser
        browser.details.lineage.toggle_lanes()

"""How wide the columns of the main screen are, and where collections end and versions begin; kept for each person."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events

from .. import actions
from .part import Part

STEP = 4  # cells by which a column grows at a key
LEAST_LEFT, LEAST_MIDDLE, LEAST_RIGHT, LEAST_ROWS = 16, 28, 28, 5  # cells; less of a pane can't be read


@dataclass(slots=True)
class Sizes:
    """Cells of the left and the middle column, and percent of the middle's height that collections have."""

    left: int
    middle: int
    split: int

    def fitted(self, width: int, height: int) -> Sizes:
        """The same as far as there is room for every pane in a terminal of a size."""
        left = max(min(self.left, width - LEAST_MIDDLE - LEAST_RIGHT), LEAST_LEFT)
        middle = max(min(self.middle, width - left - LEAST_RIGHT), LEAST_MIDDLE)
        least = min(100 * LEAST_ROWS // max(height, 1), 50)
        return Sizes(left, middle, max(min(self.split, 100 - least), least))


USUAL = {"normal": Sizes(25, 45, 60), "wide": Sizes(32, 66, 60)}


class Layout(Part):
    """Mixed into the browser."""

    _drag: str | None = None

    @property
    def _kind(self) -> str:
        return "wide" if self._browser.size.width >= 160 else "normal"

    @property
    def sizes(self) -> Sizes:
        """What is set for terminals of this width, as it fits into this one."""
        browser = self._browser
        kept = browser.desk_app.state.sizes.get(self._kind)
        wished = Sizes(*kept) if kept else USUAL[self._kind]
        return wished.fitted(browser.size.width, browser.size.height - 2)

    def lay_out(self) -> None:
        """Give every pane its room."""
        browser, sizes = self._browser, self.sizes
        if browser.narrow or browser.zoomed:  # the one that is shown has all there is, as the stylesheet says
            for name, rule in (
                ("#left", "width"),
                ("#middle", "width"),
                ("#collections", "height"),
                ("#versions", "height"),
            ):
                browser.query_one(name).styles.clear_rule(rule)
            return
        browser.query_one("#left").styles.width = sizes.left
        browser.query_one("#middle").styles.width = sizes.middle
        browser.query_one("#collections").styles.height = f"{sizes.split}fr"
        browser.query_one("#versions").styles.height = f"{100 - sizes.split}fr"

    def _keep(self, sizes: Sizes) -> None:
        browser = self._browser
        fitted = sizes.fitted(browser.size.width, browser.size.height - 2)
        browser.desk_app.state.sizes[self._kind] = [fitted.left, fitted.middle, fitted.split]
        self.lay_out()

    def _alone(self) -> bool:
        """Whether one pane has the whole screen, so that there is nothing to size."""
        browser = self._browser
        if browser.narrow:
            browser.desk_app.say(
                "Under 100 columns one pane has the whole screen; there is nothing to size.", "warning"
            )
        elif browser.zoomed:
            browser.desk_app.say("The pane has the whole screen; z gives it back first.", "warning")
        return browser.narrow or browser.zoomed

    # -- keys ---------------------------------------------------------------------------------------------------

    def do_wider(self) -> None:
        self._widen(STEP)

    def do_narrower(self) -> None:
        self._widen(-STEP)

    def _widen(self, by: int) -> None:
        if self._alone():
            return
        sizes, where = self.sizes, self._browser.pane.id
        if where == actions.REGISTRIES:
            self._keep(Sizes(sizes.left + by, sizes.middle, sizes.split))
        elif where == actions.DETAILS:
            self._keep(Sizes(sizes.left, sizes.middle - by, sizes.split))
        else:
            self._keep(Sizes(sizes.left, sizes.middle + by, sizes.split))

    def do_split_down(self) -> None:
        self._split(10)

    def do_split_up(self) -> None:
        self._split(-10)

    def _split(self, by: int) -> None:
        if not self._alone():
            sizes = self.sizes
            self._keep(Sizes(sizes.left, sizes.middle, sizes.split + by))

    def do_usual_sizes(self) -> None:
        self._browser.desk_app.state.sizes.pop(self._kind, None)
        self.lay_out()

    # -- the mouse ----------------------------------------------------------------------------------------------

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """A border that is taken hold of follows the mouse."""
        browser = self._browser
        if browser.narrow or browser.zoomed:
            return
        left, middle = browser.query_one("#left").region, browser.query_one("#middle").region
        lower = browser.query_one("#versions").region
        if event.screen_x in (left.right - 1, left.right):
            self._drag = "left"
        elif event.screen_x in (middle.right - 1, middle.right):
            self._drag = "middle"
        elif event.screen_y in (lower.y - 1, lower.y) and middle.x < event.screen_x < middle.right - 1:
            self._drag = "split"
        else:
            return
        browser.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._drag is None:
            return
        browser, sizes = self._browser, self.sizes
        if self._drag == "left":
            self._keep(Sizes(int(event.screen_x) + 1, sizes.middle, sizes.split))
        elif self._drag == "middle":
            self._keep(Sizes(sizes.left, int(event.screen_x) + 1 - sizes.left, sizes.split))
        else:
            column = browser.query_one("#middle").region
            self._keep(
                Sizes(sizes.left, sizes.middle, round(100 * (event.screen_y - column.y) / max(column.height, 1)))
            )

    def on_mouse_up(self) -> None:
        if self._drag is not None:
            self._drag = None
            self._browser.release_mouse()

"""Pictures of the screens at two sizes; a change of looks is seen in the review of the SVG."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from curatory.store import Store
from curatory.tui.app import CuratoryApp
from curatory.tui.safety import patch_textual

from .conftest import Hands

NOW = datetime(2026, 1, 8, 12, 0, tzinfo=UTC)
SIZES = {"small": (80, 24), "large": (160, 48)}
SCREENS = {
    "browser": ("model/detector", ()),
    "version": ("model/detector:prod", ()),
    "alias": ("model/detector:v2", ("a", "p", "r", "o", "d")),
    "members": ("model", ("m",)),
    "help": ("model", ("question_mark",)),
    "compare": ("model/detector:v2", ("c",)),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", SCREENS)
def test_it_looks_as_it_did(snap_compare, small: Store, screen: str, size: str) -> None:
    patch_textual()
    path, keys = SCREENS[screen]
    small.now = lambda: NOW
    app = CuratoryApp(small, path)

    async def before(pilot) -> None:
        hands = Hands(app, pilot)
        await hands.settle()
        await hands.settle()
        await hands.press(*keys)
        await hands.settle()

    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)

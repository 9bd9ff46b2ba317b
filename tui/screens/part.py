"""What is mixed into the browser: its actions, in modules by what they are for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from .browser import Browser


class Part:
    @property
    def _browser(self) -> Browser:
        return cast("Browser", self)

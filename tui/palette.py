"""`ctrl+p`: what can be done here, and registries, collections and versions by name."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from ..store import Collection, CuratoryError, Project, Version
from . import wording
from .actions import ACTIONS, LIST, Action, keys_of
from .widgets.text import content, plain

if TYPE_CHECKING:
    from .screens.desk import Desk

MOST = 20  # entities of each kind


class Commands(Provider):
    """The actions that fit the pane; those that are refused say so."""

    def _desk(self) -> Desk | None:
        from .screens.desk import Desk

        return self.screen if isinstance(self.screen, Desk) else None

    def _found(self) -> list[Action]:
        desk = self._desk()
        if desk is None:
            return []
        return [action for action in ACTIONS if LIST not in action.where and action.fits(desk.where)]

    def _help(self, action: Action) -> Content:
        desk = self._desk()
        assert desk is not None
        refusal = desk.reason(action)
        keys = " ".join(keys_of(action, desk.desk_app.keys))
        return content([(keys, "key"), (f"  {refusal or action.help}", "warn" if refusal else "")])

    async def discover(self) -> Hits:
        desk = self._desk()
        for action in self._found():
            if desk is not None and desk.reason(action) is None:
                yield DiscoveryHit(
                    plain(action.label.capitalize()),
                    partial(desk.action_act, action.id),
                    help=self._help(action),  # type: ignore[arg-type]
                )

    async def search(self, query: str) -> Hits:
        desk = self._desk()
        matcher = self.matcher(query)
        for action in self._found():
            score = matcher.match(action.label) or (0.3 if query.casefold() in action.help.casefold() else 0.0)
            if score > 0 and desk is not None:
                yield Hit(
                    score,
                    plain(action.label.capitalize()),  # type: ignore[arg-type]
                    partial(desk.action_act, action.id),
                    text=action.label,
                    help=self._help(action),  # type: ignore[arg-type]
                )


class Entities(Provider):
    """What the store finds for the words."""

    async def search(self, query: str) -> Hits:
        from .screens.browser import Browser

        screen = self.screen
        if not isinstance(screen, Browser) or len(query.strip()) < 2:
            return
        store = screen.store

        def work() -> list[Project | Collection | Version]:
            found: list[Project | Collection | Version] = []
            words = query.strip()
            if ":" in words and not words.endswith(":"):
                with suppress(CuratoryError):
                    found.append(store.versions.get(words))
            quoted = '"' + words.replace("\\", "").replace('"', "") + '"'
            with suppress(CuratoryError):
                found += store.search.registries(quoted, limit=MOST)
                found += store.search.collections(None, quoted, limit=MOST)
            return found

        matcher = self.matcher(query)
        for entity in await asyncio.to_thread(work):
            kind = type(entity).__name__.lower().replace("project", "registry")
            shown = entity.title if isinstance(entity, Project) else wording.short(entity.path)
            yield Hit(
                matcher.match(shown) or 0.2,
                content([(shown, "path"), (f"  {kind}", "muted")]),  # type: ignore[arg-type]
                partial(screen.go, entity.path),
                text=shown,
                help=content([(entity.path, "muted")]),  # type: ignore[arg-type]
            )

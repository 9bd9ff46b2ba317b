"""Mending what is reviewed right there: each key opens the dialog that the browser opens, too."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual.worker import Worker, WorkerError

from ...store import Collection, Project
from ..comparison import Difference
from ..fetching import fetch

if TYPE_CHECKING:
    from .review import ReviewScreen

T = TypeVar("T")


class Mending:
    """Mixed into the review."""

    @property
    def _review(self) -> ReviewScreen:
        return cast("ReviewScreen", self)

    def _open(self, read: Callable[[str], T], then: Callable[[T], object]) -> None:
        """Read what is under the cursor as it is by now, by its path, and go on with it: with a dialog, mostly."""
        item, store = self._review._item, self._review.store
        if item is None:
            self._review.desk_app.say("There was nothing to migrate.", "warning")
            return

        def work() -> T | None:
            path = store.reviews.again(item).path
            return read(path) if path is not None else None

        def done(found: T | None) -> None:
            if found is None:
                self._review.desk_app.say("It is not in the registry any more, so there is nothing to mend.", "warning")
            else:
                then(found)

        # what is typed ahead is meant for the dialog, so it waits until that is there
        self._review.call_later(_ended, fetch(self._review, "open", work, done, self._review._refused))

    @property
    def _chosen_version(self) -> str:
        """The version under the cursor of the comparison; the newest where none is."""
        row = self._review.compared.row if self._review.focused is self._review.compared else None
        record = row.record if row is not None else None
        return record.name if isinstance(record, Difference) and record.kind == "version" else "latest"

    def do_alias(self) -> None:
        from ..dialogs.alias import AliasDialog

        store, version, registry = self._review.store, self._chosen_version, self._review._registry
        self._open(
            lambda path: (store.versions.get(f"{path}:{version}"), store.collections.get(path)),
            lambda found: self._review.app.push_screen(AliasDialog([found[0]], found[1], registry)),
        )

    def do_unlink(self) -> None:
        from ..dialogs.link import UnlinkDialog

        store, version = self._review.store, self._chosen_version
        self._open(
            lambda path: store.versions.get(f"{path}:{version}"),
            lambda found: self._review.app.push_screen(UnlinkDialog([found])),
        )

    def do_link(self) -> None:
        from ..dialogs.link import LinkInDialog

        self._open(self._review.store.collections.get, lambda found: self._review.app.push_screen(LinkInDialog(found)))

    def do_tag(self) -> None:
        from ..dialogs.tag import TagDialog

        self._open(self._review.store.collections.get, lambda found: self._review.app.push_screen(TagDialog([found])))

    def do_describe(self) -> None:
        from ..dialogs.card import CardDialog

        self._open(self._review.store.collections.get, lambda found: self._review.app.push_screen(CardDialog(found)))

    def do_rename(self) -> None:
        from ..dialogs.making import Rename

        self._open(self._review.store.collections.get, lambda found: self._review.app.push_screen(Rename(found)))

    def do_members(self) -> None:
        from ..dialogs.members import MembersDialog

        if self._review._registry is not None:
            self._review.app.push_screen(MembersDialog(self._review._registry))

    def do_history(self) -> None:
        """Of the collection; of the whole registry where that is gone."""
        from .history import HistoryScreen

        item, store, registry = self._review._item, self._review.store, self._review._registry

        def work() -> Collection | Project | None:
            path = store.reviews.again(item).path if item is not None else None
            return store.collections.get(path) if path is not None else registry

        worker = fetch(
            self._review,
            "open",
            work,
            lambda found: self._review.app.push_screen(HistoryScreen(found)),
            self._review._refused,
        )
        self._review.call_later(_ended, worker)


async def _ended(worker: Worker[Any]) -> None:
    with suppress(WorkerError):
        await worker.wait()

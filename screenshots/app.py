"""Pictures of the app: the real one on the demonstration, driven by keys, its clock standing still."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from curatory.store import Command, Nothing, Store, Webhook, Worker, open_store
from curatory.store.automations.sending import Outcome
from curatory.store.demo import TODAY
from curatory.tui.app import CuratoryApp
from curatory.tui.safety import patch_textual
from curatory.tui.themes import LIGHT
from curatory.tui.widgets.progress import Progress
from textual.widgets import Input

from .commands import still

TALL = (120, 40)
SMALL = (80, 24)
SPENT = 4.0  # seconds that a migration that is held up has taken
LEGACY = "vision"  # whose old model registry is migrated


@dataclass(frozen=True, slots=True)
class Picture:
    """
    Attributes:
        keys: pressed one after the other; what begins with "type " is typed.
        first: what is done to the store before, which is then a copy of its own.
        halfway: a migration is held up after half its collections, until the picture is taken.
    """

    path: str
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = TALL
    actor: str = "ana"
    theme: str = ""
    first: Callable[[Store], object] | None = None
    halfway: bool = False


def _used(store: Store) -> None:
    """A legacy registry that a team has used for years: every model of theirs is in it."""
    for project in store.projects.list("project"):
        for series in store.search.collections(project.path) if project.entity == LEGACY else ():
            name = series.name.replace("-", " ").replace("_", " ").title()
            versions = store.search.versions(series.path, limit=9).items if "model" in series.type else ()
            for version in reversed(versions):
                store.legacy.link_model(version, name, ["production"] if version.number % 3 == 0 else [])
    for alias in ("Production", "candidate"):
        store.aliases.add(f"{LEGACY}/model-registry/Parcel Detector:v{len(alias) % 4}", alias)


def _reviewed(store: Store) -> None:
    """A migration under review: some accepted, one flagged, one changed since."""
    _used(store)
    migration = store.migrations.run(LEGACY)
    items = store.reviews.queue(migration)
    store.reviews.accept(items[:2])
    store.reviews.flag(items[2], "production belongs on v1")
    store.aliases.add(f"{items[3].path}:v0", "candidate")


class _Answers:
    """What hosts answer, without asking any; one of them refuses."""

    def __init__(self) -> None:
        self.sent = 0

    def post(self, *_: object) -> Outcome:
        self.sent += 1
        if self.sent == 2:
            return Outcome(False, 410, "gone", "The host answered 410: gone", again=False)
        return Outcome(True, 202, '{"queued": true}')


def _automated(store: Store) -> None:
    """Automations of a team, with a history; nothing is left to be sent."""
    hook = store.integrations.create(None, "deploys", "https://ci.acme.example/hooks/registry")
    store.automations.create("deploy", "model/detector", "alias.add", Webhook(hook.id), pattern="prod")
    store.automations.create("count links", "model", "version.link", Nothing())
    store.automations.create(
        "golden data", "acme", "tag.add", Webhook(hook.id), pattern="golden*", filter="type:dataset", enabled=False
    )
    store.automations.create("warm the cache", "model/detector", "version.link", Command(("/opt/bin/warm", "--gpu")))
    for version in ("v17", "v18", "v19"):
        store.aliases.add(f"model/detector:{version}", "prod")
    worker = Worker(store)
    worker._sender = _Answers()  # type: ignore[assignment]
    worker.drain()


PICTURES: Mapping[str, Picture] = {
    "app": Picture("model/detector"),
    "app-version": Picture("model/detector:prod"),
    "app-lineage": Picture("model/detector:prod", ("i", "z", "plus", "plus")),
    "app-lanes": Picture("model/detector:prod", ("i", "z", "b")),
    "app-metrics": Picture("model/detector:prod", ("4", "]", "]", "]", "z")),
    "app-jump": Picture("model/detector:prod", ("ctrl+o",)),
    "app-alias": Picture("model/detector:latest", ("a", "type , prod")),
    "app-log": Picture("model/detector", ("2", "p", "type s3://acme-models/detector/v38/model.safetensors")),
    "app-members": Picture("model", ("m",)),
    "app-compare": Picture("model/detector:prod", ("c",)),
    "app-history": Picture("model/detector", ("H",)),
    "app-filter": Picture("model", ("2", "slash", "type alias:prod !tag:pytorch")),
    "app-palette": Picture("model", ("ctrl+p", "type seg")),
    "app-help": Picture("model/detector:prod", ("question_mark",)),
    "app-automations": Picture("model/detector", ("A", "down"), first=_automated),
    "app-automation": Picture("model/detector", ("A", "n", "type ship it"), first=_automated),
    "app-automations-small": Picture("model/detector", ("A", "down"), first=_automated, size=SMALL),
    "app-light": Picture("model/detector", theme=LIGHT),
    "app-migrate": Picture(f"{LEGACY}/model-registry", ("P",), first=_used),
    "app-migrating": Picture(f"{LEGACY}/model-registry", ("P", "ctrl+s"), first=_used, halfway=True),
    "app-review": Picture(f"{LEGACY}/model-registry", ("P",), first=_reviewed),
    "app-review-small": Picture(f"{LEGACY}/model-registry", ("P",), first=_reviewed, size=SMALL),
    "app-small": Picture("model/detector:prod", size=SMALL),
}

_NAMES = {
    " ": "space", ",": "comma", ":": "colon", "!": "exclamation_mark", "]": "right_square_bracket", "/": "slash",
    ".": "full_stop", "-": "minus",
}  # fmt: skip


def draw(name: str, store: Path, folder: Path) -> Path:
    """One picture, as an SVG file."""
    path, picture = folder / f"{name}.svg", PICTURES[name]
    with tempfile.TemporaryDirectory(prefix="curatory-") as place:
        if picture.first is not None:
            store = Path(shutil.copytree(store.parent, Path(place) / "copy")) / store.name
        path.write_text(still(asyncio.run(_drawn(picture, store, name))), encoding="utf-8")
    return path


async def _drawn(picture: Picture, url: Path, name: str) -> str:
    patch_textual()
    today = datetime.fromisoformat(TODAY)
    with open_store(url, picture.actor, now=lambda: today) as store, _held(store, picture) as (reached, go_on):
        if picture.first is not None:
            picture.first(store)
        app = CuratoryApp(store, picture.path)
        if picture.theme:
            app.theme = picture.theme
        async with app.run_test(size=picture.size) as pilot:
            await _settled(app, pilot)
            for key in picture.keys:
                if key.startswith("type "):
                    await pilot.press(*(_NAMES.get(character, character) for character in key.removeprefix("type ")))
                else:
                    await pilot.press(_NAMES.get(key, key))
                await (_settled(app, pilot) if key != "ctrl+s" else asyncio.to_thread(reached.wait))
            for field in app.screen.query(Input):
                field.cursor_blink = False  # a picture shows where one types
            for bar in (
                app.screen.query(Progress) if picture.halfway else ()
            ):  # as if it had taken so long, or every picture were another one
                bar._began = time.monotonic() - SPENT
                bar._draw()
            await pilot.pause()
            picture_of = re.sub(r"terminal-\d+-", f"{name}-", app.export_screenshot(title="curatory"))
            go_on.set()
            await _settled(app, pilot)
            return picture_of


@contextmanager
def _held(store: Store, picture: Picture) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Two events: a migration has come half way, and it may go on."""
    reached, go_on = threading.Event(), threading.Event()
    run = store.migrations.run

    def held(team: str, progress: Callable[..., bool]) -> object:
        def look(copied: int, collections: int, done: int, total: int) -> bool:
            going = progress(copied, collections, done, total)
            if copied * 2 >= collections and not reached.is_set():
                reached.set()
                go_on.wait()
            return going

        return run(team, look)

    if picture.halfway:
        store.migrations.run = held  # type: ignore[method-assign]
    yield reached, go_on
    go_on.set()


async def _settled(app: CuratoryApp, pilot: object) -> None:
    """Wait until nothing is being read any more."""
    for _ in range(3):
        await asyncio.sleep(0.2)
        while not app.typed.idle or [one for one in app.workers if one.group != "head" and not one.is_finished]:
            await asyncio.sleep(0.02)

"""Pictures of the app: the real one on the demonstration, driven by keys, its clock standing still."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from curatory.store import open_store
from curatory.store.demo import TODAY
from curatory.tui.app import CuratoryApp
from curatory.tui.safety import patch_textual
from curatory.tui.themes import LIGHT

from .commands import still

TALL = (120, 40)
SMALL = (80, 24)


@dataclass(frozen=True, slots=True)
class Picture:
    """
    Attributes:
        keys: pressed one after the other; what begins with "type " is typed.
    """

    path: str
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = TALL
    actor: str = "ana"
    theme: str = ""


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
    "app-light": Picture("model/detector", theme=LIGHT),
    "app-small": Picture("model/detector:prod", size=SMALL),
}

_NAMES = {
    " ": "space", ",": "comma", ":": "colon", "!": "exclamation_mark", "]": "right_square_bracket", "/": "slash",
    ".": "full_stop", "-": "minus",
}  # fmt: skip


def draw(name: str, store: Path, folder: Path) -> Path:
    """One picture, as an SVG file."""
    path = folder / f"{name}.svg"
    path.write_text(still(asyncio.run(_drawn(PICTURES[name], store, name))), encoding="utf-8")
    return path


async def _drawn(picture: Picture, url: Path, name: str) -> str:
    patch_textual()
    today = datetime.fromisoformat(TODAY)
    with open_store(url, picture.actor, now=lambda: today) as store:
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
                await _settled(app, pilot)
            return re.sub(r"terminal-\d+-", f"{name}-", app.export_screenshot(title="curatory"))


async def _settled(app: CuratoryApp, pilot: object) -> None:
    """Wait until nothing is being read any more."""
    for _ in range(3):
        await asyncio.sleep(0.2)
        while not app.typed.idle or [one for one in app.workers if one.group != "head" and not one.is_finished]:
            await asyncio.sleep(0.02)

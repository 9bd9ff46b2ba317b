"""How to use a version: what to type in Python and in a shell."""

from __future__ import annotations

from ....store import Collection, Store, Version
from ...widgets.text import Line
from .tab import Sheet, Tab, View, lines


def _load(store: Store, subject: Version | Collection) -> Version | Collection:
    return subject


def snippet(subject: Version | Collection) -> str:
    """The Python that uses it, as one would paste it."""
    return f'artifact = run.use_artifact("{_path(subject)}")\nfolder = artifact.download()'


def _path(subject: Version | Collection) -> str:
    if isinstance(subject, Collection):
        return f"{subject.path}:latest"
    named = [alias for alias in subject.aliases if alias != "latest"]
    return f"{subject.entity}/{subject.project}/{subject.collection}:{named[0]}" if named else subject.path


def _draw(subject: Version | Collection, view: View) -> Sheet:
    path = _path(subject)
    said: list[Line] = [
        [(" From Python, with the official client", "head")],
        [],
        [("  import ", "model"), ("wandb", "")],
        [],
        [("  run = wandb.", ""), ("init", "model"), ("()", "")],
        [("  artifact = run.", ""), ("use_artifact", "model"), ('("', ""), (path, "string"), ('")', "")],
        [("  folder = artifact.", ""), ("download", "model"), ("()", "")],
        [],
        [(" Here, without any client", "head")],
        [],
        [("  curatory get ", ""), (path, "string")],
        [],
        [
            (" Y", "key"),
            (" copies the Python   ", "muted"),
            ("y", "key"),
            (" the path   ", "muted"),
            ("d", "key"),
            (" downloads", "muted"),
        ],
    ]
    return Sheet(lines(said))


USE = Tab("use", "Use", (Collection, Version), _load, _draw)

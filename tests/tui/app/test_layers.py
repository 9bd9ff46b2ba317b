"""The app knows the store only by what it hands out, and stored text only by `safe`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import curatory.store as store
import curatory.tui as tui
import pytest

ROOT = Path(tui.__path__[0])
MODULES = sorted(
    path
    for path in ROOT.rglob("*.py")
    if path.relative_to(ROOT).parts[0] not in ("cli", "graph", "__main__.py", "safe.py")
)
DATABASES = {"sqlite3", "pysqlite3", "sqlite_utils", "psycopg"}


def imports(path: Path) -> Iterator[tuple[str, int, list[str]]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module or "", node.level, [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, 0, []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_what_the_store_hands_out_is_imported(path: Path) -> None:
    for module, level, names in imports(path):
        assert module.split(".")[0] not in DATABASES
        if level and module.split(".")[0] == "store":
            assert module == "store", f"{path.name} reaches into {module}"
            assert set(names) <= set(store.__all__)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_reaches_a_widget_as_markup(path: Path) -> None:
    """Static, notify and hits get `Content` made by `content` or `plain`, never a text."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = (
            node.func.id
            if isinstance(node.func, ast.Name)
            else node.func.attr
            if isinstance(node.func, ast.Attribute)
            else ""
        )
        if name in ("Static", "Label", "Button", "Hit", "DiscoveryHit") and node.args:
            assert not isinstance(node.args[0], ast.Constant | ast.JoinedStr), f"{path.name}:{node.lineno}"
        if name == "notify":
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            markup = keywords.get("markup")
            assert isinstance(markup, ast.Constant), f"{path.name}:{node.lineno}"
            assert markup.value is False

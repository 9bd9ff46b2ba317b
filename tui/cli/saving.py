"""`--save FILE`: a plan or a review for somebody to keep, as a JSON document or as a page of Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..safe import clean
from . import documents
from .failure import Refused

if TYPE_CHECKING:
    from ...store import Plan

F = TypeVar("F", bound=Callable[..., Any])


def save_option(what: str) -> Callable[[F], F]:
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option("--save", metavar="FILE", type=kind, help=f"{what}: .json or .md.")


def save_plan(path: Path, found: Plan) -> None:
    from ..reports import plan_markdown

    save_as(path, lambda: plan_markdown(found), lambda: documents.plan(found))


def save_as(path: Path, page: Callable[[], str], document: Callable[[], Any]) -> None:
    """Write what the file's name asks for.

    Raises:
        Refused
    """
    if path.suffix not in (".json", ".md"):
        raise Refused(f"{clean(str(path))} ends neither in .json nor in .md, so it is not known what to write.")
    text = page() if path.suffix == ".md" else json.dumps(document(), indent=2) + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(f"{clean(str(path))} can't be written: {error.strerror}.") from error

"""Progress of long work, on stderr and only where somebody is looking at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..safe import clean
from .output import console, width


@contextmanager
def bytes_bar(what: str) -> Iterator[Callable[[int, int, str], None] | None]:
    """A bar of bytes; yields `progress(done, total, name)`, or None where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(24), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console(sys.stderr, width()), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def progress(done: int, total: int, name: str) -> None:
            label = clean(name.rpartition("/")[2])[:24]
            bar.update(task, completed=done, total=total or None, description=f"{what} {label}".strip())

        yield progress


@contextmanager
def steps_bar(what: str, *, rate: str | None = None) -> Iterator[Callable[[int, int], None] | None]:
    """A bar of steps; yields `progress(done, total)`, or None where nobody looks. `rate`: what is counted a second."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns: list[ProgressColumn] = [
        TextColumn("{task.description}", markup=False),
        BarColumn(24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    ]
    if rate:
        columns.insert(3, TextColumn("{task.fields[speed]}", markup=False))
    with Progress(*columns, console=console(sys.stderr, width()), transient=True) as bar:
        task = bar.add_task(what, total=None, speed="")

        def progress(done: int, total: int) -> None:
            speed = bar.tasks[task].speed
            bar.update(task, completed=done, total=total or None, speed=f"{speed:,.0f} {rate}/s" if speed else "")

        yield progress


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A spinner for work that can't say how far it is."""
    if not sys.stderr.isatty():
        yield
        return
    with console(sys.stderr, width()).status(clean(what)):
        yield

"""What is shown of every change that the app can make, as data: what is pressed, what is said first, what comes of it.

A step is a key; with `'` before it a text that is typed, with `|` one that is pasted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from curatory.store import CuratoryError, Store
from textual import events

from .conftest import Hands, Open

Steps = tuple[str, ...]
Setting = Callable[[Store], object]


def nothing(store: Store) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Change:
    """
    Attributes:
        says: what the dialog shows before anything is written.
        reads: what of the store becomes another.
        first: what is done to the store before the app opens.
        at: keys that lead to where it is done, or mark; pressed once.
        back: keys that lead from where the deed was done to where `u` is pressed.
    """

    name: str
    path: str
    steps: Steps
    says: Steps
    reads: Callable[[Store], Any]
    becomes: Any
    first: Setting = nothing
    by: str = "ana"
    at: Steps = ()
    back: Steps = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """
    Attributes:
        says: the reason, in the dialog or, when none opens, in a toast.
    """

    name: str
    path: str
    steps: Steps
    says: str
    by: str = "ana"
    first: Setting = nothing


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """Between the plan and the deed somebody else does something.

    Attributes:
        says: what the dialog shows then, instead of doing it.
    """

    name: str
    path: str
    steps: Steps
    other: Setting
    says: str
    first: Setting = nothing


def named(one: Change | Refusal | Meanwhile) -> str:
    return one.name


async def take(hands: Hands, steps: Steps) -> None:
    for step in steps:
        if step[0] == "'" and len(step) > 1:
            await hands.type(step[1:])
        elif step[0] == "|" and len(step) > 1:
            hands.app.post_message(events.Paste(step[1:]))  # as a terminal does
            await hands.settle()
        else:
            await hands.press(step)


def value(reads: Callable[[Store], Any], store: Store) -> Any:
    """What the store says; that something is not there is an answer, too."""
    try:
        return reads(store)
    except CuratoryError as error:
        return type(error).__name__


async def lives_through(desk: Open, small: Store, change: Change) -> None:
    """Shown before, nothing written by cancelling, done as shown, said how to take back, undone and redone."""
    change.first(small)
    async with desk(change.path, by=change.by) as hands:
        before, head = value(change.reads, small), small.events.head()
        assert before != change.becomes, "the test would show nothing"
        depth = len(hands.app.screen_stack)
        await take(hands, change.at)
        await take(hands, change.steps)
        for text in change.says:
            assert text in hands.plan
        inner = len(hands.app.screen_stack)
        await hands.press("escape")
        assert len(hands.app.screen_stack) == inner - 1
        while len(hands.app.screen_stack) > depth:
            await hands.press("escape")
        assert small.events.head() == head, "cancelling writes nothing"

        await take(hands, (*change.steps, "ctrl+s"))
        assert len(hands.app.screen_stack) == inner - 1, hands.plan
        assert value(change.reads, small) == change.becomes
        assert any("Done: " in toast and "u takes it back" in toast for toast in hands.toasts)
        await take(hands, change.back)
        assert len(hands.app.screen_stack) == depth

        await hands.press("u")
        assert value(change.reads, small) == before, hands.toasts
        assert any("Undo: " in toast and "U does it again" in toast for toast in hands.toasts)
        await hands.press("U")
        assert value(change.reads, small) == change.becomes, hands.toasts


async def is_refused(desk: Open, small: Store, refusal: Refusal) -> None:
    """The reason is said, and trying it all the same writes nothing."""
    refusal.first(small)
    async with desk(refusal.path, by=refusal.by) as hands:
        head, depth = small.events.head(), len(hands.app.screen_stack)
        await take(hands, refusal.steps)
        if len(hands.app.screen_stack) > depth and hands.app.screen.query("#plan"):
            assert refusal.says in " ".join(hands.plan.split())
            screen = hands.app.screen
            await hands.press("ctrl+s")
            assert hands.app.screen is screen, "it stays open"
            assert refusal.says in " ".join(hands.plan.split())
        else:
            assert any(refusal.says in toast for toast in hands.toasts), hands.toasts
        assert small.events.head() == head


async def is_shown_first(desk: Open, small: Store, meanwhile: Meanwhile) -> None:
    """What somebody does in between is shown before it is done; doing it then does what is shown."""
    meanwhile.first(small)
    async with desk(meanwhile.path) as hands:
        await take(hands, meanwhile.steps)
        assert meanwhile.says not in hands.plan
        meanwhile.other(small)
        head = small.events.head()
        await hands.press("ctrl+s")
        assert small.events.head() == head, "nothing that was not shown is done"
        assert "Somebody has changed this since" in hands.plan
        assert meanwhile.says in hands.plan
        await hands.press("ctrl+s")
        assert small.events.head() > head

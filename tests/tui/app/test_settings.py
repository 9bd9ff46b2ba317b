"""Settings of a registry: who sees it, what it takes, which aliases are protected, who is accountable."""

from __future__ import annotations

import pytest
from curatory.store import Store

from .acting import Change, Meanwhile, Refusal, is_refused, is_shown_first, lives_through, named
from .conftest import Open


def visibility(store: Store) -> str:
    return store.registries.get("secret").visibility


def types(name: str):
    def read(store: Store) -> tuple[bool, tuple[str, ...]]:
        one = store.registries.get(name)
        return one.any_type, one.types

    return read


def protected(store: Store) -> tuple[str, ...]:
    return store.registries.get("model").protected_aliases


def opened(store: Store) -> None:
    store.registries.set_visibility("secret", "organization", confirmed=True)


def prod(store: Store) -> None:
    store.registries.protect("model", "prod")


def many(store: Store) -> None:
    for number in range(8):
        store.users.add(f"p{number}")


def kims(store: Store) -> None:
    store.members.add("secret", "kim", "admin")


def listed(store: Store) -> None:
    store.registries.accept_only("secret", ["model"])


TO_TYPES, TO_PROTECTED, TO_OWNER = ("tab", "tab"), ("tab", "tab", "tab"), ("tab", "tab", "tab", "tab")
CORE_PROTECTED = TO_PROTECTED
CHANGES = [
    Change("opened to the organization", "secret", ("S", "left"), ("will be seen by everybody in the organization", "2 people will newly see it: bo, kim"), visibility, "organization"),
    Change("opened to many", "secret", ("S", "left"), ("10 people will newly see it: bo, kim, p0, p1, p2, p3 and 4 more",), visibility, "organization", first=many),
    Change("shut", "secret", ("S", "right"), ("will be seen by only those who were added", "2 people will no longer see it: bo, kim"), visibility, "restricted", first=opened),
    Change("only some types", "secret", ("S", "tab", "right", "tab", "'model"), ("accepts the type model, for good", "accepts only the types that are listed"), types("secret"), (False, ("model",))),
    Change("every type", "secret", ("S", "tab", "left"), ("accepts every type",), types("secret"), (True, ("model",)), first=listed),
    Change("one more type", "model", ("S", *TO_TYPES, "', onnx"), ("accepts the type onnx, for good",), types("model"), (False, ("model", "onnx"))),
    Change("a protected alias", "model", ("S", *CORE_PROTECTED, "'prod, eu"), ("prod: only admins may move it from now on", "eu: only admins"), protected, ("eu", "prod")),
    Change("no longer protected", "model", ("S", *CORE_PROTECTED, "ctrl+u"), ("prod: every member may move it again",), protected, (), first=prod),
    Change("another owner", "secret", ("S", *TO_OWNER, "ctrl+u", "'kim"), ("kim becomes accountable for secret",), lambda s: s.registries.get("secret").owner, "kim", first=kims),
    Change("several at once, undone as one", "secret", ("S", "left", *TO_PROTECTED, "'prod"), ("will be seen by everybody", "only admins may move it"), lambda s: (visibility(s), s.registries.get("secret").protected_aliases), ("organization", ("prod",))),
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=named)
async def test_settings_are_saved_as_was_shown(desk: Open, small: Store, change: Change) -> None:
    await lives_through(desk, small, change)


REFUSALS = [
    Refusal("nothing new", "secret", ("S",), "Nothing is different yet."),
    Refusal("a member protects", "model", ("S", *CORE_PROTECTED, "'prod"), "needs the role admin", by="kim"),
    Refusal("a member takes a type", "model", ("S", *TO_TYPES, "', onnx"), "needs the role admin", by="kim"),
    Refusal("a restricted viewer", "model", ("S", *CORE_PROTECTED, "'prod"), "needs the role admin", by="bo"),
    Refusal("a core registry hidden", "model", ("S", "right"), "is a core registry and can't be hidden"),
    Refusal("a core registry takes everything", "model", ("S", "tab", "left"), "is a core registry and can't be opened to every type"),
    Refusal("a saved type", "model", ("S", *TO_TYPES, "ctrl+u"), "Cannot remove artifact type: 'model' that has been saved to the registry"),
    Refusal("opened by its admin only", "secret", ("S", "left"), "can't be made visible to the organization", by="kim", first=kims),
    Refusal("an alias that is automatic", "model", ("S", *CORE_PROTECTED, "'v3"), "given automatically"),
    Refusal("an owner who is no member", "secret", ("S", *TO_OWNER, "ctrl+u", "'bo"), "has no role in acme/wandb-registry-secret"),
    Refusal("an owner who is nobody", "secret", ("S", *TO_OWNER, "ctrl+u", "'zoe"), "There is no user 'zoe'"),
    Refusal("of a source project", "vision/labs", ("S",), "only registries have settings"),
]  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS, ids=named)
async def test_settings_are_refused_with_the_reason(desk: Open, small: Store, refusal: Refusal) -> None:
    await is_refused(desk, small, refusal)


MEANWHILE = [
    Meanwhile("somebody comes to the organization", "secret", ("S", "left"), lambda s: s.users.add("zoe"), "3 people will newly see it: bo, kim, zoe"),
    Meanwhile("somebody is added", "secret", ("S", "left"), lambda s: s.members.add("secret", "bo", "viewer"), "1 person will newly see it: kim"),
]  # fmt: skip


@pytest.mark.parametrize("meanwhile", MEANWHILE, ids=named)
async def test_who_newly_sees_it_is_never_somebody_who_was_not_named(
    desk: Open, small: Store, meanwhile: Meanwhile
) -> None:
    await is_shown_first(desk, small, meanwhile)


async def test_settings_by_mouse(desk: Open, small: Store) -> None:
    async with desk("secret") as hands:
        await hands.press("S")
        await hands.click("○ everybody in the organization")
        assert "bo, kim" in hands.plan
        await hands.click("Save  ^s")
        assert visibility(small) == "organization"

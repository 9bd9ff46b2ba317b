"""Webhooks in the app: made, changed and removed, where automations need them; and no secret is ever on the screen."""

from __future__ import annotations

from pathlib import Path

import pytest
from curatory.store import Store, Webhook
from curatory.tui.dialogs.automation import AutomationDialog
from curatory.tui.dialogs.webhooks import WebhookDialog, WebhooksDialog
from curatory.tui.widgets.forms import Picker

from .conftest import Hands, Open


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURATORY_DELIVERY", str(tmp_path / "delivery.toml"))
    monkeypatch.setenv("CURATORY_SECRETS_KEY_FILE", str(tmp_path / "secrets.key"))


async def fill(hands: Hands, *fields: str) -> None:
    """Type into one field after the other; "" leaves one as it is."""
    for text in fields:
        if text:
            await hands.type(text)
        await hands.press("tab")


def unseen(hands: Hands) -> bool:
    return "xyzzy" not in hands.text and "plugh" not in hands.text


async def test_made_in_the_app(desk: Open, small: Store) -> None:
    async with desk("model/detector") as hands:
        await hands.press("A", "w")
        assert isinstance(hands.app.screen, WebhooksDialog)
        assert "There is none yet" in hands.text
        await hands.press("n")
        assert "Give the name" in hands.plan
        await fill(hands, "deploys")
        assert "Give the URL" in hands.plan
        await fill(hands, "", "", "https://ci.example.com/hook", "xyzzy", "plugh")
        assert "makes the webhook acme/deploys" in hands.plan
        assert unseen(hands)
        assert small.integrations.list() == [], "shown, not done"
        await hands.press("ctrl+s")
        (one,) = small.integrations.list()
        assert (one.entity, one.name, one.address) == ("acme", "deploys", "https://ci.example.com/hook")
        assert small.integrations.secrets(one.id) == {"token": "xyzzy", "secret": "plugh"}
        assert isinstance(hands.app.screen, WebhooksDialog)
        assert "https://ci.example.com/hook" in hands.text
        assert "token secret" in hands.text
        assert unseen(hands)
        assert not any("takes it back" in toast for toast in hands.toasts)


async def test_a_teams_and_slacks(desk: Open, small: Store) -> None:
    async with desk("model/detector") as hands:
        await hands.press("A", "w", "n")
        await fill(hands, "chat")
        await hands.press("right")  # the team
        await hands.press("tab", "right", "tab")
        await hands.type("https://hooks.slack.com/services/xyzzy")
        assert unseen(hands)
        await hands.press("ctrl+s")
        (one,) = small.integrations.list()
        assert (one.entity, one.kind, one.address) == ("vision", "slack", "https://hooks.slack.com/…")
        assert small.integrations.secrets(one.id)["url"] == "https://hooks.slack.com/services/xyzzy"
        assert unseen(hands)


async def test_changed_and_what_is_left_empty_stays(desk: Open, small: Store) -> None:
    made = small.integrations.create(None, "deploys", "https://ci.example.com/a", token="xyzzy", secret="plugh")
    async with desk("model/detector") as hands:
        await hands.press("A", "w", "enter")
        assert "Nothing is different yet" in hands.plan
        assert unseen(hands)
        await fill(hands, "-2")
        assert "changes the webhook acme/deploys" in hands.plan
        await hands.press("ctrl+s")
        one = small.integrations.get("deploys-2")
        assert (one.id, one.address) == (made.id, "https://ci.example.com/a")
        assert small.integrations.secrets(one.id) == {"token": "xyzzy", "secret": "plugh"}
        await hands.press("e")
        await fill(hands, "", "", "-")
        await hands.press("ctrl+s")
        assert small.integrations.secrets(one.id) == {"secret": "plugh"}
        await hands.press("e")
        await fill(hands, "", "", "", "xyzzy2")
        await hands.press("ctrl+s")
        assert small.integrations.secrets(one.id)["secret"] == "xyzzy2"
        await hands.press("e")
        await hands.press("tab", "ctrl+u")
        await hands.type("http://example.com")
        assert "https" in hands.plan
        await hands.press("ctrl+s")
        assert small.integrations.get("deploys-2").address == "https://ci.example.com/a"


async def test_removed_unless_it_is_used(desk: Open, small: Store) -> None:
    used = small.integrations.create(None, "deploys", "https://ci.example.com/a")
    small.integrations.create(None, "idle", "https://ci.example.com/b")
    small.automations.create("ship", "model", "alias.add", Webhook(used.id))
    async with desk("model/detector") as hands:
        await hands.press("A", "w", "x")
        assert "ship" in hands.plan, "who uses it"
        await hands.press("ctrl+s")
        assert len(small.integrations.list()) == 2
        await hands.press("escape", "down", "x")
        assert "removes the webhook acme/idle and its secrets, for good" in hands.plan
        await hands.press("ctrl+s")
        assert [one.name for one in small.integrations.list()] == ["deploys"]


async def test_who_is_no_admin_is_told(desk: Open, small: Store) -> None:
    async with desk("model/detector", by="kim") as hands:
        await hands.press("A", "w", "n")
        await fill(hands, "mine", "", "", "https://ci.example.com/a")
        assert "is not allowed to make a webhook" in hands.plan
        await hands.press("ctrl+s")
        assert small.integrations.list() == []


async def test_the_one_that_is_missing_is_made_while_an_automation_is(desk: Open, small: Store) -> None:
    small.integrations.create(None, "another", "https://ci.example.com/b")
    async with desk("model/detector") as hands:
        await hands.press("A", "n")
        await hands.type("ship")
        await hands.press("ctrl+n")
        assert isinstance(hands.app.screen, WebhookDialog)
        await fill(hands, "deploys", "", "", "https://ci.example.com/a")
        await hands.press("ctrl+s")
        assert isinstance(hands.app.screen, AutomationDialog)
        made = small.integrations.get("deploys")
        assert hands.app.screen.query_one("#integration", Picker).value == str(made.id)
        assert "ship" in hands.plan, "what was typed is still there"
        await hands.press("ctrl+s")
        (one,) = small.automations.list()
        assert one.action == Webhook(made.id)

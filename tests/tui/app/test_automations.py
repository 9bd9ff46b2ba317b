"""Automations in the app: made, changed, paused, tested, removed, and their history; and what runs is said before it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from curatory.store import (
    Automation,
    Command,
    CuratoryError,
    Delivery,
    Integration,
    Nothing,
    Slack,
    Store,
    Webhook,
    Worker,
)
from curatory.store.automations.sending import Outcome
from curatory.tui.delivering import Courier
from curatory.tui.dialogs import dialog
from curatory.tui.dialogs.automation import AutomationDialog
from curatory.tui.dialogs.deed import Deed
from curatory.tui.dialogs.delivery import DeliveryDialog, RedeliverDialog
from curatory.tui.screens.automations import AutomationsScreen
from curatory.tui.widgets.forms import Choice, Picker
from curatory.tui.widgets.table import VirtualTable
from textual.widgets import Input, TextArea

from ...store.automations.receiver import Answer, Receiver
from .conftest import BEGIN, Hands, Open
from .test_terminal import HOSTILE

DETECTOR = "model/detector"


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, small: Store) -> Path:
    """The owner of this machine allows loopback; and time goes as it does, or every lease would be over at once."""
    path = tmp_path / "delivery.toml"
    path.write_text("loopback = true\n")
    monkeypatch.setenv("CURATORY_DELIVERY", str(path))
    monkeypatch.setenv("CURATORY_SECRETS_KEY_FILE", str(tmp_path / "secrets.key"))
    began = time.monotonic()
    small.now = lambda: BEGIN + timedelta(hours=2, seconds=time.monotonic() - began)
    return path


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def hook(small: Store, receiver: Receiver) -> Integration:
    return small.integrations.create(None, "deploys", receiver.url, token="t0ken", secret="s3cret")


@pytest.fixture
def deploy(small: Store, hook: Integration) -> Automation:
    """model/detector: prod is deployed."""
    return small.automations.create("deploy", DETECTOR, "alias.add", Webhook(hook.id), pattern="prod")


class Answers:
    """What hosts answer, without asking any: every third is refused."""

    def __init__(self) -> None:
        self.sent = 0

    def post(self, *_: Any) -> Outcome:
        self.sent += 1
        if self.sent % 3:
            return Outcome(True, 202, '{"queued": true}')
        return Outcome(False, 410, "gone", "The host answered 410: gone", again=False)


def automated(store: Store) -> None:
    """Four automations on model/detector, with a history; for pictures, so that nothing is left to be sent."""
    moment = store.now()
    store.now = lambda: moment  # else every lease would be over at once
    hook = store.integrations.create(None, "deploys", "https://ci.acme.example/hooks/registry")
    store.automations.create("deploy", DETECTOR, "alias.add", Webhook(hook.id), pattern="prod*")
    store.automations.create("count links", "model", "version.link", Nothing())
    store.automations.create("golden", "acme", "tag.add", Webhook(hook.id), pattern="golden", enabled=False)
    store.automations.create("warm", DETECTOR, "version.link", Command(("/usr/local/bin/warm", "--gpu", "a100")))
    for number in range(3):
        store.aliases.add(f"{DETECTOR}:v{number}", "prod-eu")
    worker = Worker(store)
    worker._sender = Answers()  # type: ignore[assignment]
    worker.drain()


def screen(hands: Hands) -> AutomationsScreen:
    found = [one for one in hands.app.screen_stack if isinstance(one, AutomationsScreen)]
    return found[0]


async def until(hands: Hands, done: Callable[[], object]) -> None:
    """Wait for what a thread does that nobody here has begun."""
    for _ in range(1_000):
        if done():
            break
        await hands.pilot.pause(0.01)
    assert done(), hands.text
    await hands.settle()


def deliveries(store: Store, one: Automation) -> list[Delivery]:
    return list(store.deliveries.list(one.id))


def pick(hands: Hands, field: str, value: str) -> None:
    """Turn a choice until it says so."""
    choice = hands.app.screen.query_one(f"#{field}", Choice)
    for _ in range(30):
        if choice.value == value:
            return
        choice.action_turn(1)
    raise AssertionError(f"{field} has no {value}")


# -- the screen ---------------------------------------------------------------------------------------------------


async def test_an_empty_screen_teaches_what_an_automation_is(desk: Open) -> None:
    async with desk(DETECTOR) as hands:
        await hands.press("A")
        for text in (
            "No automation watches model/detector yet",
            "waits for a change",
            "n  makes one",
            "w  lists the webhooks",
        ):
            assert text in hands.text
        assert not screen(hands).history.parent.display  # type: ignore[union-attr]
        for key in ("e", "p", "t", "x", "R"):
            await hands.press(key)
        assert all("There is no automation here yet" in toast for toast in hands.toasts)
        assert len(hands.toasts) == 5
        await hands.press("escape")
        assert hands.app.screen is hands.browser


@pytest.mark.parametrize(
    ("path", "keys", "title"),
    [("model", (), "Model"), (DETECTOR, (), DETECTOR), (f"{DETECTOR}:v2", (), DETECTOR), ("model", ("4",), "detector")],
)
async def test_it_opens_on_the_place_where_one_stands(desk: Open, path: str, keys: tuple[str, ...], title: str) -> None:
    async with desk(path) as hands:
        await hands.press(*keys, "A")
        assert f"Automations of {title}" in hands.text or f"/{title}" in hands.text.split("\n")[0]


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (160, 48)])
async def test_the_list_says_what_each_waits_for_and_does(
    desk: Open, small: Store, deploy: Automation, size: tuple[int, int]
) -> None:
    small.automations.create("count", "model", "version.link", Nothing(), enabled=False)
    small.automations.create("run", "acme", "tag.add", Command(("true", "a b")))
    async with desk(DETECTOR, size=size) as hands:
        await hands.press("A")
        for text in ("● on", "○ paused", "deploy", "an alias is added prod", "webhook deploys", "runs true 'a b'"):
            assert text in hands.text
        assert ("all of acme" in hands.text) == (size[0] > 80)
        assert "It has not run yet.  t sends a test." in hands.text
        assert "3 automations · 1 paused" in hands.text


async def test_the_details_say_how_many_watch(desk: Open, deploy: Automation) -> None:
    async with desk(DETECTOR, size=(160, 48)) as hands:
        assert "watched by 1 automation   A shows them" in hands.text


# -- making one ---------------------------------------------------------------------------------------------------


async def test_one_is_made_as_it_was_shown_and_undone(desk: Open, small: Store, hook: Integration) -> None:
    async with desk(DETECTOR) as hands:
        await hands.press("A", "n")
        assert "Give it a name" in hands.plan
        await hands.type("ship it")
        hands.app.screen.query_one("#pattern Input", Input).value = "prod"
        hands.app.screen.query_one("#filter Input", Input).value = "metadata.acc>0.5"
        await hands.settle()
        await hands.until("would have run")
        for text in (
            "makes the automation ship it: when an alias is added prod, metadata.acc>0.5 in model/detector",
            "it sends to the webhook deploys",
            "would have run 1 time in the last 30 days",
            "sends as the last time:",
            '"alias": "prod"',
        ):
            assert text in hands.plan
        head = small.events.head()
        await hands.press("ctrl+s")
        assert isinstance(hands.app.screen, AutomationsScreen)
        assert small.events.head() == head + 1
        made = small.automations.get("ship it")
        assert (made.scope_kind, made.on, made.pattern, made.filter) == (
            "collection", "alias.add", "prod", "metadata.acc>0.5",
        )  # fmt: skip
        assert made.action == Webhook(hook.id)
        assert any(
            "Done: makes the automation ship it" in toast and "u takes it back" in toast for toast in hands.toasts
        )
        assert "more   u" not in hands.toasts[-1]
        assert "ship it" in hands.text
        await hands.press("u")
        assert small.automations.list() == []
        assert any("Undo: made the automation ship it" in toast for toast in hands.toasts)
        await hands.press("U")
        assert small.automations.get("ship it").enabled


async def test_every_kind_can_be_made_for_every_place(desk: Open, small: Store, receiver: Receiver) -> None:
    chat = small.integrations.create(None, "chat", receiver.url, kind="slack")
    async with desk(DETECTOR) as hands:
        await hands.press("A", "n")
        await hands.type("say")
        pick(hands, "kind", "slack")
        pick(hands, "on", "version.link")
        hands.app.screen.query_one("#message", TextArea).text = "by ${event_author}"
        pick(hands, "severity", "WARN")
        await hands.settle()
        await hands.press("ctrl+s")
        said = small.automations.get("say")
        assert said.action == Slack(chat.id, "${artifact_version_string}: ${event_type}", "by ${event_author}", "WARN")

        await hands.press("n")
        await hands.type("run")
        pick(hands, "scope", "acme")
        pick(hands, "kind", "command")
        await hands.settle()
        assert "Give the program" in hands.plan
        hands.app.screen.query_one("#argv", Input).value = "deploy --to 'eu west"
        await hands.settle()
        assert "no whole command yet: No closing quotation" in hands.plan
        hands.app.screen.query_one("#argv", Input).value = "deploy --to 'eu west'"
        await hands.settle()
        await hands.until("commands don't run on this machine")
        await hands.press("ctrl+s")
        run = small.automations.get("run")
        assert (run.scope_kind, run.action) == ("organization", Command(("deploy", "--to", "eu west")))

        await hands.press("n")
        await hands.type("count")
        pick(hands, "kind", "nothing")
        pick(hands, "on", "review.sign_off")
        pick(hands, "scope", small.projects.get("model").path)
        await hands.settle()
        assert not hands.app.screen.query_one("#with-pattern").display
        assert not hands.app.screen.query_one("#with-filter").display
        await hands.press("ctrl+s")
        assert small.automations.get("count").scope_kind == "project"


async def test_without_a_webhook_it_says_how_one_is_made(desk: Open) -> None:
    async with desk(DETECTOR) as hands:
        await hands.press("A", "n")
        await hands.type("ship")
        assert "There is no webhook yet that you may use: ctrl+n makes one." in hands.plan
        pick(hands, "kind", "slack")
        await hands.settle()
        assert "There is no Slack webhook yet" in hands.plan


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("#name", "deploy", "There is an automation 'deploy' already"),
        ("#filter Input", "metadata.acc>", "value"),
        ("#pattern Input", "~(", ""),
        ("#template", '{"a": ${alias}}', "not JSON"),
        ("#template", '{"a": "${nothing}"}', "There is no variable ${nothing}"),
    ],
)
async def test_what_the_store_refuses_is_said_and_nothing_is_written(
    desk: Open, small: Store, deploy: Automation, field: str, text: str, says: str
) -> None:
    async with desk(DETECTOR) as hands:
        await hands.press("A", "n")
        await hands.type("other")
        found = hands.app.screen.query_one(field)
        if isinstance(found, TextArea):
            found.text = text
        else:
            assert isinstance(found, Input)
            found.value = text
        await hands.settle()
        assert says in hands.plan
        assert "makes the automation" not in hands.plan
        head = small.events.head()
        await hands.press("ctrl+s")
        assert isinstance(hands.app.screen, AutomationDialog)
        assert small.events.head() == head


async def test_who_may_not_is_told_why(desk: Open, small: Store, deploy: Automation) -> None:
    small.members.set_role("model", "kim", "viewer")
    async with desk(DETECTOR, by="kim") as hands:
        await hands.press("A", "n")
        assert isinstance(hands.app.screen, AutomationsScreen)
        assert "You are viewer of Models; to create an automation takes the role member" in hands.toasts[-1]
        assert "deploy" in hands.text, "the list is seen"
        assert "is not allowed to" in hands.text, "its history is not"


async def test_a_member_makes_one_for_a_collection_but_not_for_the_registry(desk: Open, small: Store) -> None:
    async with desk(DETECTOR, by="kim") as hands:
        await hands.press("A", "n")
        await hands.type("mine")
        pick(hands, "kind", "nothing")
        await hands.settle()
        assert "makes the automation mine" in hands.plan
        pick(hands, "scope", small.projects.get("model").path)
        await hands.settle()
        assert "that needs the role admin there" in hands.plan


async def test_a_filter_and_a_pattern_are_completed(desk: Open, small: Store, deploy: Automation) -> None:
    small.tags.add(f"{DETECTOR}:v2", "golden")
    async with desk(DETECTOR) as hands:
        await hands.press("A", "n")
        hands.app.screen.query_one("#filter Input", Input).focus()
        await hands.type("type:model me")
        assert "metadata.  a value in its metadata" in hands.text
        await hands.press("tab")
        assert hands.app.screen.query_one("#filter Input", Input).value == "type:model metadata."
        pick(hands, "on", "tag.add")
        await hands.settle()
        hands.app.screen.query_one("#pattern Input", Input).focus()
        await hands.type("gol")
        await hands.press("tab")
        assert hands.app.screen.query_one("#pattern Input", Input).value == "golden"


# -- changing one -------------------------------------------------------------------------------------------------


async def test_one_is_changed_and_changed_back(desk: Open, small: Store, deploy: Automation) -> None:
    async with desk(DETECTOR) as hands:
        await hands.press("A", "e")
        assert "model/detector  stays" in hands.text
        await hands.until("Nothing would change")
        hands.app.screen.query_one("#name", Input).value = "roll out"
        pick(hands, "on", "alias.remove")
        hands.app.screen.query_one("#template", TextArea).text = '{"gone": "${alias}", "t": "${ACCESS_TOKEN}"}'
        await hands.settle()
        await until(hands, lambda: "••••" in hands.plan)
        assert "renames deploy → roll out" in hands.plan
        assert "runs when an alias is removed prod in model/detector now" in hands.plan
        assert "sends something else to the webhook deploys" in hands.plan
        assert "t0ken" not in hands.plan
        await hands.press("ctrl+s")
        changed = small.automations.get("roll out")
        assert (changed.id, changed.on) == (deploy.id, "alias.remove")
        assert isinstance(changed.action, Webhook)
        assert "gone" in changed.action.template
        await hands.press("u")
        assert small.automations.get(deploy.id).name == "deploy"
        assert small.automations.get(deploy.id).action == deploy.action


async def test_opening_an_edit_shows_what_there_is(desk: Open, small: Store, receiver: Receiver) -> None:
    small.integrations.create(None, "another", receiver.url, kind="slack")
    chat = small.integrations.create(None, "chat", receiver.url, kind="slack")
    action = Slack(chat.id, "t ${alias}", "m", "ERROR")
    small.automations.create("say", DETECTOR, "alias.add", action, pattern="p*", filter="tag:x")
    async with desk(DETECTOR) as hands:
        await hands.press("A", "e")
        await hands.until("Nothing would change")
        assert hands.app.screen.query_one(Deed).action() == action
        assert hands.app.screen.query_one("#integration", Picker).value == str(chat.id)


async def test_pausing_is_one_key_and_undone_by_one(desk: Open, small: Store, deploy: Automation) -> None:
    small.automations.create("count", DETECTOR, "version.link", Nothing())
    async with desk(DETECTOR) as hands:
        await hands.press("A", "end", "p")
        assert not small.automations.get("deploy").enabled
        assert "Paused: deploy   u takes it back" in hands.toasts
        assert "○ paused" in hands.text
        await hands.press("u")
        assert small.automations.get("deploy").enabled
        await hands.press("p", "p")
        assert small.automations.get("deploy").enabled
        await hands.press("asterisk", "p")
        assert [one.enabled for one in small.automations.list()] == [False, False]
        await hands.press("u")
        assert [one.enabled for one in small.automations.list()] == [True, True], "marked ones are undone as one"


async def test_removing_is_confirmed_and_undone(desk: Open, small: Store, deploy: Automation) -> None:
    async with desk(DETECTOR) as hands:
        await hands.press("A", "x")
        assert "removes the automation deploy from model/detector; its history stays" in hands.plan
        await hands.press("escape")
        assert small.automations.list() != []
        await hands.press("x", "ctrl+s")
        assert small.automations.list() == []
        assert "No automation watches" in hands.text
        await hands.press("u")
        assert small.automations.get("deploy").id == deploy.id
        assert "deploy" in hands.text


async def test_its_changes_are_told_in_the_history(desk: Open, small: Store, deploy: Automation) -> None:
    small.automations.edit("deploy", enabled=False)
    small.automations.edit("deploy", enabled=True)
    small.automations.edit("deploy", to="ship")
    small.automations.remove("ship")
    async with desk(DETECTOR) as hands:
        await hands.press("H")
        for verb in ("made", "paused", "resumed", "changed", "removed"):
            assert f"{verb} the automation " in hands.text


# -- deliveries ---------------------------------------------------------------------------------------------------


async def test_a_test_is_sent_now_and_its_answer_shown(
    desk: Open, small: Store, deploy: Automation, receiver: Receiver
) -> None:
    async with desk(DETECTOR) as hands:
        await hands.press("A", "t")
        await until(hands, lambda: "Test of deploy: finished (HTTP 200)" in hands.toasts)
        assert receiver.seen[0].json["event_type"] == "ADD_ARTIFACT_ALIAS"
        assert receiver.seen[0].headers["authorization"] == "Bearer t0ken"
        await hands.until("test alias.add")
        await hands.press("enter", "enter")
        assert isinstance(hands.app.screen, DeliveryDialog)
        for text in ("a test of: an alias is added", "✓ finished", "200", '"event_author": "ana"', receiver.url):
            assert text in hands.text
        assert "t0ken" not in hands.text


async def test_a_failed_one_says_why_and_is_sent_again(
    desk: Open, small: Store, deploy: Automation, receiver: Receiver
) -> None:
    receiver.answers = [Answer(404, body=b"no such hook")]
    async with desk(DETECTOR, size=(140, 40)) as hands:
        await hands.press("A", "t")
        await until(hands, lambda: any("failed (HTTP 404)" in toast for toast in hands.toasts))
        await hands.until("✗ failed")
        await hands.until("1 delivery · 1 failed")
        await hands.press("enter", "enter")
        assert "no such hook" in hands.text
        await hands.press("r")
        assert isinstance(hands.app.screen, AutomationsScreen)
        await until(hands, lambda: deliveries(small, deploy)[0].state == "finished")
        await hands.until("✓ finished")
        assert len(receiver.seen) == 2
        await hands.press("r")
        await until(hands, lambda: len(receiver.seen) == 3)


async def test_all_that_failed_is_sent_again_after_saying_how_much_that_is(
    desk: Open, small: Store, deploy: Automation, receiver: Receiver
) -> None:
    receiver.answers = [Answer(410), Answer(410)]
    async with desk(DETECTOR) as hands:
        await hands.press("A", "R")
        assert "None of its deliveries has failed." in hands.text
        await hands.press("ctrl+s", "escape")
        for count in (1, 2):
            await hands.press("t")
            await until(hands, lambda count=count: len(receiver.seen) == count)
            await until(hands, lambda: all(one.state == "failed" for one in deliveries(small, deploy)))
        await hands.press("R")
        assert isinstance(hands.app.screen, RedeliverDialog)
        assert "2 failed deliveries will be sent again" in hands.text
        await hands.press("enter")
        assert isinstance(hands.app.screen, AutomationsScreen), "the safe button has the focus"
        await hands.press("R", "ctrl+s")
        assert "2 deliveries of deploy will be sent again." in hands.toasts
        await until(hands, lambda: [one.state for one in deliveries(small, deploy)] == ["finished", "finished"])


async def test_the_history_is_read_in_pages(desk: Open, small: Store) -> None:
    one = small.automations.create("count", DETECTOR, "version.link", Nothing())
    for _ in range(230):
        small.automations.test(one.id)
    small.engine.execute("UPDATE delivery SET state = 'finished', ready = 0, ended_at = created_at")
    async with desk(DETECTOR) as hands:
        await hands.press("A")
        assert "200+ deliveries" in hands.text
        await hands.press("tab", "end", "end")
        await until(hands, lambda: screen(hands).history.total == 230)
        assert "230 deliveries" in hands.text


# -- delivering while the app is open -----------------------------------------------------------------------------


async def test_what_is_set_off_goes_out_while_the_app_is_open(
    desk: Open, small: Store, deploy: Automation, receiver: Receiver
) -> None:
    async with desk(DETECTOR) as hands:
        assert not hands.app.courier.busy, "nothing to send, so nobody does"
        small.aliases.add(f"{DETECTOR}:v2", "prod")
        await until(hands, lambda: receiver.seen)
        assert receiver.seen[0].json["alias"] == "prod"
        await hands.press("A")
        await hands.until("✓ finished")
        courier = hands.app.courier
        assert courier.busy
    assert not courier.busy, "it ends with the app"


async def test_what_is_pending_is_followed_without_a_key(
    desk: Open, small: Store, deploy: Automation, receiver: Receiver
) -> None:
    receiver.answers = [Answer(wait=0.6)]
    async with desk(DETECTOR) as hands:
        await hands.press("A")
        small.aliases.add(f"{DETECTOR}:v2", "prod")
        await hands.until("… pending")
        await hands.until("✓ finished")


async def test_a_session_without_files_delivers_nothing(
    desk: Open, small: Store, deploy: Automation, receiver: Receiver
) -> None:
    small.aliases.add(f"{DETECTOR}:v2", "prod")
    async with desk(DETECTOR, files=False) as hands:
        await hands.press("A", "t")
        assert "This session delivers nothing" in hands.toasts[-1]
        await hands.pilot.pause(1.2)
        assert not hands.app.courier.busy
        assert "… pending" in hands.text
    assert receiver.seen == []


async def test_rules_that_cannot_be_read_are_said_once(
    desk: Open, small: Store, deploy: Automation, machine: Path, receiver: Receiver
) -> None:
    machine.write_text("loopback = maybe")
    small.aliases.add(f"{DETECTOR}:v2", "prod")
    async with desk(DETECTOR) as hands:
        await until(hands, lambda: any("Automations are not delivered here" in toast for toast in hands.toasts))
        await hands.pilot.pause(1.2)
        assert sum("Automations are not delivered here" in toast for toast in hands.toasts) == 1
        await hands.press("A", "t")
        await until(hands, lambda: "can't be read" in hands.toasts[-1])
        assert len(deliveries(small, deploy)) == 1, "no test is left lying"
    assert receiver.seen == []


def test_a_courier_that_breaks_says_so_once(small: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from curatory.store import Worker

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("\x1b[2J secret")

    monkeypatch.setattr(Worker, "run", broken)
    courier = Courier(small, allowed=True)
    courier.start()
    courier.join()
    said = courier.problem()
    assert "RuntimeError" in said
    assert "secret" not in said
    assert courier.problem() == ""
    assert not courier.wanted()
    courier.stop()


async def test_the_dialog_of_what_is_pending_stays_where_one_reads(
    desk: Open, small: Store, deploy: Automation, receiver: Receiver
) -> None:
    receiver.answers = [Answer(500, body=b"line\n" * 60)]
    small.aliases.add(f"{DETECTOR}:v2", "prod")
    Worker(small).drain()
    async with desk(DETECTOR, files=False, size=(80, 24)) as hands:
        await hands.press("A", "down")
        await until(hands, lambda: screen(hands).history.total == 1)
        await hands.press("tab", "enter")
        dialog_ = hands.app.screen
        assert isinstance(dialog_, DeliveryDialog)
        await hands.press("end")
        there = dialog_.query_one(VirtualTable).scroll_offset.y
        assert there > 0
        dialog_.live()
        await hands.settle()
        assert dialog_.query_one(VirtualTable).scroll_offset.y == there


async def test_the_page_keys_show_all_that_will_come_of_it(desk: Open, small: Store, deploy: Automation) -> None:
    async with desk(DETECTOR, size=(80, 24)) as hands:
        await hands.press("A", "n")
        await hands.type("ship")
        plan = hands.dialog.query_one(".dialog--plan")
        assert "more line" in hands.text
        before = plan.scroll_offset.y
        await hands.press("pagedown")
        assert plan.scroll_offset.y > before
        for _ in range(6):
            await hands.press("pagedown")
        assert "pgup" in hands.text
        assert hands.dialog.query_one("#name", Input).has_focus


async def test_what_one_types_into_stays_in_sight(desk: Open, small: Store) -> None:
    async with desk(DETECTOR, size=(80, 24)) as hands:
        await hands.press("A", "n")
        await hands.type("ship")
        await hands.press("tab", "tab", "tab", "tab", "tab", "right", "right", "tab")
        await hands.type("echo hello")
        assert "echo hello" in hands.text


async def test_the_cursor_goes_to_the_one_that_was_made(desk: Open, small: Store, deploy: Automation) -> None:
    async with desk(DETECTOR, files=False) as hands:
        await hands.press("A", "n")
        await hands.type("zeta")
        await hands.press("tab", "tab", "tab", "tab", "tab", "left", "ctrl+s")
        await until(hands, lambda: len(small.automations.list()) == 2)
        await hands.settle()
        row = screen(hands).table.row
        assert row is not None
        assert row.record.name == "zeta"


async def test_taking_back_says_what_it_sets_off(desk: Open, small: Store) -> None:
    small.automations.create("notify", "model", "alias.remove", Nothing())
    small.aliases.add(f"{DETECTOR}:v2", "best")
    async with desk(f"{DETECTOR}:v2", files=False) as hands:
        await hands.press("Z")
        await until(hands, lambda: "1 automation will run: notify" in hands.text)
        assert small.deliveries.list().items == (), "shown, not done"
        await hands.press("escape", "u")
        assert any("Undo: " in toast and "1 automation will run: notify" in toast for toast in hands.toasts)


# -- what will run is said first ----------------------------------------------------------------------------------


async def test_a_dialog_says_which_automations_will_run(desk: Open, small: Store, deploy: Automation) -> None:
    small.automations.create("notify", "model", "alias.add", Nothing())
    small.automations.create("other", "model", "alias.add", Nothing(), pattern="dev")
    async with desk(f"{DETECTOR}:v2", files=False) as hands:
        await hands.press("a")
        await hands.type("prod")
        lines = hands.plan.split("\n")
        assert lines[-1].endswith("2 automations will run: deploy, notify")
        assert small.deliveries.list(deploy.id).items == (), "shown, not done"
        await hands.press("ctrl+s")
        assert len(deliveries(small, deploy)) == 1
        assert any("Done: moves prod v1 → v2   u" in toast for toast in hands.toasts)


async def test_however_long_a_plan_is_what_will_run_is_in_it(
    desk: Open, small: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.automations.create("notify", "model", "alias.add", Nothing())
    monkeypatch.setattr(dialog, "MOST", 2)
    async with desk(f"{DETECTOR}:v2", files=False) as hands:
        await hands.press("a")
        await hands.type("a, b, c, d")
        lines = hands.plan.split("\n")
        assert len(lines) == 4
        assert "and 2 more of the kind" in lines[2]
        assert "will run: notify" in lines[3]


async def test_one_that_is_new_since_the_plan_is_shown_before_it_runs(desk: Open, small: Store) -> None:
    async with desk(f"{DETECTOR}:v2") as hands:
        await hands.press("a")
        await hands.type("prod")
        assert "will run" not in hands.plan
        small.automations.create("notify", "model", "alias.add", Nothing())
        await hands.press("ctrl+s")
        assert "Somebody has changed this since" in hands.plan
        assert "1 automation will run: notify" in hands.plan


# -- hostile ------------------------------------------------------------------------------------------------------


async def test_hostile_names_and_answers_are_only_text(desk: Open, small: Store, deploy: Automation) -> None:
    hostile = HOSTILE.replace("\0", "").replace("/", "|")
    small.automations.test(deploy.id)
    with small.engine.write():
        small.engine.execute("UPDATE automation SET name = :t", {"t": hostile})
        small.engine.execute("UPDATE integration SET name = :t, address = :t", {"t": hostile})
        small.engine.execute(
            "UPDATE delivery SET state = 'failed', ready = 0, error = :t, response = :t, request = :t, target = :t",
            {"t": hostile},
        )
        small.engine.execute(
            "UPDATE collection SET name = :t WHERE name = 'detector' AND kind = 'portfolio'", {"t": hostile}
        )
    async with desk("model", size=(160, 48)) as hands:
        await hands.press("2", "down")
        if hands.browser.collections.selected.id != deploy.scope_id:
            await hands.press("up")
        await hands.press("A")
        seen = [hands.text]
        for keys in (
            ("n", "x"),
            ("escape",),
            ("e",),
            ("escape",),
            ("x",),
            ("escape",),
            ("enter",),
            ("enter",),
            ("escape",),
            ("R",),
        ):
            await hands.press(*keys)
            seen.append(hands.text)
        assert isinstance(hands.app.screen, RedeliverDialog)
    assert any("pwn" in text for text in seen)
    for text in seen:
        assert "\x1b" not in text
        assert "\x9b" not in text
        assert "[@click=app.quit]" in text or "pwn" not in text


async def test_a_place_that_is_gone_is_said(desk: Open, small: Store, deploy: Automation) -> None:
    async with desk(DETECTOR) as hands:
        await hands.press("A")
        small.collections.remove(DETECTOR, delete_aliases=True)
        hands.app.look_for_changes()
        await until(hands, lambda: any("detector" in toast for toast in hands.toasts))


def test_what_is_not_there_is_not_removed_twice(small: Store, deploy: Automation) -> None:
    small.automations.remove(deploy.id)
    with pytest.raises(CuratoryError):
        small.automations.remove(deploy.id)

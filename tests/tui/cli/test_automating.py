"""Automations and webhooks on the command line: made, tried, sent, looked at, sent again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from curatory.store import File, Store

from ...store.automations.receiver import Answer, Receiver
from .conftest import Cli


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "delivery.toml"
    path.write_text("loopback = true\n")
    monkeypatch.setenv("CURATORY_DELIVERY", str(path))
    monkeypatch.setenv("CURATORY_SECRETS_KEY_FILE", str(tmp_path / "secrets.key"))
    return path


@pytest.fixture
def detector(store: Store) -> Store:
    files = [File("w", 1, "a==", uri="s3://b/a")]
    store.links.add(store.versions.log(files, "net", "model", project="labs", entity="vision"), "model/detector")
    return store


@pytest.fixture
def hook(cli: Cli, detector: Store) -> Iterator[Receiver]:
    with Receiver() as receiver:
        cli("webhook", "add", "deploys", receiver.url, "--token-file", "-", input="t0ken\n")
        yield receiver


def test_made_tried_set_off_sent_and_looked_at(cli: Cli, hook: Receiver, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"ref": "${artifact_version_string}", "key": "${ACCESS_TOKEN}"}')
    made = cli(
        "automation", "create", "deploy", "model", "--on", "alias.add", "--pattern", "prod*", "--webhook", "deploys",
        "--payload", str(body),
    )  # fmt: skip
    assert "made the automation deploy in model" in made.out
    assert "would have run 0 times in the last 30 days" in made.err
    tried = cli("automation", "test", "deploy")
    assert hook.seen[0].json == {"ref": "acme/wandb-registry-model/detector:prod", "key": "t0ken"}
    assert "finished" in tried.out
    assert "t0ken" not in tried.out + tried.err
    foreseen = cli("alias", "add", "model/detector:v0", "prod-eu", "--dry-run")
    assert "it would set off: deploy" in foreseen.err
    done = cli("alias", "add", "model/detector:v0", "prod-eu", "--json")
    assert done.document["automations"] == ["deploy"]
    assert cli("automation", "history", "deploy", "--state", "pending", "--json").document["items"][0]["tries"] == 0
    assert "1 try made" in cli("automation", "work", "--once").err
    assert hook.seen[1].json["ref"] == "acme/wandb-registry-model/detector:prod-eu"
    listed = cli("automation", "history", "--json").document["items"]
    assert [(one["state"], one["test"], one["status"]) for one in listed] == [
        ("finished", False, 200), ("finished", True, 200),
    ]  # fmt: skip
    shown = cli("automation", "history", str(listed[0]["id"]))
    assert "••••" in shown.out
    assert "t0ken" not in shown.out
    assert cli("automation", "work", "--once", "--json").document == {"tries": 0}


def test_what_failed_is_sent_again(cli: Cli, hook: Receiver) -> None:
    cli("automation", "create", "deploy", "model", "--on", "alias.add", "--webhook", "deploys")
    hook.answers = [Answer(404)] * 3
    failed = cli("automation", "test", "deploy", code=1)
    assert "The host answered 404" in failed.err
    for alias in ("a", "b"):
        cli("alias", "add", "model/detector:v0", alias)
        cli("automation", "work", "--once")
    items = cli("automation", "history", "--state", "failed", "--json").document["items"]
    assert len(items) == 3
    assert "1 delivery will be sent again" in cli("automation", "redeliver", str(items[-1]["id"])).out
    assert "would have sent 2 deliveries again" in cli("automation", "redeliver", "deploy", "--failed", "--dry-run").out
    assert len(cli("automation", "history", "--state", "failed", "--json").document["items"]) == 2
    assert "Nobody can be asked" in cli("automation", "redeliver", "deploy", "--failed", code=1).err
    assert cli("automation", "redeliver", "deploy", "--failed", "--yes", "--json").document == {
        "redelivered": 2,
        "dry_run": False,
    }
    cli("automation", "work", "--once")
    assert cli("automation", "history", "--state", "failed", "--json").document["items"] == []
    one = cli("automation", "history", str(items[0]["id"]), "--json").document
    assert (one["asked_by"], [each["status"] for each in one["earlier"]]) == ("ana", [404])
    assert "Earlier tries" in cli("automation", "history", str(items[0]["id"])).out
    assert "numbers that" in cli("automation", "redeliver", "deploy", code=2).err


def test_listed_shown_changed_paused_and_removed(cli: Cli, hook: Receiver) -> None:
    cli("automation", "create", "deploy", "model/detector", "--on", "tag.add", "--webhook", "deploys")
    cli(
        "automation", "create", "watch", "acme", "--on", "role.change", "--pattern", "admin", "--nothing",
        "--description", "누가 admin 이 되나", "--paused",
    )  # fmt: skip
    out = cli("automation", "ls").out
    assert "a version is tagged" in out
    assert "a role changes admin" in out
    assert "paused" in out
    document = cli("automation", "show", "deploy", "--json").document
    assert document["scope"] == {"kind": "collection", "path": "acme/wandb-registry-model/detector"}
    assert document["action"] == {"kind": "webhook", "webhook": "deploys", "payload": None}
    assert json.loads(document["preview"]["payload"])["event_type"] == "ADD_ARTIFACT_TAG"
    assert "With an example" in cli("automation", "show", "deploy").out
    cli("automation", "edit", "deploy", "--name", "배포", "--on", "alias.add", "--filter", "tag:eu")
    assert "an alias is added, tag:eu" in cli("automation", "ls", "model/detector").out
    assert "it was so already" in cli("automation", "edit", "배포", "--on", "alias.add").out
    cli("automation", "pause", "배포")
    cli("automation", "resume", "배포", "watch")
    assert [one["enabled"] for one in cli("automation", "ls", "--json").document["items"]] == [True, True]
    cli("undo")
    assert [one["enabled"] for one in cli("automation", "ls", "--json").document["items"]] == [False, False]
    removed = cli("automation", "rm", "배포", "watch")
    assert "undo: curatory undo" in removed.err
    assert "no automations yet" in cli("automation", "ls").err
    history = cli("history", "--action", "automation").out
    for said in ("made the automation", "changed the automation", "paused", "resumed", "removed"):
        assert said in history


def test_webhooks(cli: Cli, hook: Receiver, tmp_path: Path) -> None:
    url = "https://8.8.8.8/services/T0/B0/xyzzy"
    cli("webhook", "add", "chat", url, "--slack", "--entity", "vision")
    secret = tmp_path / "secret"
    secret.write_text("whsec_bmV3\n")
    assert cli("webhook", "edit", "deploys", "--secret-file", str(secret), "--json").document["result"]["has_secret"]
    out = cli("webhook", "ls").out
    assert "token secret" in out
    assert "xyzzy" not in out
    cli("automation", "create", "tell", "model", "--on", "version.link", "--slack", "chat", "--title", "New ${alias}")
    assert "is used by 1 automation(s): tell" in cli("webhook", "rm", "chat", "--yes", code=1).err
    assert "sealed the secrets of 2 webhooks" in cli("webhook", "rotate-key").out
    assert "Nobody can be asked" in cli("webhook", "rm", "deploys", code=1).err
    cli("webhook", "edit", "deploys", "--no-token", "--name", "deploy hook")
    cli("webhook", "rm", "deploy hook", "--yes")
    history = cli("history", "--action", "webhook").out
    assert "removed the webhook" in history
    assert "xyzzy" not in history


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("--on", "alias.moved", "--nothing"), "none of: version.link"),
        (("--on", "alias.add"), "Say what it does"),
        (("--on", "alias.add", "--nothing", "--webhook", "deploys"), "It does one thing"),
        (("--on", "alias.add", "--slack", "deploys"), "needs a --title"),
        (("--on", "alias.add", "--nothing", "--payload", "x"), "goes with --webhook"),
        (("--on", "alias.add", "--nothing", "--title", "x"), "goes with --slack"),
        (("--on", "alias.add", "--run", "a 'b"), "taken apart"),
    ],
)
def test_what_can_not_be_asked_for(cli: Cli, hook: Receiver, args: tuple[str, ...], says: str) -> None:
    assert says in cli("automation", "create", "x", "model", *args, code=2).err


def test_refusals_say_what_to_do(cli: Cli, hook: Receiver, machine: Path, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"a": ${alias}}')
    create = ("automation", "create", "x", "model", "--on", "alias.add", "--webhook")
    assert "Variables stand inside strings" in cli(*create, "deploys", "--payload", str(body), code=1).err
    assert "can't be read" in cli(*create, "deploys", "--payload", str(tmp_path / "none"), code=1).err
    assert "There is no webhook 'nope'" in cli(*create, "nope", code=1).err
    machine.unlink()
    refused = cli("webhook", "add", "in", hook.url, code=1).err
    assert "loopback = true" in refused
    assert str(machine) in refused
    assert "it is not there" in cli("automation", "rules").err
    machine.write_text("loopbak = true")
    assert "loopbak" in cli("automation", "rules", code=1).err
    machine.write_text('commands = true\nnetworks = ["10.0.0.0/8"]')
    assert cli("automation", "rules", "--json").document == {
        "file": str(machine), "commands": True, "loopback": False, "networks": ["10.0.0.0/8"],
    }  # fmt: skip


def test_work_sends_what_comes_until_it_is_told_to_end(cli: Cli, hook: Receiver, url: str) -> None:
    cli("automation", "create", "deploy", "model", "--on", "alias.add", "--webhook", "deploys")
    process = subprocess.Popen(
        [sys.executable, "-m", "curatory.tui", "--store", url, "--as", "ana", "automation", "work"],
        env=dict(os.environ), stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr
        assert "ctrl+c ends it" in process.stderr.readline()
        cli("alias", "add", "model/detector:v0", "prod")
        for _ in range(600):
            if hook.seen:
                break
            try:
                process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
        assert [request.json["alias"] for request in hook.seen] == ["prod"]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        assert process.stderr
        process.stderr.close()
    assert cli("automation", "history", "--json").document["items"][0]["state"] == "finished"

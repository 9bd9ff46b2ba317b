"""Webhooks and their secrets: sealed, never shown, rotated without loss, bound to their row."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from curatory.store import Conflict, Forbidden, Integration, Invalid, Locked, NotFound, Store, Webhook, Worker
from curatory.store.automations.vault import Vault

from .receiver import Answer, Receiver

SECRETS = ("t0ken", "whsec_c2VjcmV0c2VjcmV0", "n3w-secret")


def everything(store: Store) -> str:
    """All that the database holds, as text."""
    if store.engine.name == "sqlite":
        tables = [name for (name,) in store.engine.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    else:
        tables = [
            name for (name,) in store.engine.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        ]
    return "\n".join(repr(row) for table in tables for row in store.engine.rows(f"SELECT * FROM {table}"))


def test_secrets_are_nowhere_but_sealed(
    linked: Store, hook: Integration, receiver: Receiver, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    template = '{"token": "${ACCESS_TOKEN}", "secret": "${SECRET_NAME}"}'
    linked.automations.create("a", "model", "alias.add", Webhook(hook.id, template))
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    assert receiver.seen[0].json == {"token": "t0ken", "secret": SECRETS[1]}
    linked.integrations.edit("deploys", secret=SECRETS[2])
    linked.aliases.add("model/detector:v1", "prod")
    worker.drain()
    assert receiver.seen[1].json["secret"] == SECRETS[2]
    kept = everything(linked) + caplog.text + repr(linked.integrations.get("deploys"))
    kept += repr(linked.deliveries.list()) + repr(linked.automations.list())
    assert not [secret for secret in SECRETS if secret in kept]
    event = linked.events.of(actions="webhook").items[0]
    assert event.detail["changed"] == ["secret"]


def test_the_key_is_its_owners_alone(hook: Integration, linked: Store) -> None:
    path = linked.integrations.vault.path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_the_key_nothing_is_sent_and_it_says_so(
    linked: Store, hook: Integration, receiver: Receiver, worker: Worker
) -> None:
    linked.automations.create("a", "model", "alias.add", Webhook(hook.id))
    path = linked.integrations.vault.path
    kept = path.read_text()
    path.unlink()
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    (delivery,) = linked.deliveries.list()
    assert (delivery.state, delivery.tries) == ("pending", 0), "the key may come"
    assert "Copy it" in delivery.error
    with pytest.raises(Locked, match="Copy it"):
        linked.integrations.create(None, "second", receiver.url, token="x")
    with pytest.raises(Locked):
        linked.integrations.edit("deploys", token="x")
    path.write_text(Fernet.generate_key().decode())
    with pytest.raises(Locked, match="does not open"):
        linked.integrations.edit("deploys", token="x")
    path.write_text("no key\n")
    with pytest.raises(Locked, match="can't be read"):
        linked.integrations.edit("deploys", token="x")
    path.write_text(kept)
    assert linked.integrations.edit("deploys", token="x").has_token


def test_a_lost_key_is_left_behind_with_the_webhooks_that_it_sealed(linked: Store, hook: Integration, receiver) -> None:
    linked.integrations.vault.path.unlink()
    linked.integrations.remove("deploys")
    made = linked.integrations.create(None, "deploys", receiver.url, token="new")
    assert linked.integrations.secrets(made.id) == {"token": "new"}


def test_the_key_is_rotated_without_loss(linked: Store, hook: Integration, receiver: Receiver) -> None:
    second = linked.integrations.create("vision", "second", receiver.url, token="zwei")
    linked.integrations.create("vision", "plain", receiver.url)
    path = linked.integrations.vault.path
    old, sealed = path.read_text(), linked.engine.value("SELECT sealed FROM integration WHERE id = :i", {"i": hook.id})
    assert linked.integrations.rotate_key() == 2
    assert len(path.read_text().split()) == 1
    assert path.read_text() != old
    assert linked.integrations.secrets(hook.id) == {"token": SECRETS[0], "secret": SECRETS[1]}
    assert linked.integrations.secrets(second.id) == {"token": "zwei"}
    path.write_text(old)
    with pytest.raises(Locked):
        linked.integrations.secrets(hook.id)
    assert sealed


def test_a_crash_in_the_middle_of_a_rotation_leaves_both_keys(
    linked: Store, hook: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(self: Vault, owner: int, sealed: str) -> None:
        raise RuntimeError("power is gone")

    with monkeypatch.context() as patch:
        patch.setattr(Vault, "open", breaks)
        with pytest.raises(RuntimeError):
            linked.integrations.rotate_key()
    assert len(linked.integrations.vault.path.read_text().split()) == 2
    assert linked.integrations.secrets(hook.id)["token"] == SECRETS[0]
    assert linked.integrations.rotate_key() == 1
    assert linked.integrations.secrets(hook.id)["token"] == SECRETS[0]


def test_a_key_in_the_environment(linked: Store, hook: Integration, monkeypatch: pytest.MonkeyPatch) -> None:
    old = linked.integrations.vault.path.read_text().strip()
    monkeypatch.setenv("CURATORY_SECRETS_KEY", old)
    with pytest.raises(Invalid, match="put a new one before it"):
        linked.integrations.rotate_key()
    new = Fernet.generate_key().decode()
    monkeypatch.setenv("CURATORY_SECRETS_KEY", f"{new},{old}")
    assert linked.integrations.rotate_key() == 1
    monkeypatch.setenv("CURATORY_SECRETS_KEY", new)
    assert linked.integrations.secrets(hook.id)["token"] == SECRETS[0]


def test_sealed_text_opens_for_its_own_row_only(linked: Store, hook: Integration, receiver: Receiver) -> None:
    other = linked.integrations.create("vision", "other", receiver.url, token="x")
    linked.engine.execute(
        "UPDATE integration SET sealed = (SELECT sealed FROM integration WHERE id = :a) WHERE id = :b",
        {"a": hook.id, "b": other.id},
    )
    with pytest.raises(Locked, match="another webhook"):
        linked.integrations.secrets(other.id)


def test_who_makes_and_who_uses_them(linked: Store, hook: Integration, receiver: Receiver) -> None:
    for user in ("kim", "lee"):
        linked.users.add(user)
    linked.teams.set_member("vision", "kim", "admin")
    linked.teams.set_member("vision", "lee", "member")
    kim, lee = map(linked.as_actor, ("kim", "lee"))
    kim.integrations.create("vision", "teams", receiver.url)
    for entity in (None, "acme"):
        with pytest.raises(Forbidden):
            kim.integrations.create(entity, "x", receiver.url)
    with pytest.raises(Forbidden):
        lee.integrations.create("vision", "x", receiver.url)
    assert [one.name for one in lee.integrations.list()] == ["deploys", "teams"]
    with pytest.raises(Forbidden):
        lee.integrations.edit("teams", token="x")
    linked.teams.create("sound")
    linked.users.add("zoe")
    assert [one.name for one in linked.as_actor("zoe").integrations.list()] == ["deploys"]
    with pytest.raises(NotFound):
        linked.as_actor("zoe").integrations.get("teams")


def test_names_and_removal(linked: Store, hook: Integration, receiver: Receiver) -> None:
    with pytest.raises(Conflict, match="already"):
        linked.integrations.create(None, "deploys", receiver.url)
    linked.integrations.create("vision", "deploys", receiver.url)
    with pytest.raises(Invalid, match=r"acme/deploys, vision/deploys"):
        linked.integrations.get("deploys")
    assert linked.integrations.get("vision/deploys").entity == "vision"
    for name in ("", "a/b", "a  ", "-" * 65, "a\nb", "a.b"):
        if name.strip() == "a":
            continue
        with pytest.raises(Invalid, match="no name for a webhook"):
            linked.integrations.create(None, name, receiver.url)
    linked.automations.create("uses it", "model", "alias.add", Webhook(hook.id))
    with pytest.raises(Conflict, match="uses it"):
        linked.integrations.remove("acme/deploys")
    linked.automations.remove("uses it")
    linked.integrations.remove("acme/deploys")
    assert linked.engine.value("SELECT sealed FROM integration WHERE id = :i", {"i": hook.id}) == ""
    with pytest.raises(Invalid, match="can't be taken back"):
        linked.undo.undo(linked.events.head())
    linked.undo.undo()  # the automation, whose webhook is gone
    linked.aliases.add("model/detector:v0", "prod")
    Worker(linked).drain()
    (delivery,) = linked.deliveries.list()
    assert (delivery.state, delivery.error) == ("failed", "Its webhook was removed.")


@pytest.mark.parametrize("value", ["a\nb", "x" * 5000, "\x00", "tok "])
def test_a_secret_is_one_line(linked: Store, receiver: Receiver, value: str) -> None:
    with pytest.raises(Invalid, match="one line"):
        linked.integrations.create(None, "x", receiver.url, token=value)
    with pytest.raises(Invalid, match="one line"):
        linked.integrations.create(None, "x", receiver.url, secret=value)


def test_events_name_it_and_are_not_undone(linked: Store, hook: Integration) -> None:
    event = linked.events.get(linked.events.head())
    assert (event.action, event.subject) == ("webhook.create", "acme/deploys")
    with pytest.raises(Invalid):
        linked.undo.undo(event.seq)
    assert json.dumps(dict(event.after))
    assert linked.audit.verify().ok


def test_the_place_of_the_key(linked: Store, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CURATORY_SECRETS_KEY_FILE")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert linked.integrations.vault.path == tmp_path / "config/curatory/secrets" / f"{linked.id}.key"


def test_a_rotation_whose_commit_fails_loses_nothing(
    linked: Store, hook: Integration, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(linked.engine, "_commit", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            linked.integrations.rotate_key()
    assert linked.integrations.secrets(hook.id)["token"] == SECRETS[0]


def test_an_address_goes_to_another_host_without_the_secrets_of_the_old(
    linked: Store, hook: Integration, receiver: Receiver
) -> None:
    moved = receiver.url.replace("/hook", "/other?key=s3cretkey")
    linked.integrations.edit("deploys", url=moved)
    with Receiver() as other:
        for given in ({}, {"token": "new"}, {"secret": "new"}):
            with pytest.raises(Invalid, match="were given for the old one"):
                linked.integrations.edit("deploys", url=other.url, **given)
        linked.integrations.edit("deploys", url=other.url, token="new", secret="")
    assert linked.integrations.secrets(hook.id)["token"] == "new"
    assert "s3cretkey" not in repr(linked.events.of().items)


def test_what_a_host_repeats_of_a_secret_is_masked(linked: Store, worker: Worker) -> None:
    with Receiver(by=lambda request: Answer(200, body=request.headers["authorization"].encode())) as echo:
        hook = linked.integrations.create(None, "echo", echo.url, token="t0ken")
        linked.automations.create("a", "model", "alias.add", Webhook(hook.id))
        linked.aliases.add("model/detector:v0", "prod")
        worker.drain()
    (delivery,) = linked.deliveries.list()
    assert delivery.response == "Bearer ••••"


def test_events_of_an_organizations_automations_are_that_organizations(linked: Store, hook: Integration) -> None:
    linked.automations.create("all", "acme", "alias.add", Webhook(hook.id, '{"x": "template"}'))
    linked.organizations.create("umbrella")
    linked.users.add("zoe", organization="umbrella")
    linked.users.add("kim", organization="acme")
    for name, sees in (("zoe", 0), ("kim", 2)):
        events = linked.as_actor(name).events
        assert len([*events.of(actions="automation"), *events.of(actions="webhook")]) == sees

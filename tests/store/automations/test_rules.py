"""Where a webhook may go, attacked: forms of addresses, names that resolve elsewhere, redirects, other protocols."""

from __future__ import annotations

import ipaddress
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from curatory.store import Invalid, NotAllowed, Rules, Store, Webhook, Worker, read_rules
from curatory.store.automations import rules as rules_module
from curatory.store.automations.rules import check_address, check_url, resolve
from curatory.store.automations.sending import Sender

from ...conftest import Clock
from .receiver import Answer, Receiver

STRICT = Rules()
NOW = datetime(2026, 1, 1, tzinfo=UTC)

# Every way to write an address of this machine or its networks that somebody has tried.
INSIDE = (
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fd12::1",
    "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:7f00:1", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::1",
    "2001:db8::1", "fec0::1", "168.63.129.16", "192.0.0.192", "192.88.99.1", "3fff::1", "::ffff:0:127.0.0.1", "::ffff:169.254.169.254",
)  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_no_private_address_is_reached(address: str) -> None:
    with pytest.raises(NotAllowed):
        check_address(ipaddress.ip_address(address), "https", STRICT)
    written = f"[{address}]" if ":" in address else address
    with pytest.raises(NotAllowed):
        check_url(f"https://{written}/hook", STRICT)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_by_https_only(address: str) -> None:
    check_address(ipaddress.ip_address(address), "https", STRICT)
    with pytest.raises(NotAllowed, match="by https"):
        check_address(ipaddress.ip_address(address), "http", Rules(loopback=True))


def test_a_network_that_the_owner_lists_is_reached_by_https_alone() -> None:
    rules = Rules(networks=(ipaddress.ip_network("10.1.0.0/16"),))
    check_address(ipaddress.ip_address("10.1.2.3"), "https", rules)
    check_address(ipaddress.ip_address("::ffff:10.1.2.3"), "https", rules)
    for address, scheme in (("10.2.0.1", "https"), ("10.1.2.3", "http"), ("127.0.0.1", "https")):
        with pytest.raises(NotAllowed):
            check_address(ipaddress.ip_address(address), scheme, rules)


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "017700000001", "localhost", "127.0.0.1.", "0"]
)
def test_odd_spellings_of_loopback_are_what_they_lead_to(host: str) -> None:
    """The system's own resolver takes most of them for 127.0.0.1; what it can't read leads nowhere."""
    with pytest.raises((NotAllowed, OSError)):
        resolve(host, 443, "https", STRICT)


def looked_up(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A name server of the attacker's: the names below evil.test lead wherever it says, each time anew.

    The resolver is stood in for, since a test can't have a name server of its own; everything behind it is real.
    """
    asked: list[str] = []
    real = socket.getaddrinfo

    def answer(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if not str(host).endswith("evil.test"):
            return real(host, port, *args, **kwargs)
        asked.append(str(host))
        found = answers[min(len(asked), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found]

    monkeypatch.setattr(rules_module.socket, "getaddrinfo", answer)
    return asked


def test_a_name_that_leads_inside_is_not_connected_to(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    looked_up(monkeypatch, ["127.0.0.1"])
    outcome = Sender(STRICT).post(f"https://hook.evil.test:{receiver.port}/", b"{}", {}, NOW)
    assert not outcome.ok
    assert outcome.elsewhere
    assert "machine that delivers" in outcome.error
    assert receiver.seen == []


def test_a_name_that_changes_between_look_and_connection_gains_nothing(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    """What was looked at is what is connected to: the name is asked for once."""
    asked = looked_up(monkeypatch, ["192.0.2.1"], ["127.0.0.1"])
    check_url(f"https://hook.evil.test:{receiver.port}/", STRICT)
    assert asked == []
    outcome = Sender(STRICT).post(f"https://hook.evil.test:{receiver.port}/", b"{}", {}, NOW)
    assert not outcome.ok
    assert len(asked) == 1
    assert receiver.seen == []


def test_of_several_addresses_only_the_allowed_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up(monkeypatch, ["127.0.0.1", "8.8.8.8", "10.0.0.1"])
    assert resolve("a.evil.test", 443, "https", STRICT) == ["8.8.8.8"]


def test_a_plain_name_goes_by_http_nowhere(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    looked_up(monkeypatch, ["8.8.8.8"])
    outcome = Sender(Rules(loopback=True)).post(f"http://a.evil.test:{receiver.port}/", b"{}", {}, NOW)
    assert "by https" in outcome.error


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(linked: Store, worker: Worker, status: int) -> None:
    with Receiver() as inside, Receiver(Answer(status, {"Location": inside.url})) as outside:
        hook = linked.integrations.create(None, "out", outside.url)
        linked.automations.create("a", "model", "alias.add", Webhook(hook.id))
        linked.aliases.add("model/detector:v0", "prod")
        worker.drain()
        (delivery,) = linked.deliveries.list()
        assert delivery.state == "failed"
        assert delivery.tries == 1
        assert "redirects are not followed" in delivery.error
        assert len(outside.seen) == 1
        assert inside.seen == []


def test_a_rule_that_was_tightened_holds_and_leaves_it_to_other_machines_for_an_hour(
    linked: Store, receiver: Receiver, machine: Path, clock: Clock
) -> None:
    hook = linked.integrations.create(None, "in", receiver.url)
    linked.automations.create("a", "model", "alias.add", Webhook(hook.id))
    linked.aliases.add("model/detector:v0", "prod")
    said = machine.read_text()
    machine.unlink()
    worker = Worker(linked)
    for _ in range(9):
        worker.drain()
        clock.forward(minutes=2)
    (delivery,) = linked.deliveries.list()
    assert (delivery.state, delivery.tries) == ("pending", 0)
    assert "loopback = true" in delivery.error
    assert receiver.seen == []
    clock.forward(hours=1)
    worker.drain()
    assert linked.deliveries.get(delivery.id).state == "failed"
    machine.write_text(said)
    linked.deliveries.redeliver(delivery.id)
    worker.drain()
    assert linked.deliveries.get(delivery.id).state == "pending", "redelivered, it has its hour again"
    clock.forward(minutes=2)
    Worker(linked).drain()
    assert linked.deliveries.get(delivery.id).state == "finished"


def test_proxies_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, receiver: Receiver, linked: Store
) -> None:
    with Receiver() as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy.port}")
        outcome = Sender(Rules(loopback=True)).post(receiver.url, b"{}", {}, NOW)
        assert outcome.ok
        assert proxy.seen == []


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("ftp://host/x", "looks like https"),
        ("file:///etc/passwd", "looks like https"),
        ("https://", "looks like https"),
        ("host/x", "looks like https"),
        ("https://user:pw@8.8.8.8/", "no user or password"),
        ("https://host:99999/", "is not a URL"),
        ("https://ho st/", "no spaces"),
        ("https://host/\r\nX: y", "no spaces"),
        ("http://hooks.example.com/", "by https"),
        ("https://[::1", "is not a URL"),
    ],
)
def test_a_url_that_is_none_is_refused_when_it_is_given(written: str, says: str, linked: Store) -> None:
    with pytest.raises(Invalid, match=says):
        check_url(written, STRICT)
    with pytest.raises(Invalid):
        linked.integrations.create(None, "x", written)
    assert linked.integrations.list() == []


def test_the_file_of_the_owner(machine: Path) -> None:
    machine.write_text('networks = ["10.0.0.0/8", "fd00::/8"]\n')
    found = read_rules()
    assert (found.loopback, found.commands, len(found.networks)) == (False, False, 2)
    machine.unlink()
    assert read_rules() == Rules(path=machine)
    for text, says in (
        ("loopback = 1", "true or false"),
        ('networks = "10.0.0.0/8"', "is a list"),
        ('networks = ["10.0.0.1/8"]', "is no network"),
        ("comands = true", "it can have"),
        ("= 1", "can't be read"),
    ):
        machine.write_text(text)
        with pytest.raises(Invalid, match=says):
            read_rules()


def test_commands_run_only_where_the_owner_lets_them(machine: Path, tmp_path: Path) -> None:
    target = tmp_path / "ran"
    argv = ["/bin/sh", "-c", f"touch {target}"]
    outcome = Sender(Rules(path=machine)).run(argv, b"", {})
    assert not outcome.ok
    assert outcome.elsewhere
    assert "commands = true" in outcome.error
    assert not target.exists()
    assert Sender(Rules(commands=True)).run(argv, b"", {}).ok
    assert target.exists()

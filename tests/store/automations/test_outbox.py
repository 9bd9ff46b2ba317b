"""Deliveries: written with what they announce, sent in order, tried again, given up, and sent anew when asked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from curatory.store import (
    Command,
    Delivery,
    Forbidden,
    Integration,
    Invalid,
    NotFound,
    Nothing,
    Slack,
    Store,
    Webhook,
    Worker,
    open_store,
)
from curatory.store import clock as store_clock
from curatory.store.automations import claims, sending
from curatory.store.clock import from_text, system_clock
from standardwebhooks import Webhook as Standard
from standardwebhooks import WebhookVerificationError

from ...conftest import Clock
from .receiver import Answer, Receiver


@pytest.fixture
def deploy(hook: Integration, linked: Store) -> int:
    """The number of an automation: an alias added in Models goes to the webhook."""
    return linked.automations.create("deploy", "model", "alias.add", Webhook(hook.id)).id


def all_of(store: Store) -> list[Delivery]:
    return list(store.deliveries.list(limit=1000).items)[::-1]


def test_a_change_and_its_delivery_are_there_together_or_not_at_all(deploy: int, linked: Store) -> None:
    with pytest.raises(RuntimeError), linked.engine.write():  # noqa: PT012
        linked.aliases.add("model/detector:v0", "prod")
        assert len(all_of(linked)) == 1
        raise RuntimeError
    assert all_of(linked) == []
    with pytest.raises(Invalid), linked.batch():  # noqa: PT012
        linked.aliases.add("model/detector:v0", "prod")
        linked.aliases.add("model/detector:v0", "v7")
    assert all_of(linked) == []
    linked.aliases.add("model/detector:v0", "prod")
    (delivery,) = all_of(linked)
    assert delivery.event == linked.events.head()
    assert linked.events.get(linked.events.head()).action == "alias.add"


def test_a_rehearsal_says_what_would_run_and_writes_nothing(deploy: int, linked: Store) -> None:
    with linked.rehearsal() as changes:
        linked.aliases.add("model/detector:v0", "prod")
    assert [change.fires for change in changes] == [["deploy"]]
    assert all_of(linked) == []


def test_what_arrives_is_signed_in_both_ways(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked.aliases.add("model/detector:v0", "prod")
    assert worker.drain() == 1
    (request,) = receiver.seen
    assert request.headers["authorization"] == "Bearer t0ken"
    assert request.headers["content-type"] == "application/json"
    secret = "whsec_c2VjcmV0c2VjcmV0"
    expected = base64.b64encode(hmac.new(secret.encode(), request.body, hashlib.sha256).digest()).decode()
    assert request.headers["x-wandb-signature"] == expected
    # The test's clock is not today's, which the library would hold against it.
    monkeypatch.setattr(Standard, "_Webhook__verify_timestamp", lambda self, stamp: _time(stamp), raising=False)
    assert Standard(secret).verify(request.body.decode(), dict(request.headers)) == request.json
    with pytest.raises(WebhookVerificationError):
        Standard("whsec_b3RoZXI=").verify(request.body.decode(), dict(request.headers))
    assert request.json["event_type"] == "ADD_ARTIFACT_ALIAS"
    assert request.json["artifact_version_string"] == "acme/wandb-registry-model/detector:prod"
    (delivery,) = all_of(linked)
    assert (delivery.state, delivery.tries, delivery.status, delivery.response) == ("finished", 1, 200, "ok")
    assert json.loads(delivery.request) == request.json


def _time(stamp: str):
    from datetime import UTC, datetime

    return datetime.fromtimestamp(float(stamp), tz=UTC)


def test_a_secret_that_was_replaced_signs_beside_the_new_one_for_a_day(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Standard, "_Webhook__verify_timestamp", lambda self, stamp: _time(stamp), raising=False)
    linked.integrations.edit("deploys", secret="whsec_bmV3bmV3")
    linked.aliases.add("model/detector:v0", "one")
    worker.drain()
    clock.forward(days=2)
    linked.aliases.add("model/detector:v0", "two")
    worker.drain()
    first, second = receiver.seen
    for secret in ("whsec_bmV3bmV3", "whsec_c2VjcmV0c2VjcmV0"):
        Standard(secret).verify(first.body.decode(), dict(first.headers))
    Standard("whsec_bmV3bmV3").verify(second.body.decode(), dict(second.headers))
    with pytest.raises(WebhookVerificationError):
        Standard("whsec_c2VjcmV0c2VjcmV0").verify(second.body.decode(), dict(second.headers))


def test_a_webhook_without_a_secret_is_named_and_not_signed(linked: Store, worker: Worker, receiver: Receiver) -> None:
    plain = linked.integrations.create("vision", "plain", receiver.url)
    linked.automations.create("a", "model", "alias.add", Webhook(plain.id))
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    headers = receiver.seen[0].headers
    assert headers["webhook-id"].startswith("msg_")
    assert not headers.keys() & {"authorization", "webhook-signature", "x-wandb-signature"}


@pytest.mark.parametrize("answer", [Answer(500), Answer(503), Answer(429), Answer(408), Answer(hang_up=True)])
def test_five_tries_each_later_than_the_one_before(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver, clock: Clock, answer: Answer
) -> None:
    receiver.answers = [answer] * 9
    linked.aliases.add("model/detector:v0", "prod")
    waits: list[float] = []
    for number in range(1, 5):
        assert worker.drain() == 1
        (delivery,) = all_of(linked)
        assert (delivery.state, delivery.tries) == ("pending", number)
        assert delivery.due
        waits.append((delivery.due - clock.time).total_seconds())
        assert worker.drain() == 0, "not before its time"
        clock.forward(seconds=waits[-1] + 1)
    assert worker.drain() == 1
    (delivery,) = all_of(linked)
    assert (delivery.state, delivery.tries, delivery.due) == ("failed", 5, None)
    assert len(receiver.seen) == 5
    assert len({request.id for request in receiver.seen}) == 1, "a receiver knows it again"
    for wait, about in zip(waits, (5, 25, 125, 625), strict=True):
        assert about * 0.75 - 1 <= wait <= about * 1.25 + 1
    clock.forward(days=1)
    assert worker.drain() == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_what_no_other_try_would_mend_fails_at_once(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver, status: int
) -> None:
    receiver.answers = [Answer(status, body=b"no such thing")]
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    (delivery,) = all_of(linked)
    assert (delivery.state, delivery.tries, delivery.status) == ("failed", 1, status)
    assert delivery.response == "no such thing"
    assert str(status) in delivery.error


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [("1800", 1790, 1810), ("999999", 3590, 3610), ("Thu, 01 Jan 2026 09:30:00 GMT", 1600, 1810), ("soon", 0, 8)],
)
def test_a_host_that_asks_for_time_gets_it(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver, clock: Clock, asked: str, least: int, most: int
) -> None:
    receiver.answers = [Answer(429, {"Retry-After": asked})]
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    (delivery,) = all_of(linked)
    assert delivery.due
    assert least <= (delivery.due - clock.time).total_seconds() <= most


def test_a_host_that_hangs_or_drips_is_given_up_in_time(
    deploy: int, linked: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LONGEST", 0.5)
    worker = Worker(linked)
    receiver.answers = [Answer(wait=3), Answer(body=b"x" * 100, drip=0.1)]
    linked.aliases.add("model/detector:v0", "prod")
    linked.aliases.add("model/detector:v1", "next")
    worker.drain()
    first, second = all_of(linked)
    assert "did not answer" in first.error
    assert first.state == "pending"
    assert second.tries == 0, "it waits for the first"


def test_a_long_answer_is_not_read_to_its_end(deploy: int, linked: Store, worker: Worker, receiver: Receiver) -> None:
    receiver.answers = [Answer(body=b"x" * 10_000_000)]
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    (delivery,) = all_of(linked)
    assert delivery.state == "finished"
    assert delivery.response == "x" * sending.KEPT


def test_order_is_kept_within_a_collection_and_others_do_not_wait(
    deploy: int, linked: Store, logged: Callable, worker: Worker, receiver: Receiver, clock: Clock
) -> None:
    linked.links.add(logged("0"), "model/other")
    receiver.answers = [Answer(500)]
    for number in range(4):
        linked.aliases.add("model/detector:v0", f"a{number}")
    worker.drain()
    linked.aliases.add("model/other:v0", "b")
    worker.drain()
    assert [request.json["alias"] for request in receiver.seen] == ["a0", "b"]
    clock.forward(minutes=1)
    while worker.drain():
        pass
    assert [request.json["alias"] for request in receiver.seen] == ["a0", "b", "a0", "a1", "a2", "a3"]
    assert {one.state for one in all_of(linked)} == {"finished"}


def test_after_a_failure_the_next_of_the_collection_goes_on(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver
) -> None:
    receiver.answers = [Answer(404)]
    linked.aliases.add("model/detector:v0", "one")
    linked.aliases.add("model/detector:v0", "two")
    worker.drain()
    assert [one.state for one in all_of(linked)] == ["failed", "finished"]


def test_a_dead_host_is_left_alone_and_found_again(
    linked: Store, logged: Callable, worker: Worker, clock: Clock
) -> None:
    for number in range(8):
        linked.links.add(logged("0"), f"model/c{number}")
    with Receiver() as gone:
        url = gone.url
    hook = linked.integrations.create(None, "dead", url)
    linked.automations.create("a", "model", "alias.add", Webhook(hook.id))
    for number in range(8):
        linked.aliases.add(f"model/c{number}:v0", "prod")
    worker.drain()
    tries = [one.tries for one in all_of(linked)]
    assert sum(tries) == 8, "those that were under way together"
    clock.forward(seconds=10)
    worker.drain()
    assert [one.tries for one in all_of(linked)] == tries, "nobody knocks at a closed circuit"
    assert all("left alone" in one.error for one in all_of(linked))
    clock.forward(days=2)
    worker.drain()
    assert {one.state for one in all_of(linked)} <= {"pending", "failed"}
    clock.forward(days=2)
    for _ in range(20):
        clock.forward(hours=1)
        worker.drain()
    assert {one.state for one in all_of(linked)} == {"failed"}, "nothing is pending for ever"


def test_a_circuit_closes_with_the_first_answer(
    deploy: int, linked: Store, logged: Callable, worker: Worker, receiver: Receiver, clock: Clock
) -> None:
    for number in range(6):
        linked.links.add(logged("0"), f"model/c{number}")
    receiver.answers = [Answer(503)] * 6
    for number in range(6):
        linked.aliases.add(f"model/c{number}:v0", "prod")
    worker.drain()
    host = claims.host_of(receiver.url)
    assert linked.engine.value("SELECT failures FROM circuit WHERE host = :h", {"h": host}) == 6
    clock.forward(minutes=20)
    worker.drain()
    assert linked.engine.value("SELECT count(*) FROM circuit") == 0
    assert {one.state for one in all_of(linked)} == {"finished"}, "those that waited for the first go at once"


def test_one_is_let_through_to_see_whether_a_host_answers_again(
    deploy: int, linked: Store, logged: Callable, worker: Worker, receiver: Receiver, clock: Clock
) -> None:
    for number in range(6):
        linked.links.add(logged("0"), f"model/c{number}")
    receiver.answers = [Answer(503)] * 20
    for number in range(6):
        linked.aliases.add(f"model/c{number}:v0", "prod")
    worker.drain()
    for seen in (7, 8, 9):
        clock.forward(minutes=30)
        worker.drain()
        assert len(receiver.seen) == seen
    assert sum(one.tries for one in all_of(linked)) == 9


def test_whoever_was_let_through_and_ended_keeps_no_host_closed(deploy: int, linked: Store, clock: Clock) -> None:
    target = "https://example.com/hook"
    linked.engine.execute("INSERT INTO circuit (host, failures, until) VALUES ('example.com', 5, '')")
    claims = linked.deliveries.claims
    assert claims.closed_until(target) is None
    assert claims.closed_until(target) is not None
    clock.forward(seconds=21)
    assert claims.closed_until(target) is None


def test_of_two_workers_that_look_at_the_same_time_one_is_let_through(
    deploy: int, linked: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    linked.engine.execute("INSERT INTO circuit (host, failures, until) VALUES ('example.com', 5, '')")
    claims = linked.deliveries.claims
    monkeypatch.setattr(linked.engine, "row", lambda *_: (5, ""))  # what both have read
    assert claims.closed_until("https://example.com/hook") is None
    assert claims.closed_until("https://example.com/hook") is not None


def test_a_claim_is_one_workers_until_its_lease_is_over(deploy: int, linked: Store, clock: Clock) -> None:
    linked.aliases.add("model/detector:v0", "prod")
    lease = timedelta(minutes=2)
    (mine,) = linked.deliveries.claims.claim("me", 10, lease)
    assert linked.deliveries.claims.claim("other", 10, lease) == []
    clock.forward(minutes=3)
    (theirs,) = linked.deliveries.claims.claim("other", 10, lease)
    assert (theirs.id, theirs.tries) == (mine.id, 2)
    with linked.engine.write():  # the first comes back after all: too late
        linked.deliveries.claims.settle("me", mine, sending.Outcome(False, 500), target="", request="")
    (delivery,) = all_of(linked)
    assert (delivery.state, delivery.status) == ("pending", None)
    with linked.engine.write():
        linked.deliveries.claims.settle("other", theirs, sending.Outcome(True, 200), target="", request="")
    assert all_of(linked)[0].state == "finished"


def test_what_ends_its_worker_five_times_is_not_tried_again(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver, clock: Clock
) -> None:
    linked.aliases.add("model/detector:v0", "prod")
    for _ in range(5):
        assert linked.deliveries.claims.claim("dies", 1, timedelta(minutes=2))
        clock.forward(minutes=3)
    worker.drain()
    (delivery,) = all_of(linked)
    assert delivery.state == "failed"
    assert "five times" in delivery.error
    assert receiver.seen == []


def test_redelivered_one_by_one_and_all_of_a_time(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [Answer(404)] * 3
    for alias in ("one", "two", "three"):
        linked.aliases.add("model/detector:v0", alias)
        worker.drain()
        clock.forward(hours=1)
    one, two, three = all_of(linked)
    assert linked.deliveries.redeliver(three.id).state == "pending"
    assert linked.deliveries.redeliver(three.id).state == "pending", "asked twice, sent once"
    worker.drain()
    assert linked.deliveries.get(three.id).state == "finished"
    assert linked.deliveries.redeliver_failed(deploy, until=one.created_at) == 1
    assert linked.deliveries.redeliver_failed(deploy) == 1
    worker.drain()
    assert [request.json["alias"] for request in receiver.seen[3:]] == ["three", "one", "two"]
    assert {delivery.state for delivery in all_of(linked)} == {"finished"}
    assert linked.deliveries.get(two.id).tries == 1
    assert linked.deliveries.redeliver_failed(deploy) == 0


def test_redelivery_does_not_overtake_what_is_under_way(deploy: int, linked: Store, receiver: Receiver) -> None:
    receiver.answers = [Answer(404)]
    worker = Worker(linked)
    linked.aliases.add("model/detector:v0", "one")
    worker.drain()
    linked.aliases.add("model/detector:v0", "two")
    (second,) = linked.deliveries.claims.claim("other", 1, timedelta(minutes=2))
    linked.deliveries.redeliver_failed(deploy)
    assert linked.deliveries.claims.claim("third", 9, timedelta(minutes=2)) == []
    with linked.engine.write():
        linked.deliveries.claims.settle("other", second, sending.Outcome(True, 200), target="", request="")
    assert [
        claimed.occasion["alias"] for claimed in linked.deliveries.claims.claim("third", 9, timedelta(minutes=2))
    ] == ["one"]


def test_history_is_for_who_may_make_automations_there(deploy: int, linked: Store) -> None:
    for user in ("kim", "lee"):
        linked.users.add(user)
    linked.members.add("model", "kim", "member")
    linked.aliases.add("model/detector:v0", "prod")
    number = all_of(linked)[0].id
    for name in ("kim", "lee"):
        theirs = linked.as_actor(name)
        assert [one.name for one in theirs.automations.list("model")] == ["deploy"]
        assert theirs.deliveries.list().items == ()
        for verb, about in (
            (theirs.deliveries.get, number),
            (theirs.deliveries.list, deploy),
            (theirs.deliveries.redeliver_failed, deploy),
            (theirs.automations.test, deploy),
        ):
            with pytest.raises(Forbidden, match="needs the role admin"):
                verb(about)


def test_slack_and_its_url(linked: Store, worker: Worker, receiver: Receiver) -> None:
    hook = linked.integrations.create(None, "chat", receiver.url + "/T0/B0/token", kind="slack")
    assert "token" not in hook.address
    linked.automations.create(
        "say", "model", "alias.add", Slack(hook.id, "${alias} moved", "by ${event_author}", "WARN")
    )
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    (request,) = receiver.seen
    assert request.path == "/hook/T0/B0/token"
    assert request.json["text"] == "prod moved"
    (delivery,) = all_of(linked)
    assert "token" not in delivery.target + delivery.request


def test_a_command_gets_the_payload_and_no_key(linked: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = Command(("/bin/sh", "-c", 'cat; env | grep -c SECRETS_KEY; echo "$CURATORY_ALIAS"; exit 3'))
    if linked.engine.name != "sqlite":
        with pytest.raises(Invalid, match="embedded stores only"):
            linked.automations.create("run", "model", "alias.add", script)
        return
    linked.automations.create("run", "model", "alias.add", script)
    linked.aliases.add("model/detector:v0", "a; touch x")
    Worker(linked).drain()
    (delivery,) = all_of(linked)
    payload, _, rest = delivery.response.partition("}")
    assert json.loads(payload + "}")["alias"] == "a; touch x"
    assert rest.split("\n") == ["0", "a; touch x", ""]
    assert (delivery.state, delivery.status) == ("pending", 3)


def test_a_removed_automation_sends_nothing_more_and_its_history_stays(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver
) -> None:
    linked.aliases.add("model/detector:v0", "one")
    linked.automations.remove(deploy)
    linked.aliases.add("model/detector:v0", "two")
    worker.drain()
    (delivery,) = all_of(linked)
    assert delivery.state == "failed"
    assert "removed" in delivery.error
    assert receiver.seen == []


def test_an_edit_changes_what_comes_and_not_what_was_set_off(
    linked: Store, hook: Integration, worker: Worker, receiver: Receiver
) -> None:
    made = linked.automations.create("a", "model", "alias.add", Webhook(hook.id, '{"old": "${alias}"}'))
    linked.aliases.add("model/detector:v0", "one")
    linked.automations.edit(made.id, action=Webhook(hook.id, '{"new": "${alias}"}'))
    linked.aliases.add("model/detector:v0", "two")
    worker.drain()
    assert [request.json for request in receiver.seen] == [{"old": "one"}, {"new": "two"}]


def test_a_test_is_sent_at_once_and_marked(deploy: int, linked: Store, worker: Worker, receiver: Receiver) -> None:
    delivery = worker.deliver(linked.automations.test(deploy).id)
    assert (delivery.state, delivery.test, delivery.event) == ("finished", True, None)
    assert receiver.seen[0].json["artifact_version_string"] == "acme/wandb-registry-model/detector:prod"


def test_a_worker_that_is_told_to_stop_finishes_what_is_under_way(
    deploy: int, linked: Store, receiver: Receiver
) -> None:
    receiver.answers = [Answer(wait=0.5)]
    stop = threading.Event()
    linked.aliases.add("model/detector:v0", "prod")
    thread = threading.Thread(target=Worker(linked).run, args=(stop,), kwargs={"pace": 0.05})
    thread.start()
    while not receiver.seen:
        stop.wait(0.01)
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    assert all_of(linked)[0].state == "finished"


def test_a_worker_that_has_no_more_patience_leaves_it_to_the_next(
    deploy: int, linked: Store, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [Answer(wait=5)]
    stop = threading.Event()
    linked.aliases.add("model/detector:v0", "prod")
    thread = threading.Thread(target=Worker(linked).run, args=(stop,), kwargs={"pace": 0.05, "patience": 0.1})
    thread.start()
    while not receiver.seen:
        stop.wait(0.01)
    stop.set()
    thread.join(4)
    assert not thread.is_alive()
    assert all_of(linked)[0].state == "pending"
    clock.forward(minutes=3)
    Worker(linked).drain()
    assert all_of(linked)[0].state == "finished"


def test_what_has_waited_for_others_in_its_lane_is_not_too_late(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver, clock: Clock
) -> None:
    linked.aliases.add("model/detector:v0", "one")
    linked.aliases.add("model/detector:v0", "two")
    receiver.answers = [Answer(429, {"Retry-After": "3600"})] * 4
    for _ in range(30):
        worker.drain()
        clock.forward(hours=1.1)
    assert [one.state for one in all_of(linked)] == ["finished", "finished"]


def test_nothing_is_kept_in_the_history_all_the_same(linked: Store, worker: Worker) -> None:
    linked.automations.create("watch", "model", "alias.add", Nothing())
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    (delivery,) = all_of(linked)
    assert (delivery.state, json.loads(delivery.request)["alias"]) == ("finished", "prod")


def test_a_fault_of_ours_fails_one_delivery_and_not_the_worker(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("t0ken")

    linked.aliases.add("model/detector:v0", "one")
    with monkeypatch.context() as patch:
        patch.setattr(sending.Sender, "post", breaks)
        worker.drain()
    (delivery,) = all_of(linked)
    assert (delivery.state, delivery.error) == ("pending", "It could not be sent: RuntimeError.")
    linked.aliases.add("model/detector:v1", "two")
    with monkeypatch.context() as patch:
        patch.setattr("curatory.store.automations.worker.rendered", breaks)
        linked.engine.execute("UPDATE delivery SET lease = ''")
        worker.drain()
    assert [one.state for one in all_of(linked)] == ["failed", "failed"]


def test_metadata_is_found_by_whatever_key(
    linked: Store, hook: Integration, worker: Worker, receiver: Receiver
) -> None:
    linked.automations.create(
        "a", "model", "alias.add", Webhook(hook.id, '{"정확도": "${artifact_metadata.größe 크기}"}')
    )
    linked.versions.set_metadata("model/detector:v0", {"größe 크기": 3})
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    assert receiver.seen[0].json == {"정확도": "3"}


def test_an_answer_is_kept_as_it_came_and_not_unpacked(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver
) -> None:
    receiver.answers = [Answer(200, {"Content-Encoding": "gzip, gzip", "Set-Cookie": "a=b"}, body=b"\x1f\x8bnot")]
    linked.aliases.add("model/detector:v0", "one")
    linked.aliases.add("model/detector:v0", "two")
    worker.drain()
    assert [one.state for one in all_of(linked)] == ["finished", "finished"]
    assert receiver.seen[0].headers["accept-encoding"] == "identity"
    assert "cookie" not in receiver.seen[1].headers


def test_what_came_of_each_try_is_kept_and_who_asked_for_another(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [Answer(500, body=b"first"), Answer(400, body=b"second")]
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    clock.forward(minutes=1)
    worker.drain()
    (delivery,) = all_of(linked)
    assert (delivery.state, delivery.response, delivery.asked_by) == ("failed", "second", None)
    ended = clock.time
    clock.forward(hours=1)
    linked.users.add("kim")
    linked.members.add("model", "kim", "admin")
    linked.as_actor("kim").deliveries.redeliver(delivery.id)
    worker.drain()
    again = linked.deliveries.get(delivery.id)
    assert (again.state, again.tries, again.asked_by) == ("finished", 1, "kim")
    tries = linked.deliveries.get(delivery.id).earlier
    assert [(one.status, one.response) for one in tries] == [(500, "first"), (400, "second")]
    assert "400" in tries[1].error
    assert tries[1].at == ended
    linked.users.add("bo")
    with pytest.raises((Forbidden, NotFound)):
        linked.as_actor("bo").deliveries.get(delivery.id)


def test_deliveries_that_ended_long_ago_are_garbage(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver, clock: Clock
) -> None:
    receiver.answers = [Answer(500)]
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    clock.forward(minutes=1)
    worker.drain()
    linked.aliases.add("model/detector:v1", "prod")  # a removal and an addition
    clock.forward(days=89)
    assert linked.garbage.collect().deliveries == 0
    clock.forward(days=2)
    assert linked.garbage.collect(dry_run=True).deliveries == 1
    assert linked.garbage.collect().deliveries == 1
    assert [one.state for one in all_of(linked)] == ["pending"], "what was never sent is no garbage"
    assert linked.engine.value("SELECT count(*) FROM delivery_try") == 0
    added = linked.engine.value("SELECT count(*) FROM event WHERE action = 'alias.add'")
    assert added == 2, "what was announced stays"


@pytest.mark.parametrize("field", ["filter", "pattern"])
def test_a_filter_that_can_not_be_read_fails_its_delivery_and_no_change(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver, field: str
) -> None:
    linked.automations.create("other", "model", "alias.add", Nothing())
    text = linked.engine.value("SELECT definition FROM automation WHERE id = :a", {"a": deploy})
    broken = json.loads(text) | {field: "~("}
    linked.engine.execute("UPDATE automation SET definition = :d WHERE id = :a", {"d": json.dumps(broken), "a": deploy})
    linked.aliases.add("model/detector:v0", "prod")
    linked.aliases.add("model/detector:v0", "best")
    worker.drain()
    assert linked.versions.get("model/detector:best").number == 0
    by = {name: [one for one in all_of(linked) if one.automation == name] for name in ("deploy", "other")}
    assert [one.state for one in by["other"]] == ["finished", "finished"]
    assert [one.state for one in by["deploy"]] == ["failed", "failed"]
    assert all("can't be read" in one.error for one in by["deploy"])
    assert receiver.seen == []
    with pytest.raises(Invalid):
        linked.automations.preview(deploy)


def test_a_name_that_nobody_resolves_in_time_is_not_waited_for(
    linked: Store, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for the system's resolver: a name server that never answers can't be had here."""
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **named: over.wait(60) and [])
    monkeypatch.setattr(sending, "CONNECTING", 0.2)
    hook = linked.integrations.create(None, "slow", "https://slow.example/hook")
    linked.automations.create("a", "model", "alias.add", Webhook(hook.id))
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    over.set()
    (delivery,) = all_of(linked)
    assert "nobody said in time where slow.example is" in delivery.error


def test_a_machine_whose_clock_is_wrong_takes_nothing_from_others(
    deploy: int, linked: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of this process and that of PostgreSQL, which is right."""
    if linked.engine.name == "sqlite":
        pytest.skip("SQLite has no clock of its own")
    lease = timedelta(minutes=2)
    linked.now = system_clock
    linked.aliases.add("model/detector:v0", "prod")
    assert len(linked.deliveries.claims.claim("right", 10, lease)) == 1
    with open_store(linked.engine.url, "ana") as other:
        monkeypatch.setattr(store_clock, "system_clock", lambda: system_clock() + timedelta(hours=1))
        other.now = store_clock.system_clock
        assert other.deliveries.claims.claim("ahead", 10, lease) == []
    with open_store(linked.engine.url, "ana") as other:
        monkeypatch.setattr(store_clock, "system_clock", lambda: system_clock() - timedelta(hours=1))
        other.now = store_clock.system_clock
        other.aliases.add("model/detector:v1", "best")
        assert len(other.deliveries.claims.claim("behind", 10, lease)) == 0, "the lane is taken"
        found = linked.engine.value("SELECT max(created_at) FROM delivery")
    assert abs(from_text(found) - system_clock()) < timedelta(minutes=5)


def test_a_test_is_tried_once(deploy: int, linked: Store, worker: Worker, receiver: Receiver) -> None:
    receiver.answers = [Answer(500)]
    found = worker.deliver(linked.automations.test(deploy).id)
    assert (found.state, found.tries, found.due) == ("failed", 1, None)
    assert len(receiver.seen) == 1


def test_what_waits_says_so_and_what_is_due_later_can_be_sent_now(
    deploy: int, linked: Store, worker: Worker, receiver: Receiver
) -> None:
    receiver.answers = [Answer(500)]
    linked.aliases.add("model/detector:v0", "one")
    linked.aliases.add("model/detector:v0", "two")
    worker.drain()
    first, second = all_of(linked)
    assert (first.waiting, first.due is not None) == (False, True)
    assert (second.waiting, second.due) == (True, None)
    with pytest.raises(Invalid, match="waits for those before it"):
        linked.deliveries.redeliver(second.id)
    assert linked.deliveries.redeliver(first.id).tries == 1, "it is the same delivery, only sooner"
    linked.deliveries.claims.claim("me", 1, timedelta(minutes=1))
    with pytest.raises(Invalid, match="being sent right now"):
        linked.deliveries.redeliver(first.id)


def test_what_a_removed_automation_sent_stays_as_it_was(deploy: int, linked: Store, worker: Worker) -> None:
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    (delivery,) = all_of(linked)
    linked.automations.remove(deploy)
    with pytest.raises(Invalid, match="was removed"):
        linked.deliveries.redeliver(delivery.id)
    assert linked.deliveries.get(delivery.id).state == "finished"


def test_a_secret_that_is_not_there_is_not_shown_as_if_it_was(
    linked: Store, worker: Worker, receiver: Receiver
) -> None:
    hook = linked.integrations.create(None, "open", receiver.url, secret="whsec_c2VjcmV0c2VjcmV0")
    template = '{"a": "${alias}|${ACCESS_TOKEN}|${SECRET_NAME}"}'
    linked.automations.create("open", "model", "alias.add", Webhook(hook.id, template))
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    (delivery,) = all_of(linked)
    assert receiver.seen[0].json == {"a": "prod||whsec_c2VjcmV0c2VjcmV0"}
    assert json.loads(delivery.request) == {"a": "prod||••••"}
    assert json.loads(linked.automations.preview("model", "alias.add", Webhook(hook.id, template)).payload) == {
        "a": "prod||••••"
    }


def test_another_machines_clock_delays_nothing(deploy: int, linked: Store, worker: Worker, clock: Clock) -> None:
    here = clock.time
    clock.forward(hours=5)
    linked.tags.add("model/detector", "from-tomorrow")
    clock.time = here
    linked.aliases.add("model/detector:v0", "prod")
    worker.drain()
    assert all_of(linked)[0].state == "finished"

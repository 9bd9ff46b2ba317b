"""Automations through the client's own API, and deliveries for as long as a door is open."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from curatory.store import Command, Nothing, Store, Webhook, Worker, create_store

from ..store.automations.receiver import Answer, Receiver
from .clients import NEWEST, ROOT, SCRIPTS, VERSIONS, Refused, Served, client_environment

PAYLOAD = {"event": "${event_type}", "version": "${artifact_version_string}", "by": "${event_author}"}
CREATE = """mutation CreateAutomation($input: CreateFilterTriggerInput!) { result: createFilterTrigger(input: $input) {
    trigger { id name scope { ... on Project { __typename id name } } event: triggeringCondition {
    ... on FilterEventTriggeringCondition { __typename eventType filter } } } } }"""
UPDATE = CREATE.replace("Create", "Update").replace("createF", "updateF")
LIST = """query List { scope: viewer { projects { edges { node { name triggers { id name
    event: triggeringCondition { ... on FilterEventTriggeringCondition { eventType filter } }
    action: triggeredAction { __typename ... on GenericWebhookTriggeredAction { integration { __typename
    ... on GenericWebhookIntegration { id name urlEndpoint } } requestPayload } } } } } } } }"""
LINK = """
import wandb
from pathlib import Path
Path("model.txt").write_text("weights")
with wandb.init(project="labs", entity="vision") as run:
    artifact = wandb.Artifact("net", "model")
    artifact.add_file("model.txt")
    run.link_artifact(run.log_artifact(artifact), "acme/wandb-registry-model/detector")
"""


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of what is allowed on this machine, for the server too; the key of the secrets is beside it."""
    path = tmp_path / "delivery.toml"
    path.write_text("loopback = true\n")
    monkeypatch.setenv("CURATORY_DELIVERY", str(path))
    monkeypatch.setenv("CURATORY_SECRETS_KEY_FILE", str(tmp_path / "secrets.key"))
    return path


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def _all(served: Served) -> dict[str, dict[str, object]]:
    projects = served.ask(LIST)["scope"]["projects"]["edges"]
    return {one["name"]: one for edge in projects for one in edge["node"]["triggers"]}


def _input(store: Store, **more: object) -> dict[str, object]:
    number = store.registries.get("model").id
    return {
        "name": "a",
        "enabled": True,
        "scopeType": "PROJECT",
        "scopeID": base64.b64encode(f"Project:{number}".encode()).decode(),
        "triggeringEventType": "LINK_MODEL",
        "eventFilter": '{"$or": [{"$and": []}]}',
        "triggeredActionType": "NO_OP",
        "triggeredActionConfig": {"noOpActionInput": {"noOp": True}},
    } | more


def _waited(until: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


# -- the client's own API ------------------------------------------------------------------------------------


CHECKS = {NEWEST: 17, "0.28.0": 16}  # old clients have no events of tags and runs, nor scopes of organizations


def _everything(served: Served, receiver: Receiver, version: str) -> None:
    with served.store() as store:
        store.integrations.create("vision", "deploys", receiver.url, token="t0ken")
        store.integrations.create("vision", "alerts", receiver.url, kind="slack")
        store.integrations.create(None, "everybodys", receiver.url)
        told = {"TOUR_ORG": "acme", "TOUR_TEAM": "vision", "TOUR_HOOK": receiver.url}
        done = served.run(SCRIPTS / "automations.py", version, more=told)
        assert done.returncode == 0, done.stderr[-8_000:]
        document = json.loads(done.stdout.splitlines()[-1])
        assert (document["failed"], len(document["passed"])) == ([], CHECKS.get(version, 14))
        assert served.unknown() == []
        left = {one.name: one for one in store.automations.list()}
        assert left.keys() == {"logged", "rollout"}
        assert (left["rollout"].on, left["rollout"].scope) == ("version.link", "acme/wandb-registry-model")
        assert (left["logged"].on, left["logged"].scope) == ("version.create", "vision/labs/net")
        actions = {event.action for event in store.events.of(limit=500).items}
        assert {"automation.create", "automation.edit", "automation.resume", "automation.remove"} <= actions
        assert store.audit.verify(tables=True).ok


@pytest.mark.parametrize("version", VERSIONS)
def test_a_script_does_everything_with_automations(served: Served, receiver: Receiver, version: str) -> None:
    _everything(served, receiver, version)


def test_and_on_postgresql(serving: Callable[..., Served], postgres_url: str, receiver: Receiver) -> None:
    _everything(serving(postgres_url), receiver, NEWEST)


@pytest.mark.parametrize("version", [NEWEST, "0.28.0"])
def test_a_script_makes_an_automation_and_sets_it_off(served: Served, receiver: Receiver, version: str) -> None:
    with served.store() as store:
        store.integrations.create("vision", "deploys", receiver.url, token="t0ken", secret="s3cret")
    make = f"""
import wandb
from wandb.automations import OnLinkArtifact, SendWebhook
api = wandb.Api()
(hook,) = api.webhook_integrations(entity="vision")
event = OnLinkArtifact(scope=api.project("wandb-registry-model", "acme"))
api.create_automation(event >> SendWebhook.from_integration(hook, payload={PAYLOAD}), name="deploy")
"""
    done = served.run(make + LINK, version)
    assert done.returncode == 0, done.stderr
    with served.store() as store:
        Worker(store).drain()  # or the server was faster
        _waited(lambda: store.deliveries.list().items[0].state == "finished")
    (request,) = receiver.seen
    assert request.json == {"event": "LINK_ARTIFACT", "version": "acme/wandb-registry-model/detector:v0", "by": "ana"}
    assert request.headers["authorization"] == "Bearer t0ken"
    assert request.headers["x-wandb-signature"]


def test_who_may_not_is_refused(served: Served) -> None:
    with served.store() as store:
        kims = store.keys.create("kim's", user="kim")[1]
        asked = _input(store)
        with pytest.raises(Refused, match="kim is not allowed to .* needs the role admin"):
            served.ask(CREATE, kims, input=asked)
        number = served.ask(CREATE, input=asked)["result"]["trigger"]["id"]
        with pytest.raises(Refused, match="kim is not allowed"):
            served.ask(UPDATE, kims, input={"id": number, "enabled": False})
        assert store.automations.get("a").enabled


def test_errors_that_clients_know_by_their_status(served: Served) -> None:
    with served.store() as store:
        asked = _input(store)
        assert served.post(CREATE, input=asked).status_code == 200
        again = served.post(CREATE, input=asked)
        assert again.status_code == 409
        assert "There is an automation 'a' already" in again.json()["errors"][0]["message"]
        store.automations.remove("a")
    gone = served.post(UPDATE, input={"id": "VHJpZ2dlcjox", "enabled": False})
    assert gone.status_code == 404


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"triggeringEventType": "RUN_STATE"}, "Curatory has no event RUN_STATE: automations watch versions"),
        ({"triggeringEventType": "UPDATE_ARTIFACT_ALIAS"}, "no event UPDATE_ARTIFACT_ALIAS. It has: LINK_MODEL"),
        ({"triggeredActionType": "ARIA"}, "Curatory has no action ARIA"),
        ({"scopeType": "PLANET"}, "Curatory has no scope PLANET"),
        ({"eventFilter": '{"metadata.acc": {"$gt": 0.9}}'}, "can't ask for 'metadata.acc' when a version is linked"),
        ({"eventFilter": '{"$and": [{"alias": "a"}, {"alias": "b"}]}'}, "asks for the alias once"),
        ({"eventFilter": '{"$not": {"alias": "a"}}'}, "can't ask with \\$not"),
        ({"eventFilter": '{"alias": {"$in": ["a"]}}'}, "the alias with \\$in"),
        ({"eventFilter": '{"alias": 3}'}, "is a text, not 3"),
        ({"eventFilter": "{"}, "event filter is no JSON"),
        ({"eventFilter": '{"alias": {"$regex": "(?=a)"}}'}, "no look-ahead"),
        ({"eventFilter": '{"alias": "a"}', "triggeringEventType": "UNLINK_ARTIFACT"}, "no alias"),
    ],
)
def test_what_there_is_not_is_named(served: Served, more: dict[str, str], said: str) -> None:
    with served.store() as store, pytest.raises(Refused, match=said):
        served.ask(CREATE, input=_input(store, **more))


@pytest.mark.parametrize(
    ("asked", "pattern", "shown"),
    [
        ({"alias": "prod"}, "prod", {"alias": {"$eq": "prod"}}),
        ({"alias": {"$eq": "한국어"}}, "한국어", {"alias": {"$eq": "한국어"}}),
        ({"alias": {"$eq": "a*b?"}}, "~^a\\*b\\?$", {"alias": {"$eq": "a*b?"}}),
        ({"alias": {"$eq": "~a"}}, "~^~a$", {"alias": {"$eq": "~a"}}),
        ({"alias": {"$regex": "^prod-.*"}}, "~^prod-.*", {"alias": {"$regex": "^prod-.*"}}),
        ({"alias": {"$regex": "a\\.b "}}, "~(?:a\\.b )", {"alias": {"$regex": "(?:a\\.b )"}}),
    ],
)
def test_filters_there_and_back(
    served: Served, asked: dict[str, object], pattern: str, shown: dict[str, object]
) -> None:
    with served.store() as store:
        document = json.dumps({"$or": [{"$and": [asked]}]})
        served.ask(CREATE, input=_input(store, eventFilter=document))
        assert store.automations.get("a").pattern == pattern
        event = _all(served)["a"]["event"]
        assert isinstance(event, dict)
        assert json.loads(json.loads(event["filter"])["filter"]) == {"$or": [{"$and": [shown]}]}


def test_what_a_client_does_not_know_stays_as_it_was(served: Served, receiver: Receiver) -> None:
    """It gives everything back when it changes something; what it has no words for at all it does not see."""
    with served.store() as store:
        hook = store.integrations.create("vision", "deploys", receiver.url)
        template = '[ "${alias}" ]'
        made = store.automations.create(
            "a", "model", "alias.add", Webhook(hook.id, template), pattern="prod*", filter="type:model"
        )
        store.automations.create("mine", "model", "version.delete", Nothing())
        store.automations.create("runs", "model", "version.link", Command(("true",)))
        assert _all(served).keys() == {"a"}
        one = _all(served)["a"]
        event, action = one["event"], one["action"]
        assert isinstance(event, dict)
        assert isinstance(action, dict)
        assert (action["requestPayload"], action["integration"]["name"]) == (None, "deploys")
        served.ask(
            UPDATE,
            input={
                "id": one["id"],
                "enabled": False,
                "triggeringEventType": event["eventType"],
                "eventFilter": json.loads(event["filter"])["filter"],
                "triggeredActionType": "GENERIC_WEBHOOK",
                "triggeredActionConfig": {
                    "genericWebhookActionInput": {"integrationID": action["integration"]["id"], "requestPayload": None}
                },
            },
        )
        left = store.automations.get(made.id)
        assert (left.enabled, left.pattern, left.filter, left.action) == (
            False, "prod*", "type:model", Webhook(hook.id, template),
        )  # fmt: skip
        assert store.events.of(limit=1).items[0].action == "automation.pause"


def test_a_team_s_webhook_is_a_name_to_who_is_not_in_it(served: Served, receiver: Receiver) -> None:
    with served.store() as store:
        hook = store.integrations.create("vision", "deploys", receiver.url)
        store.automations.create("a", "model", "version.link", Webhook(hook.id))
        kims = store.keys.create("kim's", user="kim")[1]
    edges = served.ask(LIST, kims)["scope"]["projects"]["edges"]
    (one,) = [each for edge in edges for each in edge["node"]["triggers"]]
    integration = one["action"]["integration"]
    assert (integration["name"], integration["urlEndpoint"]) == ("deploys", "")


def test_a_webhook_is_made(served: Served) -> None:
    make = """mutation M($input: CreateGenericWebhookIntegrationInput!) {
        createGenericWebhookIntegration(input: $input) { integration { __typename
        ... on GenericWebhookIntegration { id name urlEndpoint } } } }"""
    asked = {"entityName": "vision", "name": "deploys", "urlEndpoint": "https://example.com/hook"}
    made = served.ask(make, input=asked)["createGenericWebhookIntegration"]["integration"]
    assert (made["__typename"], made["urlEndpoint"]) == ("GenericWebhookIntegration", "https://example.com/hook")
    with pytest.raises(Refused, match="curatory webhook add"):
        served.ask(make, input=asked | {"name": "b", "accessTokenRef": "TOKEN"})


# -- deliveries ----------------------------------------------------------------------------------------------


def test_a_server_delivers_what_a_script_sets_off(served: Served, receiver: Receiver) -> None:
    with served.store() as store:
        hook = store.integrations.create("vision", "deploys", receiver.url)
        store.automations.create("deploy", "model", "version.link", Webhook(hook.id, json.dumps(PAYLOAD)))
        assert served.run(LINK).returncode == 0
        _waited(lambda: receiver.seen)
        assert receiver.seen[0].json["version"] == "acme/wandb-registry-model/detector:v0"
        _waited(lambda: store.deliveries.list().items[0].state == "finished")


def test_with_several_processes_each_is_delivered_once(
    serving: Callable[..., Served], url: str, receiver: Receiver
) -> None:
    served = serving(url, "--workers", "2")
    with served.store() as store:
        hook = store.integrations.create("vision", "deploys", receiver.url)
        store.automations.create("deploy", "model", "collection_tag.add", Webhook(hook.id))
        for number in range(20):
            store.collections.create(f"model/c{number}", "model")
            store.tags.add(f"model/c{number}", "eu")
        _waited(lambda: {one.state for one in store.deliveries.list(limit=100).items} == {"finished"})
        assert len(receiver.seen) == len({request.id for request in receiver.seen}) == 20


def test_a_server_that_is_told_to_end_finishes_what_it_sends(served: Served, receiver: Receiver) -> None:
    receiver.answers = [Answer(wait=1.0)]
    with served.store() as store:
        hook = store.integrations.create("vision", "deploys", receiver.url)
        store.automations.create("deploy", "model", "collection_tag.add", Webhook(hook.id))
        store.collections.create("model/c", "model")
        store.tags.add("model/c", "eu")
        _waited(lambda: receiver.seen)
        served.stop()
        assert store.deliveries.list().items[0].state == "finished"


def test_a_server_says_what_it_can_t_read(serving: Callable[..., Served], machine: Path) -> None:
    machine.write_text("loopback = maybe")
    with pytest.raises(AssertionError, match=r"delivery\.toml can't be read"):
        serving()


# -- `curatory run` ------------------------------------------------------------------------------------------


@pytest.fixture
def local(tmp_path: Path, receiver: Receiver) -> str:
    url = str(tmp_path / "registry.db")
    with create_store(url, "ana", organization="acme", team="vision", durable=False) as store:
        hook = store.integrations.create("vision", "deploys", receiver.url)
        store.automations.create("deploy", "model", "collection_tag.add", Webhook(hook.id))
        store.collections.create("model/c", "model")
    return url


def _run(url: str, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = client_environment(folder) | {"PYTHONPATH": str(ROOT / ".venv/namespace")}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("CURATORY")}
    return subprocess.run(
        [sys.executable, "-m", "curatory.tui", "--store", url, "--as", "ana", "run", "--", *command],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=100,
    )  # fmt: skip


def _tagging(url: str) -> tuple[str, ...]:
    script = f"from curatory.store import open_store\nopen_store({url!r}, 'ana').tags.add('model/c', 'eu')"
    return sys.executable, "-c", script


def test_what_a_script_has_set_off_is_sent_before_run_ends(local: str, tmp_path: Path, receiver: Receiver) -> None:
    done = _run(local, tmp_path, *_tagging(local))
    assert done.returncode == 0, done.stderr
    assert [request.json["tag"] for request in receiver.seen] == ["eu"]


def test_a_host_that_does_not_answer_keeps_run_no_longer_than_a_few_seconds(
    local: str, tmp_path: Path, receiver: Receiver
) -> None:
    receiver.answers = [Answer(wait=30.0)]
    began = time.monotonic()
    done = _run(local, tmp_path, *_tagging(local))
    assert (done.returncode, done.stderr) == (0, "curatory: nothing was logged\n")
    assert time.monotonic() - began < 12
    assert len(receiver.seen) == 1

"""Everything that a script does with automations, by the real client; prints what failed, as `tour.py` does.

There are a webhook `deploys` and a Slack webhook `alerts` of the team, and a registry `model`.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path

import wandb
from wandb.automations import (
    ArtifactEvent,
    DoNothing,
    OnAddArtifactAlias,
    OnCreateArtifact,
    OnLinkArtifact,
    SendNotification,
    SendWebhook,
)

VERSION = tuple(int(part) for part in wandb.__version__.split(".")[:2])
ORG, TEAM = os.environ["TOUR_ORG"], os.environ["TOUR_TEAM"]
REGISTRY = "wandb-registry-model"
failed: list[str] = []
passed: list[str] = []


def check(name, since=(0, 0)):
    def run(function):
        if since > VERSION:
            return function
        try:
            function()
        except Exception:
            failed.append(name)
            print(f"FAILED {name}\n{traceback.format_exc()}", file=sys.stderr)
        else:
            passed.append(name)
        return function

    return run


def same(found, wanted):
    assert found == wanted, f"{found!r} is not {wanted!r}"


def refused(call, *words):
    try:
        call()
    except Exception as error:
        text = f"{error} {error.__cause__ or ''}"
        for word in words:
            assert word in text, f"{word!r} is not in {text!r}"
    else:
        raise AssertionError("it was not refused")


def condition(automation):
    """The filter of a saved automation, as JSON."""
    return json.loads(json.dumps(automation.event.filter.filter, default=lambda one: one.model_dump()))


def names(found):
    return sorted(one.name for one in found)


Path("model.txt").write_text("weights")
with wandb.init(project="labs", entity=TEAM) as run:
    artifact = wandb.Artifact("net", "model", metadata={"acc": 0.4})
    artifact.add_file("model.txt")
    logged = run.log_artifact(artifact).wait()
    run.link_artifact(logged, f"{ORG}/{REGISTRY}/detector")

api = wandb.Api()
registry = api.project(REGISTRY, ORG)
labs = api.project("labs", TEAM)
detector = api.artifact_collection("model", f"{ORG}/{REGISTRY}/detector")
net = api.artifact_collection("model", f"{TEAM}/labs/net")
hook = next(iter(api.webhook_integrations(entity=TEAM)))


@check("integrations are found")
def integrations():
    same((hook.name, hook.url_endpoint), ("deploys", os.environ["TOUR_HOOK"]))
    same(names(api.webhook_integrations()), ["deploys", "everybodys"])
    same(names(api.webhook_integrations(entity=ORG)), ["everybodys"])
    same([one.channel_name for one in api.slack_integrations(entity=TEAM)], ["alerts"])
    same(len(list(api.integrations())), 3)
    same(len(list(api.integrations(per_page=1))), 3)


@check("nothing is there yet")
def nothing():
    same(list(api.automations()), [])
    refused(lambda: api.automation(name="deploy"), "No automations found")


@check("a registry's automation that sends a webhook")
def create_webhook():
    event = OnAddArtifactAlias(scope=registry, filter=ArtifactEvent.alias.matches_regex("^prod"))
    action = SendWebhook.from_integration(
        hook, payload={"version": "${artifact_version_string}", "by": "${event_author}"}
    )
    made = api.create_automation(event >> action, name="deploy", description="to production")
    same((made.name, made.description, made.enabled), ("deploy", "to production", True))
    same((made.scope.name, made.event.event_type.value), (REGISTRY, "ADD_ARTIFACT_ALIAS"))
    assert made.action.request_payload == {"version": "${artifact_version_string}", "by": "${event_author}"}
    assert made.created_at is not None


@check("a collection's automation, equal to an alias")
def create_for_collection():
    event = OnLinkArtifact(scope=detector, filter=ArtifactEvent.alias.eq("prod"))
    made = api.create_automation(event >> DoNothing(), name="watch", enabled=False)
    same((made.scope.name, made.enabled, made.action.action_type.value), ("detector", False, "NO_OP"))
    assert "prod" in str(made.event.filter), made.event.filter


@check("a sequence's automation that writes to Slack")
def create_for_sequence():
    slack = next(iter(api.slack_integrations(entity=TEAM)))
    action = SendNotification.from_integration(slack, title="new", text="${artifact_version_string}", level="warn")
    made = api.create_automation(OnCreateArtifact(scope=net) >> action, name="logged")
    same((made.action.title, made.action.severity.value), ("new", "WARN"))


@check("tags", (0, 28))
def create_for_tags():
    from wandb.automations import (
        OnAddArtifactTag,
        OnAddCollectionTag,
        OnRemoveArtifactTag,
        OnRemoveCollectionTag,
        OnUnlinkArtifact,
    )

    for kind in (OnAddArtifactTag, OnRemoveArtifactTag, OnAddCollectionTag, OnRemoveCollectionTag):
        event = kind(scope=registry, filter=ArtifactEvent.tag.eq("~a*b"))
        made = api.create_automation(event >> DoNothing(), name=kind.__name__)
        assert "~a*b" in str(made.event.filter), made.event.filter
    made = api.create_automation(OnUnlinkArtifact(scope=registry) >> DoNothing(), name="unlinked")
    same(made.event.event_type.value, "UNLINK_ARTIFACT")
    for one in list(api.automations()):
        if one.name not in ("deploy", "watch", "logged"):
            assert api.delete_automation(one)


@check("an organization's automation", (0, 31))
def create_for_organization():
    organization = api.organization(ORG)
    made = api.create_automation(OnLinkArtifact(scope=organization) >> DoNothing(), name="everything")
    same((made.scope.name, made.scope.entity_type), (ORG, "organization"))
    same(names(api.automations(entity=ORG)), ["deploy", "everything", "watch"])
    same(names(api.automations(entity=ORG, name="watch")), ["watch"])
    assert api.delete_automation(made)


@check("they are listed and found by name")
def found():
    same(names(api.automations()), ["deploy", "logged", "watch"])
    same(names(api.automations(per_page=1)), ["deploy", "logged", "watch"])
    same(names(api.automations(entity=TEAM)), ["logged"])
    same(names(api.automations(entity=ORG)), ["deploy", "watch"])
    same(api.automation(name="watch").scope.name, "detector")
    same(api.automation(name="logged", entity=TEAM).action.message, "${artifact_version_string}")


@check("a taken name is refused, or what has it is fetched")
def taken():
    automation = OnLinkArtifact(scope=registry) >> DoNothing()
    refused(lambda: api.create_automation(automation, name="deploy"), "exists")
    got = api.create_automation(automation, name="deploy", fetch_existing=True)
    same((got.name, got.event.event_type.value), ("deploy", "ADD_ARTIFACT_ALIAS"))


@check("it is renamed and paused, and the rest stays")
def rename():
    one = api.automation(name="deploy")
    one.name, one.enabled, one.description = "rollout", False, "said anew"
    made = api.update_automation(one)
    same((made.id, made.name, made.enabled, made.description), (one.id, "rollout", False, "said anew"))
    assert "^prod" in str(made.event.filter), made.event.filter
    same(made.action.request_payload["by"], "${event_author}")
    assert api.update_automation(made, enabled=True).enabled


@check("it waits for something else, and does something else")
def other():
    event = OnLinkArtifact(scope=registry, filter=ArtifactEvent.alias.eq("stable"))
    made = api.update_automation(api.automation(name="rollout"), event=event)
    same(made.event.event_type.value, "LINK_MODEL")
    if VERSION >= (0, 31):  # clients of before drop the new event's filter
        assert "stable" in str(made.event.filter), made.event.filter
    made = api.update_automation(made, action=DoNothing())
    same(made.action.action_type.value, "NO_OP")


@check("a taken name is refused when it is renamed to")
def rename_taken():
    refused(lambda: api.update_automation(api.automation(name="rollout"), name="watch"), "already")


@check("it stays where it was made for")
def moved():
    refused(lambda: api.update_automation(api.automation(name="watch"), scope=registry), "stays at")


@check("what is not there is said")
def gone():
    one = api.automation(name="watch")
    assert api.delete_automation(one) is True
    refused(lambda: api.update_automation(one, enabled=True), "not found")
    made = api.create_automation(OnLinkArtifact(scope=detector) >> DoNothing(), name="watch")
    assert api.delete_automation(made.id)


@check("events of runs are refused by name", (0, 28))
def unknown():
    from wandb.automations import OnRunMetric, RunEvent

    event = OnRunMetric(scope=labs, filter=RunEvent.metric("acc").gt(0.9))
    said = "Curatory has no event RUN_METRIC" if VERSION >= (0, 31) else "not supported"
    refused(lambda: api.create_automation(event >> DoNothing(), name="metric"), said)


@check("filters that can't be asked are refused by name")
def filters():
    for filter, said in (
        (ArtifactEvent.alias.ne("a"), "$ne"),
        ({"tag": {"$eq": "a"}}, "'tag'"),
        (ArtifactEvent.alias.matches_regex("(a"), "never closed"),
        (ArtifactEvent.alias.eq("a") | ArtifactEvent.alias.eq("b"), "$or"),
    ):
        event = OnAddArtifactAlias(scope=registry, filter=filter)
        refused(lambda event=event: api.create_automation(event >> DoNothing(), name="odd"), said)
    same(names(api.automations()), ["logged", "rollout"])


@check("a webhook that is not there is refused")
def no_webhook():
    action = SendWebhook(integration_id="R2VuZXJpY1dlYmhvb2tJbnRlZ3JhdGlvbjo5OQ==")
    refused(lambda: api.create_automation(OnLinkArtifact(scope=registry) >> action, name="odd"), "curatory webhook ls")


print(json.dumps({"version": wandb.__version__, "passed": passed, "failed": failed}))
sys.exit(1 if failed else 0)

"""Whether the new registry is on, and why."""

from __future__ import annotations

import pytest
from curatory.store import registry_told_by
from curatory.store.deployment import registry_is_on
from curatory.store.errors import Invalid

ON = [
    ("local", {}, True),
    ("multi-tenant", {}, True),
    ("multi-tenant", {"version": "0.1"}, True),
    ("dedicated", {"version": "0.59.2"}, False),
    ("dedicated", {"version": "0.59.1", "switched_on": True}, False),
    ("dedicated", {"version": "0.59.2", "switched_on": True}, True),
    ("dedicated", {"version": "0.70.0"}, False),
    ("dedicated", {"version": "1.0.0", "switched_on": True}, True),
    ("self-managed", {"version": "0.59.2"}, False),
    ("self-managed", {"version": "0.59.1", "environment": {"ENABLE_REGISTRY_UI": "true"}}, False),
    ("self-managed", {"version": "0.59.2", "environment": {"ENABLE_REGISTRY_UI": "true"}}, True),
    ("self-managed", {"version": "0.59.2", "environment": {"ENABLE_REGISTRY_UI": " TRUE "}}, True),
    ("self-managed", {"version": "0.59.2", "environment": {"ENABLE_REGISTRY_UI": "false"}}, False),
    ("self-managed", {"version": "0.59.2", "environment": {"ENABLE_REGISTRY_UI": "1"}}, False),
    ("self-managed", {"version": "0.69.9", "environment": {}}, False),
    ("self-managed", {"version": "0.70.0"}, True),
    ("self-managed", {"version": "v0.70.0-rc1"}, True),
    ("self-managed", {"version": "0.70"}, True),
    ("self-managed", {"version": "0.9.0", "environment": {"ENABLE_REGISTRY_UI": "true"}}, False),
    ("self-managed", {"version": "1.2.3", "environment": {"ENABLE_REGISTRY_UI": "false"}}, True),
]  # fmt: skip


@pytest.mark.parametrize(("deployment", "options", "on"), ON)
def test_whether_the_registry_is_on(deployment: str, options: dict, on: bool) -> None:
    assert registry_is_on(deployment, **options).on is on


@pytest.mark.parametrize(
    ("deployment", "version", "message"),
    [
        ("cloud", "1.0", "There is no deployment 'cloud'"),
        ("dedicated", "", "'' is not a server version; it looks like 0.59.2"),
        ("self-managed", "new", "'new' is not a server version"),
    ],
)
def test_what_can_not_be_answered_is_refused(deployment: str, version: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        registry_is_on(deployment, version=version)


@pytest.mark.parametrize(
    ("environment", "on", "reason"),
    [
        ({}, True, "always on where the deployment is local"),
        ({"CURATORY_DEPLOYMENT": "dedicated", "CURATORY_SERVER_VERSION": "0.60.0"}, False, "operator can switch it on"),
        (
            {"CURATORY_DEPLOYMENT": "dedicated", "CURATORY_SERVER_VERSION": "0.60.0", "CURATORY_REGISTRY": "on"},
            True,
            "operator switched it on",
        ),
        ({"CURATORY_DEPLOYMENT": "self-managed", "CURATORY_SERVER_VERSION": "0.59.1"}, False, "at least 0.59.2"),
        (
            {"CURATORY_DEPLOYMENT": "self-managed", "CURATORY_SERVER_VERSION": "0.59.2"},
            False,
            "ENABLE_REGISTRY_UI=true",
        ),
        ({"CURATORY_DEPLOYMENT": " Self-Managed ", "CURATORY_SERVER_VERSION": "0.70.0"}, True, "always on from server"),
    ],
)
def test_an_environment_tells_and_the_answer_says_why(environment: dict[str, str], on: bool, reason: str) -> None:
    answer = registry_told_by(environment)
    assert answer.on is on
    assert reason in answer.reason

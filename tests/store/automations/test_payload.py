"""Templates: W&B's variables exactly, nothing else, and nothing that a value could break out of."""

from __future__ import annotations

import json

import pytest
from curatory.store import USUAL, VARIABLES, Invalid
from curatory.store.automations import payload
from hypothesis import given
from hypothesis import strategies as st

VALUES = {
    "event_type": "LINK_ARTIFACT",
    "event_author": "ana",
    "project_name": "wandb-registry-model",
    "entity_name": "acme",
    "alias": "prod",
    "tag": "",
    "artifact_collection_name": "detector",
    "artifact_version": "wandb-artifact://_id/QXJ0aWZhY3Q6NTE3ODg5ODg3",
    "artifact_version_string": "acme/wandb-registry-model/detector:prod",
    "metadata": {"acc": 0.9, "name": 'a "b" \n', "list": [1, None], "none": None},
}


def sent(template: str, secrets: dict[str, str | None] | None = None) -> object:
    return json.loads(payload.render(template, VALUES, secrets or {}))


def test_githubs_example_of_the_documentation_becomes_what_it_says() -> None:
    template = """{
      "event_type": "${event_type}",
      "client_payload":
      {
        "event_author": "${event_author}",
        "artifact_version": "${artifact_version}",
        "artifact_version_string": "${artifact_version_string}",
        "artifact_collection_name": "${artifact_collection_name}",
        "project_name": "${project_name}",
        "entity_name": "${entity_name}"
      }
    }"""
    payload.check_template(template)
    assert sent(template) == {
        "event_type": "LINK_ARTIFACT",
        "client_payload": {
            "event_author": "ana",
            "artifact_version": "wandb-artifact://_id/QXJ0aWZhY3Q6NTE3ODg5ODg3",
            "artifact_version_string": "acme/wandb-registry-model/detector:prod",
            "artifact_collection_name": "detector",
            "project_name": "wandb-registry-model",
            "entity_name": "acme",
        },
    }


def test_every_variable_can_be_asked_for() -> None:
    for name in VARIABLES:
        payload.check_template(json.dumps({"x": f"${{{name.replace('<KEY>', 'acc')}}}"}))
    payload.check_template(USUAL)


def test_metadata_is_by_top_level_key_and_missing_is_blank() -> None:
    assert sent('["${artifact_metadata.acc}", "${artifact_metadata.list}", "${artifact_metadata.no}", "${tag}"]') == [
        "0.9", "[1, null]", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ('{"a": "${nope}"}', "There is no variable ${nope}"),
        ('{"a": "${artifact_metadata.}"}', "There is no variable"),
        ('{"a": "${artifact_metadata.<KEY>}"}', "There is no variable"),
        ('{"a": ${alias}}', "Variables stand inside strings"),
        ('{"a": "${alias"}', "not closed"),
        ('{"a": NaN}', "knows no NaN"),
        ("{", "is not JSON"),
        ("[" * 100_000, "at most"),
        ("[" * 60_000, "nested too deeply"),
        ('{"a": "\\ud800"}', "half a character"),
    ],
)
def test_a_template_that_could_not_be_sent_is_refused(template: str, says: str) -> None:
    with pytest.raises(Invalid, match=says.replace("$", r"\$").replace("{", r"\{")):
        payload.check_template(template)


def test_secrets_are_put_in_last_and_only_where_the_template_says_so() -> None:
    values = VALUES | {
        "alias": "${ACCESS_TOKEN}",
        "metadata": {"${SECRET_NAME}": "${SECRET_NAME}", "a": "${SECRET_NAME}"},
    }
    template = '{"k": "${ACCESS_TOKEN}", "alias": "${alias}", "m": "${artifact_metadata.a}"}'
    secrets = {"ACCESS_TOKEN": "t0ken", "SECRET_NAME": "s3cret"}
    assert json.loads(payload.render(template, values, secrets)) == {
        "k": "t0ken", "alias": "${ACCESS_TOKEN}", "m": "${SECRET_NAME}",
    }  # fmt: skip
    masked = payload.render(template, values, dict.fromkeys(secrets))
    assert "t0ken" not in masked
    assert payload.MASK in masked


@given(st.text(), st.text())
def test_no_value_breaks_out_of_its_string(alias: str, key: str) -> None:
    template = '{"a": "x ${alias} y", "${tag}": ["${artifact_metadata.k}"]}'
    rendered = payload.render(template, VALUES | {"alias": alias, "metadata": {"k": key}}, {})
    assert json.loads(rendered) == {"a": f"x {alias} y", "": [key]}


def test_names_can_call_nobody_in_slack() -> None:
    made = json.loads(
        payload.slack("New: ${alias}", "${tag} <https://x|fine>", "WARN", VALUES | {"alias": "<!channel>"})
    )
    assert "<!channel>" not in json.dumps(made)
    assert made["text"] == "New: &lt;!channel&gt;"
    assert "<https://x|fine>" in json.dumps(made), "what the automation's author wrote is a link"
    assert "WARN" in json.dumps(made)


def test_a_message_holds_no_secrets() -> None:
    with pytest.raises(Invalid, match="messages are read by people"):
        payload.check_text("${ACCESS_TOKEN}", "A title")


def test_a_payload_that_grew_too_large_is_not_sent() -> None:
    with pytest.raises(Invalid, match="256 KiB"):
        payload.render('"${artifact_metadata.k}"', {"metadata": {"k": "x" * 300_000}}, {})
    with pytest.raises(Invalid, match="256 KiB"):
        payload.render('["' + "${artifact_metadata.k}" * 2000 + '"]', {"metadata": {"k": "x" * 200_000}}, {})


def test_half_a_character_in_a_value_is_replaced() -> None:
    assert payload.render('"${alias}"', {"alias": "a\ud800"}, {}) == '"a?"'

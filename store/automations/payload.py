"""Payload templates with W&B's variables. A template is JSON, and variables stand in its strings.

Source: W&B's "Create a webhook automation" (payload variables). Secrets are put in when a payload is sent, and only
then: in one pass over the template, so that a value which looks like a variable stays a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import Invalid

VARIABLES: Mapping[str, str] = {
    "project_name": "the registry or project, as it stands in paths",
    "entity_name": "the organization or team that it belongs to",
    "event_type": "what happened, e.g. LINK_ARTIFACT",
    "event_author": "who did it",
    "alias": "the alias that was added or removed; blank otherwise",
    "tag": "the tag that was added or removed; blank otherwise",
    "artifact_collection_name": "the collection",
    "artifact_metadata.<KEY>": "a value of the version's metadata, by its top-level key",
    "artifact_version": "the version, as wandb-artifact://_id/…",
    "artifact_version_string": "the version, as entity/project/collection:alias",
    "ACCESS_TOKEN": "the webhook's access token",
    "SECRET_NAME": "the webhook's secret",
}
MASK = "••••"
LONGEST = 64 * 1024  # characters of a template
LARGEST = 256 * 1024  # bytes of a payload
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_METADATA = "artifact_metadata."
_SECRETS = ("ACCESS_TOKEN", "SECRET_NAME")

# What is sent where no template was given.
USUAL = json.dumps(
    {
        "event_type": "${event_type}",
        "event_author": "${event_author}",
        "entity_name": "${entity_name}",
        "project_name": "${project_name}",
        "artifact_collection_name": "${artifact_collection_name}",
        "artifact_version": "${artifact_version}",
        "artifact_version_string": "${artifact_version_string}",
        "alias": "${alias}",
        "tag": "${tag}",
    }
)


def check_template(template: str, secrets: tuple[str, ...] = ()) -> None:
    """Refuse a template that could not be sent.

    Args:
        secrets: names of the webhook's own, besides ACCESS_TOKEN and SECRET_NAME.

    Raises:
        Invalid: it is no JSON, too long, or has a variable that there is none of.
    """
    if len(template) > LONGEST:
        raise Invalid(f"A payload template has at most {LONGEST:,} characters; this one has {len(template):,}.")
    tree = _tree(template)
    for text in _texts(tree):
        if not _writable(text):
            raise Invalid("The payload template holds half a character (U+D800 to U+DFFF), which can't be sent.")
        for name in _VARIABLE.findall(text):
            known = name in VARIABLES or name in secrets or (name.startswith(_METADATA) and len(name) > len(_METADATA))
            if not known or name.endswith("<KEY>"):
                raise Invalid(
                    f"There is no variable ${{{name}}}. There are: {', '.join(f'${{{one}}}' for one in VARIABLES)}"
                )
        if "${" in _VARIABLE.sub("", text):
            raise Invalid("A variable is not closed: it is written ${name}.")


def check_text(text: str, what: str) -> None:
    """Refuse a message with a variable that there is none of, or with a secret in it.

    Raises:
        Invalid
    """
    check_template(json.dumps(text))
    for name in _VARIABLE.findall(text):
        if name in _SECRETS:
            raise Invalid(f"{what} can't hold ${{{name}}}: messages are read by people.")


def metadata_keys(*templates: str) -> set[str]:
    """The top-level metadata keys that templates ask for."""
    found = {name for text in templates for name in _VARIABLE.findall(text)}
    return {name.removeprefix(_METADATA) for name in found if name.startswith(_METADATA)}


def render(template: str, values: Mapping[str, Any], secrets: Mapping[str, str | None]) -> str:
    """A template with everything put in: JSON text.

    Args:
        values: what the variables are; `metadata` is an object.
        secrets: name → value, or None to leave them masked.

    Raises:
        Invalid: it has grown larger than is sent.
    """
    room = LARGEST

    def counted(text: str) -> str:  # as it grows, so that a large value that is asked for often fills no memory
        nonlocal room
        room -= len(text)
        if room < 0:
            raise Invalid(f"The payload is larger than the {LARGEST // 1024} KiB that are sent.")
        return text

    tree = _filled(_tree(template or USUAL), lambda text: fill(text, values, secrets, counted))
    text = json.dumps(tree, ensure_ascii=False).encode("utf-8", "replace").decode()
    if len(text.encode()) > LARGEST:
        raise Invalid(f"The payload is larger than the {LARGEST // 1024} KiB that are sent.")
    return text


def fill(
    text: str,
    values: Mapping[str, Any],
    secrets: Mapping[str, str | None],
    escape: Callable[[str], str] = lambda text: text,
) -> str:
    """One text with its variables put in, each made harmless by `escape`."""

    def one(match: re.Match[str]) -> str:
        name = match[1]
        if name in secrets:
            secret = secrets[name]
            return MASK if secret is None else secret
        if name.startswith(_METADATA):
            return escape(_spelled(values.get("metadata", {}).get(name.removeprefix(_METADATA))))
        return escape(_spelled(values.get(name)))

    return _VARIABLE.sub(one, text)


def slack(title: str, message: str, severity: str, values: Mapping[str, Any]) -> str:
    """A message as Slack's incoming webhooks read it."""
    title, message = (fill(text, values, {}, _slack_safe) for text in (title, message))
    colour = {"INFO": "#3b82f6", "WARN": "#f59e0b", "ERROR": "#ef4444"}[severity]
    blocks: list[dict[str, Any]] = [{"type": "section", "text": {"type": "mrkdwn", "text": f"*{title}*"[:3000]}}]
    if message:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": message[:3000]}})
    context = f"{severity} · {_slack_safe(str(values.get('artifact_version_string') or values.get('path', '')))}"
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": context[:3000]}]})
    text = json.dumps({"text": title[:3000], "attachments": [{"color": colour, "blocks": blocks}]}, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode()


def _slack_safe(text: str) -> str:
    """Names can't call everybody (`<!channel>`) or pretend to be a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _writable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _spelled(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _tree(template: str) -> Any:
    try:
        return json.loads(template, parse_constant=_refuse)
    except RecursionError:
        raise Invalid("The payload template is nested too deeply.") from None
    except json.JSONDecodeError as error:
        hint = ' Variables stand inside strings: "${alias}".' if "${" in template else ""
        raise Invalid(
            f"The payload template is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.{hint}"
        ) from None


def _refuse(name: str) -> Any:
    raise Invalid(f"The payload template is not JSON: it knows no {name}.")


def _texts(tree: Any) -> list[str]:
    found: list[str] = []
    _filled(tree, lambda text: found.append(text) or text)
    return found


def _filled(tree: Any, change: Callable[[str], str]) -> Any:
    if isinstance(tree, str):
        return change(tree)
    if isinstance(tree, list):
        return [_filled(one, change) for one in tree]
    if isinstance(tree, dict):
        return {change(key): _filled(value, change) for key, value in tree.items()}
    return tree

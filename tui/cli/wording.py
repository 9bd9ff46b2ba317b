"""A change in words, the same after it was made, in a dry run, in the history and in the list of what can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from .output import duration, number, short


class Changed(Protocol):
    """An event, or a change that may never become one."""

    @property
    def action(self) -> str: ...
    @property
    def detail(self) -> Mapping[str, Any]: ...
    @property
    def before(self) -> Mapping[str, Any]: ...
    @property
    def after(self) -> Mapping[str, Any]: ...


Wording = Callable[[Mapping[str, Any], Mapping[str, Any], Mapping[str, Any]], str]


def sentence(change: Changed) -> str:
    """What happened, in the past tense and without who and when."""
    word, colon, plain = change.action.partition(":")
    if not colon:
        return _plain(change.action, change.detail, change.before, change.after)
    # the facts of an inverse are the event's own, turned round
    done = _plain(plain.rpartition(":")[2], change.detail, change.after, change.before)
    if word == "undo":
        return f"took back event {change.detail.get('of', '?')}: {done}"
    done = _plain(plain.rpartition(":")[2], change.detail, change.before, change.after)
    return f"did again: {done}"


def undo_command(seq: int) -> str:
    return f"curatory undo {seq}"


def _plain(action: str, detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    wording = _WORDINGS.get(action)
    if wording is not None:
        # a log may hold what another version, or another program, wrote into it
        with suppress(TypeError, ValueError, AttributeError, IndexError):
            return wording(detail, before, after)
    return f"{action} {_path(detail)}".rstrip()


def _path(detail: Mapping[str, Any]) -> str:
    return short(str(detail.get("path", "")))


def _listed(names: Any) -> str:
    return ", ".join(str(name) for name in names)


def _keys(kind: str, facts: Mapping[str, Any], *, there: bool = True) -> list[str]:
    """The last parts of facts of a kind: an alias, a tag, a type."""
    return [
        fact.split("/", 2)[2]
        for fact, value in facts.items()
        if fact.startswith(f"{kind}/") and (value is not None) == there
    ]


def _value(kind: str, facts: Mapping[str, Any]) -> Any:
    return next((value for fact, value in facts.items() if fact.startswith(f"{kind}/")), None)


def _label(detail: Mapping[str, Any]) -> str:
    """The version a collection's change is about: `model/detector:v14`."""
    _, _, mark = str(detail.get("name", "")).rpartition(":")
    return f"{_path(detail)}:{mark}" if mark else _path(detail)


def _aliases(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Which aliases came to a version, and from where."""
    mark = str(detail.get("name", "")).rpartition(":")[2]
    moved = detail.get("moved") or {}
    names = _keys("alias", after)
    came = [name for name in names if name in moved]
    new = [name for name in names if name not in moved]
    texts = [f"moved {name} v{moved[name]} → {mark} in {_path(detail)}" for name in came]
    if new:
        texts.append(f"added {'aliases' if len(new) > 1 else 'alias'} {_listed(new)} to {_label(detail)}")
    return texts


def _alias_add(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    return "; ".join(_aliases(detail, before, after)) or f"changed the aliases of {_label(detail)}"


def _alias_remove(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    names = _keys("alias", before) or list(detail.get("aliases", ()))
    return f"took {'aliases' if len(names) > 1 else 'alias'} {_listed(names)} off {_label(detail)}"


def _link_add(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    mark = f"v{detail.get('version', '?')}"
    made = " (a new collection)" if detail.get("created") else ""
    text = f"linked {_path(detail)}:{mark}{made} ← {short(str(detail.get('source', '')))}"
    moved = detail.get("moved") or {}
    names = _keys("alias", after)
    if new := [name for name in names if name not in moved]:
        text += f" as {_listed(new)}"
    for name in names:
        if name in moved:
            text += f", moved {name} v{moved[name]} → {mark}"
    if detail.get("ttl_cleared"):
        text += f"; its time to live ({duration(int(detail['ttl_cleared']))}) was switched off"
    return text


def _version_log(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    names = _keys("alias", after)
    if "version" not in detail:
        return f"gave {_listed(names) or 'aliases'} to the version of {_path(detail)} with the same content"
    text = f"logged {_path(detail)}:v{detail['version']}"
    if names:
        text += f" as {_listed(names)}"
    tags = _keys("version_tag", after)
    return f"{text}, tagged {_listed(tags)}" if tags else text


def _ttl(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    seconds = detail.get("ttl")
    words = {-1: "what its team says", -2: "never expires", None: "never"}
    said = words.get(seconds) or duration(int(seconds or 0))
    return f"set the time to live of {_path(detail)}: {said}"


def _tagged(word: str) -> Wording:
    def wording(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
        added = word == "add"
        facts = after if added else before
        tags = _keys("version_tag", facts) + _keys("collection_tag", facts) or list(detail.get("tags", ()))
        names = _listed(tags)
        return f"tagged {_path(detail)}: {names}" if added else f"took the tags {names} off {_path(detail)}"

    return wording


def _accept(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if detail.get("any"):
        return f"made {_path(detail)} accept every type"
    types = _keys("accepted_type", after) or list(detail.get("types", ()))
    only = " only" if detail.get("any") is False else " also"
    return f"made {_path(detail)} accept{only} {_listed(types) or 'nothing yet'}"


def _member_role(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    was = _value("member", before)
    change = f"{was} → {detail.get('role')}" if was else str(detail.get("role"))
    return f"changed {detail.get('member')}'s role in {_path(detail)}: {change}"


def _role(kind: str) -> Wording:
    def wording(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
        was, role = _value(kind, before), detail.get("role")
        who, where = detail.get("user") or detail.get("path"), detail.get("organization") or detail.get("path")
        if was is None:
            return f"added {who} to {where} as {role}"
        return f"changed {who}'s role in {where}: {was} → {role}"

    return wording


def _user_add(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    what = "service account" if detail.get("service") else "user"
    return f"added the {what} {detail.get('path')} to {detail.get('organization')} as {detail.get('role')}"


def _said(template: str) -> Wording:
    """A wording that needs only the names in an event's detail."""

    def wording(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
        values = {key: _spoken(value) for key, value in detail.items()}
        return template.format_map(_Blank(values | {"path": _path(detail)}))

    return wording


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def _spoken(value: Any) -> str:
    if isinstance(value, list):
        return _listed(value) or "any"
    return short(value) if isinstance(value, str) else str(value)


def _counted(text: str, key: str, one: str) -> Wording:
    def wording(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
        count = detail.get(key) or 0
        held = f" with its {number(int(count), one)}" if count else ""
        return f"{text} {_path(detail)}{held}"

    return wording


def _reviewed(word: str) -> Wording:
    def wording(detail: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
        comment = detail.get("comment")
        return f"{word} {_path(detail)}" + (f": {comment}" if comment else "")

    return wording


_WORDINGS: dict[str, Wording] = {
    "alias.add": _alias_add,
    "alias.remove": _alias_remove,
    "link.add": _link_add,
    "link.remove": lambda detail, before, after: f"unlinked {_path(detail)}:v{detail.get('version_number', '?')}",
    "tag.add": _tagged("add"),
    "tag.remove": _tagged("remove"),
    "version.log": _version_log,
    "version.delete": _counted("deleted", "links", "link"),
    "version.expire": _said("deleted {path}, whose time to live had ended"),
    "version.describe": _said("changed the description of {path}"),
    "version.metadata": _said("changed the metadata of {path}"),
    "version.ttl": _ttl,
    "collection.create": _said("created the collection {path} for artifacts of type {type}"),
    "collection.rename": _said("renamed the collection {path} to {to}"),
    "collection.describe": _said("changed the card of {path}"),
    "collection.type": _said("changed the type of {path} to {type}"),
    "collection.delete": _counted("deleted the collection", "versions", "version"),
    "registry.create": _said("created the registry {path} ({visibility}, types: {types})"),
    "registry.rename": _said("renamed the registry {path} to {to}"),
    "registry.describe": _said("changed the description of {path}"),
    "registry.visibility": _said("made {path} visible to: {visibility}"),
    "registry.accept": _accept,
    "registry.owner": _said("made {owner} the owner of {path}"),
    "registry.protect": _said("protected the alias {alias} in {path}"),
    "registry.unprotect": _said("took the protection off the alias {alias} in {path}"),
    "registry.delete": _counted("deleted the registry", "collections", "collection"),
    "member.add": _said("added {member} to {path} as {role}"),
    "member.role": _member_role,
    "member.remove": _said("removed {member} from {path}"),
    "team.create": _said("created the team {path}"),
    "team.remove": _said("removed the team {path}"),
    "team.member": _role("team_member"),
    "team.leave": _said("took {user} out of the team {path}"),
    "team.ttl": _ttl,
    "user.add": _user_add,
    "user.role": _role("organization_member"),
    "user.remove": _said("removed {path} from the store"),
    "organization.create": _said("created the organization {path}"),
    "project.create": _said("created the project {path}"),
    "project.delete": _said("deleted the project {path}"),
    "run.start": _said("started the run {path}"),
    "run.resume": _said("resumed the run {path}"),
    "run.finish": _said("ended the run {path}: {state}"),
    "run.use": _said("used {path} in the run {run}"),
    "run.delete": _said("deleted the run {path}"),
    "migration.start": _said("began migrating {source} to {path}"),
    "migration.collection": _said("copied {source} to {path}"),
    "migration.end": _said("migrated {source} to {path}: {collections} collections, {versions} versions"),
    "migration.rollback": _said("rolled the migration of {source} to {path} back"),
    "review.accept": _reviewed("accepted"),
    "review.flag": _reviewed("flagged"),
    "review.reopen": _said("took the verdict off {path}"),
    "review.signoff": _said("signed off the migration of {source} to {path}"),
    "key.create": _said("made the API key {name} of {path}"),
    "key.revoke": _said("revoked the API key {name} of {path}"),
    "automation.create": _said("made the automation {name} in {path}"),
    "automation.edit": _said("changed the automation {name} in {path}"),
    "automation.pause": _said("paused the automation {name} in {path}"),
    "automation.resume": _said("resumed the automation {name} in {path}"),
    "automation.remove": _said("removed the automation {name} in {path}"),
    "webhook.create": _said("made the webhook {path}"),
    "webhook.edit": _said("changed the webhook {path}"),
    "webhook.remove": _said("removed the webhook {path} and its secrets"),
    "gc.purge": _said("removed the files of {versions} deleted versions for good"),
}

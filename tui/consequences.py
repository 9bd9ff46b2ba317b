"""What a change comes to, in words for the one who is about to make it: one line for each thing that will be different.

They are read inside the rehearsal, after the change: the store answers as it would then.
"""

from __future__ import annotations

from typing import Any

from ..store import CuratoryError, Role, Store
from . import automations, wording
from .widgets.text import Line, Word

MOST = 6  # names before "and 4 more"

_SEEN = {"organization": "everybody in the organization", "restricted": "only those who were added"}


def consequences(store: Store, change: Any) -> list[Line]:
    """A change of the store in words; never empty."""
    special = _OF_ACTION.get(change.action)
    lines = special(store, change) if special else []
    if not special:
        for fact, value in change.after.items():
            lines += _of_fact(store, change, fact, change.before.get(fact), value)
    return lines or [wording.tell(change.action, change.detail)]


def _name(change: Any) -> str:
    return str(change.detail.get("name") or wording.short(str(change.detail.get("path", ""))))


def _place(change: Any) -> str:
    return wording.short(str(change.detail.get("path", "")))


def _of_fact(store: Store, change: Any, fact: str, before: Any, after: Any) -> list[Line]:
    kind, _, rest = fact.partition("/")
    owner, _, key = rest.partition("/")
    name = _name(change)
    match kind:
        case "alias":
            return [_alias(store, int(owner), key, before, after, change)]
        case "collection_tag" | "version_tag":
            verb = "adds the tag " if after else "takes off the tag "
            return [[(verb, ""), (key, "tag"), (" on " if after else " from ", ""), (name, "path")]]
        case "link" if after is None:
            return _unlink(store, change, before, name)
        case "protected_alias":
            said = " only admins may move it from now on" if after else " every member may move it again"
            return [[("◆" if after else "", "protected"), (key, "protected" if after else "alias"), (":" + said, "")]]
        case "accepted_type":
            return [[("accepts the type ", ""), (key, "type"), (", for good", "warn")]]
        case "version" if key == "ttl" and change.action == "version.ttl":
            return [[(name, "path"), (" lives ", ""), (wording.lifetime(after), "strong")]]
        case "version" if key == "metadata":
            return _metadata(name, before or {}, after or {})
        case _ if key == "description":
            old, new = len(before or ""), len(after or "")
            what = "description of " if kind == "version" else "card of "
            return [[(what, ""), (name, "path"), (f": {old:,} → {new:,} characters", "")]]
        case "collection" if key == "type":
            return [[(name, "path"), (" takes the type ", ""), (f"{before} → ", ""), (str(after), "type")]]
        case _ if key == "any_type":
            return [[("accepts every type" if after else "accepts only the types that are listed", "")]]
        case _ if key == "exists" and not after:
            return [_gone(change, kind, name)]
    return []


# -- aliases and links -----------------------------------------------------------------------------------------


def _alias(store: Store, collection: int, alias: str, before: Any, after: Any, change: Any) -> Line:
    old = _number(store, collection, before, change) if before is not None else None
    new = _number(store, collection, after, change) if after is not None else None
    if before is None:
        return [("puts ", ""), (alias, "alias"), (" on ", ""), (f"v{new}", "number")]
    if after is None:
        return [("takes ", ""), (alias, "alias"), (" off ", ""), (f"v{old}", "number")]
    return _move(alias, "alias", old, new)


def _move(alias: str, role: str, old: int | None, new: int | None) -> Line:
    return [("moves ", ""), (alias, role), (" ", ""), (f"v{old}", "number"), (" → ", ""), (f"v{new}", "number")]


def _number(store: Store, collection: int, version: int, change: Any) -> int | None:
    """The number that a version has or had in a collection."""
    fact = f"link/{collection}/{version}"
    if change.after.get(fact):
        return int(change.after[fact][0])
    for event in store.events.of_fact(fact, limit=3):
        value = event.after.get(fact) or event.before.get(fact)
        if value:
            return int(value[0])
    return None


def _link(store: Store, change: Any) -> list[Line]:
    detail, name = change.detail, _name(change)
    source = wording.short(str(detail.get("source", "")))
    lines: list[Line] = [[("links ", ""), (source, "path"), (" as ", ""), (name, "path")]]
    if detail.get("created"):
        collection = name.rpartition(":")[0]
        lines.append([("makes the collection ", ""), (collection, "path"), (f" of type {detail['type']}", "")])
    number = int(detail.get("version", 0))
    older = _highest_but(store, change, number)
    if number and older is not None and older < number:
        lines.append(_move("latest", "latest", older, number))
    if "ttl_cleared" in detail:
        lines.append([("it will no longer expire: what a registry holds stays", "warn")])
    for fact, value in change.after.items():
        if fact.startswith("alias/"):
            lines += _of_fact(store, change, fact, change.before.get(fact), value)
    return lines


def _log(store: Store, change: Any) -> list[Line]:
    detail = change.detail
    number = detail.get("version")
    if number is None:
        return [[("its content is in ", ""), (_place(change), "path"), (" already: no new version is made", "")]]
    lines: list[Line] = [[("logs ", ""), (f"{_place(change)}:v{number}", "path")]]
    if detail.get("created"):
        lines.append([("makes the collection ", ""), (_place(change), "path"), (f" of type {detail['type']}", "")])
    for fact, value in change.after.items():
        if fact.startswith(("alias/", "version_tag/")):
            lines += _of_fact(store, change, fact, change.before.get(fact), value)
    return lines


def _unlink(store: Store, change: Any, before: Any, name: str) -> list[Line]:
    lines: list[Line] = [[("takes ", ""), (name, "path"), (" out of the collection; its source stays", "")]]
    number = int(before[0]) if before else 0
    next_one = _highest_but(store, change, number)
    if next_one is not None and next_one < number:
        lines.append(_move("latest", "latest", number, next_one))
    return lines


def _highest_but(store: Store, change: Any, number: int) -> int | None:
    """The highest number in the collection of a link, that one left out."""
    page = store.search.versions(str(change.detail.get("path", "")), order="-number", limit=2)
    return next((version.number for version in page if version.number != number), None)


# -- what is made, renamed, deleted ----------------------------------------------------------------------------


def _made(store: Store, change: Any) -> list[Line]:
    what = change.action.partition(".")[0]
    words: list[Word] = [(f"makes the {what} ", ""), (_place(change), "path")]
    if what == "collection":
        words += [(" of type ", ""), (str(change.detail.get("type", "")), "type")]
        tags = [fact.split("/", 2)[2] for fact in change.after if fact.startswith("collection_tag/")]
        return [[*words, *([(", tagged ", ""), (", ".join(tags), "tag")] if tags else [])]]
    visibility = str(change.detail.get("visibility", ""))
    types = [str(kind) for kind in change.detail.get("types", ())]
    takes: list[Word] = [("it takes ", ""), (", ".join(types) or "every type", "type"), (", and you are its admin", "")]
    return [[*words, (", seen by ", ""), (_SEEN.get(visibility, visibility), "strong")], takes]


def _renamed(store: Store, change: Any) -> list[Line]:
    new = wording.short(f"/{change.detail.get('to', '')}").lstrip("/")
    return [
        [("renames ", ""), (_place(change), "path"), (" → ", ""), (new, "path")],
        [("paths with the old name lead nowhere then", "warn")],
    ]


def _gone(change: Any, kind: str, name: str) -> Line:
    held = change.detail.get("versions", change.detail.get("collections"))
    what = {"collection": "version", "project": "collection"}.get(kind, "thing")
    words: list[Word] = [("deletes ", "bad"), (name, "path")]
    if held:
        words.append((f" with {wording.count(int(held), what)}", "bad"))
    if change.action in ("collection.delete", "registry.delete") and held:
        words.append(("; the versions stay where they were logged", "muted"))
    return words


def _version_gone(store: Store, change: Any) -> list[Line]:
    lines: list[Line] = [
        [("deletes ", "bad"), (_name(change), "path"), ("; its files stay for a day at least", "muted")]
    ]
    links = int(change.detail.get("links", 0))
    if links:
        lines.append([("takes it out of ", "bad"), (wording.count(links, "collection"), "strong"), (" too", "bad")])
    aliases = sorted({fact.split("/", 2)[2] for fact in change.after if fact.startswith("alias/")})
    if aliases:
        lines.append([("its aliases go with it: ", "warn"), (wording.listed(aliases, MOST), "alias")])
    return lines


def _metadata(name: str, before: dict[str, Any], after: dict[str, Any]) -> list[Line]:
    lines: list[Line] = []
    new = [key for key in after if key not in before]
    other = [key for key in after if key in before and after[key] != before[key]]
    gone = [key for key in before if key not in after]
    for verb, keys in (("adds ", new), ("changes ", other), ("takes away ", gone)):
        if keys:
            lines.append(
                [(verb, ""), (wording.listed(keys, MOST), "strong"), (" in the metadata of ", ""), (name, "path")]
            )
    return lines


# -- registries and people -------------------------------------------------------------------------------------


def _visibility(store: Store, change: Any) -> list[Line]:
    visibility = str(change.detail.get("visibility", ""))
    lines: list[Line] = [
        [(_place(change), "path"), (" will be seen by ", ""), (_SEEN.get(visibility, visibility), "strong")]
    ]
    if visibility == "restricted":
        gone = store.registries.newly_seeing(str(change.detail["path"]))
        if gone:
            count = wording.count(len(gone), "person", "people")
            lines.append([(f"{count} will no longer see it: ", "warn"), (wording.listed(gone, MOST), "person")])
    return lines


def _owner(store: Store, change: Any) -> list[Line]:
    who = str(change.detail.get("owner", ""))
    return [
        [(who, "person"), (" becomes accountable for ", ""), (_place(change), "path"), ("; no right more", "muted")]
    ]


def _member(store: Store, change: Any) -> list[Line]:
    """A role given in a registry, changed or taken; and what somebody effectively is with or without it."""
    (fact,) = (fact for fact in change.after if fact.startswith("member/"))
    before, after = change.before.get(fact), change.after[fact]
    who, where = str(change.detail.get("member", "")), _place(change)
    try:
        found = store.members.list(str(change.detail["path"]))
    except CuratoryError:
        found = None  # the actor has just shut themselves out
    left = next((one for one in found or () if one.name == who), None)
    stays = left is not None and after is not None and Role.parse(left.effective) > Role.parse(after)
    if after is None:
        lines: list[Line] = [[(who, "person"), (f" is no longer {before} of ", ""), (where, "path")]]
    elif before is not None:
        lines = [[(who, "person"), (f": {before} → ", ""), (str(after), "strong"), (" in ", ""), (where, "path")]]
    elif stays:
        lines = [
            [("gives ", ""), (who, "person"), (" the role ", ""), (str(after), "strong"), (" in ", ""), (where, "path")]
        ]
    else:
        lines = [[(who, "person"), (" becomes ", ""), (str(after), "strong"), (" of ", ""), (where, "path")]]
    if found is None:
        return [*lines, [("you will not see it any more", "bad")]]
    team = _people_of(store, who)
    if team is not None:
        lines.append([("counts for its people: ", "muted"), (wording.listed(team, MOST) or "nobody yet", "person")])
    elif left is None:
        lines.append([(who, "person"), (" no longer has any access", "warn")])
    elif stays or after is None:
        words: list[Word] = [(who, "person"), (" stays ", ""), (left.effective, "strong")]
        lines.append([*words, (f" all the same, {_through(left.via)}" if stays else f" {_through(left.via)}", "warn")])
    return lines


def _people_of(store: Store, name: str) -> list[str] | None:
    """The people of a team; None if it is none."""
    try:
        return [one.name for one in store.teams.members(name)]
    except CuratoryError:
        return None


def _through(via: str) -> str:
    known = {"organization": "by the organization", "registry": "by a role in the registry", "owner": "as its owner"}
    return known.get(via, f"by the team {via}")


def _team_made(store: Store, change: Any) -> list[Line]:
    return [[("makes the team ", ""), (_place(change), "person"), (", and you are its admin", "")]]


def _team_gone(store: Store, change: Any) -> list[Line]:
    lines: list[Line] = [[("deletes the team ", "bad"), (_place(change), "person")]]
    return lines + _roles_lost(change, "team_member", "member")


def _team_member(store: Store, change: Any) -> list[Line]:
    (fact,) = change.after
    before, after = change.before.get(fact), change.after[fact]
    who, team = str(change.detail.get("user", "")), _place(change)
    if before is None:
        line: Line = [
            (who, "person"),
            (" becomes ", ""),
            (str(after), "strong"),
            (" of the team ", ""),
            (team, "person"),
        ]
    elif after is None:
        line = [(who, "person"), (" leaves the team ", ""), (team, "person"), (", and what they had by it", "warn")]
    else:
        line = [
            (who, "person"),
            (f": {before} → ", ""),
            (str(after), "strong"),
            (" in the team ", ""),
            (team, "person"),
        ]
    return [line]


def _team_ttl(store: Store, change: Any) -> list[Line]:
    seconds = change.detail.get("ttl")
    lives = wording.lifetime(seconds) if seconds else "for ever"
    words: list[Word] = [("versions of ", ""), (_place(change), "person"), (" live ", ""), (lives, "strong")]
    return [
        [*words, (" unless they say otherwise", "")],
        [("those that are there already, too; this can't be undone with u, only set again", "warn")],
    ]


def _user_made(store: Store, change: Any) -> list[Line]:
    detail = change.detail
    kind = "the service account " if detail.get("service") else ""
    words: list[Word] = [
        (f"adds {kind}", ""),
        (_place(change), "person"),
        (" as ", ""),
        (str(detail.get("role")), "strong"),
    ]
    words += [(" to the organization ", ""), (str(detail.get("organization", "")), "path")]
    if any(fact.startswith("team_member/") for fact in change.after):
        words.append((", and to its team", ""))
    return [words]


def _user_role(store: Store, change: Any) -> list[Line]:
    (fact,) = change.after
    before, after = change.before.get(fact), change.after[fact]
    where = str(change.detail.get("organization", ""))
    lines: list[Line] = [
        [(_place(change), "person"), (f": {before} → ", ""), (str(after), "strong"), (" of ", ""), (where, "path")]
    ]
    if after == "admin":
        lines.append([("becomes admin of every registry and team, restricted ones too", "warn")])
    return lines


def _user_gone(store: Store, change: Any) -> list[Line]:
    lines: list[Line] = [
        [("removes ", "bad"), (_place(change), "person"), ("; what they did stays in the history", "muted")]
    ]
    return lines + _roles_lost(change, "member", "team_member")


def _roles_lost(change: Any, *kinds: str) -> list[Line]:
    what = {
        "member": ("role in a registry", "roles in registries"),
        "team_member": ("place in a team", "places in teams"),
    }
    lost = [
        wording.count(number, *what[kind])
        for kind in kinds
        if (number := sum(fact.startswith(f"{kind}/") for fact in change.after))
    ]
    return [[("with it: ", "warn"), (" and ".join(lost), "strong")]] if lost else []


# -- migrations ------------------------------------------------------------------------------------------------


def _judged(store: Store, change: Any) -> list[Line]:
    verb, role = {
        "review.accept": ("accepts ", "good"),
        "review.flag": ("flags ", "bad"),
        "review.reopen": ("takes the verdict off ", ""),
    }[change.action]
    comment = change.detail.get("comment")
    return [[(verb, role), (_place(change), "path"), *([(f": {comment}", "")] if comment else [])]]


def _signed_off(store: Store, change: Any) -> list[Line]:
    words: list[Word] = [("signs off the migration of ", ""), (str(change.detail.get("source", "")), "path")]
    return [[*words, (" to ", ""), (_place(change), "path"), ("; it is not rolled back then", "muted")]]


def _rolled_back(store: Store, change: Any) -> list[Line]:
    words: list[Word] = [("deletes ", "bad"), (_place(change), "path"), (", with all that was migrated from ", "bad")]
    return [[*words, (str(change.detail.get("source", "")), "path")]]


_OF_ACTION = {
    "link.add": _link,
    "version.log": _log,
    "collection.create": _made,
    "registry.create": _made,
    "collection.rename": _renamed,
    "registry.rename": _renamed,
    "registry.visibility": _visibility,
    "registry.owner": _owner,
    "version.delete": _version_gone,
    "member.add": _member,
    "member.role": _member,
    "member.remove": _member,
    "team.create": _team_made,
    "team.remove": _team_gone,
    "team.member": _team_member,
    "team.leave": _team_member,
    "team.ttl": _team_ttl,
    "user.add": _user_made,
    "user.role": _user_role,
    "user.remove": _user_gone,
    "review.accept": _judged,
    "review.flag": _judged,
    "review.reopen": _judged,
    "review.signoff": _signed_off,
    "migration.rollback": _rolled_back,
    **automations.CONSEQUENCES,
}

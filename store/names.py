"""What may be called what: the official client's rules (0.31) with its texts, and one rule of our own.

Our own rule: no control, bidirectional or zero-width characters in anything that is a name, because they can
lie about what is on a screen. For the same reason names are kept composed (NFC), and without space at an end, where
no path could say it. The limits are W&B Registry's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from .errors import Invalid

REGISTRY_PREFIX = "wandb-registry-"
LEGACY_PROJECT = "model-registry"
MAX_NAME = 128
MAX_REGISTRY_NAME = MAX_NAME - len(REGISTRY_PREFIX)
MAX_TAGS_PER_CALL = 20

_URL_UNSAFE = set("/\\#?%:\r\n")
_SOURCE_NAME = re.compile(r"^[a-zA-Z0-9_\-.]+$")
_TYPE = re.compile(r"^[-\w]+([ ]*[-.\w]+)*$")
_TAG = re.compile(r"^[-\w]+( +[-\w]+)*$")
_ENTITY = re.compile(r"^[\w][-\w.]*$")
_NUMBER = re.compile(r"^v(\d+)$")


def fold_key(name: str) -> str:
    """The form in which project and entity names are compared: letter case and composition don't count."""
    return unicodedata.normalize("NFC", name).casefold()


_JOINER, _EMOJI_STYLE, _KEYCAP = "\u200d", "\ufe0f", "\u20e3"
# Letters, marks and signs that look like nothing, and those that choose a variant of the character before.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")


def check_characters(name: str, what: str) -> str:
    """A name composed, without characters that are invisible or steer a terminal.

    Raises:
        Invalid: names the first such character by its code point.
    """
    if name.isascii() and name.isprintable():
        return name
    for position, character in enumerate(name):
        # Cc control, Cf format (bidi, zero-width), Cs lone surrogate, Zl and Zp line separators
        unseen = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or _BLANK.match(character)
        if unseen and not _in_emoji(name, position):
            raise Invalid(
                f"{what} must not contain invisible or control characters: U+{ord(character):04X} at position "
                f"{position}. Leave it out."
            )
    return unicodedata.normalize("NFC", name)


def _in_emoji(name: str, position: int) -> bool:
    """Whether an invisible character is one that makes an emoji of the signs around it."""
    before, after = name[:position], name[position + 1 :]
    if name[position] == _JOINER:
        return _is_sign(before.removesuffix(_EMOJI_STYLE)[-1:]) and _is_sign(after[:1])
    return name[position] == _EMOJI_STYLE and (_is_sign(before[-1:]) or after[:1] == _KEYCAP)


def _is_sign(character: str) -> bool:
    return bool(character) and unicodedata.category(character) in ("So", "Sk", "Sm", "Po")


def _no_space_around(name: str, what: str) -> str:
    if name != name.strip():
        raise Invalid(f"{what} must not begin or end with a space: {name!r}")
    return name


def project_name(name: str, what: str = "Project name") -> str:
    if not name:
        raise Invalid(f"{what} cannot be empty")
    name = _no_space_around(check_characters(name, what), what)
    found = sorted(_URL_UNSAFE.intersection(name))
    if found:
        listed = ", ".join(repr(character) for character in found)
        raise Invalid(f"Invalid project/registry name {name!r}: cannot contain characters {listed}")
    if len(name) > MAX_NAME:
        raise Invalid(f"Invalid project/registry name {name!r}: must be {MAX_NAME} characters or less")
    return name


def registry_name(name: str) -> str:
    """A registry's own name, without the prefix; a given prefix is taken off."""
    name = name.removeprefix(REGISTRY_PREFIX)
    if not name.strip():
        raise Invalid("Registry name cannot be empty")
    if len(name) > MAX_REGISTRY_NAME:
        raise Invalid(f"Invalid registry name {name!r}: must be {MAX_REGISTRY_NAME} characters or less")
    return project_name(name, "Registry name")


def entity_name(name: str, what: str) -> str:
    """A user's, team's or organization's name: letters, digits, '-', '_' and '.'."""
    if not name:
        raise Invalid(f"{what} name cannot be empty")
    name = check_characters(name, f"{what} name")
    if len(name) > MAX_NAME:
        raise Invalid(f"Invalid {what.lower()} name {name!r}: must be {MAX_NAME} characters or less")
    if not _ENTITY.match(name):
        raise Invalid(
            f"Invalid {what.lower()} name {name!r}: use letters, digits, '-', '_' and '.', beginning with "
            "a letter or digit"
        )
    return name


def collection_name(name: str) -> str:
    if not name.strip():
        raise Invalid("Collection name cannot be empty")
    name = _no_space_around(check_characters(name, "Collection name"), "Collection name")
    if len(name) > MAX_NAME:
        raise Invalid(f"Artifact name is longer than {MAX_NAME} characters: {name!r}")
    if "/" in name:
        raise Invalid(f"Artifact names must not contain '/': {name!r}")
    if ":" in name:
        raise Invalid(f"Collection names must not contain ':', it begins an alias: {name!r}")
    return name


def source_name(name: str) -> str:
    """The name of a version that is logged; narrower than a registry collection's."""
    collection_name(name)
    if not _SOURCE_NAME.match(name):
        raise Invalid(
            "Artifact name may only contain alphanumeric characters, dashes, underscores, and dots. "
            f"Invalid name: {name!r}"
        )
    return name


def artifact_type(name: str, *, reserved: bool = False) -> str:
    """An artifact type. `reserved` lets types through that only the client itself logs ("job", "wandb-…")."""
    name = check_characters(name, "Artifact type")
    if not reserved and (name == "job" or name.startswith("wandb-")):
        raise Invalid(f"Artifact type {name!r} is reserved for internal use; choose another")
    if len(name) > MAX_NAME or not _TYPE.match(name):
        raise Invalid(
            f"Invalid artifact type {name!r}: use up to {MAX_NAME} letters, digits, '-', '_', '.' and "
            "spaces between them"
        )
    return name


def alias_number(alias: str) -> int | None:
    """The number that a `vN` alias names, None for any other alias."""
    match = _NUMBER.match(alias)
    return int(match[1]) if match and len(alias) < 19 else None


def alias_name(alias: str) -> str:
    """An alias that a user may set."""
    if not alias:
        raise Invalid("An alias cannot be empty")
    if "/" in alias or ":" in alias:
        raise Invalid("Aliases must not contain any of the following characters: '/', ':'")
    alias = _no_space_around(check_characters(alias, "An alias"), "An alias")
    if len(alias) > MAX_NAME:
        raise Invalid(f"Invalid alias {alias!r}: must be {MAX_NAME} characters or less")
    if alias == "latest":
        raise Invalid(
            "The alias 'latest' always names the newest version and can't be set by hand; choose another alias"
        )
    if alias[0] == "v" and alias[1:].isnumeric():  # what the official client takes for a number
        raise Invalid(f"The alias {alias!r} is a version number, which is given automatically; choose another alias")
    return alias


def tag_names(tags: Sequence[str]) -> list[str]:
    """Tags as they are kept: the first of each, in order; at most 20 a call."""
    if len(tags) > MAX_TAGS_PER_CALL:
        raise Invalid(f"At most {MAX_TAGS_PER_CALL} tags can be changed in one call; {len(tags)} were given")
    tags = [unicodedata.normalize("NFC", tag) for tag in tags]
    for tag in tags:
        if not _TAG.match(tag) or tag != tag.strip():
            raise Invalid(
                "Invalid tag(s).  Tags must only contain alphanumeric characters separated by hyphens, "
                f"underscores, and/or spaces. Not so: {tag!r}"
            )
        check_characters(tag, "A tag")
        if len(tag) > MAX_NAME:
            raise Invalid(f"Invalid tag {tag!r}: must be {MAX_NAME} characters or less")
    return list(dict.fromkeys(tags))


def description(text: str) -> str:
    """A card or note: any text, in which only NUL and half characters can't be kept."""
    for number, character in enumerate(text):
        if character == "\0" or unicodedata.category(character) == "Cs":
            raise Invalid(
                f"A description can hold any text but U+{ord(character):04X} (at position {number}). Leave it out."
            )
    return text


def closest(name: str, known: Iterable[str]) -> str:
    """ " Did you mean …?" for what was mistyped, or nothing."""
    from difflib import get_close_matches

    found = get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(one) for one in found)}?" if found else ""

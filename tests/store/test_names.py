"""Names: the official client's limits, characters and texts, and our own rule about what can't be seen."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from curatory.store.errors import Invalid
from curatory.store.names import (
    alias_name,
    alias_number,
    artifact_type,
    closest,
    collection_name,
    description,
    entity_name,
    fold_key,
    project_name,
    registry_name,
    source_name,
    tag_names,
)

Rule = Callable[[str], object]


def user_name(name: str) -> str:
    return entity_name(name, "User")


def one_tag(name: str) -> str:
    return tag_names([name])[0]


EVERY_RULE: list[Rule] = [
    registry_name, project_name, collection_name, source_name, artifact_type, alias_name, one_tag, user_name,
]  # fmt: skip

FREE_NAMES = [  # what stands in paths and may hold anything that can be seen
    "Golden Datasets", "Fine_Tuned_Models", "RAG Chat Models", "Finetuned Llama-3.2", "탐지기", "検出器", "naïve", "a.b-c_d",
    "🚀", "👩‍🔬", "👨‍👩‍👧‍👦 family", "❤️", "🏳️‍🌈", "👍🏽", "x" * 113, "(a) [b] {c} <d> 'e' \"f\" & ! *",
]  # fmt: skip


@pytest.mark.parametrize("name", FREE_NAMES)
@pytest.mark.parametrize("rule", [registry_name, collection_name, alias_name])
def test_names_are_free_within_what_can_be_seen(rule: Rule, name: str) -> None:
    assert rule(name) == name


@pytest.mark.parametrize(
    ("rule", "name"),
    [
        (registry_name, "x" * 113),
        (project_name, "x" * 128),
        (collection_name, "x" * 128),
        (source_name, "aZ09_-." + "x" * 121),
        (artifact_type, "x" * 128),
        (artifact_type, "run_table"),
        (artifact_type, "model v1.2"),
        (artifact_type, "모델"),
        (artifact_type, "jobs"),
        (artifact_type, "wandb"),
        (alias_name, "x" * 128),
        (alias_name, "v"),
        (alias_name, "v1.2"),
        (alias_name, "V3"),
        (alias_name, "latest-2"),
        (alias_name, "생산"),
        (one_tag, "x" * 128),
        (one_tag, "한국어 태그"),
        (one_tag, "a-b_c  d"),
        (one_tag, "-"),
        (user_name, "ana.kim-2_b"),
        (user_name, "김철수"),
        (user_name, "x" * 128),
    ],
)
def test_the_last_that_is_allowed(rule: Rule, name: str) -> None:
    assert rule(name) == name


URL_UNSAFE = {"/": "'/'", "\\": r"'\\\\'", "#": "'#'", "?": r"'\?'", "%": "'%'", ":": "':'"}


@pytest.mark.parametrize(
    ("rule", "name", "message"),
    [
        (registry_name, "", "^Registry name cannot be empty$"),
        (registry_name, "  ", "^Registry name cannot be empty$"),
        (registry_name, "wandb-registry-", "^Registry name cannot be empty$"),
        (registry_name, "x" * 114, "must be 113 characters or less$"),
        (project_name, "", "^Project name cannot be empty$"),
        (project_name, "x" * 129, "must be 128 characters or less$"),
        *[
            (rule, f"a{one}b", f"cannot contain characters {shown}$")
            for rule in (registry_name, project_name)
            for one, shown in URL_UNSAFE.items()
        ],
        (registry_name, "a/b:c", "cannot contain characters '/', ':'$"),
        (collection_name, "", "^Collection name cannot be empty$"),
        (collection_name, " ", "^Collection name cannot be empty$"),
        (collection_name, "x" * 129, "^Artifact name is longer than 128 characters: 'x"),
        (collection_name, "a/b", "^Artifact names must not contain '/': 'a/b'$"),
        (collection_name, "a:b", "^Collection names must not contain ':'"),
        (source_name, "a b", "^Artifact name may only contain alphanumeric characters, dashes, underscores, and dots. Invalid name: 'a b'$"),
        (source_name, "탐지기", "^Artifact name may only contain"),
        (source_name, "🚀", "^Artifact name may only contain"),
        (source_name, "x" * 129, "longer than 128"),
        (artifact_type, "", "^Invalid artifact type ''"),
        (artifact_type, "a/b", "^Invalid artifact type"),
        (artifact_type, "a:b", "^Invalid artifact type"),
        (artifact_type, " a", "^Invalid artifact type"),
        (artifact_type, "a ", "^Invalid artifact type"),
        (artifact_type, ".a", "^Invalid artifact type"),
        (artifact_type, "x" * 129, "up to 128"),
        (artifact_type, "job", "'job' is reserved for internal use"),
        (artifact_type, "wandb-history", "'wandb-history' is reserved for internal use"),
        (alias_name, "", "^An alias cannot be empty$"),
        (alias_name, "a/b", "^Aliases must not contain any of the following characters: '/', ':'$"),
        (alias_name, "a:b", "^Aliases must not contain any of the following characters: '/', ':'$"),
        (alias_name, "x" * 129, "must be 128 characters or less$"),
        (alias_name, "latest", "'latest' always names the newest version and can't be set by hand"),
        (alias_name, "v0", "'v0' is a version number"),
        (alias_name, "v00017", "is a version number"),
        (alias_name, "v" + "9" * 40, "is a version number"),
        (alias_name, "v\N{ARABIC-INDIC DIGIT THREE}", "is a version number"),
        (alias_name, "v\N{SUPERSCRIPT TWO}", "is a version number"),
        *[
            (one_tag, tag, r"^Invalid tag\(s\).  Tags must only contain alphanumeric characters separated by hyphens, underscores, and/or spaces.")
            for tag in ("", "a.b", "a/b", " a", "a ", "a\n", "a:b", "🚀", "a\tb", "a\N{NO-BREAK SPACE}b")
        ],
        (one_tag, "x" * 129, "must be 128 characters or less$"),
        (user_name, "", "^User name cannot be empty$"),
        (user_name, "a b", "^Invalid user name 'a b'"),
        (user_name, "-a", "beginning with a letter or digit"),
        (user_name, "a/b", "^Invalid user name"),
        (user_name, "a@b", "^Invalid user name"),
        (user_name, "x" * 129, "must be 128 characters or less$"),
    ],
)  # fmt: skip
def test_what_is_refused_and_in_which_words(rule: Rule, name: str, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        rule(name)


INVISIBLE = [
    "\0", "\a", "\b", "\t", "\n", "\r", "\x1b", "\x7f", "\x85", "\x9b",  # C0, C1: what steers a terminal
    "\u061c", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066", "\u2069",  # bidirectional
    "\u00ad", "\u034f", "\u180e", "\u200b", "\u200c", "\u2060", "\u2061", "\ufeff", "\ufff9", "\U000e0001", "\U000e0041",
    "\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\u17b4",  # letters and signs that look like nothing
    "\ufe00", "\U000e0100",  # variants of the character before
    "\u2028", "\u2029", "\ud800", "\udfff",
]  # fmt: skip


@pytest.mark.parametrize("character", INVISIBLE, ids=lambda one: f"U+{ord(one):04X}")
def test_what_can_not_be_seen_is_refused_in_every_name(character: str) -> None:
    for rule in EVERY_RULE:
        with pytest.raises(Invalid):
            rule(f"ab{character}c")
    with pytest.raises(Invalid, match=rf"U\+{ord(character):04X} at position 2"):
        collection_name(f"ab{character}c")


@pytest.mark.parametrize(
    "name", ["pro\u200dd", "prod\u200d", "\u200dprod", "한\u200d글", "a\ufe0f", "🚀\u200d", "🚀\ufe0f\ufe0f"]
)
def test_what_joins_an_emoji_joins_nothing_else(name: str) -> None:
    for rule in (registry_name, collection_name, alias_name):
        with pytest.raises(Invalid, match="invisible"):
            rule(name)


@pytest.mark.parametrize("name", [" a", "a ", "a\N{IDEOGRAPHIC SPACE}", "\N{NO-BREAK SPACE}a"])
def test_space_at_an_end_is_refused_because_no_path_could_say_it(name: str) -> None:
    for rule in (registry_name, project_name, collection_name, alias_name):
        with pytest.raises(Invalid, match="begin or end with a space"):
            rule(name)


def test_a_registry_name_may_be_given_with_its_prefix() -> None:
    assert registry_name("wandb-registry-golden") == "golden"
    assert registry_name("wandb-registry-" + "x" * 113) == "x" * 113
    with pytest.raises(Invalid, match="113"):
        registry_name("wandb-registry-" + "x" * 114)


def test_a_reserved_type_is_let_through_for_the_client_itself() -> None:
    assert artifact_type("job", reserved=True) == "job"
    assert artifact_type("wandb-history", reserved=True) == "wandb-history"


def test_tags_are_kept_once_and_in_order_and_at_most_twenty_a_call() -> None:
    assert tag_names(["b", "a", "b", "c", "a"]) == ["b", "a", "c"]
    assert tag_names([]) == []
    twenty = [f"t{i}" for i in range(20)]
    assert tag_names(twenty) == twenty
    with pytest.raises(Invalid, match="At most 20 tags can be changed in one call; 21 were given"):
        tag_names([*twenty, "t20"])


@pytest.mark.parametrize(
    ("alias", "number"),
    [
        ("v0", 0), ("v12", 12), ("v007", 7), ("v" + "9" * 17, int("9" * 17)), ("v" + "9" * 18, None), ("v", None),
        ("V1", None), ("1", None), ("v-1", None), ("v1a", None), ("vv1", None), ("prod", None),
    ],
)  # fmt: skip
def test_which_alias_is_a_version_number(alias: str, number: int | None) -> None:
    assert alias_number(alias) == number


def test_case_and_composition_do_not_tell_entities_apart() -> None:
    composed = "김철수É"
    assert fold_key(composed) == fold_key(unicodedata.normalize("NFD", composed)) == fold_key("김철수é")
    assert fold_key("Straße") == fold_key("STRASSE")


@pytest.mark.parametrize("rule", [registry_name, collection_name, alias_name, one_tag, artifact_type, user_name])
def test_a_name_is_kept_composed_however_it_was_typed(rule: Rule) -> None:
    assert rule(unicodedata.normalize("NFD", "탐지기é")) == "탐지기é"


def test_a_description_holds_any_text_but_what_no_database_does() -> None:
    text = "# 카드\r\n\t🚀 \u202e\x1b[31m \u200b"
    assert description(text) == text
    for bad in ("a\0b", "a\ud800b"):
        with pytest.raises(Invalid, match=rf"U\+{ord(bad[1]):04X} \(at position 1\)"):
            description(bad)


def test_a_typing_mistake_is_answered_with_what_comes_close() -> None:
    assert closest("detecter", ["detector", "segmenter"]) == " Did you mean 'detector'?"
    assert closest("zzz", ["detector"]) == ""

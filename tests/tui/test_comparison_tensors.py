"""Tensors of two versions: which files belong together, and what differs between their headers."""

from __future__ import annotations

import pytest
from curatory.store import File
from curatory.tui.comparison import ADDED, CHANGED, GONE, NOTE, SAME, Difference
from curatory.tui.comparison.tensors import header_differences, pairs
from curatory.tui.headers import Header


def file(path: str, digest: str = "") -> File:
    return File(path, 1, digest or path, sha256="0" * 64)


def header(tensors: dict[str, tuple[tuple[int, ...], str]], *, twice: int = 0, **metadata: str) -> Header:
    made = Header("safetensors", tensor_count=len(tensors) + twice, key_count=len(metadata), metadata={**metadata})
    for name, (shape, kind) in tensors.items():
        made.keep(name, (shape, kind))
    made.twice = twice
    return made


def differences(old: Header | None, new: Header | None) -> list[Difference]:
    return list(header_differences(old, new, "model.safetensors"))


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ([], [], []),
        (["readme.md"], ["readme.md"], []),
        (["a.gguf", "b.gguf"], ["b.gguf", "a.gguf"], [("a.gguf", "a.gguf"), ("b.gguf", "b.gguf")]),
        (["v1.gguf"], ["v2.gguf"], [("v1.gguf", "v2.gguf")]),
        (["a.gguf", "v1.gguf"], ["a.gguf", "v2.gguf"], [("a.gguf", "a.gguf"), ("v1.gguf", "v2.gguf")]),
        (["m.gguf"], ["m.safetensors"], [("m.gguf", None), (None, "m.safetensors")]),
        (["1.gguf"], ["2.gguf", "3.gguf"], [("1.gguf", None), (None, "2.gguf"), (None, "3.gguf")]),
        ([], ["m.gguf"], [(None, "m.gguf")]),
    ],
)
def test_which_files_belong_together(
    old: list[str], new: list[str], found: list[tuple[str | None, str | None]]
) -> None:
    made = pairs([file(f"{path}") for path in old], [file(path, f"new {path}") for path in new])
    assert [(pair.old and pair.old.path, pair.new and pair.new.path) for pair in made] == found
    assert not any(pair.same for pair in made)


def test_a_file_that_was_renamed_is_known_by_its_bytes() -> None:
    made = pairs([file("a.gguf", "one"), file("b.gguf", "two")], [file("c.gguf", "two"), file("d.gguf", "three")])
    assert [(pair.name, pair.same) for pair in made] == [("a.gguf → d.gguf", False), ("b.gguf → c.gguf", True)]


def test_what_is_added_gone_and_other() -> None:
    old = header({"a": ((2, 3), "F32"), "b": ((4,), "F32"), "c": ((5,), "F32"), "d": ((2, 2), "F16")}, format="pt")
    new = header({"a": ((2, 3), "F32"), "b": ((4,), "F16"), "d": ((4, 4), "F32"), "e": ((), "I64")}, format="tf", x="1")
    count, parameters, kind, x, *rest = differences(old, new)
    assert (count.old, count.new, count.sign, count.change) == ("4", "4", CHANGED, "+1 -1 ~2")
    assert (parameters.old, parameters.new, parameters.change) == ("19", "27", "+8 (+42.1%)")
    assert (kind.name, kind.old, kind.new, kind.sign) == ("format", "pt", "tf", CHANGED)
    assert (x.name, x.old, x.new, x.sign) == ("x", "—", "1", ADDED)
    assert [(one.name, one.old, one.new, one.sign, one.change) for one in rest] == [
        ("b", "F32 4", "F16 4", CHANGED, "other type"),
        ("c", "F32 5", "—", GONE, ""),
        ("d", "F16 2×2", "F32 4×4", CHANGED, "other shape, type"),
        ("e", "—", "I64 scalar", ADDED, ""),
    ]


def test_the_same_header_over_other_bytes() -> None:
    one = header({"a": ((2,), "F32")}, format="pt")
    count, parameters = differences(one, header({"a": ((2,), "F32")}, format="pt"))
    assert (count.sign, count.change, parameters.sign) == (SAME, "other values", SAME)


def test_a_file_that_only_one_of_them_has() -> None:
    one = header({"a": ((2,), "F32"), "b": ((3,), "F32")}, format="pt")
    assert [(x.name, x.old, x.new, x.sign) for x in differences(None, one)] == [
        ("tensors", "—", "2", ADDED),
        ("parameters", "—", "5", ADDED),
        ("a", "—", "F32 2", ADDED),
        ("b", "—", "F32 3", ADDED),
    ]
    assert {x.sign for x in differences(one, None)} == {GONE}


def test_layers_stand_in_the_order_of_their_numbers() -> None:
    names = ["h.10.w", "h.2.w", "h.2.b", "h.٣.w", "10", "h", "²"]
    found = [one.name for one in differences(header({}), header(dict.fromkeys(names, ((1,), "F32"))))[2:]]
    assert found.index("h.2.w") < found.index("h.10.w")
    assert sorted(found) == sorted(names)


def test_tensors_may_be_called_as_the_summary_is() -> None:
    found = differences(header({}), header({"tensors": ((1,), "F32"), "format": ((1,), "F32")}, format="pt"))
    assert len({(one.section, one.of, one.kind, one.name) for one in found}) == len(found)


def test_long_values_that_begin_alike_are_told_apart() -> None:
    old, new = header({}, tokens="32,000 items"), header({}, tokens="32,000 items")
    old.digests["tokens"] = new.digests["tokens"] = b"1"
    assert [one.sign for one in differences(old, new)] == [SAME, SAME]
    new.digests["tokens"] = b"2"
    [tokens] = differences(old, new)[2:]
    assert (tokens.name, tokens.sign, tokens.change) == ("tokens", CHANGED, "other content")


def test_what_could_not_be_compared_is_said() -> None:
    old, new = header({"a": ((1,), "F32")}, twice=3), header({"a": ((1,), "F32")})
    new.tensor_count = 9
    notes = [one.name for one in differences(old, new) if one.sign == NOTE]
    assert notes == [
        "In the old, 3 names of tensors come again; the first of each is compared.",
        "Of the new, only the first 1 tensor are compared.",
    ]


def test_huge_numbers_are_compared_all_the_same() -> None:
    huge = header({"a": ((2**63 - 1,) * 8, "F32")})
    _, parameters, one = differences(header({"a": ((1,), "F32")}), huge)
    assert (parameters.sign, one.change) == (CHANGED, "other shape")

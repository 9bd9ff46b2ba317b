"""The filter language: what is read how, and where each error points."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from curatory.store.engine import regex
from curatory.store.errors import FilterError
from curatory.store.filters import FIELDS, GRAMMAR, TARGETS, describe, fold, parse
from curatory.store.filters.fields import NAMES
from curatory.store.filters.language import MAX_LENGTH
from curatory.store.filters.tree import (
    MAX_CONDITIONS,
    MAX_DEPTH,
    MAX_PATTERN,
    MAX_VALUE,
    Age,
    And,
    Boolean,
    Compare,
    Day,
    Has,
    Moment,
    Node,
    Not,
    Number,
    Operator,
    Or,
    Text,
    Value,
    Word,
    leaves,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st


def one(field: str, op: Operator, *values: Value, keys: tuple[str, ...] = ()) -> Compare:
    return Compare(field, op, values, keys)


def stretch(start: datetime, end: datetime) -> Moment:
    return Moment(start.replace(tzinfo=UTC), end.replace(tzinfo=UTC))


a, b, c = Word("a"), Word("b"), Word("c")
PROD = one("tag", "match", Text("prod"))

READ: list[tuple[str, Node | None]] = [
    ("", None),
    (" \t\n　", None),
    ("a", a),
    ("a b", And((a, b))),
    ("a　b", And((a, b))),
    ("a AND b", And((a, b))),
    ("a OR b", Or((a, b))),
    ("a b OR c", Or((And((a, b)), c))),
    ("a OR b AND c", Or((a, And((b, c))))),
    ("a OR b OR c", Or((a, b, c))),
    ("(a OR b) c", And((Or((a, b)), c))),
    ("((a))", a),
    ("a(b)c", And((a, b, c))),
    ("or and not", And((Word("or"), Word("and"), Word("not")))),
    ("ORACLE ANDROID NOTE", And((Word("ORACLE"), Word("ANDROID"), Word("NOTE")))),
    ('"OR"', Word("OR")),
    ("!a", Not(a)),
    ("-a", Not(a)),
    ("NOT a", Not(a)),
    ("NOT(a)", Not(a)),
    ("! a", Not(a)),
    ("!!a", a),
    ("NOT NOT NOT a", Not(a)),
    ("NOT -!a", Not(a)),
    ("-(a b)", Not(And((a, b)))),
    ('-"a b"', Not(Word("a b"))),
    ("a - b", And((a, Word("-"), b))),
    ("foo-bar", Word("foo-bar")),
    ("wow!", Word("wow!")),
    ("a,b", Word("a,b")),
    ('"a b"', Word("a b")),
    (r'"a \"b\" \\ \n"', Word(r'a "b" \ \n')),
    ('"a:b"', Word("a:b")),
    ("검출기 모델", And((Word("검출기"), Word("모델")))),
    ("name", Word("name")),
    ("has", Word("has")),
    ("tag:prod", PROD),
    ("TAG:prod", PROD),
    ("tag : prod", PROD),
    ("tag: prod", PROD),
    ("!tag:prod", Not(PROD)),
    ("tag=prod", one("tag", "eq", Text("prod"))),
    ("tag!=prod", Not(one("tag", "eq", Text("prod")))),
    ("!tag!=prod", one("tag", "eq", Text("prod"))),
    ("tag:pro*", one("tag", "match", Text("pro*", glob=True))),
    ("tag:pr?d", one("tag", "match", Text("pr?d", glob=True))),
    ('tag:"pro*"', one("tag", "match", Text("pro*"))),
    ("tag=pro*", one("tag", "eq", Text("pro*"))),
    ("tag:품질", one("tag", "match", Text("품질"))),
    ('tag:""', one("tag", "match", Text(""))),
    ("tag:(a, b)", one("tag", "match", Text("a"), Text("b"))),
    ("tag:( needs review ,b*)c", And((one("tag", "match", Text("needs review"), Text("b*", glob=True)), c))),
    ('tag:("a, b", "c)")', one("tag", "match", Text("a, b"), Text("c)"))),
    ("tag!=(a,b)", Not(one("tag", "eq", Text("a"), Text("b")))),
    ("(tag:prod)", PROD),
    ("name:a:b=c", one("name", "match", Text("a:b=c"))),
    ("project:x", one("registry", "match", Text("x"))),
    ("type:model by:ana", And((one("type", "match", Text("model")), one("by", "match", Text("ana"))))),
    ("name~^det.*v[0-9]+$", one("name", "regex", Text("^det.*v[0-9]+$"))),
    ("(name~(a|b)+)", one("name", "regex", Text("(a|b)+"))),
    (r"name~a\) b", And((one("name", "regex", Text(r"a\)")), b))),
    ("name~[)] b", And((one("name", "regex", Text("[)]")), b))),
    (r'name~"a b\d\""', one("name", "regex", Text(r'a b\d"'))),
    ("version:3", one("version", "match", Number(3))),
    ("version:v3", one("version", "match", Number(3))),
    ("version>=v10", one("version", "ge", Number(10))),
    ("files<5", one("files", "lt", Number(5))),
    ("size>1", one("size", "gt", Number(1))),
    ("size > 1.5GB", one("size", "gt", Number(1_500_000_000))),
    ("size:1k", one("size", "match", Number(1000))),
    ("size:1KB", one("size", "match", Number(1000))),
    ("size:1KiB", one("size", "match", Number(1024))),
    ("size:1ki", one("size", "match", Number(1024))),
    ("size:2M", one("size", "match", Number(2_000_000))),
    ("size:0.5TiB", one("size", "match", Number(2**39))),
    ('size:"3 G"', one("size", "match", Number(3_000_000_000))),
    ("created:2026", one("created", "match", stretch(datetime(2026, 1, 1), datetime(2027, 1, 1)))),
    ("created:2026-12", one("created", "match", stretch(datetime(2026, 12, 1), datetime(2027, 1, 1)))),
    ("created:2024-02-29", one("created", "match", stretch(datetime(2024, 2, 29), datetime(2024, 3, 1)))),
    ("linked>2026-01-01T12:00", one("linked", "gt", stretch(datetime(2026, 1, 1, 12), datetime(2026, 1, 1, 12, 1)))),
    (
        "linked>=2026-01-01T12:00:30Z",
        one("linked", "ge", stretch(datetime(2026, 1, 1, 12, 0, 30), datetime(2026, 1, 1, 12, 0, 31))),
    ),
    (
        "linked<2026-01-01T00:30+09:00",
        one("linked", "lt", stretch(datetime(2025, 12, 31, 15, 30), datetime(2025, 12, 31, 15, 31))),
    ),
    ("updated:today", one("updated", "match", Day(0))),
    ("updated<yesterday", one("updated", "lt", Day(1))),
    ("updated>7d", one("updated", "gt", Age(timedelta(days=7)))),
    ("updated>1.5h", one("updated", "gt", Age(timedelta(minutes=90)))),
    ("updated<1y", one("updated", "lt", Age(timedelta(days=365)))),
    ("updated<2mo", one("updated", "lt", Age(timedelta(days=60)))),
    ("updated:10min", one("updated", "match", Age(timedelta(minutes=10)))),
    ("metadata.acc>0.9", one("metadata", "gt", Number(0.9, "0.9"), keys=("acc",))),
    ("metadata.acc:-1e-3", one("metadata", "match", Number(-0.001, "-1e-3"), keys=("acc",))),
    ("metadata.a.b.c=true", one("metadata", "eq", Boolean(True, "true"), keys=("a", "b", "c"))),
    ('metadata.a="true"', one("metadata", "eq", Text("true"), keys=("a",))),
    ("metadata.Acc:x*", one("metadata", "match", Text("x*", glob=True), keys=("Acc",))),
    ("metadata.a:nan", one("metadata", "match", Text("nan"), keys=("a",))),
    ("metadata.a:1_000", one("metadata", "match", Text("1_000"), keys=("a",))),
    ("metadata.eval/acc>0", one("metadata", "gt", Number(0, "0"), keys=("eval/acc",))),
    ('metadata."eval.f1".x-y > 1', one("metadata", "gt", Number(1, "1"), keys=("eval.f1", "x-y"))),
    ("metadata.정확도>1", one("metadata", "gt", Number(1, "1"), keys=("정확도",))),
    ("metadata.d>2026-01-01", one("metadata", "gt", Text("2026-01-01"), keys=("d",))),
    ("state:pending", one("state", "match", Text("pending"))),
    ("state:pend*", one("state", "match", Text("pend*", glob=True))),
    ("source:a/b/c", one("source", "match", Text("a/b/c"))),
    ("has:tag", Has("tag")),
    ("has: tag", Has("tag")),
    ("NOT has:metadata.a.b", Not(Has("metadata", ("a", "b")))),
    ('has:metadata."a b"', Has("metadata", ("a b",))),
    ("has:metadata", Has("metadata")),
]


@pytest.mark.parametrize(("text", "node"), READ)
def test_reads(text: str, node: Node | None) -> None:
    assert parse(text) == node


WRONG = [
    # text, position, what the message says
    ("a)", 1, "closes nothing"),
    (")", 0, "closes nothing"),
    ("a (b) ) c", 6, "closes nothing"),
    ("(a", 0, "never closed"),
    ("a (b (c)", 2, "never closed"),
    ("(", 0, "never closed"),
    ("()", 0, "nothing in these brackets"),
    ("a ( )", 2, "nothing in these brackets"),
    ('a "b', 2, "never closed"),
    ('tag:"b', 4, "never closed"),
    ('""', 0, "nothing between these quotes"),
    ('a " "', 2, "nothing between these quotes"),
    ("a OR", 2, "must follow OR"),
    ("a OR )", 2, "must follow OR"),
    ("(a OR) b", 3, "must follow OR"),
    ("OR a", 0, "must come before OR"),
    ("(OR a)", 1, "must come before OR"),
    ("a OR OR b", 2, "must follow OR"),
    ("AND a", 0, "must come before AND"),
    ("a AND", 2, "must follow AND"),
    ("a AND OR b", 2, "must follow AND"),
    ("NOT", 0, "negates nothing"),
    ("a NOT", 2, "negates nothing"),
    ("a ! ", 2, "negates nothing"),
    ("(a -!)", 4, "negates nothing"),
    ("NOT OR a", 0, "negates nothing"),
    ("tga:x", 0, r"no field 'tga'. Did you mean 'tag'\? Fields are name, registry, "),
    ("a autor:x", 2, "no field 'autor'"),
    ("http://x", 0, "quote it all"),
    ("a=b", 0, "no field 'a'"),
    (":x", 0, "':' has no field before it"),
    ("a >=3", 2, "'>=' has no field before it"),
    ("a !=3", 3, "'=' has no field before it"),
    ("tag:", 4, "tag: needs a value right after it, like tag:prod"),
    ("tag: ", 4, "needs a value"),
    ("(tag:)", 5, "needs a value"),
    ("tag: OR a", 4, "needs a value"),
    ("size>", 5, "needs a value"),
    ("name~", 5, "needs a value"),
    ('name~""', 5, "A pattern is missing"),
    ("tag:()", 4, "nothing in these brackets"),
    ("tag:(a,,b)", 7, "A value is missing"),
    ("tag:(,a)", 5, "A value is missing"),
    ("tag:(a,)", 7, "A value is missing"),
    ("tag:(a, b", 4, "never closed"),
    ("tag:(a", 4, "never closed"),
    ("tag:(", 4, "never closed"),
    ("tag:(a(b))", 6, "commas between"),
    ('tag:("a" b)', 9, "commas between"),
    ("size>(1, 2)", 5, "takes one value"),
    ("tag>3", 3, "'>' does not fit tag; it takes : = != ~"),
    ("size~3", 4, "'~' does not fit size"),
    ("version:latest", 8, "alias:latest"),
    ("version:3.5", 8, "not a version number"),
    ("files:v3", 6, "not a whole number"),
    ("files:-1", 6, "not a whole number"),
    ("files:9223372036854775808", 6, "too large"),
    ("version:(1, x)", 12, "not a version number"),
    ("size>12X", 5, "not a size"),
    ("size>-1", 5, "not a size"),
    ("size>9999999999P", 5, "too large"),
    ("created>yesteryear", 8, "not a time"),
    ("created>2026-13", 8, "not a time"),
    ("created>2026-02-30", 8, "not a time"),
    ("created>0999", 8, "not a time"),
    ("created>9999", 8, "not a time"),
    ("created>9999-12-31", 8, "not a time"),
    ("created>1000-01-01T00:00+10:00", 8, "not a time"),
    ("updated>7m", 8, "7min or 7mo"),
    ("updated=7d", 8, "an age is never exact"),
    ("updated!=7d", 9, "an age is never exact"),
    ("metadata>3", 0, "metadata needs a key"),
    ("metadata.", 9, "key is missing"),
    ("metadata..a:1", 9, "key is missing"),
    ("metadata.a.:1", 11, "key is missing"),
    ("a metadata.acc", 2, "needs an operator"),
    ('metadata."a', 9, "never closed"),
    ("metadata.a>true", 11, "neither more nor less"),
    ("metadata.a>1e999", 11, "too large"),
    ("state:done", 6, "state is one of pending, committed, deleted"),
    ("source:a/b/c/d", 7, "a source is written"),
    ("has:", 4, "needs a field"),
    ("has:)", 4, "needs a field"),
    ("a has:name", 6, "does not work with 'name'"),
    ("has:alais", 4, "Did you mean 'alias'"),
    ("has:metadata.", 13, "key is missing"),
    ("has>tag", 3, "does not fit has"),
    ("a\0b", 1, r"U\+0000"),
    ("a \ud800", 2, r"U\+D800"),
    ("name~(a b)", 5, "A pattern with blanks goes into quotes"),
    ("name~a)", 6, "closes nothing"),
    ('name~"a)"', 7, "closes nothing"),
    ("name~[a", 5, r"'\[' is never closed"),
    ("name~[]", 5, "holds no character"),
    ("name~[z-a]", 6, "backwards"),
    (r"name~[\w-z]", 6, "from one character to another"),
    ("name~[[:alpha:]]", 6, "not supported"),
    ("name~*a", 5, "nothing before it"),
    ("name~a{", 6, "begins a repetition"),
    ("name~a{5,2}", 6, "smaller count"),
    ("name~a{256}", 6, "up to 255"),
    ("name~a**", 7, "repetition of a repetition"),
    ("name~a++", 7, "possessive"),
    ("name~^*", 6, "repeats a place"),
    (r"name~(a|\b)+", 11, "repeats a place"),
    ("name~(^a){2}", 9, "repeats a place"),
    ("name~(a?){100}", 9, "may be empty"),
    ("name~(a*|b){2,}", 11, "may be empty"),
    ("name~a(?=b)", 6, "no look-ahead"),
    ("name~(?i)a", 5, "flags"),
    ("name~(?P<x>a)", 5, "names"),
    (r"name~(a)\1", 8, "references back"),
    (r"name~\pL", 5, "not supported"),
    (r'name~"a\"', 5, "never closed"),
    (r'name~"\"\"(?!x)"', 10, "no look-ahead"),
    ("name~" + "(" * 60 + ")" * 60, 5 + 51, "nested more than 50"),
    ("name~((a{99}){99}){99}", 5, "repetitions come to more"),
]


@pytest.mark.parametrize(("text", "position", "message"), WRONG)
def test_errors_point_at_the_first_thing_wrong(text: str, position: int, message: str) -> None:
    with pytest.raises(FilterError, match=message) as error:
        parse(text)
    assert error.value.position == position, error.value.pointed()
    assert error.value.text == text


def test_limits() -> None:
    assert parse("a" * MAX_VALUE)
    for text, position, message in (
        ("a" * (MAX_VALUE + 1), 0, "longer than 500"),
        ("tag:" + "a" * (MAX_VALUE + 1), 4, "longer than 500"),
        ("name~" + "a" * (MAX_PATTERN + 1), 5, "at most 200"),
        ("a " * MAX_LENGTH, MAX_LENGTH, "longer than 4,000"),
        ("a " * (MAX_CONDITIONS + 1), MAX_CONDITIONS * 2, "at most 200 conditions"),
        ("tag:(" + "a," * MAX_CONDITIONS + "a)", 5 + MAX_CONDITIONS * 2, "at most 200 conditions"),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), MAX_DEPTH, "nested more than 100"),
        ("!(" * 1500, MAX_DEPTH * 2 + 1, "nested more than 100"),
    ):
        with pytest.raises(FilterError, match=message) as error:
            parse(text)
        assert error.value.position == position
    assert parse("a " * MAX_CONDITIONS)
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == a
    assert parse("(a) " * (MAX_DEPTH + 1))  # side by side is not nested
    assert parse("!" * (MAX_LENGTH - 1) + "a") == Not(a)


def test_leaves_know_their_place() -> None:
    node = parse('a (tag:x OR !has:run) "b c"')
    assert node
    assert [leaf.place.position for leaf in leaves(node)] == [0, 3, 17, 22]


PIECES = st.one_of(
    st.sampled_from(
        [
            '"',
            "(",
            ")",
            ":",
            "=",
            "!",
            "!=",
            "~",
            "<",
            ">=",
            "-",
            "*",
            ",",
            ".",
            "\\",
            " ",
            "OR",
            "AND",
            "NOT",
            "[",
            "]",
            "{",
        ]
    ),
    st.sampled_from([*NAMES, "has", "metadata.", "metadata.a", "7d", "2026-01", "1GB", "v3", "true", "a+", "\\b", "?"]),
    st.text(max_size=3),
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
@example("(" * 4000)
@example("!" * 4000)
@example("NOT " * 999)
@example("name~" + "(" * 3000)
@example("tag:" + "9" * 400)
@example("size:" + "9" * 400)
@example("updated>" + "9" * 400 + "y")
@example("metadata.a:" + "9" * 400)
@example("version:v" + "9" * 400)
def test_only_filter_errors_are_raised(text: str) -> None:
    error = refusal(text)
    if error is not None:
        assert error.text == text
        assert 0 <= error.position <= len(text)
        assert str(error).endswith((".", '".'))
        assert error.pointed().splitlines()[-1].strip() == "^"


def refusal(text: str) -> FilterError | None:
    try:
        parse(text)
    except FilterError as error:
        return error
    return None


@settings(max_examples=300, deadline=None)
@given(st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip()) and "\0" not in text))
def test_anything_can_be_quoted(text: str) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    assert parse(quoted) == Word(text)
    assert parse(f"name:{quoted}") == one("name", "match", Text(text))


def test_what_can_be_escaped_matches_itself() -> None:
    for text in ("a.b*c", "[x]", "(a|b)?", "^$", "{2}", "\\w", "한-글~#", 'a"b'):
        assert regex.read(regex.escape(text))


def test_every_example_of_every_field_works() -> None:
    for field in FIELDS.values():
        assert field.examples
        for text in field.examples:
            node = parse(text)
            assert node
            assert all(not isinstance(leaf, Word) and leaf.field == field.name for leaf in leaves(node)), text
    for target in TARGETS:
        assert [field.name for field in describe(target)][:4] == ["name", "registry", "entity", "type"]
    assert len(describe()) == len(FIELDS)
    assert all(form and meaning for form, meaning in GRAMMAR)


@given(st.text(max_size=20))
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_folding() -> None:
    assert fold("Ｄéjà STRASSE") == fold("De\u0301ja\u0300 straße") == "déjà strasse"  # full width, decomposed, sharp s
    assert fold("\u1112\u1161\u11ab") == "한"

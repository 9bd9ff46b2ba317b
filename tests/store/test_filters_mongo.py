"""W&B's filters: what each operator becomes, and what is refused with which words."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from curatory.store.errors import FilterError
from curatory.store.filters import TARGETS, Target, from_mongo, parse
from curatory.store.filters.tree import (
    EVERYTHING,
    MAX_CONDITIONS,
    MAX_DEPTH,
    NOTHING,
    And,
    Boolean,
    Compare,
    Has,
    Moment,
    Node,
    Not,
    Number,
    Or,
    Text,
)
from hypothesis import given, settings
from hypothesis import strategies as st

V: Target = "versions"
C: Target = "collections"
R: Target = "registries"

DAY = datetime(2026, 5, 1, tzinfo=UTC)
INSTANT = Moment(DAY, DAY + timedelta(microseconds=1))
prod = Compare("tag", "eq", (Text("prod"),))
x = Compare("name", "eq", (Text("x"),))


READ: list[tuple[Target, dict[str, Any], Node]] = [
    (V, {}, EVERYTHING),
    (V, {"tag": "prod"}, prod),
    (V, {"tags": "prod"}, prod),
    (V, {"tag": {"$eq": "prod"}}, prod),
    (V, {"tag": {"$ne": "prod"}}, Not(prod)),
    (V, {"tag": {}}, EVERYTHING),
    (V, {"tag": {"$in": ["a", "b"]}}, Compare("tag", "eq", (Text("a"), Text("b")))),
    (V, {"tag": {"$nin": ["a", "b"]}}, Not(Compare("tag", "eq", (Text("a"), Text("b"))))),
    (V, {"tag": {"$in": []}}, NOTHING),
    (V, {"tag": {"$nin": []}}, Not(NOTHING)),
    (V, {"tag": {"$all": ["prod", "prod"]}}, And((prod, prod))),
    (V, {"tag": {"$all": []}}, EVERYTHING),
    (V, {"aliases": {"$size": 2}}, Compare("alias", "count", (Number(2),))),
    (V, {"tag": {"$exists": True}}, Has("tag")),
    (V, {"tag": {"$exists": False}}, Not(Has("tag"))),
    (V, {"tag": None}, Not(Has("tag"))),
    (V, {"tag": {"$ne": None}}, Has("tag")),
    (V, {"tag": {"$in": ["prod", None]}}, Or((prod, Not(Has("tag"))))),
    (V, {"version": {"$exists": True}}, EVERYTHING),
    (V, {"version": {"$exists": False}}, Not(EVERYTHING)),
    (V, {"tag": {"$regex": "^p"}}, Compare("tag", "regex", (Text("^p"),))),
    (V, {"tag": {"$contains": "ro"}}, Compare("tag", "contains", (Text("ro"),))),
    (V, {"tag": {"$not": {"$eq": "prod"}}}, Not(prod)),
    (V, {"tag": {"$not": "prod"}}, Not(prod)),
    (V, {"tag": {"$not": {"$not": "prod"}}}, prod),
    (V, {"version": 3}, Compare("version", "eq", (Number(3),))),
    (V, {"version": "v3"}, Compare("version", "eq", (Number(3),))),
    (V, {"version_index": {"$gt": 1, "$lte": 3}}, And((
        Compare("version", "gt", (Number(1),)), Compare("version", "le", (Number(3),)),
    ))),
    (V, {"artifact_size": {"$gte": 1.5}}, Compare("size", "ge", (Number(1.5),))),
    (V, {"artifact_size": {"$lt": 2e3}}, Compare("size", "lt", (Number(2000),))),
    (V, {"created_at": {"$gt": "2026-05-01"}}, Compare("created", "gt", (INSTANT,))),
    (V, {"artifact_created_at": {"$gte": "2026-05-01 00:00:00"}}, Compare("created", "ge", (INSTANT,))),
    (V, {"updated_at": {"$lt": "2026-05-01T00:00:00Z"}}, Compare("updated", "lt", (INSTANT,))),
    (V, {"linked_at": "2026-05-01"}, Compare("linked", "eq", (Moment(DAY, DAY + timedelta(days=1)),))),
    (V, {"metadata.acc": {"$gt": 0.9}}, Compare("metadata", "gt", (Number(0.9),), ("acc",))),
    (V, {"artifact_metadata.a.b": "x"}, Compare("metadata", "eq", (Text("x"),), ("a", "b"))),
    (V, {"metadata.ok": True}, Compare("metadata", "eq", (Boolean(True),), ("ok",))),
    (V, {"metadata.ok": None}, Not(Has("metadata", ("ok",)))),
    (V, {"metadata": {"$exists": True}}, Has("metadata")),
    (V, {"metadata": {"a": {"b": 1}, "c.d": {"$lt": 2}}}, And((
        Compare("metadata", "eq", (Number(1),), ("a", "b")), Compare("metadata", "lt", (Number(2),), ("c", "d")),
    ))),
    (V, {"id": 7}, Compare("id", "eq", (Number(7),))),
    (V, {"artifact_id": "7"}, Compare("id", "eq", (Number(7),))),
    (V, {"id": "QXJ0aWZhY3Q6NTE3ODg5ODg3"}, Compare("id", "eq", (Number(517889887),))),
    (C, {"name": "x"}, x),
    (C, {"collection_name": "x", "tag": "prod"}, And((x, prod))),
    (C, {"description": ""}, Compare("description", "eq", (Text(""),))),
    (C, {"$and": [{"name": "x"}, {"tag": "prod"}]}, And((x, prod))),
    (C, {"$or": [{"name": "x"}, {"tag": "prod"}]}, Or((x, prod))),
    (C, {"$nor": [{"name": "x"}, {"tag": "prod"}]}, Not(Or((x, prod)))),
    (C, {"$not": {"name": "x"}}, Not(x)),
    (C, {"$not": {"$or": [{"name": "x"}]}, "tag": "prod"}, And((Not(Or((x,))), prod))),
    (C, {"$or": []}, NOTHING),
    (C, {"$and": []}, EVERYTHING),
    (R, {"name": "model"}, Compare("name", "match", (Text("model"),))),
    (R, {"name": {"$in": ["wandb-registry-model"]}}, Compare("name", "match", (Text("wandb-registry-model"),))),
    (R, {"name": {"$ne": "a*"}}, Not(Compare("name", "match", (Text("a*"),)))),
    (R, {"name": {"$regex": "mod"}}, Compare("name", "regex", (Text("mod"),))),
    (R, {"entity_id": 2}, Compare("entity_id", "eq", (Number(2),))),
]  # fmt: skip


@pytest.mark.parametrize(("target", "filter_", "node"), READ)
def test_reads(target: Target, filter_: dict[str, Any], node: Node) -> None:
    assert from_mongo(filter_, target) == node


def test_both_languages_end_in_one_tree() -> None:
    assert from_mongo({"tag": {"$ne": "prod"}}, V) == parse("tag!=prod")
    assert from_mongo({"$or": [{"version": 3}, {"alias": {"$exists": True}}]}, V) == parse("version=3 OR has:alias")


NAMES = {
    R: "'created_at', 'description', 'entity_id', 'id', 'name', 'project_id', 'updated_at'",
    C: "'artifact_collection_id', 'collection_id', 'collection_name', 'created_at', 'description', 'id', 'name', "
    "'tag', 'tags', 'updated_at'",
    V: "'acm_created_at', 'alias', 'aliases', 'artifact_created_at', 'artifact_id', 'artifact_metadata', 'artifact_size', 'created_at', "
    "'id', 'linked_at', 'metadata', 'tag', 'tags', 'updated_at', 'version', 'version_index'",
}


@pytest.mark.parametrize("target", TARGETS)
def test_unknown_fields_are_named_in_the_clients_words(target: Target) -> None:
    for filter_, names in (
        ({"bogus": 1}, "'bogus'"),
        ({"b": 1, "a": 1, "id": 1}, "'a', 'b'"),
        ({"$or": [{"$and": [{"bogus.x": 1}]}]}, "'bogus'"),
        ({"$not": {"bogus": 1}}, "'bogus'"),
    ):
        with pytest.raises(FilterError) as error:
            from_mongo(filter_, target)
        assert str(error.value) == f"Invalid filter fields: {names}; must be one of: {NAMES[target]}"


WRONG: list[tuple[Target, Any, str]] = [
    (C, {"id": 1, "collection_id": 2}, "^Duplicate fields: 'id'$"),
    (V, {"tag": "a", "tags": "b"}, "^Duplicate fields: 'tag'$"),
    (V, {"metadata.a": 1, "artifact_metadata.a": 2}, "^Duplicate fields: 'metadata.a'$"),
    (V, {"$and": [{"tag": "x", "tags": "y"}]}, "Duplicate fields"),
    (V, {"$foo": []}, r"Unknown filter operator '\$foo'; must be one of: '\$and', '\$nor', '\$not', '\$or'"),
    (V, {"tag": {"$foo": 1}}, r"Unknown filter operator '\$foo'; must be one of: '\$all', '\$contains', '\$eq'"),
    (V, {"tag": {"$regex": "a", "$options": "i"}}, r"Unknown filter operator '\$options'"),
    (V, {"tag": {"prod": 1}}, "Unknown filter operator 'prod'"),
    (V, [], "A filter is an object, not a list"),
    (V, "tag:x", "A filter is an object, not text"),
    (V, {1: 2}, "Filter keys are text"),
    (V, {"$or": {"tag": "x"}}, r"\$or takes a list of filters, not an object"),
    (V, {"$or": ["x"]}, "A filter is an object, not text"),
    (V, {"$not": 3}, "A filter is an object, not a number"),
    (V, {"tag": 3}, "tag takes text, not a number"),
    (V, {"tag": ["a"]}, "tag takes text, not a list"),
    (V, {"tag": "a\0"}, r"U\+0000"),
    (V, {"tag": "\ud800"}, r"U\+D800"),
    (V, {"tag": "a" * 10_001}, "at most 10,000 characters"),
    (V, {"tag.x": "a"}, "only metadata has keys"),
    (V, {"tag": {"$in": "a"}}, r"\$in takes a list, not text"),
    (V, {"tag": {"$in": ["a"] * 10_001}}, "at most 10,000 values"),
    (V, {"tag": {"$all": ["a"] * 201}}, "at most 200 conditions"),
    (V, {"tag": {"$size": True}}, "whole number"),
    (V, {"tag": {"$size": -1}}, "whole number"),
    (V, {"version": {"$size": 1}}, "counts tags or aliases"),
    (V, {"tag": {"$exists": 1}}, "true or false"),
    (V, {"tag": {"$regex": 1}}, "takes text"),
    (V, {"tag": {"$regex": "a(?=b)"}}, r"can't be used: only \( \)"),
    (V, {"tag": {"$regex": "a" * 201}}, "at most 200 characters"),
    (V, {"version": {"$regex": "1"}}, "works on text"),
    (V, {"created_at": {"$contains": "1"}}, "works on text"),
    (V, {"version": "latest"}, "not a version number"),
    (V, {"version": True}, "takes a number, not true or false"),
    (V, {"version": float("nan")}, "takes a number up to"),
    (V, {"artifact_size": 2**63}, "takes a number up to"),
    (V, {"created_at": "soon"}, "takes a time like"),
    (V, {"created_at": "7d"}, "takes a time like"),
    (V, {"created_at": 3}, "takes a time like"),
    (V, {"metadata": 3}, "metadata needs a key"),
    (V, {"metadata.": 3}, "metadata needs a key"),
    (V, {"metadata.a..b": 3}, "only metadata has keys"),
    (V, {"metadata": {"a..b": 3}}, "not a metadata key"),
    (V, {"metadata.a": [1]}, "takes text, not a list"),
    (V, {"metadata.a": {"$gt": True}}, "neither more nor less"),
    (V, {"metadata.a": float("inf")}, "must be finite"),
    (V, {"metadata.a": 10**400}, "must be finite"),
    (V, {"id": "QXJ0"}, "takes an id"),
    (V, {"id": "-1"}, "takes an id"),
]


@pytest.mark.parametrize(("target", "filter_", "message"), WRONG)
def test_refuses(target: Target, filter_: Any, message: str) -> None:
    with pytest.raises(FilterError, match=message) as error:
        from_mongo(filter_, target)
    assert error.value.position == 0


def test_limits() -> None:
    deep: dict[str, Any] = {"tag": "x"}
    for _ in range(100_000):
        deep = {"$not": deep}
    with pytest.raises(FilterError, match=f"nested more than {MAX_DEPTH} deep"):
        from_mongo(deep, V)
    inner: Any = "x"
    for _ in range(5_000):
        inner = {"$not": inner}
    with pytest.raises(FilterError, match=f"nested more than {MAX_DEPTH} deep"):
        from_mongo({"tag": inner}, V)
    path: Any = 1
    for _ in range(5_000):
        path = {"a": path}
    with pytest.raises(FilterError, match=f"nested more than {MAX_DEPTH} deep"):
        from_mongo({"metadata": path}, V)
    with pytest.raises(FilterError, match=f"at most {MAX_CONDITIONS} conditions"):
        from_mongo({"$or": [{"tag": "x"}] * (MAX_CONDITIONS + 1)}, V)
    from_mongo({"tag": {"$in": ["x"] * 10_000}}, V)


NAMED = ("tag", "name", "metadata", "metadata.a", "version", "id", "created_at", "x", ".", "$")
OPERATORS = "and or not nor in nin all eq ne gt lte regex size exists contains"
KEYS = st.sampled_from([*NAMED, *(f"${name}" for name in OPERATORS.split())])
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just("2026-01-01")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=12,
)


@settings(max_examples=1000, deadline=None)
@given(st.dictionaries(KEYS, JSON, max_size=3), st.sampled_from(TARGETS))
def test_only_filter_errors_are_raised(filter_: dict[str, Any], target: Target) -> None:
    with suppress(FilterError):
        from_mongo(filter_, target)

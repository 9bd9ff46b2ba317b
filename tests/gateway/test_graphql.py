"""Queries without a schema: what a selection is projected to."""

from __future__ import annotations

from typing import Any

import pytest
from curatory.gateway.graphql import MAX_DEPTH, BadQuery, Execution, Node, UnknownChange, camel, snake


class Leaf(Node):
    interfaces = ("Thing",)

    def __init__(self, name: str) -> None:
        self._name = name

    def id(self) -> str:
        return f"id-{self._name}"

    def name(self, upper: bool = False) -> str:
        return self._name.upper() if upper else self._name

    def direct_url(self, file_id: int = 0) -> str:
        return f"u{file_id}"


class Root(Node):
    def leaf(self, name: str = "a") -> Leaf:
        return Leaf(name)

    def leaves(self, first: int = 2) -> list[Leaf]:
        return [Leaf(str(n)) for n in range(first)]

    def nothing(self) -> None:
        return None

    def plain(self) -> dict[str, Any]:
        return {"__typename": "Plain", "value": {"free": ["json", 1]}, "node": Leaf("in")}

    def take(self, input: dict[str, Any]) -> dict[str, Any]:
        return {"seen": input}

    def again(self) -> Root:
        return Root()

    def _hidden(self) -> str:
        return "secret"


def answer(query: str, operation: str | None = None, **variables: Any) -> dict[str, Any]:
    return Execution(query, variables, operation).answer(Root())


def test_fields_aliases_arguments_and_lists() -> None:
    assert answer('{ leaf(name: "b") { id shown: name(upper: true) __typename } leaves(first: 2) { name } }') == {
        "leaf": {"id": "id-b", "shown": "B", "__typename": "Leaf"},
        "leaves": [{"name": "0"}, {"name": "1"}],
    }


def test_the_order_is_the_querys() -> None:
    assert list(answer("{ nothing { id } leaf { name } again { leaf { id } } }")) == ["nothing", "leaf", "again"]


def test_fragments_go_by_type_and_interface() -> None:
    query = """{ leaf { ...Named ... on Thing { id } ... on Other { name } ...Other } }
        fragment Named on Leaf { name } fragment Other on Nothing { directUrl }"""
    assert answer(query) == {"leaf": {"name": "a", "id": "id-a"}}


def test_the_same_field_asked_twice_is_one() -> None:
    query = "{ plain { node { id } } plain { node { name } } }"
    assert answer(query) == {"plain": {"node": {"id": "id-in", "name": "in"}}}


def test_include_skip_and_defaults() -> None:
    query = """query Q($yes: Boolean = true, $no: Boolean!, $n: Int = 1) {
        leaf @include(if: $yes) { name @skip(if: $no) id @include(if: $no) } leaves(first: $n) { name } }"""
    assert answer(query, no=False) == {"leaf": {"name": "a"}, "leaves": [{"name": "0"}]}
    assert answer(query, yes=False, no=True, n=0) == {"leaves": []}


def test_a_variable_that_is_not_given_leaves_the_argument_out() -> None:
    assert answer("query Q($name: String) { leaf(name: $name) { name } }") == {"leaf": {"name": "a"}}
    assert answer("query Q($i: In) { take(input: {a: $i, bID: 2}) }") == {"take": {"seen": {"b_id": 2}}}


def test_input_objects_are_spelled_as_python_does_and_values_are_left_alone() -> None:
    query = "query Q($input: In) { take(input: $input) }"
    given = {"artifactID": 1, "tagsToAdd": [{"tagName": "aB"}], "metadata": '{"someKey": 1}'}
    assert answer(query, input=given)["take"]["seen"] == {
        "artifact_id": 1,
        "tags_to_add": [{"tag_name": "aB"}],
        "metadata": '{"someKey": 1}',
    }


def test_json_is_given_whole() -> None:
    assert answer("{ plain { value } }") == {"plain": {"value": {"free": ["json", 1]}}}


def test_what_is_not_known_is_null_and_told() -> None:
    execution = Execution("{ leaf { colour name(size: 3) } plain { weight } _hidden kind fields }", {}, None)
    assert execution.answer(Root()) == {
        "leaf": {"colour": None, "name": "a"},
        "plain": {"weight": None},
        "_hidden": None,
        "kind": None,
        "fields": None,
    }
    assert execution.missing == {
        "Leaf.colour", "Leaf.name(size)", "Plain.weight", "Root._hidden", "Root.kind", "Root.fields",
    }  # fmt: skip


class Change(Node):
    typename = "Mutation"

    def __init__(self) -> None:
        self.done: list[str] = []

    def rename(self, to: str) -> Leaf:
        self.done.append(to)
        return Leaf(to)


@pytest.mark.parametrize("more", ["explode { ok }", "...More"])
def test_a_change_that_is_not_known_is_refused_and_nothing_of_it_is_done(more: str) -> None:
    query = f"""mutation M($skipped: Boolean = false) {{ __typename rename(to: "b") {{ name }} {more} }}
        fragment More on Mutation {{ explode @include(if: $skipped) {{ ok }} boom: explode {{ ok }} }}"""
    execution, root = Execution(query, {}, None), Change()
    with pytest.raises(UnknownChange, match='^Cannot query field "explode" on type "Mutation".$'):
        execution.answer(root)
    assert (root.done, execution.missing) == ([], {"Mutation.explode"})


def test_what_a_change_gives_is_read_as_every_other_thing() -> None:
    query = """mutation M($asked: Boolean = false) {
        __typename rename(to: "b") { name colour } explode @include(if: $asked) { ok } }"""
    execution = Execution(query, {}, None)
    assert execution.answer(Change()) == {"__typename": "Mutation", "rename": {"name": "b", "colour": None}}
    assert execution.missing == {"Leaf.colour"}


def test_the_operation_is_chosen_by_name() -> None:
    query = 'query A { leaf { name } } query B { leaf(name: "b") { name } }'
    assert answer(query, "B") == {"leaf": {"name": "b"}}
    with pytest.raises(BadQuery):
        answer(query)
    with pytest.raises(BadQuery):
        answer(query, "C")


@pytest.mark.parametrize(
    "query",
    [
        "{ leaf {",
        "",
        "{ leaf { ...Gone } }",
        "{ leaf { ...A } } fragment A on Leaf { ...B } fragment B on Leaf { ...A }",
        "{ " + "again { " * (MAX_DEPTH + 2) + "leaf { id }" + " }" * (MAX_DEPTH + 3),
        "{ " + "nothing " * 30_000 + "}",
    ],
)
def test_what_can_not_be_understood_is_refused(query: str) -> None:
    with pytest.raises(BadQuery):
        answer(query)


def test_names_there_and_back() -> None:
    for name in ("artifactID", "directUrl", "name", "artifactCollectionName", "clientID", "ttlDurationSeconds"):
        assert camel(snake(name)) == name
    assert snake("uploadURL") == "upload_url"

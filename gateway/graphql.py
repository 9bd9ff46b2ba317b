"""GraphQL without a schema: a query is parsed, and its selection projected over plain objects.

Nobody outside W&B has its schema, and none is needed: what a client asks for is in its query. A `Node` answers a field
with the method of that name, spelled as Python does; what no node knows is answered with null, and told. A change that
is not known is an error, and nothing of its request is done: null would say that all went well.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, ClassVar

from graphql import GraphQLError, parse
from graphql.language import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    EnumValueNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

MAX_DEPTH = 40  # of selections; the client's deepest goes to 12
MAX_TOKENS = 20_000


_Fields = dict[str, list[FieldNode]]


class BadQuery(Exception):
    """The query can't be understood."""


class UnknownChange(Exception):
    """A mutation that there is not, in the words that clients look for."""


class Node:
    """Something with fields.

    Attributes:
        typename: its type; the class's name unless said otherwise.
        interfaces: further types whose fragments are meant for it, too.
    """

    typename: ClassVar[str] = ""
    interfaces: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def kind(cls) -> str:
        return cls.typename or cls.__name__

    @classmethod
    def fields(cls) -> list[str]:
        """The names of its fields, as a query spells them."""
        return [camel(name) for name in dir(cls) if _is_field(cls, name)]


_PLAIN = frozenset(("kind", "fields"))


def _is_field(cls: type[Node], name: str) -> bool:
    return not name.startswith("_") and name not in _PLAIN and inspect.isfunction(getattr(cls, name, None))


@cache
def snake(name: str) -> str:
    """`artifactSequenceID` → `artifact_sequence_id`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


@cache
def camel(name: str) -> str:
    head, *rest = name.rstrip("_").split("_")
    return head + "".join("ID" if part == "id" else part.capitalize() for part in rest)


@lru_cache(512)
def _document(text: str) -> DocumentNode:
    return parse(text, no_location=True, max_tokens=MAX_TOKENS)


class Execution:
    """One query being answered.

    Attributes:
        missing: "Type.field" of what was asked for and is not known.
    """

    def __init__(self, query: str, variables: Mapping[str, Any] | None, operation: str | None) -> None:
        try:
            document = _document(query)
        except GraphQLError as error:
            raise BadQuery(str(error.message)) from None
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        chosen = [node for node in operations if operation is None or (node.name and node.name.value == operation)]
        if len(chosen) != 1:
            raise BadQuery(f"There is no operation {operation!r} in the query." if operation else "Which operation?")
        self._operation = chosen[0]
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._variables = {
            one.variable.name.value: self._value(one.default_value)
            for one in self._operation.variable_definitions or ()
            if one.default_value is not None
        }
        self._variables |= variables or {}
        self.missing: set[str] = set()

    @property
    def name(self) -> str:
        return self._operation.name.value if self._operation.name else "anonymous"

    @property
    def is_mutation(self) -> bool:
        return self._operation.operation.value == "mutation"

    def answer(self, root: Node) -> dict[str, Any]:
        """The data of the answer. What a resolver raises goes through.

        Raises:
            BadQuery: it can't be understood.
            UnknownChange: nothing was done.
        """
        return self._project(root, [self._operation.selection_set], 0)

    # -- projecting ---------------------------------------------------------------------------------------------

    def _project(self, node: Node | Mapping[str, Any], selections: Sequence[SelectionSetNode], depth: int) -> dict:
        if depth > MAX_DEPTH:
            raise BadQuery(f"The query goes deeper than {MAX_DEPTH} levels.")
        fields: dict[str, list[FieldNode]] = {}
        for selection in selections:
            self._collect(node, selection, fields, 0)
        if self.is_mutation and depth == 0 and isinstance(node, Node):
            self._refuse_unknown(node, fields)
        return {key: self._field(node, found, depth) for key, found in fields.items()}

    def _refuse_unknown(self, root: Node, fields: Mapping[str, Sequence[FieldNode]]) -> None:
        for field, *_ in fields.values():
            name = field.name.value
            if name != "__typename" and _resolver(type(root), snake(name)) is None:
                self.missing.add(f"{root.kind()}.{name}")
                raise UnknownChange(f'Cannot query field "{name}" on type "{root.kind()}".')

    def _collect(
        self,
        node: Node | Mapping[str, Any],
        selection: SelectionSetNode,
        fields: dict[str, list[FieldNode]],
        depth: int,
    ) -> None:
        if depth > MAX_DEPTH:
            raise BadQuery("The query's fragments go in a circle.")
        for one in selection.selections:
            if not self._included(one.directives):
                continue
            if isinstance(one, FieldNode):
                fields.setdefault(one.alias.value if one.alias else one.name.value, []).append(one)
            elif isinstance(one, FragmentSpreadNode):
                fragment = self._fragments.get(one.name.value)
                if fragment is None:
                    raise BadQuery(f"There is no fragment {one.name.value!r} in the query.")
                if _meant(node, fragment.type_condition.name.value):
                    self._collect(node, fragment.selection_set, fields, depth + 1)
            elif isinstance(one, InlineFragmentNode) and (
                one.type_condition is None or _meant(node, one.type_condition.name.value)
            ):
                self._collect(node, one.selection_set, fields, depth + 1)

    def _field(self, node: Node | Mapping[str, Any], found: Sequence[FieldNode], depth: int) -> Any:
        field, name = found[0], found[0].name.value
        if name == "__typename":
            return node.kind() if isinstance(node, Node) else node.get("__typename", "Object")
        if isinstance(node, Node):
            value = self._resolve(node, field)
        elif name in node:
            value = node[name]
        else:
            self.missing.add(f"{node.get('__typename', 'Object')}.{name}")
            value = None
        selections = [one.selection_set for one in found if one.selection_set is not None]
        return self._complete(value, selections, depth) if selections else value

    def _complete(self, value: Any, selections: Sequence[SelectionSetNode], depth: int) -> Any:
        if value is None:
            return None
        if isinstance(value, list | tuple):
            return [self._complete(one, selections, depth) for one in value]
        return self._project(value, selections, depth + 1)

    def _resolve(self, node: Node, field: FieldNode) -> Any:
        cls, name = type(node), field.name.value
        resolver = _resolver(cls, "schema_type" if name == "__type" else snake(name))
        if resolver is None:
            self.missing.add(f"{cls.kind()}.{name}")
            return None
        method, accepted = resolver
        arguments: dict[str, Any] = {}
        for argument in field.arguments or ():
            key = snake(argument.name.value)
            if accepted is not None and key not in accepted:
                self.missing.add(f"{cls.kind()}.{name}({argument.name.value})")
                continue
            if isinstance(argument.value, VariableNode) and argument.value.name.value not in self._variables:
                continue
            arguments[key] = _spelled(self._value(argument.value))
        return method(node, **arguments)

    # -- values -------------------------------------------------------------------------------------------------

    def _included(self, directives: Sequence[DirectiveNode] | None) -> bool:
        for directive in directives or ():
            if directive.name.value in ("include", "skip") and directive.arguments:
                wanted = bool(self._value(directive.arguments[0].value))
                if wanted != (directive.name.value == "include"):
                    return False
        return True

    def _value(self, node: ValueNode) -> Any:
        match node:
            case VariableNode():
                return self._variables.get(node.name.value)
            case IntValueNode():
                return int(node.value)
            case FloatValueNode():
                return float(node.value)
            case StringValueNode() | BooleanValueNode() | EnumValueNode():
                return node.value
            case NullValueNode():
                return None
            case ListValueNode():
                return [self._value(one) for one in node.values]
            case ObjectValueNode():
                return {
                    one.name.value: self._value(one.value)
                    for one in node.fields
                    if not (isinstance(one.value, VariableNode) and one.value.name.value not in self._variables)
                }
        raise BadQuery(f"A value of a kind that is not known: {node.kind}.")


def _meant(node: Node | Mapping[str, Any], condition: str) -> bool:
    if isinstance(node, Node):
        return condition == node.kind() or condition in node.interfaces
    return node.get("__typename", condition) == condition


@cache
def _resolver(cls: type[Node], name: str) -> tuple[Callable[..., Any], frozenset[str] | None] | None:
    """The method that answers a field, and the arguments that it takes (None: any)."""
    found = name if _is_field(cls, name) else f"{name}_"
    if not _is_field(cls, found):
        return None
    method = getattr(cls, found)
    parameters = inspect.signature(method).parameters.values()
    if any(one.kind is one.VAR_KEYWORD for one in parameters):
        return method, None
    return method, frozenset(one.name for one in parameters)


def _spelled(value: Any) -> Any:
    """Input objects with their keys spelled as Python does."""
    if isinstance(value, Mapping):
        return {snake(key): _spelled(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_spelled(one) for one in value]
    return value

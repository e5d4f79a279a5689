"""How big an operation is with its fragments spread out, found without spreading them out.

Each fragment is measured once and its measure is added wherever it is spread: the time is linear in the
document, whatever the fragments double to. Every count stops growing at `CEILING`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
)

from gateway.engine.prices import PLAIN, Price

CEILING = 1_000_000_000
_LEVELS_MAX = 150
#: The lists of `__Type` by which introspection comes back to `__Type`.
_RETURNING = frozenset({"fields", "interfaces", "possibleTypes", "inputFields"})

PriceOf = Callable[[GraphQLObjectType, str], Price]


class CircularFragments(Exception):
    """A fragment spreads itself, straight or by way of others."""


class TooManyLevels(Exception):
    """Selections stand in one another beyond any sensible query."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of a selection set, spread out. `names` counts the response names at its top."""

    depth: int = 0
    fields: int = 0
    points: int = 0
    aliases: int = 0
    directives: int = 0
    introspection_lists: int = 0
    repeats: int = 0
    names: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sizes:
    """What a document's operations measure, in their order, and its fragments, used or not."""

    operations: tuple[Measure, ...]
    fragments: tuple[Measure, ...]


def measure(
    document: DocumentNode,
    schema: GraphQLSchema,
    price_of: PriceOf,
    variables: Mapping[str, object],
) -> Sizes:
    """Measures all of a document.

    Raises CircularFragments and TooManyLevels. Unknown fields, types and fragments count as plain: the
    validation that follows names them.
    """
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    measurer = _Measurer(schema, price_of, variables, fragments)
    operations = []
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            root = schema.get_root_type(definition.operation)
            found = measurer.of(definition.selection_set, root, 0)
            operations.append(_with(found, directives=len(definition.directives or ())))
    return Sizes(tuple(operations), tuple(measurer.fragment(name, 0) for name in fragments))


class _Measurer:
    """Holds what one document needs while it is measured; used once."""

    def __init__(
        self,
        schema: GraphQLSchema,
        price_of: PriceOf,
        variables: Mapping[str, object],
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> None:
        self._schema = schema
        self._price_of = price_of
        self._variables = variables
        self._fragments = fragments
        self._done: dict[str, Measure] = {}
        self._open: set[str] = set()

    def of(self, selections: SelectionSetNode, parent: GraphQLNamedType | None, level: int) -> Measure:
        if level > _LEVELS_MAX:
            raise TooManyLevels
        total = _Total()
        for selection in selections.selections:
            total.add(self._selection(selection, parent, level + 1))
        return total.sum()

    def _selection(self, node: SelectionNode, parent: GraphQLNamedType | None, level: int) -> Measure:
        directives = len(node.directives or ())
        if isinstance(node, FieldNode):
            return self._field(node, parent, directives, level)
        if isinstance(node, InlineFragmentNode):
            condition = node.type_condition
            narrowed = self._schema.get_type(condition.name.value) if condition else parent
            return _with(self.of(node.selection_set, narrowed, level), directives=directives)
        assert isinstance(node, FragmentSpreadNode)
        return _with(self.fragment(node.name.value, level), directives=directives)

    def fragment(self, name: str, level: int) -> Measure:
        if name in self._done:
            return self._done[name]
        if name in self._open:
            raise CircularFragments
        fragment = self._fragments.get(name)
        if fragment is None:
            return Measure()
        self._open.add(name)
        parent = self._schema.get_type(fragment.type_condition.name.value)
        found = self.of(fragment.selection_set, parent, level)
        self._open.discard(name)
        self._done[name] = _with(found, directives=len(fragment.directives or ()))
        return self._done[name]

    def _field(
        self, node: FieldNode, parent: GraphQLNamedType | None, directives: int, level: int
    ) -> Measure:
        name = node.name.value
        price, items, below = PLAIN, 1, None
        known = self._schema.get_field(parent, name) if isinstance(parent, GraphQLObjectType) else None
        if known and isinstance(parent, GraphQLObjectType):
            price, below = self._price_of(parent, name), get_named_type(known.type)
            items = self._items(node, known, price)
        inside = self.of(node.selection_set, below, level) if node.selection_set else Measure()
        returning = parent is not None and parent.name == "__Type" and name in _RETURNING
        return Measure(
            depth=inside.depth + 1,
            fields=_capped(inside.fields + 1),
            points=_capped(price.points + items * inside.points),
            aliases=_capped(inside.aliases + (1 if node.alias else 0)),
            directives=_capped(inside.directives + directives),
            introspection_lists=inside.introspection_lists + (1 if returning else 0),
            repeats=inside.repeats,
            names={(node.alias or node.name).value: 1},
        )

    def _items(self, node: FieldNode, known: GraphQLField, price: Price) -> int:
        """How many items the children are paid for: as asked, or the most where that can't be read."""
        if price.sized_by is None:
            return price.per_item
        value: object = known.args[price.sized_by].default_value
        for argument in node.arguments or ():
            if argument.name.value == price.sized_by:
                value = self._value(argument.value)
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= price.per_item:
            return max(value, 1)
        return price.per_item

    def _value(self, node: ValueNode) -> object:
        if isinstance(node, IntValueNode):
            return int(node.value[:9])
        return self._variables.get(node.name.value) if isinstance(node, VariableNode) else None


class _Total:
    """Adds up the measures of one selection set."""

    def __init__(self) -> None:
        self._depth = self._fields = self._points = self._aliases = 0
        self._directives = self._lists = self._repeats = 0
        self._names: dict[str, int] = {}

    def add(self, part: Measure) -> None:
        self._depth = max(self._depth, part.depth)
        self._fields = _capped(self._fields + part.fields)
        self._points = _capped(self._points + part.points)
        self._aliases = _capped(self._aliases + part.aliases)
        self._directives = _capped(self._directives + part.directives)
        self._lists = max(self._lists, part.introspection_lists)
        self._repeats = max(self._repeats, part.repeats)
        for name, times in part.names.items():
            self._names[name] = _capped(self._names.get(name, 0) + times)

    def sum(self) -> Measure:
        return Measure(
            depth=self._depth,
            fields=self._fields,
            points=self._points,
            aliases=self._aliases,
            directives=self._directives,
            introspection_lists=self._lists,
            repeats=max(self._repeats, max(self._names.values(), default=0)),
            names=self._names,
        )


def _with(found: Measure, *, directives: int) -> Measure:
    """`found` with the directives of what encloses it."""
    if not directives:
        return found
    return Measure(
        depth=found.depth,
        fields=found.fields,
        points=found.points,
        aliases=found.aliases,
        directives=_capped(found.directives + directives),
        introspection_lists=found.introspection_lists,
        repeats=found.repeats,
        names=found.names,
    )


def _capped(number: int) -> int:
    return min(number, CEILING)

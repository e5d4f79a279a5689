"""The measure equals what one would count with every fragment written out."""

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    parse,
)
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine.measure import measure
from gateway.engine.prices import Price

SCHEMA = build_schema("type Query { a: Query b: Query many: [Query!] }")
FRAGMENTS = 4


def price(_: object, name: str) -> Price:
    return Price(points=3, per_item=5) if name == "many" else Price()


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A query over FRAGMENTS fragments, each of which spreads only later ones."""

    def selections(first: int, levels: int) -> str:
        parts = []
        for _ in range(draw(st.integers(1, 3))):
            kind = draw(st.sampled_from(["field", "alias", "spread", "directive"]))
            name = draw(st.sampled_from(["a", "b", "many"]))
            if kind == "spread" and first < FRAGMENTS:
                parts.append(f"...f{draw(st.integers(first, FRAGMENTS - 1))}")
                continue
            below = f"{{ {selections(first, levels - 1)} }}" if levels else "{ __typename }"
            alias = "x: " if kind == "alias" else ""
            directive = "@include(if: true)" if kind == "directive" else ""
            parts.append(f"{alias}{name} {directive} {below}")
        return " ".join(parts)

    bodies = [f"fragment f{i} on Query {{ {selections(i + 1, 1)} }}" for i in range(FRAGMENTS)]
    return f"{{ {selections(0, 2)} }} {' '.join(bodies)}"


def counted(document: DocumentNode) -> tuple[int, int, int, int, int]:
    """Depth, fields, points, aliases and directives, by walking through every spread."""
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}

    def walk(node: SelectionSetNode) -> tuple[int, int, int, int, int]:
        depth = fields = points = aliases = directives = 0
        for one in node.selections:
            if isinstance(one, FragmentSpreadNode):
                found = walk(fragments[one.name.value].selection_set)
            else:
                assert isinstance(one, FieldNode)
                inner = walk(one.selection_set) if one.selection_set else (0, 0, 0, 0, 0)
                many = one.name.value == "many"
                found = (
                    inner[0] + 1,
                    inner[1] + 1,
                    (3 + 5 * inner[2]) if many else 1 + inner[2],
                    inner[3] + bool(one.alias),
                    inner[4] + len(one.directives or ()),
                )
            depth = max(depth, found[0])
            fields, points = fields + found[1], points + found[2]
            aliases, directives = aliases + found[3], directives + found[4]
        return depth, fields, points, aliases, directives

    operation = next(d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    return walk(operation.selection_set)


@given(documents())
def test_the_measure_is_that_of_the_written_out_query(query: str) -> None:
    document = parse(query)
    found = measure(document, SCHEMA, price, {}).operations[0]
    assert (found.depth, found.fields, found.points, found.aliases, found.directives) == counted(document)

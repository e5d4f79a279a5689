"""What a field costs. A price stands beside its field in the schema, as Strawberry metadata."""

from dataclasses import dataclass

from graphql import GraphQLObjectType

_KEY = "price"


@dataclass(frozen=True, slots=True)
class Price:
    """`points` for the field itself, and how many items what stands below it is paid for.

    `per_item` is the length taken for a list whose length the query does not say; `sized_by` names the
    argument that says it, of which `per_item` then is the most.
    """

    points: int = 1
    per_item: int = 1
    sized_by: str | None = None


PLAIN = Price()


def priced(price: Price) -> dict[str, Price]:
    """The metadata by which a Strawberry field carries its price."""
    return {_KEY: price}


def price_of(parent: GraphQLObjectType, field_name: str) -> Price:
    """The price of a field; a plain point where none is set."""
    field = parent.fields.get(field_name)
    definition = field.extensions.get("strawberry-definition") if field else None
    if definition is None:
        return PLAIN
    price = definition.metadata.get(_KEY, PLAIN)
    assert isinstance(price, Price)
    return price

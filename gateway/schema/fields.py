"""A field of the schema with its words and its price."""

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField

from gateway.engine.prices import Price, priced

_Resolver = Callable[..., Any]


def field(description: str, price: Price) -> Callable[[_Resolver], StrawberryField]:
    """A field that a resolver answers."""

    def declare(resolver: _Resolver) -> StrawberryField:
        found: StrawberryField = strawberry.field(
            resolver=resolver, description=description, metadata=priced(price)
        )
        return found

    return declare


def mutation(description: str, price: Price) -> Callable[[_Resolver], StrawberryField]:
    """A field that changes something."""

    def declare(resolver: _Resolver) -> StrawberryField:
        found: StrawberryField = strawberry.mutation(
            resolver=resolver, description=description, metadata=priced(price)
        )
        return found

    return declare


def subscription(description: str, price: Price) -> Callable[[_Resolver], StrawberryField]:
    """A field that answers again and again."""

    def declare(resolver: _Resolver) -> StrawberryField:
        found: StrawberryField = strawberry.subscription(
            resolver=resolver, description=description, metadata=priced(price)
        )
        return found

    return declare

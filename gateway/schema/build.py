"""The schema with its guard."""

from functools import partial

import strawberry
from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.types.execution import ExecutionContext

from gateway.engine.guard import Guard, PreparedQueries, Speaker
from gateway.engine.limits import Limits
from gateway.schema.mutation import Mutation
from gateway.schema.query import Query
from gateway.schema.scalars import SCALARS
from gateway.schema.subscription import Subscription


class QuietSchema(strawberry.Schema):
    """Strawberry's schema, which by itself would log errors with the values that were sent."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: the Speaker logs what is ours to mend, by class and place."""


def schema(limits: Limits | None = None) -> QuietSchema:
    """A schema with its own memory of prepared queries."""
    guard = partial(Guard, limits or Limits(), PreparedQueries())
    return QuietSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=[Speaker, guard],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
    )

"""The schema as text, for contracts/schemas."""

from gateway.schema.build import schema


def sdl() -> str:
    """The GraphQL schema definition; the same code gives the same text."""
    return schema().as_str() + "\n"

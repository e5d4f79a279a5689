"""What one GraphQL operation may ask for. A query over a limit is refused before it is validated."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Every number is a most: what equals it is taken, what exceeds it is refused.

    The defaults let pass every query of the portal and the introspection of GraphiQL.
    """

    #: Bytes of a request's body or of a WebSocket message.
    body_bytes_max: int = 65_536
    #: Characters of the query's text.
    characters_max: int = 20_000
    #: Lexical tokens of the query.
    tokens_max: int = 2_000
    #: Brackets open at once in the text, of any kind; keeps the parser's recursion small.
    nesting_max: int = 48
    #: Fragment definitions, and operations, in one document.
    definitions_max: int = 50
    #: Fields below one another, fragments spread out.
    depth_max: int = 16
    #: Fields in all, fragments spread out.
    fields_max: int = 400
    #: Fields selected at the root of the operation.
    roots_max: int = 20
    #: Aliases, fragments spread out.
    aliases_max: int = 30
    #: Directives, fragments spread out.
    directives_max: int = 20
    #: How often one response name may stand in one selection set, fragments spread out.
    repeats_max: int = 10
    #: Lists of the introspection that can lead back to themselves, below one another.
    introspection_lists_max: int = 2
    #: Points (see prices.py): what the operation may make the services do.
    points_max: int = 20_000
    #: Operations that may run at once on one WebSocket.
    operations_per_socket_max: int = 10

"""Puts the rule in front of Strawberry's execution, and says every error in the caller's language."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
)
from graphql.error import GraphQLSyntaxError
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document
from strawberry.types.execution import StreamExecutionResult

from gateway.engine.limits import Limits
from gateway.engine.prices import price_of
from gateway.engine.rule import check_document, check_text, too_large
from gateway.engine.speaking import speak
from libs.common.kernel.errors import Outage, Refusal


class Asking(Protocol):
    """What the engine needs of who asks (the GraphQL context is one)."""

    @property
    def language(self) -> str:
        """vi or en."""
        ...

    async def check(self) -> None:
        """Refusal where the caller may not, or may no longer, ask anything."""
        ...


@dataclass(slots=True)
class Prepared:
    """A document that could be parsed, with what its validation found once that has run."""

    document: DocumentNode
    errors: list[GraphQLError] | None = None


@dataclass(slots=True)
class PreparedQueries:
    """Documents by their text, the last used last, so that a known query isn't parsed and validated again."""

    most: int = 256
    _kept: OrderedDict[str, Prepared] = field(default_factory=OrderedDict)

    def find(self, query: str) -> Prepared | None:
        found = self._kept.get(query)
        if found:
            self._kept.move_to_end(query)
        return found

    def keep(self, query: str, prepared: Prepared) -> None:
        self._kept[query] = prepared
        while len(self._kept) > self.most:
            self._kept.popitem(last=False)


class Guard(SchemaExtension):
    """Refuses before validation and execution what is too big, and whoever has no token that holds."""

    def __init__(self, limits: Limits, prepared: PreparedQueries) -> None:
        self._limits = limits
        self._prepared = prepared
        self._found: Prepared | None = None
        self._refused: GraphQLError | None = None

    def on_parse(self) -> Iterator[None]:
        """Leaves a document in any case: Strawberry ends a socket where parsing fails."""
        context = self.execution_context
        query = context.query or ""
        self._found = self._prepared.find(query)
        try:
            if self._found is None:
                check_text(query, self._limits)
                self._found = Prepared(parse(query, max_tokens=self._limits.tokens_max))
            _check_operation(self._found.document, context.operation_name)
            context.graphql_document = self._found.document
        except Refusal as refusal:
            self._refused = _error(refusal)
        except GraphQLSyntaxError as error:
            self._refused = self._unreadable(error)
        if self._refused:
            context.graphql_document = _stand_in(context.operation_name)
        yield

    def _unreadable(self, error: GraphQLSyntaxError) -> GraphQLError:
        if "more than" in error.description and "tokens" in error.description:
            return _error(too_large(self._limits.tokens_max, "đơn vị từ vựng", "tokens"))
        return error

    async def on_validate(self) -> AsyncIterator[None]:
        context = self.execution_context
        context.pre_execution_errors = [self._refused] if self._refused else await self._checked()
        yield

    async def _checked(self) -> list[GraphQLError]:
        context, found = self.execution_context, self._found
        assert found is not None
        schema = context.schema._schema
        asking: Asking = context.context
        try:
            check_document(found.document, context.variables or {}, schema, price_of, self._limits)
            await asking.check()
        except (Refusal, Outage) as no:
            return [_error(no)]
        if found.errors is None:
            found.errors = validate_document(schema, found.document, context.validation_rules)
            self._prepared.keep(context.query or "", found)
        return found.errors


@runtime_checkable
class _WithErrors(Protocol):
    errors: list[GraphQLError] | None


class Speaker(SchemaExtension):
    """Replaces every error by its coded, bilingual form, which repeats nothing of what was sent."""

    def __init__(self) -> None:
        self._streamed = False

    def on_operation(self) -> Iterator[None]:
        yield
        if not self._streamed:
            self._say(self.execution_context.result)

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:
        self._streamed = True
        self._say(result)
        yield

    def _say(self, result: object) -> None:
        if isinstance(result, _WithErrors) and result.errors:
            asking: Asking = self.execution_context.context
            result.errors = [speak(error, asking.language) for error in result.errors]


def _error(no: Refusal | Outage) -> GraphQLError:
    return GraphQLError(str(no), original_error=no)


def _check_operation(document: DocumentNode, name: str | None) -> None:
    operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)]
    if not operations or (name and not any(o.name and o.name.value == name for o in operations)):
        raise Refusal(
            "query_invalid",
            "Truy vấn không có thao tác mang tên `operationName` đã gửi.",
            "The query has no operation of the `operationName` that was sent.",
        )


def _stand_in(name: str | None) -> DocumentNode:
    """What takes a refused document's place until validation, which then reports the refusal."""
    selection = SelectionSetNode(selections=(FieldNode(name=NameNode(value="__typename")),))
    operation = OperationDefinitionNode(
        operation=OperationType.QUERY,
        name=NameNode(value=name) if name else None,
        selection_set=selection,
    )
    return DocumentNode(definitions=(operation,))

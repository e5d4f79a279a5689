"""Every GraphQL error as a stable code and a sentence in the caller's language, without what was sent."""

from graphql import GraphQLError
from graphql.error import GraphQLSyntaxError
from graphql.language import ast

from libs.common.kernel.errors import Outage, Refusal
from libs.common.runtime.logs import fault_name, logger

_UNREADABLE = Refusal(
    "query_unreadable",
    "Truy vấn sai cú pháp GraphQL; `locations` chỉ chỗ sai.",
    "The query is no GraphQL; `locations` says where it goes wrong.",
)
_VALUE = Refusal(
    "query_invalid",
    "Một giá trị không đúng kiểu mà lược đồ đòi hỏi; `locations` chỉ chỗ sai.",
    "A value is not of the type that the schema asks for; `locations` says which.",
)
_OUTAGE = Refusal(
    "outage",
    "Một dịch vụ phía sau tạm thời chưa sẵn sàng. Hãy gửi lại truy vấn sau ít giây.",
    "A service behind this door is away for the moment. Send the query again in a few seconds.",
)
_BUG = Refusal(
    "internal_error",
    "Hệ thống gặp lỗi ngoài dự kiến và đã ghi lại. Hãy thử lại; nếu vẫn lỗi, báo cho người quản trị.",
    "Something unforeseen went wrong and was logged. Try again; if it stays, tell the administrator.",
)


def speak(error: GraphQLError, language: str) -> GraphQLError:
    """The error as it goes out: `extensions.code`, message in `language` (vi or en), where, and no value."""
    refusal = _refusal(error)
    english = language == "en"
    extensions: dict[str, object] = {"code": refusal.code}
    if refusal.errors:
        extensions["errors"] = [
            {"path": e.path, "code": e.code, "message": e.message_en if english else e.message_vi}
            for e in refusal.errors
        ]
    return GraphQLError(
        refusal.message_en if english else refusal.message_vi,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def _refusal(error: GraphQLError) -> Refusal:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error:
        cause = cause.original_error
    if isinstance(cause, Refusal):
        return cause
    if isinstance(cause, Outage | OSError):
        logger().error("outage", fault=fault_name(cause))
        return _OUTAGE
    if isinstance(error, GraphQLSyntaxError):
        return _UNREADABLE
    if cause is not None and not isinstance(cause, GraphQLError):
        logger().error("bug", fault=fault_name(cause), field=_last(error))
        return _BUG
    return _rejected(error)


def _rejected(error: GraphQLError) -> Refusal:
    """What validation or the coercion of variables said. Its words repeat literals: those stay here."""
    nodes = error.nodes or ()
    if not nodes or any(isinstance(node, ast.ValueNode | ast.VariableDefinitionNode) for node in nodes):
        return _VALUE
    return Refusal(
        "query_invalid",
        f"Truy vấn không khớp lược đồ: {error.message}",
        f"The query does not fit the schema: {error.message}",
    )


def _last(error: GraphQLError) -> str | None:
    """The field's name, for the log; the path may hold an index, never a value."""
    names = [part for part in error.path or () if isinstance(part, str)]
    return names[-1] if names else None

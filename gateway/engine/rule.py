"""The rule that every operation meets before all else: small text, few tokens, bounded size and cost."""

from collections.abc import Mapping

from graphql import DocumentNode, GraphQLSchema

from gateway.engine.limits import Limits
from gateway.engine.measure import CircularFragments, Measure, PriceOf, TooManyLevels, measure
from gateway.engine.text import nesting
from libs.common.kernel.errors import Refusal


def check_text(query: str, limits: Limits) -> None:
    """Refuses a text that is not worth parsing: `query_too_large` or `query_too_deep`."""
    if len(query) > limits.characters_max:
        raise too_large(limits.characters_max, "ký tự", "characters")
    if nesting(query) > limits.nesting_max:
        raise _too_deep(limits)


def check_document(
    document: DocumentNode,
    variables: Mapping[str, object],
    schema: GraphQLSchema,
    price_of: PriceOf,
    limits: Limits,
) -> int:
    """The points of the dearest operation; Refusal where the document is over a limit.

    Operations that won't run and fragments that nobody spreads are held to the limits too, since the
    validation that follows works through them.
    """
    if len(document.definitions) > limits.definitions_max:
        raise _too_wide(limits.definitions_max, "thao tác và fragment", "operations and fragments")
    try:
        sizes = measure(document, schema, price_of, variables)
    except CircularFragments:
        raise Refusal(
            "query_circular",
            "Các fragment của truy vấn gọi vòng lẫn nhau. Hãy bỏ vòng lặp.",
            "The query's fragments spread each other in a circle. Break the circle.",
        ) from None
    except TooManyLevels:
        raise _too_deep(limits) from None
    for size in (*sizes.operations, *sizes.fragments):
        _check_size(size, limits)
    for operation in sizes.operations:
        if sum(operation.names.values()) > limits.roots_max:
            raise _too_wide(limits.roots_max, "trường gốc", "root fields")
    if sum(operation.fields for operation in sizes.operations) > limits.fields_max:
        raise _too_wide(limits.fields_max, "trường", "fields")
    return max((operation.points for operation in sizes.operations), default=0)


def too_large(most: int, unit_vi: str, unit_en: str) -> Refusal:
    """A request, or its query, is longer than is read at all."""
    return Refusal(
        "query_too_large",
        f"Truy vấn quá dài: tối đa {most} {unit_vi}. Hãy chia nhỏ.",
        f"The query is too long: at most {most} {unit_en}. Send it in parts.",
    )


def _check_size(size: Measure, limits: Limits) -> None:
    if size.depth > limits.depth_max or size.introspection_lists > limits.introspection_lists_max:
        raise _too_deep(limits)
    for count, most, unit_vi, unit_en in (
        (size.fields, limits.fields_max, "trường", "fields"),
        (size.aliases, limits.aliases_max, "bí danh", "aliases"),
        (size.directives, limits.directives_max, "directive", "directives"),
        (size.repeats, limits.repeats_max, "lần một tên", "times one name"),
    ):
        if count > most:
            raise _too_wide(most, unit_vi, unit_en)
    if size.points > limits.points_max:
        raise Refusal(
            "query_too_dear",
            f"Truy vấn tốn hơn {limits.points_max} điểm. Hãy giảm `first` hoặc chia nhỏ.",
            f"The query costs more than {limits.points_max} points. Ask for a smaller `first`, or in parts.",
        )


def _too_deep(limits: Limits) -> Refusal:
    return Refusal(
        "query_too_deep",
        f"Truy vấn lồng quá sâu: tối đa {limits.depth_max} tầng trường. Hãy bớt tầng.",
        f"The query is nested too deeply: at most {limits.depth_max} levels of fields. Take levels away.",
    )


def _too_wide(most: int, unit_vi: str, unit_en: str) -> Refusal:
    return Refusal(
        "query_too_wide",
        f"Truy vấn quá rộng: tối đa {most} {unit_vi}. Hãy chia nhỏ.",
        f"The query is too wide: at most {most} {unit_en}. Send it in parts.",
    )

"""How much of a list is asked for at once."""

from libs.common.kernel.errors import Refusal


def size(first: int, most: int) -> int:
    """`first`; Refusal `request_invalid` for less than 1 or more than `most`."""
    if not 1 <= first <= most:
        raise Refusal(
            "request_invalid",
            f"`first` phải từ 1 đến {most}.",
            f"`first` must be from 1 to {most}.",
        )
    return first

"""How a report is refused: what is wrong, never what was in it."""

import msgspec

from libs.common.kernel.errors import Refusal

#: What JSON that is none, however it was spoilt, makes its decoder raise.
NO_JSON = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def unreadable(vietnamese: str, english: str) -> Refusal:
    """The refusal `report_unreadable`, with what to do next."""
    return Refusal(
        "report_unreadable",
        f"{vietnamese} Hãy lập lại báo cáo và gửi lại cả tệp.",
        f"{english} Make the report anew and send the whole file again.",
    )


def wrong_totals() -> Refusal:
    return unreadable(
        "Tổng số dòng hoặc tổng tiền ghi trong báo cáo không khớp với các dòng của nó.",
        "The report's own count or sum does not agree with its lines.",
    )

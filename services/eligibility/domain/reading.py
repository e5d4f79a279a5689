"""Strict reading of JSON values: each field has a reader, every wrong one is told with its path.

Values sent are never echoed, only paths and what would be right.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from libs.common.kernel.errors import FieldError
from libs.common.kernel.months import Month

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
#: No file reaches further. What lies beyond would cost an answer of thousands of months, or has no calendar.
YEAR_MAX = 2100
#: Above every amount and count of a case, and small enough that no sum of them leaves 64 bits.
WHOLE_MAX = 1_000_000_000_000
#: More than any household or family has. The door is open to all, and each item costs an answer.
ITEMS_MAX = 100


@dataclass(frozen=True)
class Problems:
    """Collects what is wrong, so that one answer names all of it."""

    found: list[FieldError] = field(default_factory=list)

    def add(self, path: str, code: str, vi: str, en: str) -> None:
        self.found.append(FieldError(path, code, vi, en))

    def wrong_type(self, path: str, vi: str, en: str) -> None:
        self.add(path, "wrong_type", f"Cần {vi}.", f"Needed here: {en}.")


#: Reads a value at a path; None after a problem was added.
Reader = Callable[[object, str, Problems], Any]


def record(
    value: object, path: str, problems: Problems, fields: Mapping[str, Reader], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The fields that are given and right; unknown, missing and wrong ones become problems."""
    if not isinstance(value, dict):
        problems.wrong_type(path, "một đối tượng JSON", "a JSON object")
        return {}
    found = {}
    for name in required:
        if name not in value:
            problems.add(_join(path, name), "missing", "Thiếu trường này.", "This field is missing.")
    for name, given in value.items():
        reader = fields.get(name)
        if reader is None:
            problems.add(
                _join(path, name),
                "unknown_field",
                f"Không có trường này; các trường được biết: {', '.join(sorted(fields))}.",
                f"There is no such field; known here: {', '.join(sorted(fields))}.",
            )
            continue
        read = reader(given, _join(path, name), problems)
        if read is not None:
            found[name] = read
    return found


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def text(value: object, path: str, problems: Problems) -> str | None:
    if isinstance(value, str) and value:
        return value
    problems.wrong_type(path, "một chuỗi ký tự không rỗng", "a string that is not empty")
    return None


def yes_or_no(value: object, path: str, problems: Problems) -> bool | None:
    if isinstance(value, bool):
        return value
    problems.wrong_type(path, "true hoặc false", "true or false")
    return None


def whole(value: object, path: str, problems: Problems) -> int | None:
    """A whole number of 0 or more, up to WHOLE_MAX; a JSON boolean is none."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        problems.wrong_type(path, "một số nguyên không âm", "a whole number of 0 or more")
        return None
    if value > WHOLE_MAX:
        problems.add(
            path,
            "too_large",
            f"Cần một số không quá {WHOLE_MAX}.",
            f"Needed here: a number of at most {WHOLE_MAX}.",
        )
        return None
    return value


def _within_years(year: int, path: str, problems: Problems) -> bool:
    if year <= YEAR_MAX:
        return True
    problems.add(path, "too_far", f"Cần năm không quá {YEAR_MAX}.", f"Needed here: no year after {YEAR_MAX}.")
    return False


def day(value: object, path: str, problems: Problems) -> date | None:
    if not isinstance(value, str):
        problems.wrong_type(path, "ngày dạng 2026-10-05", "a date such as 2026-10-05")
        return None
    try:
        if _DATE.fullmatch(value):
            found = date.fromisoformat(value)
            return found if _within_years(found.year, path, problems) else None
    except ValueError:
        pass
    problems.add(
        path,
        "not_a_date",
        "Ngày không có thật; cần dạng 2026-10-05.",
        "This is no date; needed: one such as 2026-10-05.",
    )
    return None


def month(value: object, path: str, problems: Problems) -> Month | None:
    if not isinstance(value, str):
        problems.wrong_type(path, "tháng dạng 2026-10", "a month such as 2026-10")
        return None
    try:
        found = Month.parse(value)
    except ValueError:
        problems.add(path, "not_a_month", "Cần tháng dạng 2026-10.", "Needed here: a month such as 2026-10.")
        return None
    return found if _within_years(found.year, path, problems) else None


def month_or_day(value: object, path: str, problems: Problems) -> Month | None:
    """A month, or a day for its month."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        read = day(value, path, problems)
        return Month.of(read) if read else None
    return month(value, path, problems)


def one_of(*allowed: str) -> Reader:
    listed = ", ".join(allowed)

    def read(value: object, path: str, problems: Problems) -> str | None:
        if not isinstance(value, str):
            problems.wrong_type(path, f"một trong: {listed}", f"one of: {listed}")
            return None
        if value in allowed:
            return value
        problems.add(path, "not_one_of", f"Cần một trong: {listed}.", f"Needed here: one of: {listed}.")
        return None

    return read


def items(reader: Reader, least: int = 0) -> Reader:
    def read(value: object, path: str, problems: Problems) -> tuple[Any, ...] | None:
        # A wrong item stays as None, so that the index of each later one is still its own.
        if not isinstance(value, list) or len(value) < least:
            problems.wrong_type(
                path, f"một danh sách có ít nhất {least} phần tử", f"a list of at least {least} items"
            )
            return None
        if len(value) > ITEMS_MAX:
            problems.add(
                path,
                "too_many",
                f"Cần không quá {ITEMS_MAX} phần tử.",
                f"Needed here: at most {ITEMS_MAX} items.",
            )
            return None
        read_items = [reader(item, f"{path}[{index}]", problems) for index, item in enumerate(value)]
        return tuple(read_items)

    return read


def anything(value: object, path: str, problems: Problems) -> None:
    return None

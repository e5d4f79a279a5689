"""A value of a policy file with the place it stands at, so that an error names file and key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import ParamSpec, TypeVar

from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.money import Coefficient, Dong
from libs.common.kernel.months import Month

P = ParamSpec("P")
T = TypeVar("T")

#: Far beyond every value of the law, and near enough that all that is computed from them fits.
_WHOLE_MAX, _YEARS_MAX, _HUNDREDTHS_MAX = 10**12, 150, 1_000 * 100
_MONTHS = (Month(1990, 1), Month(2100, 12))


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that is wrong, the first thing of each place, so that one refusal names all of it."""

    errors: list[FieldError] = field(default_factory=list)

    def attempt(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
        """What `read` gives; None, with the errors kept, where it refuses."""
        try:
            return read(*args, **kwargs)
        except Refusal as refusal:
            told = {error.path for error in self.errors}
            self.errors.extend(error for error in refusal.errors if error.path not in told)
            return None

    def refuse_if_any(self) -> None:
        if self.errors:
            raise refused(self.errors)


def refused(errors: list[FieldError]) -> Refusal:
    """Refusal `policy_invalid` that tells the first error and how many there are."""
    first, more = errors[0], len(errors) - 1
    vi = f"Tệp chính sách sai tại {first.path}: {first.message_vi}."
    en = f"A policy file is wrong at {first.path}: {first.message_en}."
    if more:
        vi, en = f"{vi} Còn {more} lỗi khác.", f"{en} There are {more} more."
    return Refusal("policy_invalid", vi, en, tuple(errors))


@dataclass(frozen=True, slots=True)
class Node:
    """One YAML value; every reader raises Refusal `policy_invalid` with `path` = file and key."""

    value: object
    path: str

    def error(self, vi: str, en: str) -> FieldError:
        return FieldError(self.path, "policy_invalid", vi, en)

    def wrong(self, vi: str, en: str) -> Refusal:
        return refused([self.error(vi, en)])

    def refuse(self, vi: str, en: str) -> None:
        raise self.wrong(vi, en)

    def fields(self, required: str = "", optional: str = "") -> Node:
        """This mapping, after checking that it has all of `required` and nothing besides `optional`."""
        if not isinstance(self.value, dict):
            raise self.wrong("phải là một bảng khóa và giá trị", "a mapping is needed here")
        needed, known = required.split(), {*required.split(), *optional.split()}
        errors = [
            self.at(key).error("thiếu khóa này", "this key is missing")
            for key in needed
            if key not in self.value
        ]
        errors += [
            self.at(str(key)).error(
                f"khóa không được biết; các khóa được biết: {', '.join(sorted(known))}",
                f"the key is not known; known here: {', '.join(sorted(known))}",
            )
            for key in self.value
            if key not in known
        ]
        if errors:
            raise refused(errors)
        return self

    def has(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    def at(self, key: str) -> Node:
        value = self.value.get(key) if isinstance(self.value, dict) else None
        return Node(value, f"{self.path}.{key}" if "#" in self.path else f"{self.path}#{key}")

    def pairs(self) -> Iterator[tuple[str, Node]]:
        if not isinstance(self.value, dict):
            raise self.wrong("phải là một bảng khóa và giá trị", "a mapping is needed here")
        for key in self.value:
            yield str(key), self.at(str(key))

    def items(self) -> list[Node]:
        if not isinstance(self.value, list) or not self.value:
            raise self.wrong("phải là một danh sách có phần tử", "a list with at least one item is needed")
        return [Node(value, f"{self.path}[{index}]") for index, value in enumerate(self.value)]

    def mappings(self) -> Iterator[Node]:
        """This value and all below it that are mappings."""
        if isinstance(self.value, dict):
            yield self
            for _, each in self.pairs():
                yield from each.mappings()
        elif isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield from Node(value, f"{self.path}[{index}]").mappings()

    def text(self) -> str:
        if isinstance(self.value, str) and self.value.strip():
            return self.value.strip()
        raise self.wrong("phải là chữ", "text is needed (in quotes, where it looks like a number)")

    def label(self) -> str:
        """Text or a whole number, as articles and clauses are written."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return str(self.value)
        return self.text()

    def one_of(self, *allowed: str) -> str:
        if self.value in allowed:
            return str(self.value)
        raise self.wrong(f"phải là một trong: {', '.join(allowed)}", f"one of: {', '.join(allowed)}")

    def whole(self) -> int:
        return self._whole_up_to(_WHOLE_MAX)

    def years(self) -> int:
        """An age, or a span of years."""
        return self._whole_up_to(_YEARS_MAX)

    def _whole_up_to(self, most: int) -> int:
        if isinstance(self.value, int) and not isinstance(self.value, bool) and 0 <= self.value <= most:
            return self.value
        raise self.wrong(f"phải là số nguyên từ 0 đến {most}", f"a whole number from 0 to {most} is needed")

    def dong(self) -> Dong:
        """Whole hundreds of đồng, so that every coefficient (hundredths) gives whole đồng."""
        amount = self.whole()
        if amount % 100:
            raise self.wrong("phải tròn trăm đồng", "a level must be in whole hundreds of đồng")
        return Dong(amount)

    def coefficient(self) -> Coefficient:
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise self.wrong("phải là hệ số, ví dụ 1.5", "a coefficient such as 1.5 is needed")
        try:
            found = Coefficient.parse(str(value))
        except ValueError:
            found = None
        if found is None or found.hundredths > _HUNDREDTHS_MAX:
            raise self.wrong(
                "hệ số có tối đa hai chữ số thập phân, không âm và không quá 1000",
                "a coefficient has at most two decimals (hundredths), is not negative and no more than 1000",
            )
        return found

    def month(self) -> Month:
        try:
            found = Month.parse(self.value if isinstance(self.value, str) else "")
        except ValueError:
            found = None
        if found is None or not _MONTHS[0] <= found <= _MONTHS[1]:
            first, last = _MONTHS
            raise self.wrong(
                f"phải là tháng dạng 2021-07, từ {first} đến {last}",
                f"a month such as 2021-07 is needed, from {first} to {last}",
            )
        return found

    def date(self) -> date:
        if type(self.value) is date:
            return self.value
        raise self.wrong("phải là ngày dạng 2021-07-01", "a date such as 2021-07-01 is needed")

    def yes_or_no(self) -> bool:
        if isinstance(self.value, bool):
            return self.value
        raise self.wrong("phải là true hoặc false", "true or false is needed")

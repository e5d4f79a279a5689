"""Lists of what another authority decided (people with merit): read strictly, row by row, as it stands.

A list says who, which programme, how much a month, for which months, and the decision it rests on. Nothing of
it is decided again here; a row that can't be so is refused with its column, never mended and never echoed.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from libs.common.kernel import ids
from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.money import Dong
from libs.common.kernel.months import Month

T = TypeVar("T")

#: The columns, all required but `until_month` (open where it is empty).
COLUMNS = (
    "person_id",
    "programme",
    "amount_dong",
    "from_month",
    "until_month",
    "decision_number",
    "decided_on",
    "issued_by",
)
#: More than a commune or district sends in one file.
ROWS_MAX = 50_000
#: Above every monthly benefit, and far below what a sum could overflow.
AMOUNT_MAX = 100_000_000
_TEXT_MAX = 200
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_SENTENCES = {
    "missing": ("Thiếu giá trị.", "A value is needed."),
    "too_many_cells": ("Dòng có nhiều ô hơn số cột.", "The row has more cells than columns."),
    "not_an_id": ("Cần mã người dạng per_….", "A person's id such as per_… is needed."),
    "not_elsewhere": (
        "Chương trình này không do cơ quan khác quyết định.",
        "This programme is not one that another authority decides.",
    ),
    "not_an_amount": (
        "Cần số đồng nguyên, lớn hơn 0, ví dụ 3012000.",
        "Whole đồng above 0 are needed, such as 3012000.",
    ),
    "not_a_text": (
        "Cần chữ, không quá 200 ký tự, không có ký tự điều khiển.",
        "Text is needed, 200 characters at most, without control characters.",
    ),
    "not_a_month": ("Cần tháng dạng 2026-07.", "A month such as 2026-07 is needed."),
    "not_a_date": ("Cần ngày dạng 2026-07-01.", "A date such as 2026-07-01 is needed."),
    "before_from": ("Tháng cuối trước tháng đầu.", "The last month lies before the first."),
    "after_as_of": ("Ngày quyết định ở tương lai.", "The day of the decision lies in the future."),
    "overlaps": (
        "Người này đã có một dòng cùng chương trình, trùng tháng.",
        "The person has another row of the programme for some of these months.",
    ),
}


@dataclass(frozen=True, slots=True)
class ForeignDecision:
    """A monthly amount that another authority decided; `until` None = until it says otherwise."""

    person: UUID
    programme: str
    amount: Dong
    from_month: Month
    until: Month | None
    decision_number: str
    decided_on: date
    issued_by: str

    def meets(self, other: "ForeignDecision") -> bool:
        """Whether both are for some month of the same person and programme."""
        same = self.person == other.person and self.programme == other.programme
        before = self.until is not None and self.until < other.from_month
        after = other.until is not None and other.until < self.from_month
        return same and not before and not after


@dataclass(frozen=True, slots=True)
class ForeignList:
    """The rows that are right, with their `numbers`, and what is wrong with the others
    (`rows[2].amount_dong`, counted from 1 without the header)."""

    decisions: tuple[ForeignDecision, ...]
    numbers: tuple[int, ...]
    errors: tuple[FieldError, ...]
    rows: int


def read_list(text: str, elsewhere: Iterable[str], as_of: date) -> ForeignList:
    """A CSV with the header `COLUMNS`; `elsewhere` are the programmes that others decide, `as_of` the day
    of the import. Refusal `case_invalid` where it is no such table or has too many rows."""
    try:
        return _read(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")), elsewhere, as_of)
    except csv.Error:
        raise _refused("file", "Không đọc được CSV · this is no readable CSV") from None


def _read(table: Iterator[list[str]], elsewhere: Iterable[str], as_of: date) -> ForeignList:
    header = tuple(cell.strip() for cell in next(table, []))
    if header != COLUMNS:
        raise _refused("header", f"Cần đúng các cột · needed: {', '.join(COLUMNS)}")
    programmes = frozenset(elsewhere)
    seen: dict[tuple[UUID, str], list[ForeignDecision]] = {}
    good: list[ForeignDecision] = []
    numbers: list[int] = []
    errors: list[FieldError] = []
    number = 0
    for cells in table:
        if not any(cell.strip() for cell in cells):
            continue
        number += 1
        if number > ROWS_MAX:
            raise _refused("rows", f"Tối đa {ROWS_MAX} dòng một tệp · rows at most in one file: {ROWS_MAX}")
        row = _Row(number, cells, errors)
        read = row.decision(programmes, as_of)
        if read is None:
            continue
        others = seen.setdefault((read.person, read.programme), [])
        if any(read.meets(other) for other in others):
            row.wrong("from_month", "overlaps")
            continue
        others.append(read)
        good.append(read)
        numbers.append(number)
    return ForeignList(tuple(good), tuple(numbers), tuple(errors), number)


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    cells: list[str]
    errors: list[FieldError]

    def wrong(self, column: str, code: str) -> None:
        self.errors.append(FieldError(f"rows[{self.number}].{column}", code, *_SENTENCES[code]))

    def read(self, column: str, code: str, reader: Callable[[str], T | None]) -> T | None:
        """What the cell says; None after its error was kept."""
        at = COLUMNS.index(column)
        cell = self.cells[at].strip() if at < len(self.cells) else ""
        found = reader(cell) if cell else None
        if found is None:
            self.wrong(column, code if cell else "missing")
        return found

    def decision(self, programmes: frozenset[str], as_of: date) -> ForeignDecision | None:
        before = len(self.errors)
        if len(self.cells) > len(COLUMNS):
            self.wrong(COLUMNS[-1], "too_many_cells")
        person = self.read("person_id", "not_an_id", _person)
        programme = self.read("programme", "not_elsewhere", lambda it: it if it in programmes else None)
        amount = self.read("amount_dong", "not_an_amount", _amount)
        first = self.read("from_month", "not_a_month", _month)
        at = COLUMNS.index("until_month")
        open_ended = at >= len(self.cells) or not self.cells[at].strip()
        until = None if open_ended else self.read("until_month", "not_a_month", _month)
        number = self.read("decision_number", "not_a_text", _text)
        decided = self.read("decided_on", "not_a_date", _date)
        issued_by = self.read("issued_by", "not_a_text", _text)
        if first is not None and until is not None and until < first:
            self.wrong("until_month", "before_from")
        if decided is not None and decided > as_of:
            self.wrong("decided_on", "after_as_of")
        if len(self.errors) > before:
            return None
        assert person is not None and programme is not None and amount is not None and first is not None
        assert number is not None and decided is not None and issued_by is not None
        return ForeignDecision(person, programme, amount, first, until, number, decided, issued_by)


def _person(text: str) -> UUID | None:
    try:
        return ids.read("per", text)
    except ValueError:
        return None


def _text(text: str) -> str | None:
    return text if text.isprintable() and len(text) <= _TEXT_MAX else None


def _amount(text: str) -> Dong | None:
    whole = text.isascii() and text.isdigit() and len(text) <= len(str(AMOUNT_MAX))
    return Dong(int(text)) if whole and 0 < int(text) <= AMOUNT_MAX else None


def _month(text: str) -> Month | None:
    try:
        return Month.parse(text)
    except ValueError:
        return None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _refused(path: str, what: str) -> Refusal:
    vi, en = what, what
    return Refusal("case_invalid", vi, en, (FieldError(path, "wrong_type", vi, en),))

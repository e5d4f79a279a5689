"""A post office: takes a list, pays at the counter, sends the list back filled in."""

import io
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from libs.common.kernel.ids import derived_id, show
from services.payments.clients.post_files.layout import COLUMNS, HEAD, RESULTS, unquoted
from services.payments.clients.post_files.list_writer import OPTIONS
from services.payments.domain.partner_lines import PostReason
from simulators.answer import Answer, Report, Sums
from simulators.outcomes import Odds
from simulators.switches import OFF, Switches

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WORDS = {reason: word for word, (_, reason) in RESULTS.items()}
LIST_UNREADABLE = "list_unreadable"


def answer(
    content: bytes, payment_file_id: str, odds: Odds, switches: Switches = OFF, *, asked: bool = False
) -> Answer:
    """The same list with results and dates; one that can't be read gets no answer at all.

    `asked`: the platform asked about the list, so what was paid in silence is told.
    """
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            sheet = book.get_sheet_by_index(0)
            name, rows = sheet.name, sheet.to_python(skip_empty_area=False)
        head, start, columns = _parts(rows)
    except (CalamineError, IndexError, ValueError):
        return Answer((), Sums(), Sums(), Sums(), LIST_UNREADABLE)
    day = str(head["execution_date"])
    settled, returned = Sums(), Sums()
    filled: list[list[Any]] = [list(row) for row in rows]
    for row in filled[start:]:
        dong = int(row[columns["amount_dong"]])
        # The person at the counter: by id, or by name where the list gives none.
        shown = str(row[columns["personal_id"]] or row[columns["payee_name"]])
        why = odds.at_post(unquoted(shown))
        if why is None:
            settled = Sums(settled.payments + 1, settled.dong + dong)
        else:
            returned = Sums(returned.payments + 1, returned.dong + dong)
        if asked or not switches.is_silent_on(odds.seed, unquoted(shown)):
            row[columns["result"]] = _word(why)
            row[columns["booked_on"]] = day
    received = Sums(int(head["instructions"]), int(head["control_sum_dong"]))
    lists = [("post-list-asked" if asked else "post-list", filled, date.fromisoformat(day))]
    if switches.duplicate:
        # The same list, saved once more on another day.
        lists.append(("again", filled, date.fromisoformat(day) + timedelta(days=1)))
    if switches.wrong_file:
        other = show("fil", derived_id("another file", payment_file_id))
        wrong = [[other if cell == head["file_id"] else cell for cell in row] for row in filled]
        lists.insert(0, ("wrong", wrong, date.fromisoformat(day)))
    reports = [
        Report(kind, f"{kind}-{payment_file_id}.xlsx", _XLSX, _write(name, table, on))
        for kind, table, on in lists
    ]
    return Answer(tuple(reports), received, settled, returned)


def _word(why: PostReason | None) -> str:
    return _WORDS[why]


def _parts(rows: Sequence[Sequence[Any]]) -> tuple[dict[str, Any], int, dict[str, int]]:
    """What stands above the table, the table's first row, the places of its columns; ValueError if none."""
    by_heading = {heading: name for name, heading in HEAD.items()}
    head: dict[str, Any] = {}
    for number, row in enumerate(rows):
        if COLUMNS["end_to_end_id"] in row:
            if set(head) != set(HEAD):
                raise ValueError("the list lacks its head")
            return head, number + 1, {name: row.index(heading) for name, heading in COLUMNS.items()}
        if row and row[0] in by_heading:
            head[by_heading[row[0]]] = row[1]
    raise ValueError("no table")


def _write(name: str, rows: Sequence[Sequence[Any]], day: date) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, OPTIONS) as book:
        book.set_properties({"created": datetime(day.year, day.month, day.day)})
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, int | float):
                    sheet.write_number(number, column, cell)
                elif cell:
                    sheet.write_string(number, column, str(cell))
    return target.getvalue()

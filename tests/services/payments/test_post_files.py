"""The post office's list: text stays text, nothing becomes a formula, what comes back is taken whole."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from libs.common.kernel import ids
from libs.common.kernel.errors import Refusal
from libs.common.runtime import workbooks
from services.payments.clients.partner_reports import read_report
from services.payments.clients.post_files.layout import COLUMNS, harmless, result_of, unquoted
from services.payments.clients.post_files.list_reader import WORKBOOK_LIMITS, read_xlsx
from services.payments.clients.post_files.list_writer import write_post_list
from services.payments.domain.partner_lines import (
    LineStatus,
    PaymentOrder,
    PostReason,
    ReportKind,
    TotalsDiffer,
    one_line,
)
from simulators.outcomes import Odds
from simulators.post import desk
from tests.services.payments.partner_files import DAY, FILE_ID, POST, header, order, some_orders

SHOWN_FILE = ids.show("fil", FILE_ID)
HALF_FAIL = Odds(seed=7, failing_per_10_000=5_000)
TABLE = 7
RESULT, BOOKED_ON, AMOUNT = (list(COLUMNS).index(name) for name in ("result", "booked_on", "amount_dong"))


def post_list(orders: list[PaymentOrder]) -> bytes:
    target = io.BytesIO()
    write_post_list(target, header(orders, POST), orders)
    return target.getvalue()


def rows_of(content: bytes) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def as_xlsx(rows: list[list[Any]]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write(number, column, cell)
    return target.getvalue()


def as_csv(rows: list[list[Any]], separator: str = ",") -> bytes:
    target = io.StringIO()
    csv.writer(target, delimiter=separator).writerows(rows)
    return b"\xef\xbb\xbf" + target.getvalue().encode()


@pytest.fixture
def rows() -> list[list[Any]]:
    """Ten payments, as an officer has filled them in."""
    filled = rows_of(post_list([order(number, 405_000, agency=POST) for number in range(10)]))
    for row in filled[TABLE + 1 :]:
        row[RESULT], row[BOOKED_ON] = "Đã chi", "10/12/2019"
    return filled


@settings(max_examples=50)
@given(some_orders(POST))
def test_every_payment_comes_back_paid_or_with_its_reason(orders: list[PaymentOrder]) -> None:
    (sent,) = desk.answer(post_list(orders), SHOWN_FILE, HALF_FAIL).reports
    read = read_report(sent.content)
    assert (read.kind, read.original_message_id) == (ReportKind.POST_LIST, SHOWN_FILE)
    assert (read.original_instructions, read.original_sum_dong) == (
        len(orders),
        sum(one.amount_dong for one in orders),
    )
    for one, line in zip(orders, read.lines, strict=True):
        why = HALF_FAIL.at_post(one.personal_id)
        assert line.end_to_end_id == ids.show("pay", one.instruction_id)
        assert (line.amount_dong, line.booked_on) == (one.amount_dong, DAY)
        assert line.payee_name == one_line(one.payee_name)
        assert line.status is (LineStatus.RETURNED if why else LineStatus.SETTLED)
        assert line.reason_code == (why.value if why else None)


def test_the_same_list_is_the_same_bytes_and_so_is_its_answer() -> None:
    orders = [order(number, agency=POST) for number in range(5)]
    assert post_list(orders) == post_list(orders)
    one, other = (desk.answer(post_list(orders), SHOWN_FILE, HALF_FAIL) for _ in range(2))
    assert one == other


def test_ids_keep_their_leading_zeros_and_headings_speak_two_languages() -> None:
    rows = rows_of(post_list([order(1, agency=POST)]))
    assert rows[TABLE][: len(COLUMNS)] == list(COLUMNS.values())
    assert rows[TABLE + 1][2] == "000000000001"
    assert all(" · " in heading for heading in COLUMNS.values())


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
def test_a_name_that_looks_like_a_formula_is_text_here_and_in_csv(start: str) -> None:
    evil = f'{start}HYPERLINK("http://example.org";"x")'
    content = post_list([order(1, name=evil, agency=POST)])
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet and b"<hyperlink" not in sheet
    assert rows_of(content)[TABLE + 1][1] == f"'{evil}"
    (sent,) = desk.answer(content, SHOWN_FILE, HALF_FAIL).reports
    assert read_report(sent.content).lines[0].payee_name == evil


@given(st.text(max_size=20))
def test_what_is_made_harmless_can_be_undone(text: str) -> None:
    shown = harmless(text)
    assert not shown.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unquoted(shown) == text or text.startswith("'")


def test_orders_that_are_not_those_counted_make_no_list() -> None:
    orders = [order(1, agency=POST), order(2, agency=POST)]
    with pytest.raises(TotalsDiffer):
        write_post_list(io.BytesIO(), header(orders, POST), orders[:1])


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_list_saved_as_csv_reads_the_same(separator: str, rows: list[list[Any]]) -> None:
    assert read_report(as_csv(rows, separator)) == read_report(as_xlsx(rows))


@pytest.mark.parametrize(
    ("word", "status", "reason"),
    [
        ("đã chi · paid", LineStatus.SETTLED, None),
        ("Paid", LineStatus.SETTLED, None),
        ("KHÔNG GẶP", LineStatus.RETURNED, PostReason.NOT_MET),
        ("not_met", LineStatus.RETURNED, PostReason.NOT_MET),
        ("đã  mất", LineStatus.RETURNED, PostReason.DECEASED),
        ("moved", LineStatus.RETURNED, PostReason.MOVED),
        ("từ chối", LineStatus.RETURNED, PostReason.REFUSED),
        ("mai trả", None, None),
    ],
)
def test_a_result_is_known_in_either_language(
    word: str, status: LineStatus | None, reason: PostReason | None
) -> None:
    assert result_of(word) == (status, reason.value if reason else None)


def test_amounts_and_days_as_an_officer_types_them(rows: list[list[Any]]) -> None:
    row = rows[TABLE + 1]
    for amount in ("405000", "405.000", "405,000", "405000.00", 405_000.0):
        for day in ("10/12/2019", "2019-12-10", "10.12.2019", date(2019, 12, 10)):
            row[AMOUNT], row[BOOKED_ON] = amount, day.isoformat() if isinstance(day, date) else day
            line = read_report(as_xlsx(rows)).lines[0]
            assert (line.amount_dong, line.booked_on) == (405_000, DAY)


def test_a_payment_without_a_result_stays_pending(rows: list[list[Any]]) -> None:
    rows[TABLE + 3][RESULT] = ""
    assert len(read_report(as_xlsx(rows)).lines) == 9


def test_columns_may_be_moved_and_rows_put_above(rows: list[list[Any]]) -> None:
    expected = read_report(as_xlsx(rows))
    moved = [["Công văn số 1"], *rows[:TABLE], *([*row[1:], row[0]] for row in rows[TABLE:])]
    assert read_report(as_xlsx(moved)) == expected


def _without(column: int) -> Callable[[list[list[Any]]], list[list[Any]]]:
    return lambda rows: [*rows[:TABLE], *(row[:column] + row[column + 1 :] for row in rows[TABLE:])]


SPOILT: dict[str, Callable[[list[list[Any]]], list[list[Any]]]] = {
    "a row taken out": lambda rows: rows[:-1],
    "a row told twice": lambda rows: [*rows, rows[-1]],
    "an amount changed": lambda rows: [*rows[:-1], [*rows[-1][:AMOUNT], 1, *rows[-1][AMOUNT + 1 :]]],
    "an amount unread": lambda rows: [*rows[:-1], [*rows[-1][:AMOUNT], "x", *rows[-1][AMOUNT + 1 :]]],
    "no totals": lambda rows: rows[TABLE:],
    "no heading": lambda rows: rows[:TABLE],
    "no result column": _without(RESULT),
    "no amounts": _without(AMOUNT),
    "nothing": lambda rows: [["x"]],
}


@pytest.mark.parametrize("fault", SPOILT, ids=str)
@pytest.mark.parametrize("form", [as_xlsx, as_csv])
def test_a_list_that_does_not_add_up_is_refused(
    fault: str, form: Callable[[list[list[Any]]], bytes], rows: list[list[Any]]
) -> None:
    with pytest.raises(Refusal) as refused:
        read_report(form(SPOILT[fault](rows)))
    assert refused.value.code == "report_unreadable"


def _with_sheet(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as to,
    ):
        for member in source.infolist():
            data = source.read(member)
            to.writestr(member.filename, change(data) if "sheet1" in member.filename else data)
    return target.getvalue()


def _lying_about_its_size(content: bytes) -> bytes:
    """A member whose directory entry says one byte."""
    packed = bytearray(_with_sheet(content, lambda data: data + b" " * 100_000))
    entry = packed.index(b"xl/worksheets/sheet1.xml", packed.index(b"PK\x01\x02")) - 46
    packed[entry + 24 : entry + 28] = (1).to_bytes(4, "little")
    return bytes(packed)


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "unfolds to 200 MB": lambda content: _with_sheet(content, lambda data: data + b" " * 200_000_000),
    "lies about its size": _lying_about_its_size,
    "a cell in the last row": lambda content: _with_sheet(
        content, lambda data: data.replace(b'r="A1"', b'r="A1048576"')
    ),
    "a cell in the last column": lambda content: _with_sheet(
        content, lambda data: data.replace(b'r="B2"', b"r='XFD2'")
    ),
    "a row far out": lambda content: _with_sheet(
        content, lambda data: data.replace(b'<row r="1"', b'<row r="99999999"')
    ),
    "a DOCTYPE": lambda content: _with_sheet(
        content, lambda data: data.replace(b"<worksheet", b"<!DOCTYPE a [<!ENTITY b 'c'>]><worksheet", 1)
    ),
    "cut off": lambda content: content[: len(content) // 2],
    "no workbook": lambda content: b"PK\x03\x04" + content[100:],
}


@pytest.mark.parametrize("fault", HOSTILE, ids=str)
def test_a_hostile_workbook_is_refused_before_it_is_opened(fault: str, rows: list[list[Any]]) -> None:
    content = as_xlsx(rows)
    spoilt = HOSTILE[fault](content)
    assert spoilt != content
    with pytest.raises((workbooks.NotAWorkbook, workbooks.WorkbookTooLarge)):
        workbooks.inspect(io.BytesIO(spoilt), WORKBOOK_LIMITS)
    with pytest.raises(Refusal):
        read_xlsx(spoilt)


def test_one_long_text_that_many_cells_name_is_refused() -> None:
    cells = b"".join(b'<c r="A%d" t="s"><v>0</v></c>' % row for row in range(1, 20_000))
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/sharedStrings.xml", b"<sst><si><t>" + b"a" * 1_000_000 + b"</t></si></sst>")
        packed.writestr("xl/worksheets/sheet1.xml", b"<worksheet>" + cells + b"</worksheet>")
    with pytest.raises(workbooks.WorkbookTooLarge):
        workbooks.inspect(target, WORKBOOK_LIMITS)


def test_a_refusal_never_repeats_what_was_sent(rows: list[list[Any]]) -> None:
    rows[TABLE][0] = "Tên bí mật"
    with pytest.raises(Refusal) as refused:
        read_report(as_xlsx(rows))
    assert not re.search("bí mật|Nguyễn", refused.value.message_vi + refused.value.message_en)


@settings(max_examples=150)
@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=4), st.sampled_from(["over", "cut", "into"]))
def test_any_damage_is_refused_or_harmless(place: int, damage: bytes, how: str) -> None:
    """Whatever happens to its bytes, a list is refused as a whole or says what it said before."""
    (sent,) = desk.answer(post_list([order(n, agency=POST) for n in range(3)]), SHOWN_FILE, HALF_FAIL).reports
    place %= len(sent.content)
    rest = {"over": place + len(damage), "cut": len(sent.content), "into": place}[how]
    try:
        read = read_report(sent.content[:place] + damage + sent.content[rest:])
    except Refusal as refused:
        assert refused.code == "report_unreadable"
    else:
        assert read == read_report(sent.content)

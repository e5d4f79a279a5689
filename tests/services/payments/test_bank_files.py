"""Bank files: what we write fits its schema and reads back; what a bank sends is taken whole or refused."""

import io
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from libs.common.kernel import ids
from libs.common.kernel.errors import Refusal
from services.payments.clients.bank_files import hardened_xml
from services.payments.clients.bank_files.hardened_xml import check_bytes, schema_of
from services.payments.clients.bank_files.pain001_writer import write_pain001
from services.payments.clients.partner_reports import read_report
from services.payments.domain.partner_lines import (
    LineStatus,
    PaymentOrder,
    ReportKind,
    TotalsDiffer,
    one_line,
    unpayable_because,
)
from simulators.bank import desk
from simulators.bank.incoming import read_order
from simulators.outcomes import Odds
from tests.services.payments.partner_files import BANK, DAY, FILE_ID, header, order, some_orders

SHOWN_FILE = ids.show("fil", FILE_ID)
HALF_FAIL = Odds(seed=7, failing_per_10_000=5_000)


def pain001(orders: list[PaymentOrder]) -> bytes:
    target = io.BytesIO()
    write_pain001(target, header(orders), orders)
    return target.getvalue()


def answers(orders: list[PaymentOrder], odds: Odds = HALF_FAIL) -> dict[str, bytes]:
    made = desk.answer(pain001(orders), SHOWN_FILE, BANK, odds)
    return {report.name: report.content for report in made.reports}


@pytest.fixture(scope="module")
def reports() -> dict[str, bytes]:
    return answers([order(number, 100_000 + number) for number in range(40)])


@settings(max_examples=60)
@given(some_orders())
def test_a_pain_001_fits_its_schema_and_reads_back(orders: list[PaymentOrder]) -> None:
    content = pain001(orders)
    schema_of("pain.001.001.09").assertValid(etree.fromstring(content))
    read = read_order(content)
    assert read.rejected_because is None
    assert (read.message_id, read.execution_date) == (SHOWN_FILE, DAY.isoformat())
    assert [(one.end_to_end_id, one.dong, one.name, one.account) for one in read.transfers] == [
        (ids.show("pay", one.instruction_id), one.amount_dong, one_line(one.payee_name), one.account_number)
        for one in orders
    ]


def test_an_end_to_end_id_is_the_instruction_s_and_fits_iso_20022() -> None:
    (transfer,) = read_order(pain001([order(1)])).transfers
    assert len(transfer.end_to_end_id) == 30
    assert ids.read("pay", transfer.end_to_end_id) == order(1).instruction_id


def test_the_bank_is_named_by_its_code_and_the_money_is_vnd() -> None:
    document = etree.fromstring(pain001([order(1)]))
    space = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
    assert document.xpath("//p:CdtrAgt//p:ClrSysMmbId/p:MmbId/text()", namespaces=space) == [BANK]
    assert document.xpath("//p:InstdAmt/@Ccy", namespaces=space) == ["VND"]
    assert document.xpath("//p:InstdAmt/text()", namespaces=space) == ["540000"]


def test_orders_that_are_not_those_counted_make_no_file() -> None:
    orders = [order(1), order(2)]
    for others in (orders[:1], [order(1), order(2, 540_001)], [*orders, order(3)]):
        with pytest.raises(TotalsDiffer):
            write_pain001(io.BytesIO(), header(orders), others)


def test_what_can_t_be_paid_is_known_before_a_file_is_written() -> None:
    assert unpayable_because(order(1), in_cash=False) is None
    assert unpayable_because(order(1, 0), in_cash=False) == "amount_dong"
    assert unpayable_because(order(1, name=" \t\u200b"), in_cash=True) == "payee_name"
    assert unpayable_because(order(1, agency="VNPOST"), in_cash=False) == "account_number"
    assert unpayable_because(order(1, agency="VNPOST"), in_cash=True) is None


@settings(max_examples=40)
@given(some_orders())
def test_every_payment_comes_back_once_settled_or_rejected(orders: list[PaymentOrder]) -> None:
    read = [read_report(content) for content in answers(orders).values()]
    assert [report.kind for report in read] == [ReportKind.PAIN_002, ReportKind.CAMT_054]
    assert read[0].original_message_id == SHOWN_FILE
    lines = {line.end_to_end_id: line for line in itertools.chain(read[0].lines, read[1].lines)}
    assert len(lines) == len(read[0].lines) + len(read[1].lines) == len(orders)
    for one in orders:
        line = lines[ids.show("pay", one.instruction_id)]
        assert (line.amount_dong, line.payee_account) == (one.amount_dong, one.account_number)
        assert (line.booked_on, line.payee_name) == (DAY, one_line(one.payee_name))
        rejected = HALF_FAIL.at_bank(one.account_number)
        assert line.reason_code == rejected
        assert line.status is (LineStatus.RETURNED if rejected else LineStatus.SETTLED)


def test_both_reports_fit_their_schemas(reports: dict[str, bytes]) -> None:
    for name, message in (("pain.002", "pain.002.001.12"), ("camt.054", "camt.054.001.08")):
        schema_of(message).assertValid(etree.fromstring(reports[name]))


def test_a_report_tells_the_totals_that_the_bank_saw(reports: dict[str, bytes]) -> None:
    read = read_report(reports["pain.002"])
    assert (read.original_instructions, read.original_sum_dong) == (40, 40 * 100_000 + 780)


def test_neither_name_nor_account_shows_in_a_log_of_a_line(reports: dict[str, bytes]) -> None:
    line = read_report(reports["camt.054"]).lines[0]
    assert line.payee_account and line.payee_account_last4 == line.payee_account[-4:]
    assert line.payee_account not in repr(line)
    assert "Nguyễn" not in repr(line)


def test_a_file_rejected_as_a_whole_says_why() -> None:
    content = pain001([order(1)]).replace(b"<NbOfTxs>1<", b"<NbOfTxs>2<")
    made = desk.answer(content, SHOWN_FILE, BANK, HALF_FAIL)
    (report,) = made.reports
    schema_of("pain.002.001.12").assertValid(etree.fromstring(report.content))
    read = read_report(report.content)
    assert (read.file_rejected_reason, read.original_message_id, read.lines) == ("AM18", SHOWN_FILE, ())


def test_a_credit_is_a_return_with_its_reason(reports: dict[str, bytes]) -> None:
    returned = (
        reports["camt.054"]
        .replace(b"<CdtDbtInd>DBIT</CdtDbtInd><Sts>", b"<CdtDbtInd>CRDT</CdtDbtInd><Sts>")
        .replace(b"</RltdPties>", b"</RltdPties><RtrInf><Rsn><Cd>AC06</Cd></Rsn></RtrInf>")
    )
    lines = read_report(returned).lines
    assert {(line.status, line.reason_code) for line in lines} == {(LineStatus.RETURNED, "AC06")}


def test_what_is_only_pending_at_the_bank_says_nothing(reports: dict[str, bytes]) -> None:
    assert read_report(reports["camt.054"].replace(b"<Cd>BOOK<", b"<Cd>PDNG<")).lines == ()


def test_an_amount_in_another_currency_is_no_amount_in_dong(reports: dict[str, bytes]) -> None:
    other = reports["camt.054"].replace(b'<Amt Ccy="VND">100', b'<Amt Ccy="USD">100')
    assert {line.amount_dong for line in read_report(other).lines} == {None}


def test_a_booking_that_names_no_payment_is_still_a_line(reports: dict[str, bytes]) -> None:
    content = reports["camt.054"]
    start, end = content.index(b"<NtryDtls>"), content.index(b"</NtryDtls>") + len(b"</NtryDtls>")
    (line,) = read_report(content[:start] + content[end:]).lines
    assert (line.end_to_end_id, line.status) == ("", LineStatus.SETTLED)


def _bomb(content: bytes) -> bytes:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    declared = f'<?xml version="1.0"?><!DOCTYPE Document [<!ENTITY e0 "aaaaaaaaaa">{entities}]>'
    body = content[content.index(b"<Document") :].replace(b"<MsgId>PSR", b"<MsgId>&e9;PSR", 1)
    return declared.encode() + body


def _external(content: bytes) -> bytes:
    body = content[content.index(b"<Document") :]
    return b'<!DOCTYPE Document SYSTEM "file:///etc/passwd">' + body


def _in_utf16(content: bytes) -> bytes:
    return b'<?xml version="1.0" encoding="UTF-16"?>'.decode().encode("utf-16") + content.decode().encode(
        "utf-16"
    )


HOSTILE: dict[str, Callable[[bytes], bytes]] = {
    "entity bomb": _bomb,
    "outside DOCTYPE": _external,
    "UTF-16": _in_utf16,
    "UTF-7 declared": lambda content: content.replace(b"'UTF-8'", b"'UTF-7'", 1),
    "cut off": lambda content: content[: len(content) // 2],
    "cut after a line": lambda content: content[: content.rindex(b"<TxInfAndSts>")],
    "wrong count": lambda content: content.replace(b"<DtldNbOfTxs>", b"<DtldNbOfTxs>1", 1),
    "wrong sum": lambda content: content.replace(b"<DtldCtrlSum>", b"<DtldCtrlSum>1", 1),
    "a line changed": lambda content: content.replace(b'"VND">1', b'"VND">2', 1),
    "unknown element": lambda content: content.replace(b"<TxSts>", b"<Extra/><TxSts>", 1),
    "another message": lambda content: content.replace(b"pain.002.001.12", b"pain.002.001.03"),
    "not XML": lambda content: b"<<<" + content,
    "zero byte": lambda content: content.replace(b"AC04", b"AC\x0004", 1),
    "no UTF-8": lambda content: content.replace("ễ".encode(), b"\xff\xfe", 1),
    "empty": lambda content: b"",
}


@pytest.mark.parametrize("fault", HOSTILE, ids=str)
def test_a_report_that_can_t_be_trusted_is_refused_as_a_whole(fault: str, reports: dict[str, bytes]) -> None:
    spoilt = HOSTILE[fault](reports["pain.002"])
    assert spoilt != reports["pain.002"]
    with pytest.raises(Refusal) as refused:
        read_report(spoilt)
    assert refused.value.code == "report_unreadable"
    assert "Nguyễn" not in refused.value.message_vi + refused.value.message_en


def test_a_notification_whose_totals_differ_is_refused(reports: dict[str, bytes]) -> None:
    content = reports["camt.054"]
    for field in (b"<NbOfNtries>", b"<Sum>", b"<NbOfTxs>", b'<TtlAmt Ccy="VND">'):
        with pytest.raises(Refusal):
            read_report(content.replace(field, field + b"1", 1))


def test_a_line_taken_out_or_told_twice_is_refused(reports: dict[str, bytes]) -> None:
    content = reports["camt.054"]
    start, end = content.index(b"<TxDtls>"), content.index(b"</TxDtls>") + len(b"</TxDtls>")
    for spoilt in (content[:start] + content[end:], content[:end] + content[start:end] + content[end:]):
        with pytest.raises(Refusal):
            read_report(spoilt)


def test_a_doctype_on_the_seam_of_two_chunks_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardened_xml, "_CHUNK_BYTES", 16)
    for before in range(16):
        with pytest.raises(Refusal):
            check_bytes(io.BytesIO(b"<?xml version='1.0'?>" + b" " * before + b"<!DOCTYPE a><a/>"))


def test_a_file_over_the_limit_is_refused() -> None:
    check_bytes(io.BytesIO(b"<a/>" + b" " * 96), bytes_max=100)
    with pytest.raises(Refusal):
        check_bytes(io.BytesIO(b"<a/>" + b" " * 97), bytes_max=100)


def test_no_damage_brings_anything_but_a_report_or_a_refusal(reports: dict[str, bytes]) -> None:
    @settings(max_examples=150)
    @given(st.integers(0, 10**6), st.binary(min_size=1, max_size=4), st.sampled_from(sorted(reports)))
    def damaged(place: int, damage: bytes, kind: str) -> None:
        content = reports[kind]
        place %= len(content)
        try:
            read = read_report(content[:place] + damage + content[place + len(damage) :])
        except Refusal as refused:
            assert refused.code == "report_unreadable"
        else:
            assert len(read.lines) == len(read_report(content).lines)

    damaged()


@pytest.mark.parametrize("kind", ["pain.002", "camt.054"])
def test_a_report_cut_off_anywhere_is_refused(kind: str, reports: dict[str, bytes]) -> None:
    content = reports[kind]
    for length in (*range(len(content) - 60, len(content)), *range(0, len(content) - 60, 501)):
        with pytest.raises(Refusal):
            read_report(content[:length])


def test_an_order_cut_off_anywhere_is_rejected_by_the_bank() -> None:
    content = pain001([order(number) for number in range(3)])
    for length in range(0, len(content), 31):
        assert read_order(content[:length]).rejected_because == "FF01"

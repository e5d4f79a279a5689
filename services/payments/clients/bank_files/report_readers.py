"""What a bank answers: pain.002.001.12 (what it rejects), camt.054 and camt.053.001.08 (what it booked).

A report is taken whole or not at all: the schema, then its own totals against its lines. Whether a line
is one of ours is for the use case to say.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import BinaryIO, cast

from lxml import etree

from services.payments.clients.bank_files.hardened_xml import elements, schema_of
from services.payments.clients.refusing import unreadable, wrong_totals
from services.payments.domain.partner_lines import LineStatus, ReadReport, ReportKind, ReportLine

PAIN_002 = "pain.002.001.12"
CAMT_054 = "camt.054.001.08"
CAMT_053 = "camt.053.001.08"
REPORT_LINES_MAX = 1_000_000
_CURRENCY = "VND"
#: Final for the bank: rejected, cancelled. All else in a pain.002 is under way: money is settled by what
#: was booked (camt.054), never by a promise.
_REJECTED = ("RJCT", "CANC")


def namespace(message: str) -> str:
    return f"urn:iso:std:iso:20022:tech:xsd:{message}"


class _Names:
    """Tags and paths in one message's namespace. A path is compiled once and asked of very many lines."""

    def __init__(self, message: str) -> None:
        self._prefix = f"{{{namespace(message)}}}"
        self._namespaces = {"n": namespace(message)}
        self._compiled: dict[str, etree.XPath] = {}

    def tag(self, name: str) -> str:
        return self._prefix + name

    def text(self, element: etree._Element, path: str) -> str | None:
        """The stripped text at `Rsn/Cd`, None where there is none."""
        found = self.find(element, path)
        return ((found.text or "").strip() or None) if found is not None else None

    def find(self, element: etree._Element, path: str) -> etree._Element | None:
        compiled = self._compiled.get(path)
        if compiled is None:
            names = "/".join(f"n:{name}" for name in path.split("/"))
            compiled = self._compiled[path] = etree.XPath(names, namespaces=self._namespaces)
        found = cast("list[etree._Element]", compiled(element))
        return found[0] if found else None

    def all(self, element: etree._Element, name: str) -> Iterator[etree._Element]:
        return iter(element.findall(self._prefix + name))


class Pain002Reader:
    """Reads customer payment status reports; holds the compiled schema."""

    def __init__(self) -> None:
        self._schema = schema_of(PAIN_002)
        self._names = _Names(PAIN_002)

    def read(self, source: BinaryIO) -> ReadReport:
        """Only rejections become lines. Refusal `report_unreadable` for the whole."""
        names = self._names
        header, group = "", _Group()
        lines: list[ReportLine] = []
        tags = tuple(names.tag(name) for name in ("GrpHdr", "OrgnlGrpInfAndSts", "TxInfAndSts"))
        for element in elements(source, self._schema, tags):
            if element.tag == tags[0]:
                header = names.text(element, "MsgId") or ""
            elif element.tag == tags[1]:
                group = self._group(element)
            elif names.text(element, "TxSts") in _REJECTED:
                lines.append(self._line(element))
                _check_count(lines)
        _check_rejections(group, lines)
        return ReadReport(
            kind=ReportKind.PAIN_002,
            message_id=header,
            original_message_id=group.message_id,
            lines=tuple(lines),
            original_instructions=group.instructions,
            original_sum_dong=group.sum_dong,
            file_rejected_reason=group.rejected_reason,
        )

    def _group(self, element: etree._Element) -> "_Group":
        names = self._names
        count, total = names.text(element, "OrgnlNbOfTxs"), names.text(element, "OrgnlCtrlSum")
        rejected = names.text(element, "GrpSts") == "RJCT"
        announced = [
            (_maybe_whole(names.text(part, "DtldNbOfTxs")), _maybe_whole(names.text(part, "DtldCtrlSum")))
            for part in names.all(element, "NbOfTxsPerSts")
            if names.text(part, "DtldSts") in _REJECTED
        ]
        return _Group(
            message_id=names.text(element, "OrgnlMsgId"),
            instructions=_maybe_whole(count),
            sum_dong=_maybe_whole(total),
            rejected_reason=(_reason(names, element, "StsRsnInf/Rsn") or "NARR") if rejected else None,
            announced=announced,
        )

    def _line(self, element: etree._Element) -> ReportLine:
        names = self._names
        day = names.text(element, "OrgnlTxRef/ReqdExctnDt/Dt")
        return ReportLine(
            end_to_end_id=names.text(element, "OrgnlEndToEndId") or "",
            amount_dong=_dong(names.find(element, "OrgnlTxRef/Amt/InstdAmt")),
            status=LineStatus.RETURNED,
            reason_code=_reason(names, element, "StsRsnInf/Rsn"),
            booked_on=_day(day),
            payee_account=names.text(element, "OrgnlTxRef/CdtrAcct/Id/Othr/Id"),
            payee_name=names.text(element, "OrgnlTxRef/Cdtr/Pty/Nm"),
        )


@dataclass(frozen=True)
class _Group:
    """`announced`: count and sum of what the bank says that it rejects."""

    message_id: str | None = None
    instructions: int | None = None
    sum_dong: int | None = None
    rejected_reason: str | None = None
    announced: list[tuple[int | None, int | None]] = field(default_factory=list)


@dataclass
class _Entry:
    """A booking on our account, as far as it is read: what stands before its transactions."""

    amount: int
    status: LineStatus | None
    booked_on: date | None
    announced: list[tuple[int | None, int | None]] = field(default_factory=list)
    count: int = 0
    total: int = 0

    @property
    def moved(self) -> int:
        """What it adds to the account's booked balance."""
        if self.status is None:
            return 0
        return self.amount if self.status is LineStatus.RETURNED else -self.amount


class BookingsReader:
    """Reads debit and credit notifications, or a day's statements; holds the compiled schema."""

    def __init__(self, message: str, kind: ReportKind) -> None:
        self._schema = schema_of(message)
        self._names = _Names(message)
        self._kind = kind
        self._whole_account = kind is ReportKind.CAMT_053

    def read(self, source: BinaryIO) -> ReadReport:
        """Debits are settled, credits are returns. Refusal `report_unreadable` for the whole.

        A statement tells all that moved on the account: what names none of our payments and returns none
        (funding, fees) counts in its balances and is no line.
        """
        names = self._names
        wanted = ("GrpHdr", "TtlNtries", "Btch", "TxDtls", "Ntry", "Acct", "Bal")
        tags = tuple(names.tag(name) for name in wanted)
        header, original, account = "", None, None
        balances: list[tuple[str | None, int]] = []
        net = 0
        entry: _Entry | None = None
        announced: list[tuple[int | None, int | None]] = []
        entries = total = 0
        lines: list[ReportLine] = []
        for element in elements(source, self._schema, tags):
            match wanted[tags.index(str(element.tag))]:
                case "GrpHdr":
                    header = names.text(element, "MsgId") or ""
                case "TtlNtries":
                    announced.append(self._pair(element, "NbOfNtries", "Sum"))
                case "Btch":
                    entry = entry or self._entry(_ancestor(element, tags[4]))
                    entry.announced.append(self._pair(element, "NbOfTxs", "TtlAmt"))
                    original = original or names.text(element, "MsgId")
                case "TxDtls":
                    entry = entry or self._entry(_ancestor(element, tags[4]))
                    self._take(element, entry, lines)
                case "Acct":
                    account = account or names.text(element, "Id/Othr/Id")
                case "Bal":
                    balances.append(self._balance(element))
                case _:
                    entry = entry or self._entry(element)
                    _check_entry(entry)
                    lines.extend([] if self._whole_account else _undetailed(entry))
                    net += entry.moved
                    entries, total, entry = entries + 1, total + entry.amount, None
        _check_totals(announced, entries, total)
        if self._whole_account:
            _check_balances(balances, net)
            return ReadReport(self._kind, header, None, tuple(lines), account=account or "")
        return ReadReport(self._kind, header, original, tuple(lines))

    def _balance(self, element: etree._Element) -> tuple[str | None, int]:
        """Its kind, and its đồng: below 0 for a debit balance."""
        names = self._names
        amount = _whole(names.text(element, "Amt"))
        sign = -1 if names.text(element, "CdtDbtInd") == "DBIT" else 1
        return names.text(element, "Tp/CdOrPrtry/Cd"), sign * amount

    def _pair(self, element: etree._Element, count: str, total: str) -> tuple[int | None, int | None]:
        names = self._names
        return _maybe_whole(names.text(element, count)), _maybe_whole(names.text(element, total))

    def _entry(self, element: etree._Element) -> _Entry:
        names = self._names
        booked = names.text(element, "Sts/Cd") == "BOOK"
        side = {"DBIT": LineStatus.SETTLED, "CRDT": LineStatus.RETURNED}[
            names.text(element, "CdtDbtInd") or "DBIT"
        ]
        return _Entry(
            amount=_whole(names.text(element, "Amt")),
            status=side if booked else None,
            booked_on=_day(names.text(element, "BookgDt/Dt") or names.text(element, "ValDt/Dt")),
        )

    def _take(self, element: etree._Element, entry: _Entry, lines: list[ReportLine]) -> None:
        """A line of what is booked; what is only pending counts in the totals and says nothing."""
        names = self._names
        amount = names.find(element, "Amt")
        entry.count += 1
        entry.total += _whole(amount.text if amount is not None else None)
        if entry.status is None:
            return
        returned = entry.status is LineStatus.RETURNED
        reference = names.text(element, "Refs/EndToEndId") or ""
        ours = reference.startswith("pay_") or names.find(element, "RtrInf") is not None
        if self._whole_account and not ours:
            return
        lines.append(
            ReportLine(
                end_to_end_id=reference,
                amount_dong=_dong(amount),
                status=entry.status,
                reason_code=(_reason(names, element, "RtrInf/Rsn") or "NARR") if returned else None,
                booked_on=entry.booked_on,
                payee_account=names.text(element, "RltdPties/CdtrAcct/Id/Othr/Id"),
                payee_name=names.text(element, "RltdPties/Cdtr/Pty/Nm"),
            )
        )
        _check_count(lines)


def _ancestor(element: etree._Element, tag: str) -> etree._Element:
    return next(element.iterancestors(tag))


def _check_entry(entry: _Entry) -> None:
    """The transactions of an entry, where it tells them, make up its amount and its batches' totals."""
    if entry.count == 0:
        return
    if entry.total != entry.amount:
        raise wrong_totals()
    _check_totals(entry.announced, entry.count, entry.total)


def _check_totals(announced: list[tuple[int | None, int | None]], count: int, total: int) -> None:
    """What was announced, as far as it was, against what came."""
    counts = [one for one, _ in announced if one is not None]
    sums = [one for _, one in announced if one is not None]
    if (counts and sum(counts) != count) or (sums and sum(sums) != total):
        raise wrong_totals()


def _check_balances(balances: list[tuple[str | None, int]], net: int) -> None:
    """A statement opens with one balance and closes with one, and its bookings lead from this to that."""
    opening = [amount for kind, amount in balances if kind == "OPBD"]
    closing = [amount for kind, amount in balances if kind == "CLBD"]
    if len(opening) != 1 or len(closing) != 1:
        raise unreadable(
            "Sao kê phải có đúng một số dư đầu và một số dư cuối ngày.",
            "The statement must have one opening and one closing balance.",
        )
    if opening[0] + net != closing[0]:
        raise wrong_totals()


def _undetailed(entry: _Entry) -> list[ReportLine]:
    """A booking that names no payment still is a line: somebody has to look at it."""
    if entry.count or entry.status is None:
        return []
    return [ReportLine("", entry.amount, entry.status, booked_on=entry.booked_on)]


def _check_rejections(group: _Group, lines: list[ReportLine]) -> None:
    # A file that is rejected as a whole need not list its payments.
    if lines or group.rejected_reason is None:
        _check_totals(group.announced, len(lines), sum(line.amount_dong or 0 for line in lines))


def _check_count(lines: list[ReportLine]) -> None:
    if len(lines) > REPORT_LINES_MAX:
        raise unreadable(
            f"Báo cáo có hơn {REPORT_LINES_MAX:,} dòng.",
            f"The report has more than {REPORT_LINES_MAX:,} lines.",
        )


def _reason(names: _Names, element: etree._Element, path: str) -> str | None:
    return names.text(element, f"{path}/Cd") or names.text(element, f"{path}/Prtry")


def _whole(text: str | None) -> int:
    """A total in whole đồng (or a count)."""
    found = _maybe_whole(text)
    if found is None:
        raise wrong_totals()
    return found


def _maybe_whole(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise wrong_totals() from None
    if not value.is_finite() or value != value.to_integral_value() or value < 0:
        raise wrong_totals()
    return int(value)


def _dong(amount: etree._Element | None) -> int | None:
    """None when the amount is not told, or is no whole amount of VND."""
    if amount is None or amount.get("Ccy") != _CURRENCY:
        return None
    try:
        value = Decimal((amount.text or "").strip())
    except InvalidOperation:
        return None
    return int(value) if value.is_finite() and value == value.to_integral_value() else None


def _day(text: str | None) -> date | None:
    """The civil day of an xs:date, whatever time zone it carries; None where the calendar has no such day."""
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None

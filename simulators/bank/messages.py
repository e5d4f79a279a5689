"""The two messages a bank answers with: pain.002.001.12 (rejections) and camt.054.001.08 (bookings).

Every value comes from the file that is answered, so the same file gives the same bytes again.
"""

import io
from collections.abc import Sequence

from lxml import etree

from simulators.bank.incoming import MESSAGE, Order, Transfer

PAIN_002 = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.12"
CAMT_054 = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"
_CURRENCY = "VND"
_ACCOUNT_CLOSED = "AC04"


def status_report(order: Order, message_id: str, rejected: Sequence[tuple[Transfer, str]]) -> bytes:
    """A pain.002 that names what is rejected; what it does not name is under way.

    `message_id`: of the file that is answered. An order with `rejected_because` is rejected as a whole.
    """
    target = io.BytesIO()
    with etree.xmlfile(target, encoding="UTF-8") as xml:
        xml.write_declaration()
        with xml.element("Document", {"xmlns": PAIN_002}), xml.element("CstmrPmtStsRpt"):
            group = etree.Element("GrpHdr")
            _put(group, "MsgId", f"PSR-{message_id}")
            _put(group, "CreDtTm", order.created_at)
            xml.write(group)
            xml.write(_original_group(order, message_id, rejected))
            if rejected:
                with xml.element("OrgnlPmtInfAndSts"):
                    with xml.element("OrgnlPmtInfId"):
                        xml.write(message_id)
                    _write_rejections(xml, order, rejected)
    return target.getvalue()


def _original_group(
    order: Order, message_id: str, rejected: Sequence[tuple[Transfer, str]]
) -> etree._Element:
    part = etree.Element("OrgnlGrpInfAndSts")
    _put(part, "OrgnlMsgId", message_id)
    _put(part, "OrgnlMsgNmId", MESSAGE)
    if order.rejected_because:
        _put(part, "GrpSts", "RJCT")
        _put(part, "StsRsnInf/Rsn/Cd", order.rejected_because)
        return part
    _put(part, "OrgnlNbOfTxs", str(order.instructions))
    _put(part, "OrgnlCtrlSum", str(order.dong))
    _put(part, "GrpSts", "PART" if rejected else "ACSP")
    returned = sum(one.dong for one, _ in rejected)
    for status, count, total in (
        ("RJCT", len(rejected), returned),
        ("ACSP", order.instructions - len(rejected), order.dong - returned),
    ):
        each = etree.SubElement(part, "NbOfTxsPerSts")
        _put(each, "DtldNbOfTxs", str(count))
        _put(each, "DtldSts", status)
        _put(each, "DtldCtrlSum", str(total))
    return part


def _write_rejections(
    xml: "etree._IncrementalFileWriter", order: Order, rejected: Sequence[tuple[Transfer, str]]
) -> None:
    template = etree.Element("TxInfAndSts")
    end_to_end_id = _put(template, "OrgnlEndToEndId", "")
    _put(template, "TxSts", "RJCT")
    reason = _put(template, "StsRsnInf/Rsn/Cd", "")
    original = etree.SubElement(template, "OrgnlTxRef")
    amount = _put(original, "Amt/InstdAmt", "")
    amount.set("Ccy", _CURRENCY)
    _put(original, "ReqdExctnDt/Dt", order.execution_date)
    name = _put(original, "Cdtr/Pty/Nm", "")
    account = _put(original, "CdtrAcct/Id/Othr/Id", "")
    for transfer, why in rejected:
        end_to_end_id.text = transfer.end_to_end_id
        reason.text = why
        amount.text = str(transfer.dong)
        name.text = transfer.name
        account.text = transfer.account
        xml.write(template)


def notification(
    order: Order, agency_code: str, settled: Sequence[Transfer], prefix: str = "NTF", side: str = "DBIT"
) -> bytes:
    """A camt.054: one debit on our account, made up of the payments that were carried out."""
    total = sum(one.dong for one in settled)
    target = io.BytesIO()
    with etree.xmlfile(target, encoding="UTF-8") as xml:
        xml.write_declaration()
        with xml.element("Document", {"xmlns": CAMT_054}), xml.element("BkToCstmrDbtCdtNtfctn"):
            group = etree.Element("GrpHdr")
            _put(group, "MsgId", f"{prefix}-{order.message_id}")
            _put(group, "CreDtTm", order.created_at)
            xml.write(group)
            with xml.element("Ntfctn"):
                for part in _account(order, agency_code, bool(settled), total, side):
                    xml.write(part)
                if settled:
                    with xml.element("Ntry"):
                        for part in _entry(order, total, side):
                            xml.write(part)
                        with xml.element("NtryDtls"):
                            xml.write(_batch(order, len(settled), total, side))
                            _write_bookings(xml, settled, side)
    return target.getvalue()


def credit_notification(order: Order, agency_code: str, back: Sequence[Transfer]) -> bytes:
    """A camt.054: one credit on our account, made up of payments that came back."""
    return notification(order, agency_code, back, "RTN", "CRDT")


def _account(order: Order, agency_code: str, booked: bool, total: int, side: str) -> list[etree._Element]:
    """What stands in Ntfctn before its entry."""
    parts = etree.Element("Ntfctn")
    _put(parts, "Id", f"NTF-{order.message_id}")
    _put(parts, "CreDtTm", order.created_at)
    account = etree.SubElement(parts, "Acct")
    _put(account, "Id/Othr/Id", order.debtor_account)
    _put(account, "Ccy", _CURRENCY)
    _put(account, "Svcr/FinInstnId/ClrSysMmbId/MmbId", agency_code)
    summary = etree.SubElement(parts, "TxsSummry")
    for name in ("TtlNtries", "TtlDbtNtries" if side == "DBIT" else "TtlCdtNtries"):
        each = etree.SubElement(summary, name)
        _put(each, "NbOfNtries", str(int(booked)))
        _put(each, "Sum", str(total))
    return list(parts)


def _entry(order: Order, total: int, side: str) -> list[etree._Element]:
    """What stands in Ntry before its details."""
    parts = etree.Element("Ntry")
    _put(parts, "NtryRef", order.message_id)
    _put(parts, "Amt", str(total)).set("Ccy", _CURRENCY)
    _put(parts, "CdtDbtInd", side)
    _put(parts, "Sts/Cd", "BOOK")
    _put(parts, "BookgDt/Dt", order.execution_date)
    _put(parts, "ValDt/Dt", order.execution_date)
    domain = _put(parts, "BkTxCd/Domn/Cd", "PMNT").getparent()
    assert domain is not None
    family = etree.SubElement(domain, "Fmly")
    _put(family, "Cd", "ICDT")
    _put(family, "SubFmlyCd", "DMCT")
    return list(parts)


def _batch(order: Order, count: int, total: int, side: str) -> etree._Element:
    batch = etree.Element("Btch")
    _put(batch, "MsgId", order.message_id)
    _put(batch, "PmtInfId", order.message_id)
    _put(batch, "NbOfTxs", str(count))
    _put(batch, "TtlAmt", str(total)).set("Ccy", _CURRENCY)
    _put(batch, "CdtDbtInd", side)
    return batch


def _write_bookings(xml: "etree._IncrementalFileWriter", settled: Sequence[Transfer], side: str) -> None:
    template = etree.Element("TxDtls")
    end_to_end_id = _put(template, "Refs/EndToEndId", "")
    amount = _put(template, "Amt", "")
    amount.set("Ccy", _CURRENCY)
    _put(template, "CdtDbtInd", side)
    parties = etree.SubElement(template, "RltdPties")
    name = _put(parties, "Cdtr/Pty/Nm", "")
    account = _put(parties, "CdtrAcct/Id/Othr/Id", "")
    if side == "CRDT":
        _put(template, "RtrInf/Rsn/Cd", _ACCOUNT_CLOSED)
    for transfer in settled:
        end_to_end_id.text = transfer.end_to_end_id
        amount.text = str(transfer.dong)
        name.text = transfer.name
        account.text = transfer.account
        xml.write(template)


def _put(parent: etree._Element, path: str, text: str) -> etree._Element:
    """A new chain of elements below `parent`; its last, holding `text`."""
    for tag in path.split("/"):
        parent = etree.SubElement(parent, tag)
    parent.text = text
    return parent

"""pain.001.001.09 as a stream: one template element, filled and written once per payment.

VND has no decimals. A bank is named by its BIN in `ClrSysMmbId`: Vietnamese banks clear by it, and not
all of them have a BIC. `EndToEndId` is our `pay_` id, so whatever comes back names the instruction.
"""

from collections.abc import Iterable
from typing import BinaryIO

from lxml import etree

from libs.common.kernel import ids
from services.payments.domain.partner_lines import FileHeader, PaymentOrder, TotalsDiffer, one_line

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
CURRENCY = "VND"
#: Category purpose and purpose: a social security benefit (ISO 20022 external code lists).
_PURPOSE = "SSBE"
_ACCOUNT_NAME_CHARACTERS_MAX = 70


def write_pain001(target: BinaryIO, header: FileHeader, orders: Iterable[PaymentOrder]) -> None:
    """One file for one bank. Orders are taken one by one and never held.

    TotalsDiffer when `orders` do not add up to the header's totals; the caller drops the file then.
    """
    with etree.xmlfile(target, encoding="UTF-8") as xml:
        xml.write_declaration()
        # Only the root carries the namespace: what is written below inherits it, and stays small.
        with xml.element("Document", {"xmlns": NAMESPACE}), xml.element("CstmrCdtTrfInitn"):
            xml.write(_group_header(header))
            with xml.element("PmtInf"):
                for part in _payment_information(header):
                    xml.write(part)
                count, total = _write_orders(xml, header, orders)
        if (count, total) != (header.instructions, header.control_sum_dong):
            raise TotalsDiffer(f"{count} payments of {total} đồng, other than the header says")


def _write_orders(
    xml: "etree._IncrementalFileWriter", header: FileHeader, orders: Iterable[PaymentOrder]
) -> tuple[int, int]:
    template = etree.Element("CdtTrfTxInf")
    end_to_end_id = _under(template, "PmtId/EndToEndId")
    amount = _under(template, "Amt/InstdAmt")
    amount.set("Ccy", CURRENCY)
    bank = _under(template, "CdtrAgt/FinInstnId/ClrSysMmbId/MmbId")
    name = _under(template, "Cdtr/Nm")
    account = etree.SubElement(template, "CdtrAcct")
    account_number = _under(account, "Id/Othr/Id")
    account_name = etree.SubElement(account, "Nm")
    _under(template, "Purp/Cd").text = _PURPOSE
    remittance = _under(template, "RmtInf/Ustrd")
    count = total = 0
    for order in orders:
        assert order.agency_code == header.agency_code and order.execution_date == header.execution_date
        end_to_end_id.text = ids.show("pay", order.instruction_id)
        amount.text = str(order.amount_dong)
        bank.text = order.agency_code
        name.text = one_line(order.payee_name)
        account_number.text = order.account_number
        account_name.text = one_line(order.account_name or order.payee_name, _ACCOUNT_NAME_CHARACTERS_MAX)
        remittance.text = one_line(order.remittance) or end_to_end_id.text
        xml.write(template)
        count += 1
        total += order.amount_dong
    return count, total


def _group_header(header: FileHeader) -> "etree._Element":
    group = etree.Element("GrpHdr")
    _under(group, "MsgId").text = ids.show("fil", header.file_id)
    _under(group, "CreDtTm").text = header.created_at.isoformat(timespec="seconds")
    _totals(group, header)
    _under(group, "InitgPty/Nm").text = one_line(header.debtor_name)
    return group


def _payment_information(header: FileHeader) -> "list[etree._Element]":
    """What stands in PmtInf before its payments."""
    parts = etree.Element("PmtInf")
    _under(parts, "PmtInfId").text = ids.show("fil", header.file_id)
    _under(parts, "PmtMtd").text = "TRF"
    _under(parts, "BtchBookg").text = "true"
    _totals(parts, header)
    _under(parts, "PmtTpInf/CtgyPurp/Cd").text = _PURPOSE
    _under(parts, "ReqdExctnDt/Dt").text = header.execution_date.isoformat()
    _under(parts, "Dbtr/Nm").text = one_line(header.debtor_name)
    _under(parts, "DbtrAcct/Id/Othr/Id").text = header.debtor_account
    _under(parts, "DbtrAgt/FinInstnId/ClrSysMmbId/MmbId").text = header.debtor_agency_code
    return list(parts)


def _totals(parent: "etree._Element", header: FileHeader) -> None:
    _under(parent, "NbOfTxs").text = str(header.instructions)
    _under(parent, "CtrlSum").text = str(header.control_sum_dong)


def _under(parent: "etree._Element", path: str) -> "etree._Element":
    """A new chain of elements; its last."""
    for tag in path.split("/"):
        parent = etree.SubElement(parent, tag)
    return parent

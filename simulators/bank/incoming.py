"""A bank reads the pain.001 that it is sent, and trusts it no more than a real one would."""

import io
from dataclasses import dataclass, field

from lxml import etree

from libs.common.kernel.errors import Refusal
from services.payments.clients.bank_files.hardened_xml import check_bytes, elements, schema_of
from simulators.outcomes import WRONG_COUNT, WRONG_SUM

MESSAGE = "pain.001.001.09"
#: ISO 20022: the format of a file is wrong.
FILE_FORMAT = "FF01"
_PREFIX = f"{{urn:iso:std:iso:20022:tech:xsd:{MESSAGE}}}"


@dataclass(frozen=True, slots=True)
class Transfer:
    end_to_end_id: str
    dong: int
    name: str
    account: str


@dataclass
class Order:
    """A credit transfer file; `instructions` and `dong` are what its header announces."""

    message_id: str = ""
    created_at: str = "1970-01-01T00:00:00Z"
    instructions: int = 0
    dong: int = 0
    execution_date: str = "1970-01-01"
    debtor_name: str = "-"
    debtor_account: str = "-"
    transfers: list[Transfer] = field(default_factory=list)
    rejected_because: str | None = None


def read_order(content: bytes) -> Order:
    """The file as read; a file that can't be taken says so in `rejected_because`."""
    order = Order()
    source = io.BytesIO(content)
    tags = tuple(_PREFIX + name for name in ("GrpHdr", "ReqdExctnDt", "Dbtr", "DbtrAcct", "CdtTrfTxInf"))
    try:
        check_bytes(source)
        for element in elements(source, schema_of(MESSAGE), tags):
            if element.tag == tags[4]:
                order.transfers.append(_transfer(element))
            elif element.tag == tags[0]:
                order.message_id = _text(element, _MESSAGE_ID)
                order.created_at = _text(element, _CREATED_AT)
                order.instructions = int(_text(element, _COUNT))
                order.dong = _dong(_text(element, _SUM))
            elif element.tag == tags[1]:
                order.execution_date = _text(element, _DAY)
            elif element.tag == tags[2]:
                order.debtor_name = _text(element, _NAME)
            else:
                order.debtor_account = _text(element, _ACCOUNT_ID)
    except (Refusal, ValueError):
        order.rejected_because = FILE_FORMAT
        return order
    if len(order.transfers) != order.instructions:
        order.rejected_because = WRONG_COUNT
    elif sum(one.dong for one in order.transfers) != order.dong:
        order.rejected_because = WRONG_SUM
    return order


def _transfer(element: etree._Element) -> Transfer:
    return Transfer(
        end_to_end_id=_text(element, _END_TO_END_ID),
        dong=_dong(_text(element, _AMOUNT)),
        name=_text(element, _CREDITOR),
        account=_text(element, _CREDITOR_ACCOUNT),
    )


def _path(path: str) -> etree.XPath:
    """The text at a path, compiled: it is asked of each of thousands of payments."""
    names = "/".join(f"n:{name}" for name in path.split("/"))
    return etree.XPath(f"string({names})", namespaces={"n": _PREFIX[1:-1]}, smart_strings=False)


def _text(element: etree._Element, path: etree.XPath) -> str:
    found = str(path(element))
    if not found:
        raise ValueError("an element that this bank needs is missing")
    return found


def _dong(text: str) -> int:
    whole, _, decimals = text.partition(".")
    if decimals.strip("0"):
        raise ValueError("VND has no decimals")
    return int(whole)


_MESSAGE_ID, _CREATED_AT, _COUNT, _SUM = (_path(p) for p in ("MsgId", "CreDtTm", "NbOfTxs", "CtrlSum"))
_DAY, _NAME, _ACCOUNT_ID = (_path(p) for p in ("Dt", "Nm", "Id/Othr/Id"))
_END_TO_END_ID, _AMOUNT = _path("PmtId/EndToEndId"), _path("Amt/InstdAmt")
_CREDITOR, _CREDITOR_ACCOUNT = _path("Cdtr/Nm"), _path("CdtrAcct/Id/Othr/Id")

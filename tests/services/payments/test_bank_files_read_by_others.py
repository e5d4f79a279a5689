"""A second opinion: somebody else's ISO 20022 classes (pyiso20022) read all three messages, strictly."""

from decimal import Decimal

import pytest
from pyiso20022.camt.camt_054_001_08 import Document as Camt054
from pyiso20022.pain.pain_001_001_09 import Document as Pain001
from pyiso20022.pain.pain_002_001_12 import Document as Pain002
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

from libs.common.kernel import ids
from services.payments.domain.partner_lines import PaymentOrder
from tests.services.payments.partner_files import order
from tests.services.payments.test_bank_files import HALF_FAIL, SHOWN_FILE, answers, pain001


@pytest.fixture(scope="module")
def parser() -> XmlParser:
    strict = ParserConfig(
        fail_on_unknown_properties=True, fail_on_unknown_attributes=True, fail_on_converter_warnings=True
    )
    return XmlParser(config=strict)


@pytest.fixture(scope="module")
def orders() -> list[PaymentOrder]:
    return [order(number, 100_000 + number) for number in range(20)]


def test_pain_001(parser: XmlParser, orders: list[PaymentOrder]) -> None:
    message = parser.from_bytes(pain001(orders), Pain001).cstmr_cdt_trf_initn
    assert message.grp_hdr.msg_id == SHOWN_FILE
    assert (message.grp_hdr.nb_of_txs, message.grp_hdr.ctrl_sum) == ("20", Decimal(2_000_190))
    (batch,) = message.pmt_inf
    assert [
        (one.pmt_id.end_to_end_id, one.amt.instd_amt.value, one.amt.instd_amt.ccy, one.cdtr_acct.id.othr.id)
        for one in batch.cdt_trf_tx_inf
    ] == [
        (ids.show("pay", one.instruction_id), Decimal(one.amount_dong), "VND", one.account_number)
        for one in orders
    ]


def test_pain_002_and_camt_054(parser: XmlParser, orders: list[PaymentOrder]) -> None:
    sent = answers(orders)
    status = parser.from_bytes(sent["pain.002"], Pain002).cstmr_pmt_sts_rpt
    booked = parser.from_bytes(sent["camt.054"], Camt054).bk_to_cstmr_dbt_cdt_ntfctn
    rejected = {
        one.orgnl_end_to_end_id: one.sts_rsn_inf[0].rsn.cd
        for one in status.orgnl_pmt_inf_and_sts[0].tx_inf_and_sts
    }
    settled = {one.refs.end_to_end_id: one.amt.value for one in booked.ntfctn[0].ntry[0].ntry_dtls[0].tx_dtls}
    for one in orders:
        shown, why = ids.show("pay", one.instruction_id), HALF_FAIL.at_bank(one.account_number)
        assert rejected.get(shown) == why
        assert settled.get(shown) == (None if why else one.amount_dong)

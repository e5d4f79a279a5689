"""Payments for the tests of partner files: obviously fake, of any shape a person's name may have."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID, uuid5

from hypothesis import strategies as st

from services.payments.domain.partner_lines import FileHeader, PaymentOrder

NAMESPACE = UUID("3c7ad1f4-52a9-4a0f-9c7e-000000000001")
FILE_ID = UUID("0190f5a0-0000-7000-8000-000000000001")
DAY = date(2019, 12, 10)
BANK = "970405"
POST = "VNPOST"

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=200).filter(
    lambda text: any(character.isalnum() for character in text)
)
amounts = st.integers(min_value=1, max_value=10**9)


def order(
    number: int, amount_dong: int = 540_000, name: str = "Nguyễn Thị Thử", agency: str = BANK
) -> PaymentOrder:
    return PaymentOrder(
        instruction_id=uuid5(NAMESPACE, str(number)),
        amount_dong=amount_dong,
        payee_name=name,
        account_number="" if agency == POST else f"00{number:010d}",
        account_name="" if agency == POST else "NGUYEN THI THU",
        agency_code=agency,
        execution_date=DAY,
        remittance="Trợ cấp xã hội 12/2019",
        personal_id=f"0{number:011d}",
        commune_code="22738",
    )


def header(orders: Sequence[PaymentOrder], agency: str = BANK) -> FileHeader:
    return FileHeader(
        file_id=FILE_ID,
        agency_code=agency,
        created_at=datetime(2019, 12, 9, 8, 30, tzinfo=UTC),
        execution_date=DAY,
        instructions=len(orders),
        control_sum_dong=sum(one.amount_dong for one in orders),
        debtor_name="Sở Lao động thử",
        debtor_account="3751000001",
        debtor_agency_code=agency,
        commune_code="22738" if agency == POST else "",
    )


@st.composite
def some_orders(draw: st.DrawFn, agency: str = BANK) -> list[PaymentOrder]:
    """One to twenty payments of one file."""
    rows = draw(st.lists(st.tuples(amounts, names), min_size=1, max_size=20))
    return [order(number, amount, name, agency) for number, (amount, name) in enumerate(rows)]

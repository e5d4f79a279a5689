"""Double entry: debit positive, credit negative, each transaction sums to zero.

Three kinds of account. `budget` is what a province has been given to pay from; `in_transit` is what a
paying agency holds for payees; `paid` is what has reached them, by programme.
"""

from dataclasses import dataclass

BUDGET = "budget"
IN_TRANSIT = "in_transit"
PAID = "paid"

#: Of each posting: the account debited, the account credited.
POSTINGS: dict[str, tuple[str, str]] = {
    "instructed": (IN_TRANSIT, BUDGET),
    "settled": (PAID, IN_TRANSIT),
    "returned": (BUDGET, IN_TRANSIT),
    "returned_after_settlement": (BUDGET, PAID),
}


@dataclass(frozen=True, slots=True)
class Booked:
    """An instruction as the ledger sees it. `amount`: đồng, above 0."""

    amount: int
    province_code: str
    agency_code: str
    programme: str


@dataclass(frozen=True, slots=True)
class Entry:
    """`amount` in đồng: debit positive, credit negative."""

    account: str
    amount: int


def account_code(kind: str, province_code: str, agency_code: str, programme: str) -> str:
    """The account of that kind that an instruction moves, `in_transit:970405` say."""
    whose = {BUDGET: province_code, IN_TRANSIT: agency_code, PAID: programme}
    return f"{kind}:{whose[kind]}"


def entries(posting: str, booked: Booked) -> tuple[Entry, Entry]:
    """The two entries of a posting."""
    assert booked.amount > 0, "nothing is booked for nothing"
    debited, credited = (
        account_code(kind, booked.province_code, booked.agency_code, booked.programme)
        for kind in POSTINGS[posting]
    )
    return Entry(debited, booked.amount), Entry(credited, -booked.amount)

"""Double entry by transfers: an amount above 0 of one unit goes from one account to another.

Debit positive, credit negative. A transfer balances by its form, and so does all that is made of transfers.
A transaction of several legs is several transfers with one id. Nothing is changed or deleted: a mistake is
corrected by transfers that name what they correct.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

#: What is there to pay or to hand over: money, or goods in a warehouse. Below 0 only where its fund may be.
FUND = "fund"
#: Where a fund's content came from, by the kind of the fund; it shows the sum with a minus.
ORIGIN = "origin"
#: What a paying agency holds for payees.
IN_TRANSIT = "in_transit"
#: What a paying agency gave back without saying for whom.
SUSPENSE = "suspense"
#: What has reached people, by programme.
PAID = "paid"
#: Granted by an approved list and not yet reached, by programme: the cost, and with a minus the debt.
ENTITLEMENT = "entitlement"
PAYABLE = "payable"
#: What was paid without being due and is to come back, by programme; and what of it was remitted.
OVERPAYMENT = "overpayment"
WAIVED = "waived"

KINDS = (FUND, ORIGIN, IN_TRANSIT, SUSPENSE, PAID, ENTITLEMENT, PAYABLE, OVERPAYMENT, WAIVED)

#: Units: whole đồng, whole kilograms of rice, whole pieces of a good (`PCS:wheelchair`).
VND = "VND"
RICE_KG = "RICE_KG"
PIECES = "PCS:"

#: The territory of what is the nation's, in place of a province's two digits.
NATION = "00"


@dataclass(frozen=True, slots=True)
class Posting:
    """The kinds of the accounts debited and credited, and the prefix of the id that it is booked for."""

    debit: str
    credit: str
    source: str


#: Every way in which anything moves.
POSTINGS: dict[str, Posting] = {
    # A run: approved, booked, answered. What is answered is no longer owed; what came back falls due anew.
    # Withdrawn before it was booked, it owes nothing; another list will.
    "entitled": Posting(ENTITLEMENT, PAYABLE, "run"),
    "withdrawn": Posting(PAYABLE, ENTITLEMENT, "run"),
    "instructed": Posting(IN_TRANSIT, FUND, "pay"),
    "settled": Posting(PAID, IN_TRANSIT, "pay"),
    "returned": Posting(FUND, IN_TRANSIT, "pay"),
    "returned_after_settlement": Posting(FUND, PAID, "pay"),
    "settled_late": Posting(PAID, FUND, "pay"),
    "discharged": Posting(PAYABLE, ENTITLEMENT, "rep"),
    # What came back without a name, until a person finds out whose it is: then it is with the agency again,
    # and the payment's own posting takes it from there; or the agency has it back for good; or it was told
    # once already, and never came a second time.
    "suspended": Posting(SUSPENSE, IN_TRANSIT, "sus"),
    "attributed": Posting(IN_TRANSIT, SUSPENSE, "sus"),
    "sent_back": Posting(IN_TRANSIT, SUSPENSE, "sus"),
    "told_twice": Posting(IN_TRANSIT, SUSPENSE, "sus"),
    "discharged_by_hand": Posting(PAYABLE, ENTITLEMENT, "sus"),
    # What was paid without being due: found, paid back, kept back from what is due later, or remitted.
    "overpaid": Posting(OVERPAYMENT, PAID, "ovp"),
    "recovered": Posting(FUND, OVERPAYMENT, "rcv"),
    "set_off": Posting(PAID, OVERPAYMENT, "ins"),
    "waived": Posting(WAIVED, OVERPAYMENT, "rcv"),
    # Funds: given by the state or by donors, set apart or moved, handed over.
    "granted": Posting(FUND, ORIGIN, "vch"),
    "donated": Posting(FUND, ORIGIN, "vch"),
    "earmarked": Posting(FUND, FUND, "vch"),
    "moved": Posting(FUND, FUND, "vch"),
    "handed_over": Posting(PAID, FUND, "vch"),
}
#: Postings of a voucher that corrects: what was booked turned round, and what is right. Any two accounts.
REVERSED = "reversed"
CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class Account:
    """`key`: a fund's or an agency's code, a programme, a kind of fund. A province has its own accounts."""

    kind: str
    key: str
    province_code: str
    unit: str = VND

    @property
    def code(self) -> str:
        """`in_transit:970405`; goods name their unit: `paid:emergency_relief:RICE_KG`."""
        return f"{self.kind}:{self.key}" + ("" if self.unit == VND else f":{self.unit}")


@dataclass(frozen=True, slots=True)
class Transfer:
    """`amount`: above 0, in the unit of both accounts. `source_id`: what it is booked for, see POSTINGS."""

    posting: str
    debit: Account
    credit: Account
    amount: int
    source_id: UUID
    booked_on: date

    def __post_init__(self) -> None:
        assert self.amount > 0, "nothing is booked for nothing"
        assert self.debit != self.credit, "nothing goes from an account to itself"
        assert self.debit.unit == self.credit.unit, "a transfer is of one unit"
        assert self.posting in (REVERSED, CORRECTED) or self.kinds == (
            POSTINGS[self.posting].debit,
            POSTINGS[self.posting].credit,
        ), f"{self.posting} does not go between {self.kinds}"

    @property
    def kinds(self) -> tuple[str, str]:
        return self.debit.kind, self.credit.kind


def source_prefix(posting: str) -> str:
    """The prefix of the id that a transfer of that posting is booked for."""
    return POSTINGS[posting].source if posting in POSTINGS else "vch"

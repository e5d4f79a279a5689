"""Vouchers: what is given to a fund, moved, handed over or corrected, by a maker and another checker.

Runs move money by their own list; a voucher is for all that has none. A gift moves by vouchers too: one for
its receipt, one when it is set apart.
"""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from libs.common.kernel.errors import IllegalTransition
from services.payments.domain import donations, funds
from services.payments.domain.funds import Fund
from services.payments.domain.ledger import CORRECTED, ORIGIN, PAID, REVERSED, Account, Transfer

GRANTED = "granted"
MOVED = "moved"
HANDED_OVER = "handed_over"
DONATED = "donated"
EARMARKED = "earmarked"
KINDS = (GRANTED, MOVED, HANDED_OVER, CORRECTED, DONATED, EARMARKED)

PROPOSED = "proposed"
BOOKED = "booked"
WITHDRAWN = "withdrawn"
#: None of it is told to the world by itself.
TRANSITIONS: dict[tuple[str, str], str | None] = {(PROPOSED, BOOKED): None, (PROPOSED, WITHDRAWN): None}

#: Where a gift stands once the voucher of its step is booked.
GIFT_STEPS = {DONATED: donations.RECEIVED, EARMARKED: donations.EARMARKED}

#: What a voucher may correct. What a run's list or a partner's report moved is moved on by reports only.
CORRECTABLE = (GRANTED, MOVED, HANDED_OVER, DONATED, EARMARKED)


def moved(status: str, to: str) -> str | None:
    """The fact told by that edge; IllegalTransition where there is none."""
    try:
        return TRANSITIONS[status, to]
    except KeyError:
        raise IllegalTransition(f"a voucher does not go from {status} to {to}") from None


@dataclass(frozen=True, slots=True)
class Voucher:
    """`amount`: above 0; 0 only where a correction says that nothing should have been booked.

    `corrects`: the transaction whose amount was wrong, by its first booking. `document`: the number
    of the paper, a hand-over receipt say. `recipients`: how many got something. No person stands in it.
    `donation_id`: the gift that is received or set apart.
    """

    voucher_id: UUID
    kind: str
    province_code: str
    amount: int
    document: str
    booked_on: date
    maker: str
    fund_id: UUID | None = None
    to_fund_id: UUID | None = None
    programme: str | None = None
    corrects: UUID | None = None
    commune_code: str | None = None
    recipients: int | None = None
    donation_id: UUID | None = None
    note: str = ""
    status: str = PROPOSED
    checker: str | None = None
    transaction_id: UUID | None = None


def same(one: Voucher, other: Voucher) -> bool:
    """Whether two vouchers say the same; who made them and what became of them is no matter."""
    return one == replace(
        other,
        voucher_id=one.voucher_id,
        maker=one.maker,
        status=one.status,
        checker=one.checker,
        transaction_id=one.transaction_id,
    )


def unfit(voucher: Voucher, fund: Fund, to_fund: Fund | None) -> str | None:
    """The field by which a voucher does not fit its funds, or None. Corrections have no funds."""
    bound = fund.purpose
    if voucher.kind == DONATED:
        return None if fund.kind == funds.DONATION else "fund_id"
    if voucher.kind == EARMARKED:
        apart = to_fund and to_fund.purpose and (to_fund.kind, to_fund.unit) == (funds.DONATION, fund.unit)
        return None if apart and bound is None else "to_fund_id"
    if voucher.kind == GRANTED:
        # What is given by people is a donation, with its donor and receipt.
        return "fund_id" if fund.kind == funds.DONATION else None
    if voucher.kind == HANDED_OVER:
        return "programme" if voucher.programme is None or bound not in (None, voucher.programme) else None
    if to_fund is None or to_fund.fund_id == fund.fund_id:
        return "to_fund_id"
    fits = (to_fund.kind, to_fund.unit) == (fund.kind, fund.unit) and bound in (None, to_fund.purpose)
    return None if fits else "to_fund_id"


def transfer_of(voucher: Voucher, fund: Fund, to_fund: Fund | None) -> Transfer:
    """What a voucher that fits its funds books."""
    assert unfit(voucher, fund, to_fund) is None
    debit, credit = fund.account, Account(ORIGIN, fund.kind, fund.province_code, fund.unit)
    if voucher.kind == HANDED_OVER:
        assert voucher.programme
        debit, credit = Account(PAID, voucher.programme, voucher.province_code, fund.unit), fund.account
    elif voucher.kind in (MOVED, EARMARKED):
        assert to_fund
        debit, credit = to_fund.account, fund.account
    return Transfer(voucher.kind, debit, credit, voucher.amount, voucher.voucher_id, voucher.booked_on)


def correction_of(voucher: Voucher, wrong: Transfer, standing: int) -> list[Transfer]:
    """What was wrong turned round, and the right amount between the same accounts, if there is any.

    `wrong`: the transfer as it was booked; `standing`: its amount as corrected so far, 0 where nothing is
    left of it. Empty when nothing would change. A gift is set apart whole: that is taken back, or stays.
    """
    if wrong.posting not in CORRECTABLE or standing == voucher.amount:
        return []
    if wrong.posting == EARMARKED and voucher.amount:
        return []
    made = []
    source, on = voucher.voucher_id, voucher.booked_on
    if standing:
        made.append(Transfer(REVERSED, wrong.credit, wrong.debit, standing, source, on))
    if voucher.amount:
        made.append(Transfer(CORRECTED, wrong.debit, wrong.credit, voucher.amount, source, on))
    return made

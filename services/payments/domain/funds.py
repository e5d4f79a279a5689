"""Funds: from what is paid or handed over. Money of a budget, of donors, or goods in a warehouse."""

from dataclasses import dataclass
from uuid import UUID

from libs.common.kernel.ids import derived_id
from services.payments.domain import ledger
from services.payments.domain.ledger import Account

CENTRAL = "central"
PROVINCE = "province"
COMMUNE = "commune"
DONATION = "donation"
NATIONAL_RESERVE = "national_reserve"
KINDS = (CENTRAL, PROVINCE, COMMUNE, DONATION, NATIONAL_RESERVE)


@dataclass(frozen=True, slots=True)
class Fund:
    """`province_code`: of the 34, or the nation's. `purpose`: the one programme that it pays, None: any.

    `unit`: VND, RICE_KG or PCS:<good>; goods lie in one place, which the name tells.
    `may_overdraw`: only `budget_of` a province, which is granted later than it must pay. What was never given
    can't be spent, so nobody opens such a fund by hand.
    `account_number`: what banks and wallets debit for it, None: the province's one account.
    """

    fund_id: UUID
    code: str
    kind: str
    province_code: str
    name: str
    unit: str = ledger.VND
    commune_code: str | None = None
    purpose: str | None = None
    may_overdraw: bool = False
    account_number: str | None = None

    def __post_init__(self) -> None:
        assert not self.may_overdraw or (self.kind, self.unit) == (PROVINCE, ledger.VND)
        assert not self.account_number or self.unit == ledger.VND

    @property
    def account(self) -> Account:
        return Account(ledger.FUND, self.code, self.province_code, self.unit)


def budget_of(province_code: str) -> Fund:
    """The budget that a run is paid from unless it names another fund: granted by the law, so never short."""
    code = f"budget-{province_code}"
    return Fund(
        fund_id=derived_id("fund", code),
        code=code,
        kind=PROVINCE,
        province_code=province_code,
        name=f"Ngân sách trợ giúp xã hội của tỉnh {province_code}",
        may_overdraw=True,
    )

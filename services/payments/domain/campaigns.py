"""Campaigns: what is given once, or for some months, to a list of people: Tết gifts, relief, rice.

A campaign is opened by data: its group, amount, window and fund. What its fund holds decides how it reaches
people: money by runs, goods by hand-over. Each person is given it once, whatever lists name them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.common.kernel.errors import IllegalTransition
from libs.common.kernel.ids import derived_id
from libs.common.kernel.months import Month
from services.payments.domain.funds import Fund
from services.payments.domain.ledger import NATION, VND

DRAFT = "draft"
PROPOSED = "proposed"
APPROVED = "approved"
CLOSED = "closed"
WITHDRAWN = "withdrawn"

#: Each edge of a campaign's life. None of it is told to the world by itself: its runs are.
TRANSITIONS: dict[tuple[str, str], str | None] = {
    (DRAFT, PROPOSED): None,
    (DRAFT, WITHDRAWN): None,
    (PROPOSED, APPROVED): None,
    (PROPOSED, WITHDRAWN): None,
    (APPROVED, CLOSED): None,
}

#: Goods that belong to no other programme.
IN_KIND = "in_kind"
#: What a campaign may be for, with the words under which it stands in payment files.
PROGRAMMES: Mapping[str, str] = {
    "funeral_support": "Ho tro mai tang",
    "emergency_relief": "Tro giup khan cap",
    "tet_gift": "Qua Tet",
    "longevity_gift": "Mung tho",
    "covid_support": "Ho tro COVID-19",
    "merit_allowance": "Uu dai nguoi co cong",
    IN_KIND: "Hien vat",
}


def moved(status: str, to: str) -> str:
    """The new status; IllegalTransition where there is no such edge."""
    if (status, to) not in TRANSITIONS:
        raise IllegalTransition(f"a campaign does not go from {status} to {to}")
    return to


@dataclass(frozen=True, slots=True)
class Group:
    """Who is given how much a month: đồng, kilograms or pieces, in the unit of the campaign's fund."""

    code: str
    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What is approved. `legal_basis`, `article`: where it is decided.

    `opens_on` to `closes_on`: the days on which it may be given. `months`: for how many, from that of
    `opens_on` on. `only_one_of`: who is on the list of another campaign of that name gets nothing here.
    """

    code: str
    name: str
    programme: str
    province_code: str
    legal_basis: str
    article: str
    opens_on: date
    closes_on: date
    months: int
    fund_id: UUID
    groups: tuple[Group, ...]
    only_one_of: str | None = None

    @property
    def benefit_months(self) -> tuple[Month, ...]:
        return tuple(Month.of(self.opens_on) + number for number in range(self.months))

    @property
    def content_hash(self) -> str:
        """SHA-256, in hex, of all that is approved."""
        told = [getattr(self, name) for name in self.__slots__ if name != "groups"]
        for group in sorted(self.groups, key=lambda one: one.code):
            told += [group.code, group.name, group.amount]
        text = "\x1f".join("" if one is None else str(one) for one in told)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Campaign:
    """`content_hash`: of the terms as proposed, which the checker saw; None while it is a draft."""

    campaign_id: UUID
    terms: Terms
    status: str
    maker: str
    checker: str | None = None
    content_hash: str | None = None

    def gives_on(self, day: date) -> bool:
        return self.status == APPROVED and self.terms.opens_on <= day <= self.terms.closes_on

    def due_months(self, day: date) -> tuple[Month, ...]:
        """The months for which it gives by that day."""
        return tuple(month for month in self.terms.benefit_months if month <= Month.of(day))


def unfit(terms: Terms, fund: Fund | None, territory: str | None) -> str | None:
    """The field by which the terms don't fit together or their fund, or None.

    A province gives from its own fund, from the nation's whoever has the nation.
    """
    if terms.programme not in PROGRAMMES:
        return "programme"
    if terms.closes_on < terms.opens_on:
        return "closes_on"
    if len({group.code for group in terms.groups}) != len(terms.groups):
        return "groups"
    if fund is None or fund.purpose not in (None, terms.programme):
        return "fund_id"
    of_nation = fund.province_code == NATION and territory is None
    if fund.province_code != terms.province_code and not of_nation:
        return "fund_id"
    return "programme" if terms.programme == IN_KIND and fund.unit == VND else None


def person_key(blind_index: bytes) -> UUID:
    """By what a person is known in every list, from the keyed hash of their personal_id.

    A UUIDv5 of a key of its own: never an id that the registry gives, which are UUIDv7.
    """
    return derived_id("campaign recipient", blind_index.hex())

"""Who completes an age of the law (mừng thọ) in some months, or belongs to a campaign (quà Tết), and what is
given.

Nothing is decided or paid here: whoever opens a campaign of gifts takes its people from this list.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain.occasions import Birthdays, DatedMilestone, Gift, at_age, birthdays
from services.eligibility.domain.policy import EVERYWHERE, Policy, Territory

#: No list of people reaches further.
AGE_MAX = 130
#: The end of a page of people: month, age, birth date, person.
After = tuple[Month, int, date, UUID]
#: The end of a page of counts: month, age, province, commune, former province.
AfterCount = tuple[Month, int, str, str, str]
#: Birthdays, and where they count.
Edge = tuple[Birthdays, Territory]


class DueReads(Protocol):
    """As a caller with `territory` may see them; who is known to have died is left out."""

    async def people(
        self,
        territory: str | None,
        edges: Sequence[Edge],
        province_code: str | None,
        commune_code: str | None,
        after: After | None,
        limit: int,
    ) -> Sequence[dict[str, Any]]:
        """By month, age and birth date."""

    async def counts(
        self,
        territory: str | None,
        edges: Sequence[Edge],
        province_code: str | None,
        commune_code: str | None,
        after: AfterCount | None,
        limit: int,
    ) -> Sequence[dict[str, Any]]:
        """People by month, age, province and commune, in this order."""

    async def members(
        self,
        territory: str | None,
        programmes: Collection[str],
        month: Month,
        province_code: str | None,
        commune_code: str | None,
        after: UUID | None,
        limit: int,
    ) -> Sequence[dict[str, Any]]:
        """Who has one of the programmes in the month, and which of them, in the order of their ids."""


@dataclass(frozen=True)
class DueOccasions:
    """The law's ages held against the birth dates that the registry told."""

    policy: Policy
    reads: DueReads

    def campaigns(self) -> list[dict[str, Any]]:
        """Each gift of a campaign (quà Tết), as policy/ has it, the newest first."""
        rules = self.policy.occasions
        found = sorted(rules.campaigns if rules else (), key=lambda one: one.open_from, reverse=True)
        return [
            {
                "occasion": one.code,
                "title": one.title,
                "open_from": one.open_from,
                "pay_by": one.pay_by,
                "members": sorted(one.members),
                **_gift(one.gift),
                "citation": str(one.citation),
                "mark": one.citation.mark,
            }
            for one in found
        ]

    async def people(
        self,
        territory: str | None,
        months: Sequence[Month],
        province_code: str | None,
        commune_code: str | None,
        after: After | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        edges = self._edges(months)
        found = await self.reads.people(territory, edges, province_code, commune_code, after, limit)
        return [{**row, **self._given(row)} for row in found]

    async def counts(
        self,
        territory: str | None,
        months: Sequence[Month],
        province_code: str | None,
        commune_code: str | None,
        after: AfterCount | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        edges = self._edges(months)
        found = await self.reads.counts(territory, edges, province_code, commune_code, after, limit)
        return [{**row, **self._given(row)} for row in found]

    async def members(
        self,
        territory: str | None,
        occasion: str,
        province_code: str | None,
        commune_code: str | None,
        after: UUID | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        """Who is given a campaign's gift, once each: members of its programmes in the month it opens.
        Refusal `request_invalid` for a campaign that policy/ does not hold."""
        rules = self.policy.occasions
        found = {one.code: one for one in (rules.campaigns if rules else ())}
        if occasion not in found:
            known = ", ".join(sorted(found))
            vi, en = f"Cần một trong: {known}.", f"Needed: one of {known}."
            raise Refusal("request_invalid", vi, en, (FieldError("occasion", "not_one_of", vi, en),))
        one = found[occasion]
        month = Month.of(one.open_from)
        rows = await self.reads.members(
            territory, one.members, month, province_code, commune_code, after, limit
        )
        given = {**_gift(one.gift), "citation": str(one.citation), "mark": one.citation.mark}
        return [{**row, **given} for row in rows]

    def _edges(self, months: Sequence[Month]) -> list[Edge]:
        """Ages of the nation everywhere, further ones of a place there alone."""
        rules = self.policy.occasions
        if rules is None:
            return []
        edges: list[Edge] = []
        for month in months:
            ages = {age for age in range(AGE_MAX) if at_age(rules, (), month, age)}
            edges += [(birthdays(month, age), EVERYWHERE) for age in sorted(ages)]
            for levels in self.policy.local:
                own = {age for age in range(AGE_MAX) if at_age(rules, levels.longevity, month, age)} - ages
                edges += [(birthdays(month, age), levels.territory) for age in sorted(own)]
        return edges

    def _given(self, row: Mapping[str, Any]) -> dict[str, Any]:
        rules = self.policy.occasions
        assert rules is not None, "without rules nobody is due"
        local = self._local(row["province_code"], row["former_province_code"])
        found = at_age(rules, local, Month.of(row["month"]), row["age"])
        assert found is not None, "every edge is an age of the law"
        gift, citation = found
        return {**_gift(gift), "citation": str(citation), "mark": citation.mark}

    def _local(self, province: str | None, former: str | None) -> Iterable[DatedMilestone]:
        covering = (one for one in self.policy.local if one.territory.covers(province, former))
        return [milestone for one in covering for milestone in one.longevity]


def _gift(gift: Gift | None) -> dict[str, Any]:
    """`covered` false: the province fixes the amount and nobody has read it; it is never 0."""
    return {
        "covered": gift is not None,
        "dong": int(gift.dong) if gift else None,
        "in_kind_dong": int(gift.in_kind_dong) if gift else None,
        "in_kind": gift.in_kind if gift else None,
    }

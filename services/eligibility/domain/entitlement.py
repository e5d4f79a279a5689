"""A case through time: start rules, suspension, move, and the month in which back-pay falls due.

An entitlement belongs to its own month, whenever it is paid. For each earlier month there is one month
in which it is first paid; what the law raised afterwards with effect for that month is the difference.
"""

from dataclasses import dataclass

from libs.common.kernel.months import Month
from services.eligibility.domain import determination
from services.eligibility.domain.cases import Case
from services.eligibility.domain.determination import SELF, Determination
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.facts import (
    MONTHLY_ALLOWANCE,
    SOCIAL_PENSION,
    PersonFacts,
)
from services.eligibility.domain.packs import Pack, Place, not_covered
from services.eligibility.domain.starts import bound_by_start, start_month

_NOTHING_EXCLUDED: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Timeline:
    """One person of a case. All amounts are asked of the engine month by month."""

    engine: Engine
    case: Case
    facts: PersonFacts

    def determine(self, month: Month, known_in: Month | None = None) -> Determination:
        """What `month` grants by the law that was known in `known_in` (None: all of it), with only
        the categories that have started; a suspension plays no part here."""
        pack = self._pack(month, known_in)
        return determination.determine(pack, self.facts, self._not_started(pack))

    def not_started(self, month: Month) -> frozenset[str]:
        """Rules that are not paid for `month` yet, whoever meets them: their start lies after it."""
        return self._not_started(self._pack(month, None))

    def pays(self, month: Month) -> bool:
        """Whether the month's entitlement stands: decided (by whoever pays then) and not suspended."""
        suspension = self.case.suspension
        return not self._pending(month) and not (suspension is not None and suspension.covers(month))

    def arrears(self) -> list[tuple[Month, int]]:
        """Back-pay that falls due with the case's month: (month it is for, đồng above 0)."""
        due_now = self.case.month
        found: dict[Month, int] = {}
        month = self._back_to()
        while month is not None and month < due_now:
            if self._first_paid(month) == due_now:
                found[month] = self._amount(month, due_now)
            month = month + 1
        for effect, released in self.engine.releases:
            if self._unsuspended(released) != due_now:
                continue
            for index in range(released.index - effect.index):
                month = effect + index
                paid = self._first_paid(month)
                if paid is not None and paid < released and self._was_paid():
                    difference = self._amount(month, released) - self._amount(month, released - 1)
                    found[month] = found.get(month, 0) + max(0, difference)
        return [(month, found[month]) for month in sorted(found) if found[month]]

    def _amount(self, month: Month, known_in: Month) -> int:
        found = self.determine(month, self.engine.knowledge(month, known_in))
        for payee, field in found.uncovered:
            if payee == SELF:
                raise not_covered(field)
        return found.to_person

    def _pack(self, month: Month, known_in: Month | None) -> Pack:
        here = self._place(month, MONTHLY_ALLOWANCE)
        there = self._place(month, SOCIAL_PENSION)
        return self.engine.pack(month, here, known_in, there if there != here else None)

    def _place(self, month: Month, programme: str) -> Place:
        new = self.new_place_pays(programme)
        move = self.case.move
        return move.from_place if move is not None and new is not None and month < new else self.case.place

    def new_place_pays(self, programme: str) -> Month | None:
        """The first month that the new place pays at its own level; None without a move."""
        move = self.case.move
        if move is None:
            return None
        policy = self.engine.policy
        rule = policy.pick(policy.moves[programme], move.stopped_in)
        return move.stopped_in + (rule.value if rule else 0)

    def _arrival(self) -> Month | None:
        only_pension = self.facts.applied_for == {SOCIAL_PENSION}
        return self.new_place_pays(SOCIAL_PENSION if only_pension else MONTHLY_ALLOWANCE)

    def _pending(self, month: Month) -> bool:
        arrival = self._arrival()
        return self.facts.pending and (arrival is None or month >= arrival)

    def _not_started(self, pack: Pack) -> frozenset[str]:
        """Rules whose start lies after the month. Who moved was decided at the old place."""
        if self.facts.governing_date is None or self.case.move is not None:
            return _NOTHING_EXCLUDED
        excluded = set()
        for rule in pack.allowances + pack.care + pack.pensions + pack.nurture:
            if bound_by_start(self.facts, rule.programme):
                start = start_month(self.engine.policy, rule.code, self.facts)
                if start is None or start > pack.month:
                    excluded.add(rule.code)
        return frozenset(excluded)

    def start(self, found: Determination) -> Month | None:
        """The first month of what was found: of the start rule, or of the new place after a move."""
        if self.case.move is not None:
            return self._arrival()
        starts = [
            start_month(self.engine.policy, award.rule, self.facts)
            for award in found.awards
            if bound_by_start(self.facts, award.programme)
        ]
        return min((start for start in starts if start is not None), default=None)

    def _signature_binds(self, month: Month) -> bool:
        """Whether the payment of `month` had to wait for this file's signature."""
        arrival = self._arrival()
        if arrival is not None:
            return month >= arrival
        return not self.facts.already_receiving

    def _first_paid(self, month: Month) -> Month | None:
        """The month in which the entitlement of `month` was first paid; None where it never is."""
        if self._pending(month):
            return None
        paid = month
        signed = self.facts.decision_signed_on
        if signed is not None and self._signature_binds(month):
            paid = max(paid, Month.of(signed))
        suspension = self.case.suspension
        if suspension is None or not suspension.covers(month):
            return paid
        back_pay = suspension.conditions_unchanged and self.engine.back_pay(month)
        return max(paid, suspension.resumed) if back_pay and suspension.resumed is not None else None

    def _unsuspended(self, month: Month) -> Month | None:
        """The month itself, or the one in which a suspension that covers it ends."""
        suspension = self.case.suspension
        return suspension.resumed if suspension is not None and suspension.covers(month) else month

    def _was_paid(self) -> bool:
        return (
            self.facts.already_receiving or self.facts.decision_signed_on is not None or bool(self.case.move)
        )

    def _back_to(self) -> Month | None:
        """The earliest month that back-pay due with the case's month can be for."""
        now = self.case.month
        months = []
        suspension = self.case.suspension
        if suspension is not None and suspension.resumed == now:
            months.append(suspension.first)
        signed = self.facts.decision_signed_on
        if signed is not None and Month.of(signed) == now:
            arrival = self._arrival()
            months += [arrival] if arrival is not None else self._starts()
        return min(months, default=None)

    def _starts(self) -> list[Month]:
        """The signature's month, and the earlier starts of rules that held in a month since then."""
        if self.facts.already_receiving:
            return []
        policy, now = self.engine.policy, self.case.month
        found = []
        for code in policy.codes_started_early:
            start = start_month(policy, code, self.facts)
            if start is None or start >= now:
                continue
            first = max(start, policy.coverage.from_month)
            if any(self._holds(code, first + index) for index in range(now.index - first.index)):
                found.append(start)
        return found

    def _holds(self, code: str, month: Month) -> bool:
        tried = determination.try_rules(self._pack(month, None).allowances, self.facts)
        return any(each.held and each.rule.code == code for each in tried)

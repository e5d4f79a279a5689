"""Recalculations against what was told to be paid, whatever is stopped, moved and recalculated meanwhile."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.kernel.ids import new_id
from libs.common.kernel.money import Dong
from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import GRANTED, Place, Terms, decision_id, refusal
from services.eligibility.domain.measures import stretches
from services.eligibility.domain.monthly import Known, ask, entitled
from services.eligibility.domain.recalculation import (
    Closings,
    Difference,
    InForce,
    Recalculated,
    differences,
    in_force,
    told_to_pay,
)
from tests.services.eligibility.test_recalculation import DEGREES, FIRST, LAST, PROGRAMME, known_of, law

MONTHS = [FIRST + index for index in range(6)]
ELSEWHERE = Place("00004", "01", None)
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass
class Ledger:
    """One person's months as payments pays them: once, by the first grant that it is told of a closed
    month."""

    stated: list[tuple[str, date | None]]
    decisions: list[InForce] = field(default_factory=list)
    held_from: Month | None = None
    closings: list[tuple[Month, datetime]] = field(default_factory=list)
    paid: dict[Month, tuple[int, Place]] = field(default_factory=dict)
    booked: dict[tuple[str, Month], int] = field(default_factory=dict)
    person: UUID = field(default_factory=new_id)
    ticks: int = 0

    def now(self) -> datetime:
        self.ticks += 1
        return _BEGIN + timedelta(minutes=self.ticks)

    @property
    def known(self) -> Known:
        return known_of(*self.stated)

    def decide(self, month: Month, terms: Terms, told_at: datetime) -> None:
        version = len(self.decisions) + 1
        made = decision_id(self.person, PROGRAMME, version)
        day = date(2016, 5, 4)
        self.decisions.append(InForce(made, PROGRAMME, version, month, terms, day, told_at))

    def grant(self, first: Month, place: Place | None = None) -> None:
        """By the law of each month, as a resumption, a move and the beginning do."""
        told_at = self.now()
        terms = [(month, ask(law(), self.known, month).terms(PROGRAMME)) for month in MONTHS]
        for month, found in stretches((month, one) for month, one in terms if month >= first):
            self.decide(month, replace(found, place=place or found.place), told_at)

    def pay(self) -> None:
        for month in MONTHS:
            decision = in_force(self.decisions, month).get(PROGRAMME)
            if decision and decision.granted and month not in self.paid and Closings(self.closings).of(month):
                self.paid[month] = decision.terms.amount, decision.terms.place

    def recalculate(self) -> list[Difference]:
        held = {(PROGRAMME, month) for month in MONTHS if self.held_from and month >= self.held_from}
        person = Recalculated(self.person, self.known, self.decisions, dict(self.booked), {}, held)
        found = list(differences(law(), person, FIRST, LAST, Closings(self.closings)))
        for one in found:
            key = (one.programme, one.month)
            self.booked[key] = self.booked.get(key, 0) + one.dong
        return found

    def do(self, step: str, at: int, degree: str) -> None:
        month = FIRST + at
        if step == "close" and len(self.closings) < len(MONTHS):
            self.closings.append((FIRST + len(self.closings), self.now()))
        elif step == "stop" and self.held_from is None:
            self.held_from = month
            self.decide(month, refusal(Place("22738", "56", "58")), self.now())
        elif step == "resume" and self.held_from is not None:
            month, self.held_from = self.held_from, None
            self.grant(month)
        elif step == "move" and self.held_from is None:
            self.grant(month, ELSEWHERE)
        elif step == "learn":
            self.stated.append((degree, date(2020, 1 + at, 10)))
        elif step == "recalculate":
            self.recalculate()
        self.pay()

    def come_to(self) -> dict[Month, int]:
        """What each month comes to in money once all are closed and recalculated."""
        for _ in MONTHS:
            self.do("close", 0, "")
        self.recalculate()
        return {
            month: self.paid.get(month, (0, None))[0]
            + sum(dong for (_, when), dong in self.booked.items() if when == month)
            for month in MONTHS
        }

    def due(self, month: Month) -> int:
        if self.held_from and month >= self.held_from:
            return 0
        _, granted = entitled(law(), self.known, month, {PROGRAMME} if month in self.paid else ())
        return sum(answer.terms(programme).amount for programme, answer in granted.items())


def begun(degree: str = "severe") -> Ledger:
    ledger = Ledger([(degree, None)])
    ledger.grant(FIRST)
    return ledger


_steps = st.lists(
    st.tuples(
        st.sampled_from(["close", "close", "stop", "resume", "move", "learn", "recalculate"]),
        st.integers(0, 5),
        st.sampled_from(DEGREES),
    ),
    max_size=14,
)


@settings(deadline=None, max_examples=120)
@given(st.sampled_from(DEGREES), _steps)
def test_what_was_paid_and_all_differences_come_to_what_the_law_grants(
    first: str, steps: list[tuple[str, int, str]]
) -> None:
    ledger = begun(first)
    for step in steps:
        ledger.do(*step)
    assert ledger.come_to() == {month: ledger.due(month) for month in MONTHS}
    assert ledger.recalculate() == []


@settings(deadline=None, max_examples=80)
@given(st.sampled_from(DEGREES), _steps)
def test_it_does_not_matter_when_and_how_often_it_was_recalculated(
    first: str, steps: list[tuple[str, int, str]]
) -> None:
    often, once = begun(first), begun(first)
    for step in steps:
        often.do(*step)
        often.recalculate()
        if step[0] != "recalculate":
            once.do(*step)
    assert often.come_to() == once.come_to()


@settings(deadline=None, max_examples=80)
@given(_steps)
def test_a_difference_belongs_to_where_the_month_was_paid(steps: list[tuple[str, int, str]]) -> None:
    ledger = begun()
    for step in steps:
        ledger.do(*step)
    ledger.do("learn", 0, "extremely_severe")
    told = {
        month: told_to_pay(ledger.decisions, month, Closings(ledger.closings).of(month)) for month in MONTHS
    }
    for one in ledger.recalculate():
        if one.month in ledger.paid:
            assert (told[one.month][PROGRAMME].terms.amount, one.place) == ledger.paid[one.month]


def test_a_stop_dated_back_recovers_what_was_paid_after_it() -> None:
    ledger = begun()
    for _ in range(4):
        ledger.do("close", 0, "")
    ledger.do("stop", 1, "")
    found = [(str(one.month), one.old, one.new) for one in ledger.recalculate()]
    assert found == [("2020-02", 405_000, 0), ("2020-03", 405_000, 0), ("2020-04", 405_000, 0)]
    assert ledger.recalculate() == []


def test_versions_that_were_told_together_are_one() -> None:
    """The later stretch of a start that reaches back is no change of what the earlier one was paid by."""
    terms = ask(law(), known_of(("severe", None)), FIRST).terms(PROGRAMME)
    told_at = datetime(2020, 7, 1, tzinfo=UTC)
    low, high = terms, replace(terms, amount=Dong(540_000))
    made = [
        InForce(new_id(), PROGRAMME, version, month, said, date(2016, 5, 4), told_at)
        for version, month, said in ((1, FIRST, low), (2, FIRST + 2, high))
    ]
    found = told_to_pay(made, FIRST + 2, datetime(2020, 6, 30, tzinfo=UTC))
    assert (found[PROGRAMME].version, found[PROGRAMME].terms.outcome) == (2, GRANTED)

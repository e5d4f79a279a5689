"""Write the decisions of measures that are signed: suspended, resumed, stopped, moved."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain import casework, measures
from services.eligibility.domain.casework import CaseFile, Hold
from services.eligibility.domain.decisions import refusal
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.measures import Stretch
from services.eligibility.domain.monthly import Answer, Known, ask
from services.eligibility.usecases.ports import Recorded


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed measure with what it is carried out on. `determined`: the last month that determinations
    have reached; `holds`: all that hold the programme back; `version`: the newest decision's."""

    case: CaseFile
    known: Known
    version: int
    determined: Month | None
    holds: Sequence[Hold]

    @property
    def suspension(self) -> Hold | None:
        """The suspension that a resumption or a stop ends; None where another has ended it."""
        standing = [one for one in self.holds if one.kind == casework.SUSPENSION and one.until is None]
        return max(standing, key=lambda one: one.from_month, default=None)


@dataclass(frozen=True, slots=True)
class Carried:
    """Decisions that the measure's signature covers, and what becomes of the hold (`until`: its end;
    `stopped`: it stays, as a stop). `problem`: why nothing could be decided."""

    recorded: Sequence[Recorded]
    until: Month | None = None
    stopped: bool = False
    problem: str | None = None


class MeasureWork(Protocol):
    """One transaction of the worker."""

    async def claim(self, today: Month) -> Signed | None:
        """The next signed measure that is not carried out, held until the transaction ends."""

    async def record(self, signed: Signed, carried: Carried) -> None:
        """Decisions with their signature, their events, and the measure's end."""


class MeasureWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[MeasureWork]: ...


class CarryOutMeasures:
    """One measure a transaction."""

    def __init__(self, engine: Engine, works: MeasureWorks, clock: Clock) -> None:
        self._engine = engine
        self._works = works
        self._clock = clock

    async def step(self) -> bool:
        """True when a measure was carried out."""
        now = Month.of(self._clock.business_date())
        async with self._works() as work:
            signed = await work.claim(now)
            if signed is None:
                return False
            try:
                carried = self._carried(signed, now)
            except Refusal as outside:
                carried = Carried((), problem=outside.code)
            await work.record(signed, carried)
        return True

    def _carried(self, signed: Signed, now: Month) -> Carried:
        case = signed.case
        [programme] = case.programmes
        assert case.from_month, "a measure has a first month"
        if case.kind in (casework.SUSPENSION, casework.STOP):
            return Carried(self._held_back(signed, case.from_month))
        ended = signed.suspension if case.kind == casework.RESUMPTION else None
        if case.kind == casework.RESUMPTION and ended is None:
            return Carried((), problem="nothing_in_force")
        held = [one for one in signed.holds if one is not ended]
        last = max(now, case.from_month, signed.determined or now)
        months = (case.from_month + index for index in range(last.index - case.from_month.index + 1))
        answers = {month: ask(self._engine, signed.known, month) for month in months}
        found = measures.stretches(
            # What another measure holds back stays so, at the new place too.
            (month, refusal(case.place) if _keeps(held, month) else answer.terms(programme))
            for month, answer in answers.items()
        )
        if ended and not measures.any_granted(found):
            # Not eligible any more: the stop is dated to the suspension, and nothing is paid back.
            return Carried(self._held_back(signed, ended.from_month), stopped=True)
        return Carried(self._recorded(signed, found, answers), case.from_month if ended else None)

    def _held_back(self, signed: Signed, first: Month) -> list[Recorded]:
        """Nothing from a month on, whatever the law would grant in it."""
        answers = {first: ask(self._engine, signed.known, first)}
        return self._recorded(signed, [(first, refusal(signed.case.place))], answers)

    def _recorded(
        self, signed: Signed, found: Sequence[Stretch], answers: Mapping[Month, Answer]
    ) -> list[Recorded]:
        case = signed.case
        assert case.decided_on, "a measure is carried out once it is signed"
        [programme] = case.programmes
        made = measures.versions(case.person_id, programme, signed.version, found, case.decided_on)
        return [Recorded(decision, answers[decision.effective_from].basis) for decision in made]


def _keeps(holds: Sequence[Hold], month: Month) -> bool:
    return any(one.keeps(month) for one in holds)

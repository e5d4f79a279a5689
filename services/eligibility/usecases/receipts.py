"""A decision's receipt, made again: from the facts as known then, by the policy of then, whenever asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from libs.common.kernel.errors import Refusal
from services.eligibility.domain import reasons
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.foreign_lists import ForeignDecision
from services.eligibility.domain.history import chain_of
from services.eligibility.domain.monthly import Answer, Known, ask
from services.eligibility.usecases.ports import Decided, DecisionReads, Policies

_ENGINES_MAX = 8


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a decision made again is not what was recorded; `what` names a term, the trace or the input."""

    what: str
    recorded: object
    replayed: object


@dataclass(frozen=True, slots=True)
class Replay:
    """`differences` is empty where the same facts and the same law give the same answer, bit for bit."""

    decided: Decided
    answer: Answer
    differences: tuple[Difference, ...]


class Engines:
    """An engine for each policy that decided something; the one in use is at hand, others are fetched."""

    def __init__(self, policies: Policies, in_use: Engine) -> None:
        self._policies = policies
        self.in_use = in_use
        self._others: dict[str, Engine] = {}

    async def of_hash(self, policy_hash: str) -> Engine:
        if policy_hash == self.in_use.policy.hash:
            return self.in_use
        if policy_hash not in self._others:
            if len(self._others) >= _ENGINES_MAX:
                self._others.clear()
            self._others[policy_hash] = Engine(await self._policies.of_hash(policy_hash))
        return self._others[policy_hash]


class Receipts:
    def __init__(self, reads: DecisionReads, engines: Engines) -> None:
        self._reads = reads
        self._engines = engines

    async def receipt(self, territory: str | None, decision_id: UUID) -> Mapping[str, Any] | None:
        """The decision with each rule that was tried, JSON-able but for the ids and dates of its columns;
        None where the caller sees no such decision."""
        decided = await self._reads.one(territory, decision_id)
        if decided is None:
            return None
        if decided.elsewhere is not None:
            return {**decided.shown, "decided_elsewhere": _source(decided.elsewhere)}
        if decided.receipt is not None:
            return {**decided.shown, **decided.receipt}
        return {**decided.shown, **explained(await self._made_again(decided))}

    async def of_application(self, territory: str | None, case_id: UUID) -> Mapping[str, Any] | None:
        """The decision that stands, with each rule that was tried anew for an application that changes
        nothing; None where the caller sees no such application."""
        decided = await self._reads.unchanged(territory, case_id)
        if decided is None:
            return None
        return {**decided.shown, **explained(await self._made_again(decided))}

    async def replay(self, territory: str | None, decision_id: UUID) -> Replay | None:
        """The decision made again and compared; None where the caller sees no such decision.

        Refusal `decided_elsewhere` for one that another authority made, `decision_not_replayable` for one
        that was made before its facts were kept.
        """
        decided = await self._reads.one(territory, decision_id)
        if decided is None:
            return None
        if decided.elsewhere is not None:
            raise _decided_elsewhere(decided.elsewhere)
        if decided.basis is None:
            raise Refusal(
                "decision_not_replayable",
                "Quyết định này có trước khi lưu đủ dữ kiện để tính lại; chỉ đọc được bản giải trình.",
                "This decision was made before all that it rests on was kept; only its receipt can be read.",
            )
        answer = await self._made_again(decided)
        return Replay(decided, answer, tuple(_differences(decided, answer)))

    async def _made_again(self, decided: Decided) -> Answer:
        basis = decided.basis
        assert basis is not None
        known = Known(
            decided.versions,
            basis.facts_version,
            chain_of(decided.versions, basis.facts_version),
            basis.resident_of,
            decided.decided_on,
        )
        engine = await self._engines.of_hash(basis.policy_hash)
        return ask(engine, known, basis.determined_month, basis.facts_month)


def _source(row: ForeignDecision) -> dict[str, Any]:
    return {
        "issued_by": row.issued_by,
        "decision_number": row.decision_number,
        "decided_on": row.decided_on,
        "amount_dong": row.amount,
        "from_month": str(row.from_month),
        "until_month": str(row.until) if row.until else None,
    }


def _decided_elsewhere(row: ForeignDecision) -> Refusal:
    number, day, office = row.decision_number, row.decided_on, row.issued_by
    return Refusal(
        "decided_elsewhere",
        f"Cơ quan khác đã quyết định, không tính lại ở đây: số {number}, {day:%d/%m/%Y}, {office}.",
        f"Another authority decided it, nothing is made again here: no. {number}, {day}, {office}.",
    )


def explained(answer: Answer) -> dict[str, Any]:
    """What was looked at and why the answer is what it is, JSON-able."""
    basis, found = answer.basis, answer.found
    return {
        "determined_month": str(answer.month),
        "facts_month": str(answer.facts_month),
        "facts_version": basis.facts_version,
        "facts": {**answer.state.case, "in_facility": answer.facts.in_facility},
        "input_hash": basis.input_hash.hex(),
        "benefits": [reasons.award(award) for award in found.awards + found.care],
        "reasons": reasons.full(found, answer.facts),
        "start_month": str(found.start_month) if found.start_month else None,
    }


def _differences(decided: Decided, answer: Answer) -> list[Difference]:
    assert decided.basis is not None
    was, now = decided.terms, answer.terms(decided.programme)
    compared: list[tuple[str, object, object]] = [
        ("outcome", was.outcome, now.outcome),
        ("category", was.category, now.category),
        ("coefficient_hundredths", was.coefficient.hundredths, now.coefficient.hundredths),
        ("standard_dong", was.standard, now.standard),
        ("amount_dong", was.amount, now.amount),
        ("payee", was.payee, now.payee),
        ("facility", _shown(was.facility_id), _shown(now.facility_id)),
        ("payee_person", _shown(was.payee_person_id), _shown(now.payee_person_id)),
        ("commune_code", was.place.commune_code, now.place.commune_code),
        ("province_code", was.place.province_code, now.place.province_code),
        ("former_province_code", was.place.former_province_code, now.place.former_province_code),
        ("trace", decided.basis.trace.hex(), answer.basis.trace.hex()),
        ("input_hash", decided.basis.input_hash.hex(), answer.basis.input_hash.hex()),
    ]
    if decided.held_back:
        # Its terms are the measure's; what the law says of the month stands in the trace alone.
        compared = [each for each in compared if each[0] in ("trace", "input_hash")]
    return [Difference(*each) for each in compared if each[1] != each[2]]


def _shown(value: UUID | None) -> str | None:
    return None if value is None else str(value)

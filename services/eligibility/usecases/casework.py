"""The verbs of a case: open, confirm, prepare, sign, withdraw, notify. Doing one twice gives the same."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError, IllegalTransition, Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain import casework
from services.eligibility.domain.case_law import CaseLaw
from services.eligibility.domain.casework import CaseFile, Hold, measure_id
from services.eligibility.domain.decisions import Place
from services.eligibility.domain.notices import Said, render


class CaseWork(Protocol):
    """One transaction on cases in the caller's territory."""

    async def find(self, case_id: UUID) -> CaseFile | None: ...
    async def knows(self, person_id: UUID) -> bool:
        """Whether the person lives in the territory."""

    async def open(self, case: CaseFile) -> CaseFile | None:
        """The case as it stands; None where it stands in another territory."""

    async def confirm(self, case: CaseFile, checks: Mapping[str, Mapping[str, str]]) -> CaseFile: ...
    async def move(self, case: CaseFile, to: str, day: date, by: str | None = None) -> CaseFile: ...
    async def changes_nothing(self, case: CaseFile) -> bool:
        """Whether the newest facts and decisions still leave an application without effect."""

    async def begin_in(self, case: CaseFile, first: Month) -> CaseFile: ...
    async def first_open_month(self) -> Month | None:
        """The month after the last one that is paid by closed decisions."""

    async def try_again(self, case: CaseFile) -> None:
        """Have a measure carried out that had a problem."""

    async def let_go(self, case: CaseFile) -> None:
        """End what a measure with a problem holds back."""

    async def keep_notice(self, case: CaseFile, notice_hash: str) -> None: ...
    async def granted_at(self, person_id: UUID, programme: str) -> Place | None: ...
    async def such(self, kind: str, person_id: UUID, programme: str) -> tuple[CaseFile | None, int]:
        """The measure of that kind that is open or in force, and how many there were."""

    async def suspended(self, person_id: UUID, programme: str) -> Hold | None: ...
    async def hold(self, held: Hold) -> None: ...


class CaseWorks(Protocol):
    def __call__(self, territory: str | None) -> AbstractAsyncContextManager[CaseWork]: ...


class CaseReads(Protocol):
    """Cases as a caller with `territory` may see them."""

    async def page(
        self,
        territory: str | None,
        person_id: UUID | None,
        state: str | None,
        after: UUID | None,
        limit: int,
    ) -> Sequence[CaseFile]: ...

    async def one(self, territory: str | None, case_id: UUID) -> CaseFile | None: ...

    async def decision_of(self, territory: str | None, case: CaseFile) -> UUID | None: ...


class ReceiptReads(Protocol):
    """Decisions with their receipts, as a caller with this territory may see them."""

    async def receipt(self, territory: str | None, decision_id: UUID) -> Mapping[str, Any] | None: ...
    async def of_application(self, territory: str | None, case_id: UUID) -> Mapping[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class By:
    """Who does it, and for which territory."""

    sub: str
    territory: str | None


@dataclass(frozen=True, slots=True)
class Measure:
    """What an officer prepares. `since`: the day on which the ground of a stop arose, or the conditions
    changed (a resumption; None where they did not); of a suspension a day of its first month."""

    kind: str
    person_id: UUID
    programme: str
    ground: str | None
    since: date | None


class Casework:
    def __init__(
        self, works: CaseWorks, reads: CaseReads, receipts: ReceiptReads, law: CaseLaw, clock: Clock
    ) -> None:
        self._works = works
        self._reads = reads
        self._law = law
        self._clock = clock
        self._receipts = receipts

    async def apply(
        self, person_id: UUID, programmes: Sequence[str], received_on: date, place: Place, by: By
    ) -> CaseFile:
        """An application over the counter, by post or by the portal: its term runs from its receipt."""
        if received_on > self._clock.business_date():
            raise _wrong("received_on", "Ngày nhận hồ sơ ở tương lai.", "Received in the future.")
        due_on = self._law.due_on(programmes, received_on)
        case = replace(
            casework.application(person_id, programmes, place, received_on, due_on), prepared_by_sub=by.sub
        )
        async with self._works(by.territory) as work:
            if not await work.knows(person_id):
                raise Refusal(
                    "not_found",
                    "Không tìm thấy người này trong địa bàn của bạn. Nếu mới đăng ký, hãy thử lại sau.",
                    "There is no such person in your territory. If just registered, try again later.",
                )
            opened = await _opened(work, case)
        if opened.state == casework.WITHDRAWN:
            raise Refusal(
                "case_state_wrong",
                "Đề nghị nhận ngày này đã được rút. Nếu người đó đề nghị lại, hãy ghi ngày nhận mới.",
                "The application of that day was withdrawn. If the person asks again, give the new day of "
                "receipt.",
            )
        return opened

    async def confirm(self, case_id: UUID, checks: Sequence[str], by: By) -> CaseFile:
        """Confirm facts or documents; with the last of casework.CHECKS the case is checked."""
        today = self._clock.business_date()
        async with self._works(by.territory) as work:
            case = await _found(work, case_id)
            if case.state not in casework.OPEN:
                raise _wrong_state()
            case = await work.confirm(
                case, {check: {"by": by.sub, "on": today.isoformat()} for check in checks}
            )
            if case.checked and case.state == casework.RECEIVED:
                case = await work.move(case, casework.CHECKED, today)
        return case

    async def prepare(self, wanted: Measure, by: By) -> CaseFile:
        """A suspension, resumption or stop, for somebody else to sign. One that is open, or in force,
        is not prepared a second time."""
        today = self._clock.business_date()
        person_id, programme = wanted.person_id, wanted.programme
        async with self._works(by.territory) as work:
            same, before = await work.such(wanted.kind, person_id, programme)
            if same:
                return same
            held = await work.suspended(person_id, programme)
            place = held.place if held else await work.granted_at(person_id, programme)
            if place is None or (wanted.kind == casework.RESUMPTION and held is None):
                raise _nothing_in_force()
            first = self._first_month(wanted, held, today)
            return await _opened(
                work,
                CaseFile(
                    case_id=measure_id(wanted.kind, person_id, programme, first, before),
                    kind=wanted.kind,
                    person_id=person_id,
                    programmes=(programme,),
                    place=place,
                    received_on=today,
                    due_on=self._law.due_on((programme,), today),
                    ground=wanted.ground,
                    from_month=first,
                    prepared_by_sub=by.sub,
                ),
            )

    def _first_month(self, wanted: Measure, held: Hold | None, today: date) -> Month:
        """The first month of what the measure does. Refusal where the law of today has no such ground."""
        now = Month.of(today)
        if wanted.since and Month.of(wanted.since) > now + 1:
            raise _wrong("since", "Ngày ở xa hơn tháng sau.", "The day lies further ahead than next month.")
        if wanted.kind == casework.RESUMPTION:
            assert held, "only what is suspended is resumed"
            return max(held.from_month, Month.of(wanted.since)) if wanted.since else held.from_month
        if wanted.ground is None or wanted.since is None:
            raise _wrong("ground", "Cần căn cứ và ngày.", "A ground and its day are needed.")
        if wanted.kind == casework.STOP:
            return self._law.stops_from(wanted.programme, wanted.ground, wanted.since, today)
        self._law.suspension_ground(wanted.ground, today)
        if not now <= Month.of(wanted.since) <= now + 1:
            raise _wrong(
                "since",
                "Chỉ tạm dừng từ tháng này hoặc tháng sau: tháng trước đã chi trả.",
                "A suspension begins this month or the next: earlier ones are paid.",
            )
        return Month.of(wanted.since)

    async def sign(self, case_id: UUID, by: By) -> CaseFile:
        """Decide a measure: from now on no determination grants what it holds back, and the worker writes
        its decisions; one that it could not carry out is tried again. Of an application: that it changes
        nothing."""
        today = self._clock.business_date()
        async with self._works(by.territory) as work:
            case = await _found(work, case_id)
            if case.kind == casework.APPLICATION:
                return await _left_unchanged(work, case, today, by.sub)
            if case.state in (casework.DECIDED, casework.NOTIFIED):
                if case.problem and case.state == casework.DECIDED:
                    await work.try_again(case)
                return case
            if case.prepared_by_sub == by.sub:
                raise Refusal(
                    "same_identity",
                    "Người đề xuất không được tự ký. Hãy để người khác ký.",
                    "Who prepared it may not sign it. Have somebody else sign.",
                )
            if case.kind == casework.RESUMPTION and not await work.suspended(
                case.person_id, case.programmes[0]
            ):
                raise _nothing_in_force()
            if case.kind == casework.SUSPENSION:
                case = await _in_time(work, case, today)
            case = await _moved(work, case, casework.DECIDED, today, by.sub)
            await self._hold(work, case, today)
        return case

    async def _hold(self, work: CaseWork, case: CaseFile, today: date) -> None:
        if case.kind not in (casework.SUSPENSION, casework.STOP):
            return
        assert case.from_month, "a measure has a first month"
        runs_out = None
        if case.kind == casework.SUSPENSION:
            assert case.ground
            months = self._law.suspension_ground(case.ground, case.received_on).stop_after_months
            runs_out = (case.from_month + months).first_day if months else None
        await work.hold(
            Hold(
                case.case_id,
                case.person_id,
                case.programmes[0],
                case.kind,
                case.from_month,
                case.place,
                today,
                runs_out,
            )
        )

    async def withdraw(self, case_id: UUID, by: By) -> CaseFile:
        """Whoever asked asks no longer, or a measure is dropped before it is signed."""
        async with self._works(by.territory) as work:
            case = await _found(work, case_id)
            if case.state == casework.WITHDRAWN:
                return case
            return await _moved(work, case, casework.WITHDRAWN, self._clock.business_date())

    async def notice(self, case_id: UUID, by: By) -> str:
        """The notice in Vietnamese, built from the case and the receipt of the decision it ended in."""
        case = await self._reads.one(by.territory, case_id)
        if case is None:
            raise _no_case()
        if case.decided_on is None:
            raise _wrong_state()
        found = await self._found(case, by)
        always_one = case.kind in (casework.APPLICATION, casework.RESUMPTION, casework.MOVE)
        if found is None and always_one and case.problem is None:
            raise Refusal(
                "case_state_wrong",
                "Quyết định của hồ sơ này đang được ghi. Hãy thử lại sau ít phút.",
                "The decision of this case is being written. Try again in a few minutes.",
            )
        said = Said.of(found) if found else None
        return render(case, said, self._law.say(case), self._law.citation(case))

    async def _found(self, case: CaseFile, by: By) -> Mapping[str, Any] | None:
        if case.unchanged_decision_id:
            return await self._receipts.of_application(by.territory, case.case_id)
        decision_id = await self._reads.decision_of(by.territory, case)
        return await self._receipts.receipt(by.territory, decision_id) if decision_id else None

    async def notify(self, case_id: UUID, by: By) -> CaseFile:
        """The notice has gone out: the case is closed, with the hash of the text that went out."""
        text = await self.notice(case_id, by)
        async with self._works(by.territory) as work:
            case = await _found(work, case_id)
            if case.state == casework.NOTIFIED:
                return case
            moved = await _moved(work, case, casework.NOTIFIED, self._clock.business_date())
            await work.keep_notice(case, sha256(text.encode()).hexdigest())
            if case.problem:
                await work.let_go(case)
        return moved


async def _opened(work: CaseWork, case: CaseFile) -> CaseFile:
    opened = await work.open(case)
    if opened is None:
        raise _no_case()
    return opened


async def _left_unchanged(work: CaseWork, case: CaseFile, today: date, sub: str) -> CaseFile:
    if case.decided_on and case.unchanged_decision_id:
        return case
    if case.unchanged_decision_id is None or not await work.changes_nothing(case):
        raise _wrong_state()
    return await _moved(work, case, casework.UNCHANGED, today, sub)


async def _in_time(work: CaseWork, case: CaseFile, today: date) -> CaseFile:
    """A suspension begins no earlier than it is signed, and in no month that is paid by closed decisions."""
    assert case.from_month, "a measure has a first month"
    first = max(case.from_month, Month.of(today), await work.first_open_month() or case.from_month)
    return case if first == case.from_month else await work.begin_in(case, first)


async def _found(work: CaseWork, case_id: UUID) -> CaseFile:
    case = await work.find(case_id)
    if case is None:
        raise _no_case()
    return case


async def _moved(work: CaseWork, case: CaseFile, to: str, day: date, by: str | None = None) -> CaseFile:
    try:
        return await work.move(case, to, day, by)
    except IllegalTransition:
        raise _wrong_state() from None


def _no_case() -> Refusal:
    return Refusal(
        "not_found",
        "Không tìm thấy hồ sơ này trong địa bàn của bạn.",
        "There is no such case in your territory.",
    )


def _wrong_state() -> Refusal:
    return Refusal(
        "case_state_wrong",
        "Hồ sơ không ở bước làm được việc này. Hãy xem trạng thái của hồ sơ; đề nghị hưởng được quyết định "
        "bằng chữ ký ở /v1/signatures, hoặc ký ngay hồ sơ khi lần xét mới nhất thấy không thay đổi gì.",
        "The case is not at a step where this can be done. See its state; an application is decided by the "
        "signature at /v1/signatures, or its own where the newest determination finds that nothing changes.",
    )


def _nothing_in_force() -> Refusal:
    return Refusal(
        "nothing_in_force",
        "Người này không có trợ cấp đang hưởng, hoặc không đang tạm dừng, ở chương trình đó.",
        "This person has no grant in force, or no suspension, in that programme.",
    )


def _wrong(path: str, vi: str, en: str) -> Refusal:
    return Refusal("request_invalid", vi, en, (FieldError(path, "value_error", vi, en),))

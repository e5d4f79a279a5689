"""A commune chair signs proposed decisions: from then on they pay."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from libs.common.kernel.again import again
from libs.common.kernel.clock import Clock
from libs.common.kernel.errors import FieldError, IllegalTransition, Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import SIGNED, transition
from services.eligibility.usecases.ports import SignedDecision, SigningWorks


class SignDecisions:
    """All of the decisions named, or none."""

    def __init__(self, works: SigningWorks, clock: Clock) -> None:
        self._works = works
        self._clock = clock

    async def __call__(self, decision_ids: Sequence[UUID], signer: str, territory: str | None) -> int:
        """How many were signed. Refusal `decision_not_proposed` names those that can't be."""
        return await again(partial(self._sign, decision_ids, signer, territory))

    async def _sign(self, decision_ids: Sequence[UUID], signer: str, territory: str | None) -> int:
        today = self._clock.business_date()
        wanted = list(dict.fromkeys(decision_ids))
        async with self._works(territory) as work:
            found = await work.proposed(wanted)
            errors = []
            for index, decision_id in enumerate(wanted):
                if decision_id not in found:
                    errors.append(_error(index, "unknown", "Không có quyết định này.", "No such decision."))
                    continue
                _, status, decided_on = found[decision_id]
                if not _may_be_signed(status):
                    errors.append(
                        _error(index, "not_proposed", "Quyết định không chờ ký.", "It awaits no signature.")
                    )
                elif Month.of(decided_on) != Month.of(today):
                    errors.append(
                        _error(
                            index,
                            "outlived",
                            "Đề xuất của tháng trước: chờ lần xét của tháng này rồi ký.",
                            "Proposed in an earlier month: sign it after this month's determination.",
                        )
                    )
            if errors:
                raise Refusal(
                    "decision_not_proposed",
                    "Có quyết định không ký được, nên chưa quyết định nào được ký. Bỏ chúng khỏi danh sách "
                    "rồi gửi lại.",
                    "Some decisions can't be signed, so none was. Take them off the list and send it again.",
                    tuple(errors[:100]),
                )
            await work.sign(
                [SignedDecision(decision, found[decision][0], today, signer) for decision in wanted]
            )
        return len(wanted)


def _may_be_signed(status: str) -> bool:
    try:
        transition(status, SIGNED)
    except IllegalTransition:
        return False
    return True


def _error(index: int, code: str, vi: str, en: str) -> FieldError:
    return FieldError(f"decision_ids[{index}]", code, vi, en)

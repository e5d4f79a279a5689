"""The notice of a decision in Vietnamese: what, how much, from when, by which article, how to complain.

It goes out on paper and may be read by others: no fact of health stands in it, and the points of law that
would tell an illness (k3, k8) are cited by their decree and article alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from libs.common.kernel.ids import show
from libs.common.kernel.months import Month
from services.eligibility.domain import casework
from services.eligibility.domain.casework import CaseFile
from services.eligibility.domain.citations import Citation
from services.eligibility.domain.decisions import GRANTED

_ILLNESS = frozenset({"k3", "k8"})
_PROGRAMMES = {
    "monthly_allowance": "trợ cấp xã hội hằng tháng",
    "social_pension": "trợ cấp hưu trí xã hội",
    "nurture_allowance": "trợ cấp nuôi dưỡng tại cơ sở",
    "care_allowance": "kinh phí chăm sóc tại cộng đồng",
    "own_care_allowance": "kinh phí chăm sóc tại cộng đồng",
}
_VERBS = {
    casework.APPLICATION: "giải quyết đề nghị hưởng",
    casework.SUSPENSION: "tạm dừng",
    casework.RESUMPTION: "tiếp tục hưởng",
    casework.STOP: "thôi hưởng",
    casework.MOVE: "chuyển nơi nhận",
}
#: Why a measure could not be carried out.
_PROBLEMS = {"nothing_in_force": "trợ cấp không còn tạm dừng, hoặc không còn hiệu lực"}
#: Facts that may be named to say what was missing. What is not here is not named.
_FACTS = {
    "birth_date": "độ tuổi",
    "poverty_status": "hộ nghèo, hộ cận nghèo",
    "disability_degree": "mức độ khuyết tật",
    "disability_certificate_on": "ngày cấp giấy xác nhận khuyết tật",
    "area": "địa bàn cư trú",
    "single_parent": "đơn thân nuôi con",
    "children": "con",
    "has_family_supporter": "người có nghĩa vụ phụng dưỡng",
    "pension_dong_monthly": "lương hưu, trợ cấp bảo hiểm xã hội",
    "applied_for": "văn bản đề nghị",
    "child_situation": "hoàn cảnh của trẻ em",
    "studying": "đang học",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What a decision's receipt says, as far as the notice repeats it."""

    programme: str
    outcome: str
    amount: int
    from_month: Month
    citations: tuple[str, ...]
    missing: tuple[str, ...]

    @classmethod
    def of(cls, receipt: Mapping[str, Any]) -> "Said":
        """`receipt`: a decision with the `benefits` and `reasons` of its receipt."""
        programme = receipt["programme"].removeprefix("own_")
        benefits = [
            each
            for each in receipt["benefits"]
            if each["programme"] == programme and each["payee"] == receipt["payee"]
        ]
        citations = [
            _without_point(text) if benefit["category"] in _ILLNESS else text
            for benefit in benefits
            for text in benefit["citations"]
        ]
        return cls(
            receipt["programme"],
            receipt["outcome"],
            receipt["amount_dong"],
            Month.of(receipt["pays_from"]),
            tuple(dict.fromkeys(citations)),
            () if benefits else tuple(_missing(receipt["reasons"], programme)),
        )


def _without_point(citation: str) -> str:
    """`NĐ 20/2021 Đ5.8` is cited as `NĐ 20/2021 Đ5`."""
    instrument, _, article = citation.rpartition(" ")
    return f"{instrument} {article.partition('.')[0]}"


def _missing(reasons: Sequence[Mapping[str, Any]], programme: str) -> list[str]:
    """Each article that was tried, with the facts that were missing."""
    found: dict[str, None] = {}
    for reason in reasons:
        if reason["held"] or reason.get("programme") != programme or reason.get("category") in _ILLNESS:
            continue
        facts = [
            _FACTS[fact["fact"]] for fact in reason["facts"] if not fact["held"] and fact["fact"] in _FACTS
        ]
        if facts:
            found[f"{reason['citation']}: {', '.join(dict.fromkeys(facts))}"] = None
    return list(found)


def render(case: CaseFile, said: Said | None, ground: str | None, citation: Citation | None) -> str:
    """The text; `said` is None for what has no receipt of its own (a suspension, a stop)."""
    assert case.decided_on, "only what is decided is told"
    programme = _PROGRAMMES[said.programme if said else case.programmes[0]]
    lines = [
        "THÔNG BÁO",
        f"Về việc {_VERBS[case.kind]} {programme}",
        "",
        f"Mã hồ sơ: {show('cas', case.case_id)}. Mã người hưởng: {show('per', case.person_id)}.",
        f"Ngày nhận hồ sơ: {_day(case.received_on)}. Ngày quyết định: {_day(case.decided_on)}.",
        "",
        *_content(case, said, programme),
    ]
    if ground:
        lines.append(f"Lý do: {ground}.")
    cited = list(said.citations) if said else []
    if citation:
        cited.insert(0, str(citation))
    if cited:
        lines.append(f"Căn cứ: {'; '.join(cited)}.")
    return "\n".join([*lines, "", *_COMPLAINT, ""])


def _content(case: CaseFile, said: Said | None, programme: str) -> list[str]:
    if case.problem:
        why = _PROBLEMS.get(case.problem, "chưa đủ căn cứ để tính mức hưởng")
        return [f"Việc này không thi hành được, không có gì thay đổi: {why}."]
    if case.unchanged_decision_id:
        stands = "Quyết định đang có hiệu lực không thay đổi:"
        return [stands, *_decided(said, programme)] if said else [stands]
    if said is None:
        assert case.from_month, "a measure has a first month"
        verb = "Tạm dừng chi trả" if case.kind == casework.SUSPENSION else "Thôi hưởng"
        return [f"Quyết định: {verb} {programme} từ tháng {_month(case.from_month)}."]
    return _decided(said, programme)


def _decided(said: Said, programme: str) -> list[str]:
    if said.outcome == GRANTED:
        return [
            f"Quyết định: Được hưởng {programme}.",
            f"Mức hưởng: {_dong(said.amount)} đồng mỗi tháng.",
            f"Hưởng từ tháng {_month(said.from_month)}.",
        ]
    lines = [f"Quyết định: Không được hưởng {programme}."]
    if said.missing:
        lines += ["Chưa đủ điều kiện sau:", *(f"- {each}" for each in said.missing)]
    return lines


_COMPLAINT = (
    "Nếu không đồng ý, người nhận thông báo có quyền khiếu nại với Chủ tịch Ủy ban nhân dân cấp xã đã ký",
    "quyết định theo Luật Khiếu nại, hoặc khởi kiện tại Tòa án theo Luật Tố tụng hành chính.",
)


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _month(month: Month) -> str:
    return f"{month.number:02d}/{month.year}"


def _dong(amount: int) -> str:
    return f"{amount:,}".replace(",", ".")

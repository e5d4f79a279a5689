"""A question has bounds: what lies beyond is refused at once, and costs neither a crash nor memory."""

from typing import Any

import pytest

from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.packs import Place
from services.eligibility.usecases.assess import Assessor
from tests.policy.support import packaged

CASE: dict[str, Any] = {"id": "a", "month": "2023-05", "as_of": "2023-05-31", "person": {}}


@pytest.mark.parametrize(
    ("changed", "path", "code"),
    [
        ({"month": "9999-12"}, "month", "too_far"),
        ({"month": "2101-01"}, "month", "too_far"),
        ({"as_of": "9999-12-31"}, "as_of", "too_far"),
        ({"dates": {"decision_signed_on": "9999-12-31"}}, "dates.decision_signed_on", "too_far"),
        ({"context": {"suspended_from": "9999-12"}}, "context.suspended_from", "too_far"),
        ({"context": {"suspended_from": "9999-12-31"}}, "context.suspended_from", "too_far"),
        ({"person": {"pension_dong_monthly": 10**20}}, "person.pension_dong_monthly", "too_large"),
        ({"event": {"kind": "hunger", "people": 10**15}}, "event.people", "too_large"),
        ({"person": {"children": [{"birth_date": "2020-01-01"}] * 101}}, "person.children", "too_many"),
    ],
)
def test_what_lies_beyond_the_bounds_is_named(changed: dict[str, Any], path: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        Assessor(packaged()).assess({**CASE, **changed})
    assert [(error.path, error.code) for error in refused.value.errors] == [(path, code)]


def test_a_household_of_thousands_is_refused_unread() -> None:
    case = {"id": "a", "month": "2023-05", "as_of": "2023-05-31", "household_members": [{}] * 300_000}
    with pytest.raises(Refusal) as refused:
        Assessor(packaged()).assess(case)
    assert [(error.path, error.code) for error in refused.value.errors] == [("household_members", "too_many")]


def test_the_greatest_amounts_of_an_event_still_fit_in_64_bits() -> None:
    event = {"kind": "emergency_temporary_care", "people": 10**12, "days": 10**12}
    answer = Assessor(packaged()).assess({**CASE, "month": "2100-12", "event": event})
    assert 0 < answer["one_off_dong"] < 2**63


def test_a_longest_back_pay_is_answered() -> None:
    dates = {"disability_certificate_on": "2016-01-01", "decision_signed_on": "2100-12-01"}
    case = {**CASE, "month": "2100-12", "dates": {**dates, "application_received_on": "2022-01-01"}}
    answer = Assessor(packaged()).assess({**case, "person": {"disability_degree": "severe"}})
    assert answer["arrears_dong"] > 0
    assert answer["start_month"] == "2016-01"


def test_an_engine_asked_for_everything_keeps_little() -> None:
    engine = Engine(packaged().policy)
    for years in range(40):
        for number in range(1, 13):
            for province in (None, "01", "22"):
                engine.pack(Month(2016 + years, number), Place(province))
    assert len(engine._packs) <= 1_000

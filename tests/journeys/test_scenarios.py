"""The main job, end to end, in small: one scenario for each law that the scenarios were paid by."""

from pathlib import Path

import pytest

from deploy.local.demo.options import Options
from tests.support.scenario import run_scenario

_PEOPLE = 1_500
#: A post office gets a list for each commune: so few, that most of them have none.
_GIFTS = 150


@pytest.mark.parametrize("scenario", ["hoa-binh-2019", "tp-hcm-2023", "ha-noi-2024-tet"])
def test_a_province_is_registered_decided_paid_reconciled_and_seen(scenario: str, tmp_path: Path) -> None:
    summary = run_scenario(tmp_path, Options(scenario, people=_PEOPLE, gifts=_GIFTS))
    assert summary["people"] == summary["decided"] == _PEOPLE
    assert summary["invariant_violations"] == 0
    assert summary["events_consumed"] == summary["events_expected"] > 0
    parts = (summary[f"{part}_dong"] for part in ("settled", "returned", "pending"))
    assert sum(parts) == summary["instructed_dong"] > 0
    assert summary["pending_dong"] == 0
    assert summary["returned_dong"] > 0
    assert summary["residents"] > 0
    if gifts := summary["gifts"]:
        assert gifts["recipients"] == _GIFTS
        assert gifts["settled_dong"] + gifts["returned_dong"] == gifts["instructed_dong"]
    assert bool(gifts) == (scenario == "ha-noi-2024-tet")
    assert summary["published_dong"] is summary["deviation_dong"] is None, "a part of the people is no report"

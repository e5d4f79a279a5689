"""A province adds its resolution as one file; its mistakes are told with their places, all together."""

from pathlib import Path

import pytest

from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.facts import PersonFacts
from services.eligibility.store.policy_files import read_policy
from tests.policy.support import POLICY, packaged

FILE = """
title: Tỉnh thử
province: "46"
instruments:
  nq-1-2026-thu:
    short: NQ 1/2026 Thử
    title: Nghị quyết 1/2026/NQ-HĐND
    issued_on: 2026-10-20
    in_force_on: 2026-11-01
    mark: verified
community:
  - {from: 2026-11, until: 2027-06, dong: 600000, instrument: nq-1-2026-thu, article: 2, mark: verified}
  - {from: 2027-07, dong: 620000, instrument: nq-1-2026-thu, article: 2, mark: verified}
categories:
  - rule: thu_mild
    clause: local
    programme: monthly_allowance
    title: Người khuyết tật nhẹ thuộc hộ nghèo
    who:
      - from: 2026-11
        conditions:
          - disability_degree: mild
          - poverty_status: poor
        instrument: nq-1-2026-thu
        article: 3
        mark: verified
    coefficients:
      - {from: 2026-11, bands: [{value: 0.5}], instrument: nq-1-2026-thu, article: 3, mark: verified}
"""


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    (tmp_path / "46-thu.yaml").write_text(FILE, encoding="utf-8")
    return tmp_path


def test_one_file_gives_a_province_its_level_and_its_own_category(overlay: Path) -> None:
    engine = Engine(read_policy(POLICY, overlay))
    severe, mild = PersonFacts(disability_degree="severe"), PersonFacts(disability_degree="mild")
    poor_mild = PersonFacts(disability_degree="mild", poverty_status="poor")
    assert engine.determine(severe, Month(2026, 10), "46").amount == 810_000
    assert engine.determine(severe, Month(2026, 11), "46").amount == 900_000
    assert engine.determine(severe, Month(2027, 7), "46").amount == 930_000
    assert engine.determine(severe, Month(2026, 11), "01").amount == 975_000
    assert engine.determine(poor_mild, Month(2026, 11), "46").amount == 300_000
    assert engine.determine(mild, Month(2026, 11), "46").amount == 0
    assert engine.determine(poor_mild, Month(2026, 11), "04").amount == 0
    assert engine.policy.hash != packaged().policy.hash


@pytest.mark.parametrize(
    ("before", "after", "path", "says"),
    [
        (
            "from: 2026-11, until",
            "from: 2026-10, until",
            "community[0].from",
            "before NQ 1/2026 Thử took effect",
        ),
        ("from: 2027-07", "from: 2027-06", "community[1].from", "overlaps"),
        ("from: 2027-07", "from: 2026-12", "community[1].from", "overlaps"),
        ("from: 2027-07", "from: 2026-10", "community[1].from", "before NQ 1/2026"),
        ("until: 2027-06", "until: 2026-10", "community[0].until", "before `from`"),
        ("dong: 600000", "dong: 539000", "community[0].dong", "below the central level of 2026-11, 540000"),
        ("dong: 600000", "dong: 600050", "community[0].dong", "whole hundreds"),
        ("dong: 600000", 'dong: "600000"', "community[0].dong", "a whole number"),
        ("dong: 600000", "sum: 600000", "community[0].sum", "known here"),
        ("disability_degree: mild", "disability: mild", "conditions[0].disability", "no such fact"),
        ("disability_degree: mild", "disability_degree: slight", "disability_degree", "one of: none, mild"),
        ("instrument: nq-1-2026-thu", "instrument: nq-2", "community[0].instrument", "one of:"),
        ("article: 2, mark: verified", "article: 2", "community[0].mark", "missing"),
        ("mark: verified}", "mark: sure}", "community[0].mark", "one of: verified, memory, open"),
        ('province: "46"', 'province: "49"', "#province", "one of:"),
        ('province: "46"', "province: 46", "#province", "one of:"),
        ('province: "46"', 'former_province: "99"', "#former_province", "one of:"),
        ('province: "46"', "", "thu.yaml", "exactly one of province, former_province"),
        ('province: "46"', 'province: "01"', "#province", "local/01-ha-noi.yaml already has this territory"),
        ('province: "46"', 'province: "46"\nprovince: "01"', "thu.yaml:4", "a key stands twice"),
        ("rule: thu_mild", "rule: k6", "categories[0].rule", "twice"),
        ("    in_force_on: 2026-11-01\n", "", "nq-1-2026-thu.in_force_on", "missing"),
        ("  nq-1-2026-thu:\n", "  nd-20-2021:\n", "instruments.nd-20-2021", "an instrument of this name"),
        ("value: 0.5", "value: 0.555", "bands[0].value", "at most two decimals"),
        ("title: Tỉnh thử", "name: Tỉnh thử", "#title", "missing"),
    ],
)
def test_a_mistake_in_it_is_told_with_its_place_and_what_would_be_right(
    overlay: Path, before: str, after: str, path: str, says: str
) -> None:
    assert before in FILE
    (overlay / "46-thu.yaml").write_text(FILE.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        read_policy(POLICY, overlay)
    assert refused.value.code == "policy_invalid"
    told = [(error.path, error.message_en) for error in refused.value.errors]
    assert any(path in where and says in what for where, what in told), told
    assert all(error.message_vi and error.path.startswith("local/46-thu") for error in refused.value.errors)


def test_all_mistakes_of_a_folder_are_told_together(overlay: Path) -> None:
    wrong = FILE.replace("dong: 600000", "dong: 1", 1).replace("from: 2027-07", "from: 2027-01")
    wrong = wrong.replace("disability_degree: mild", "disability: mild").replace("value: 0.5", "value: -1")
    (overlay / "46-thu.yaml").write_text(wrong, encoding="utf-8")
    (overlay / "42-khac.yaml").write_text('title: Khác\nprovince: "42"\nlevel: 1\n', encoding="utf-8")
    (overlay / "44-hong.yaml").write_text("title: [\n", encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        read_policy(POLICY, overlay)
    told = {error.path for error in refused.value.errors}
    assert told >= {
        "local/46-thu.yaml#community[0].dong",
        "local/46-thu.yaml#categories[0].who[0].conditions[0].disability",
        "local/46-thu.yaml#categories[0].coefficients[0].bands[0].value",
        "local/42-khac.yaml#level",
    }
    assert any(path.startswith("local/44-hong.yaml:") for path in told)
    assert "more" in refused.value.message_en


def test_a_file_of_the_same_path_takes_the_place_of_the_packaged_one(tmp_path: Path) -> None:
    text = (POLICY / "local" / "22-quang-ninh.yaml").read_text(encoding="utf-8")
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "22-quang-ninh.yaml").write_text(
        text.replace("dong: 700000", "dong: 800000"), encoding="utf-8"
    )
    severe = PersonFacts(disability_degree="severe")
    assert Engine(read_policy(POLICY, tmp_path)).determine(severe, Month(2026, 11), "22").amount == 1_200_000

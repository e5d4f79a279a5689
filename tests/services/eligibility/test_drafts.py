"""A draft laid over policy/: where its values come to stand, and where its mistakes are told."""

import shutil
from pathlib import Path

import pytest

from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain.packs import Place, standard_of
from services.eligibility.domain.policy import COMMUNITY
from services.eligibility.store.drafts import read_draft
from services.eligibility.store.policy_files import read_policy
from services.eligibility.usecases.simulate import Draft
from tests.policy.support import POLICY
from tests.services.eligibility.test_simulation import EXAMPLES

INSTRUMENT = "{short: Ví dụ, title: Ví dụ, in_force_on: 2015-01-01, mark: draft}"


def draft(changes: str, instruments: str = f"{{vi-du: {INSTRUMENT}}}") -> Draft:
    return read_draft(POLICY, None, f"title: Ví dụ giả định\ninstruments: {instruments}\nchanges:\n{changes}")


def level(month: str, dong: int) -> str:
    return f"{{from: {month}, dong: {dong}, instrument: vi-du, article: 1, mark: draft}}"


def central(*levels: str) -> str:
    return f"  standards/central.yaml: {{levels: [{', '.join(levels)}]}}\n"


def standard(found: Draft, month: str) -> int:
    at = standard_of(found.engine.policy, COMMUNITY, Month.parse(month), Place("48"), None)
    assert at is not None
    return at.dong


def mistakes(text: str) -> list[tuple[str, str]]:
    with pytest.raises(Refusal) as refused:
        read_draft(POLICY, None, text)
    assert refused.value.code == "policy_invalid"
    return [(error.path, error.message_en) for error in refused.value.errors]


def test_a_value_holds_from_its_month_on_and_no_earlier() -> None:
    found = draft(central(level("2027-01", 600_000)))
    assert [standard(found, month) for month in ("2026-12", "2027-01", "2030-01")] == [
        540_000,
        600_000,
        600_000,
    ]


def test_a_value_of_the_past_holds_until_the_law_s_next_one() -> None:
    found = draft(central(level("2022-01", 400_000)))
    assert [standard(found, month) for month in ("2021-12", "2022-01", "2024-07")] == [
        360_000,
        400_000,
        500_000,
    ]


def test_a_value_of_the_same_month_takes_the_place_of_the_law_s() -> None:
    assert standard(draft(central(level("2024-07", 450_000))), "2025-01") == 450_000


def test_a_draft_has_another_hash_than_the_law_and_leaves_the_law_alone() -> None:
    law = read_policy(POLICY)
    assert draft(central(level("2027-01", 600_000))).engine.policy.hash != law.hash
    assert read_policy(POLICY).hash == law.hash


def test_the_examples_are_read_and_say_that_they_are_invented() -> None:
    texts = [path.read_text(encoding="utf-8") for path in sorted(EXAMPLES.glob("*.yaml"))]
    assert len(texts) == 3
    for text in texts:
        assert "KHÔNG PHẢI LUẬT" in text.upper() and "INVENTED" in text
        assert "giả định" in read_draft(POLICY, None, text).title


def test_all_mistakes_are_told_together_at_their_places_in_the_draft() -> None:
    text = f"""
title: ""
instruments: {{vi-du: {INSTRUMENT}}}
changes:
  standards/central.yaml:
    levels:
      - {{from: 2027-01, dong: 600050, instrument: vi-du, article: 1, mark: draft}}
      - {{from: 2027-02, dong: 600000, instrument: nobody, article: 1, mark: verified}}
  social_pension/from_75.yaml:
    who:
      - {{from: 2027-01, conditions: [{{agee: {{from: 70}}}}], instrument: vi-du, article: 1, mark: draft}}
  standards/regional.yaml: {{levels: []}}
  monthly_allowance/k9.yaml: {{rule: k9}}
"""
    told = dict(mistakes(text))
    assert {
        "draft#title",
        "draft#changes.standards/central.yaml.levels[0].dong",
        "draft#changes.standards/central.yaml.levels[1].instrument",
        "draft#changes.standards/central.yaml.levels[1].mark",
        "draft#changes.social_pension/from_75.yaml.who[0].conditions[0].agee",
        "draft#changes.standards/regional.yaml",
        "draft#changes.monthly_allowance/k9.yaml.clause",
    } <= told.keys()
    assert "600050" not in str(told) and "nobody" not in str(told)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("- 1", "draft"),
        ("title: x", "draft#changes"),
        ("title: x\nchanges: {}\nlaw: {}", "draft#law"),
        ("title: [x\n", "draft:2"),
        ("title: &a x\nchanges: *a", "draft:2"),
        ("title: x\nchanges: {}\nchanges: {}", "draft:3"),
        ("[" * 5_000, "draft:1"),
    ],
)
def test_what_is_no_draft_is_refused(text: str, path: str) -> None:
    assert [told for told, _ in mistakes(text)] == [path]


_LEVEL = "title: x\nchanges: {standards/central.yaml: {levels: [{from: %s, dong: %s, instrument: nd-335-2026"
_AT = "draft#changes.standards/central.yaml.levels[0]"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (f"{_LEVEL % ('2027-01', 10**15)}, article: 4, mark: draft}}]}}}}", f"{_AT}.dong"),
        (f"{_LEVEL % ('2027-01', hex(10**5_000))}, article: 4, mark: draft}}]}}}}", "draft:2"),
        (f"{_LEVEL % ('9999-12', 600_000)}, article: 4, mark: draft}}]}}}}", f"{_AT}.from"),
        (f"title: {'x' * 201}\nchanges: {{}}", "draft#title"),
        ('title: "a\\0b"\nchanges: {}', "draft#title"),
        ('title: "a\\x01b"\nchanges: {}', "draft#title"),
        (
            "title: x\nchanges: {social_pension/from_75.yaml: {who: [{from: 2027-01, conditions: [{age:"
            " {from: 5000}}], instrument: nd-335-2026, article: 31, mark: draft}]}}",
            "draft#changes.social_pension/from_75.yaml.who[0].conditions[0].age.from",
        ),
    ],
)
def test_what_is_out_of_all_bounds_is_refused_at_its_place(text: str, path: str) -> None:
    assert path in [told for told, _ in mistakes(text)]


def test_policy_itself_takes_no_draft(tmp_path: Path) -> None:
    shutil.copytree(POLICY, tmp_path / "policy")
    file = tmp_path / "policy" / "standards" / "central.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("mark: verified", "mark: draft", 1))
    with pytest.raises(Refusal) as refused:
        read_policy(tmp_path / "policy")
    assert refused.value.errors[0].path.startswith("standards/central.yaml#levels[0]")

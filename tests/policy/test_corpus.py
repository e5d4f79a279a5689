"""The policy folder itself: every value dated and cited, every open question documented, errors told."""

import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.facts import PersonFacts
from services.eligibility.store.policy_files import read_policy
from tests.policy.support import POLICY, packaged

#: The register (programmes.yaml) holds no law: tests/policy/test_register.py reads it.
FILES = sorted(set(POLICY.rglob("*.yaml")) - {POLICY / "programmes.yaml"})
ROOT = POLICY.parent


def entries(value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping of a file, with where it stands."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from entries(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from entries(inner, f"{path}[{index}]")


@cache
def all_entries() -> list[tuple[str, dict[str, Any]]]:
    return [
        found
        for file in FILES
        for found in entries(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)
    ]


def test_every_dated_value_is_cited_and_marked() -> None:
    instruments = yaml.safe_load((POLICY / "instruments.yaml").read_text(encoding="utf-8"))
    dated = [
        (path, entry)
        for path, entry in all_entries()
        if entry.keys() & {"from", "received_from", "first", "worked"}
        and not path.rpartition(".")[2].startswith("age")
    ]
    assert len(dated) > 80
    for path, entry in dated:
        assert entry.get("instrument") in instruments, path
        assert entry.get("article"), path
        assert entry.get("mark") in ("verified", "memory", "open"), path


def test_no_amount_or_coefficient_stands_outside_a_dated_value() -> None:
    for file in FILES:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        for path, entry in entries(content, file.name):
            if {"dong", "plus_dong", "bands", "amount"} & entry.keys() and not path.endswith(".amount"):
                assert entry.keys() & {"from", "open_from"}, path


def test_every_instrument_is_cited_somewhere_and_every_switch_is_used() -> None:
    cited = {entry["instrument"] for _, entry in all_entries() if "instrument" in entry}
    instruments = yaml.safe_load((POLICY / "instruments.yaml").read_text(encoding="utf-8"))
    acting = {name for name, entry in instruments.items() if entry.keys() & {"amends", "repeals"}}
    assert cited <= set(instruments)
    assert set(instruments) - cited <= acting
    asked = {name for _, entry in all_entries() for name in entry.get("only_if", {})}
    assert set(packaged().policy.switches) - asked == {"pension_below_the_level"}


def test_every_switch_is_explained_to_counsel() -> None:
    page = (ROOT / "docs" / "interpretation-switches.md").read_text(encoding="utf-8")
    for name, switch in packaged().policy.switches.items():
        assert f"`{name}`" in page, name
        assert len(switch.options) >= 2, name
        for option in switch.options:
            assert f"`{option}`" in page, (name, option)


def test_what_an_instrument_repeals_whole_has_ended_that_day() -> None:
    instruments = yaml.safe_load((POLICY / "instruments.yaml").read_text(encoding="utf-8"))
    repealed = {
        change["instrument"]: change["since"]
        for entry in instruments.values()
        for change in entry.get("repeals", [])
        if "provisions" not in change
    }
    assert len(repealed) >= 8
    for name, since in repealed.items():
        assert instruments[name]["ended_on"] == since, name


def test_each_rule_has_a_coefficient_for_every_month_it_exists() -> None:
    policy = packaged().policy
    month = policy.coverage.from_month
    while month <= Month(2028, 1):
        for rule in policy.categories:
            who = policy.pick(rule.who, month)
            if who is not None and not who.value.not_covered:
                assert policy.pick(rule.coefficients, month) is not None, (rule.code, str(month))
        month = month + 1


def test_sixty_three_provinces_became_thirty_four() -> None:
    successions = packaged().policy.successions
    assert len(successions) == 63
    assert len(set(successions.values())) == 34
    assert all(successions[today] == today for today in set(successions.values()) - {"80", "91", "82", "86"})


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(POLICY, tmp_path / "policy"))


def edit(folder: Path, name: str, before: str, after: str) -> None:
    text = (folder / name).read_text(encoding="utf-8")
    assert before in text, (name, before)
    (folder / name).write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "before", "after", "path"),
    [
        ("monthly_allowance/k8.yaml", "value: 1.5", "value: 1.575", "k8.yaml#coefficients[0].bands[0].value"),
        ("monthly_allowance/k8.yaml", "value: 1.5", "value: -1", "bands[0].value"),
        ("monthly_allowance/k8.yaml", "value: 1.5", "value: many", "bands[0].value"),
        ("monthly_allowance/k8.yaml", "hiv_positive: true", "hiv: true", "conditions[0].hiv"),
        ("monthly_allowance/k8.yaml", "poverty_status: poor", "poverty_status: rich", "poverty_status"),
        ("monthly_allowance/k8.yaml", "instrument: nd-20-2021", "instrument: nd-1", "who[0].instrument"),
        ("monthly_allowance/k8.yaml", "    mark: verified\n", "", "mark"),
        ("monthly_allowance/k8.yaml", "from: 2021-07", "from: 2021-13", "who[0].from"),
        ("monthly_allowance/k8.yaml", "from: 2026-10", "from: 2020-10", "who[1].from"),
        ("monthly_allowance/k7.yaml", "not_in: [k1, k3, k6]", "not_in: [k1, k8]", "who[0].not_in"),
        ("monthly_allowance/k7.yaml", "not_in: [k1, k3, k6]", "not_covered: person", "who[0].not_covered"),
        ("standards/central.yaml", "dong: 270000", "dong: 270050", "levels[0].dong"),
        ("standards/central.yaml", "dong: 270000", "dong: 270000.5", "levels[0].dong"),
        ("standards/central.yaml", "dong: 270000", "sum: 270000", "levels[0].sum"),
        ("local/01-ha-noi.yaml", "hanoi_facility_standard_2022: city", "hanoi: city", "only_if.hanoi"),
        ("switches.yaml", "chosen: retroactive", "chosen: maybe", "coefficient_5a_75_to_79.chosen"),
        ("policy.yaml", "version:", "version: [", "policy.yaml:"),
        ("policy.yaml", "title:", "version: again\ntitle:", "policy.yaml:"),
        ("policy.yaml", "title:", "on: 1\ntitle:", "policy.yaml:"),
        ("monthly_allowance/k8.yaml", "from: 2021-07", "from: 2021-06", "who[0].from"),
        ("monthly_allowance/k8.yaml", "instrument: nd-335-2026", "instrument: nd-20-2021", "who[1].from"),
        ("standards/central.yaml", "    in_force_on: 2026-10-05\n", "", "levels[3].from"),
        ("calendar.yaml", "worked: 2024-05-04", "worked: 2024-05-03", "swaps[0].worked"),
        ("calendar.yaml", "last: 2020-01-29", "last: 2020-01-22", "days_off[1].last"),
        ("calendar.yaml", "first: 2022-01-31", "first: 2021-01-31", "days_off[11].first"),
        ("terms.yaml", "received_from: 2026-10-05", "received_from: 2025-07-01", "terms[2].received_from"),
        ("terms.yaml", "days: 7, say", "days: 7.5, say", "terms[0].steps[0].days"),
        ("terms.yaml", "office: commune", "office: hamlet", "terms[0].steps[0].office"),
        ("terms.yaml", '"06-30"', '"06-31"', "reports[0].days[0]"),
        ("case_life.yaml", "then: resumed", "then: paid", "resume[0].outcomes[0].then"),
    ],
)
def test_a_broken_policy_file_is_refused_with_file_and_key(
    copy: Path, name: str, before: str, after: str, path: str
) -> None:
    edit(copy, name, before, after)
    with pytest.raises(Refusal) as refused:
        read_policy(copy)
    assert refused.value.code == "policy_invalid"
    assert path in refused.value.errors[0].path


def test_a_missing_file_or_folder_is_refused(copy: Path) -> None:
    (copy / "combination.yaml").unlink()
    with pytest.raises(Refusal, match=r"policy_invalid.*combination\.yaml"):
        read_policy(copy)
    with pytest.raises(Refusal, match="policy_invalid"):
        read_policy(copy / "nowhere")


def test_the_hash_follows_the_content_and_not_the_comments(copy: Path) -> None:
    edit(copy, "standards/central.yaml", "title:", "# A remark.\ntitle:")
    assert read_policy(copy).hash == packaged().policy.hash
    edit(copy, "standards/central.yaml", "dong: 270000", "dong: 283500")
    assert read_policy(copy).hash != packaged().policy.hash


def test_a_raised_standard_and_a_raised_coefficient_are_paid(copy: Path) -> None:
    disabled, old = PersonFacts(disability_degree="severe"), PersonFacts(birth_date=Month(1935, 1).first_day)
    month = Month(2019, 12)
    edit(copy, "standards/central.yaml", "dong: 270000", "dong: 283500")
    assert Engine(read_policy(copy)).determine(disabled, month).amount == 425250
    edit(copy, "monthly_allowance/k5c.yaml", "value: 1.0", "value: 1.05")
    assert Engine(read_policy(copy)).determine(old, month).amount == 297675

"""The register of what is covered: its page is in step, its files exist, and each gap says why."""

import pytest
import yaml

from libs.common.kernel.errors import Refusal
from services.eligibility.store.policy_files import load_files
from services.eligibility.store.policy_register import register
from services.eligibility.wiring import coverage_page
from tests.policy.support import POLICY, packaged

PAGE = POLICY.parent / "docs" / "coverage-of-the-law.md"
#: Files that are no part of a programme: they frame all of them.
_FRAME = ("policy", "programmes", "instruments", "switches", "provinces", "calendar")
FRAME = {f"{name}.yaml" for name in _FRAME}


def test_the_page_is_what_the_register_says() -> None:
    written = PAGE.read_text(encoding="utf-8")
    assert written == coverage_page(), "run: ansinh policy coverage > docs/coverage-of-the-law.md"


def test_every_file_of_the_law_stands_in_the_register() -> None:
    found = register(load_files(POLICY))
    entries = [entry for programme in found.programmes for entry in programme.periods]
    named = {path for entry in (*entries, *found.provinces) for path in entry.files}
    for path in POLICY.rglob("*.yaml"):
        name = path.relative_to(POLICY).as_posix()
        assert name in FRAME or name in named or f"{name.split('/')[0]}/" in named, name


def test_marks_are_those_of_the_files() -> None:
    found = register(load_files(POLICY))
    text = "".join(path.read_text(encoding="utf-8") for path in POLICY.rglob("*.yaml"))
    # The terms of care money are those of the allowance, written once (an alias) and counted twice.
    assert sum(found.marks.values()) >= text.count("mark: ") - 5
    assert found.marks["verified"] > found.marks["memory"] > found.marks["open"] > 0


def test_what_others_decide_is_said_so() -> None:
    assert "merit_allowance" in register(load_files(POLICY)).elsewhere
    assert packaged().policy.coverage.from_month.year == 2015


@pytest.mark.parametrize(
    ("before", "after", "path"),
    [
        ("files: [one_off/]", "files: [one_of/]", "emergency_relief.periods[1].files"),
        ('covered: "yes"', "covered: maybe", "monthly_allowance.periods[1].covered"),
        ("decided: elsewhere", "decided: abroad", "health_insurance_card.decided"),
        ("regime: Luật BHYT, ", "", "health_insurance_card.periods[0].regime"),
    ],
)
def test_a_wrong_entry_is_refused_with_its_place(before: str, after: str, path: str) -> None:
    text = (POLICY / "programmes.yaml").read_text(encoding="utf-8")
    assert before in text
    files = {**load_files(POLICY), "programmes.yaml": yaml.safe_load(text.replace(before, after, 1))}
    with pytest.raises(Refusal) as refused:
        register(files)
    assert any(path in error.path for error in refused.value.errors), refused.value.errors


def test_a_gap_must_say_why() -> None:
    files = load_files(POLICY)
    text = (POLICY / "programmes.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    del content["programmes"]["longevity"]["periods"][0]["why"]
    with pytest.raises(Refusal, match="say what is missing and why"):
        register({**files, "programmes.yaml": content})

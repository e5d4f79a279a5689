"""Every case that a lawyer can read comes out as it is written."""

from typing import Any

import pytest

from tests.policy.support import ask, expected, packaged, written_cases


@pytest.mark.parametrize(
    "entry", [pytest.param(entry, id=f"{file}: {entry['say']}") for file, entry in written_cases()]
)
def test_a_written_case_comes_out_as_written(entry: dict[str, Any]) -> None:
    assert ask(entry) == expected(entry)


def test_no_case_is_told_twice() -> None:
    told = [(file, entry["say"]) for file, entry in written_cases()]
    assert len(told) == len(set(told))


def test_each_other_reading_of_an_open_question_about_money_has_a_case() -> None:
    asked = {reading for _, entry in written_cases() for reading in entry.get("switches", {}).items()}
    others = {
        (name, option)
        for name, switch in packaged().policy.switches.items()
        for option in switch.options
        if option != switch.chosen
    }
    #: About days of work, see test_working_days.py.
    assert others - {("culture_day", "day_off")} <= asked

"""Every case that a lawyer can read comes out as it is written."""

from typing import Any

import pytest

from tests.policy.support import ask, expected, written_cases


@pytest.mark.parametrize(
    "entry", [pytest.param(entry, id=f"{file}: {entry['say']}") for file, entry in written_cases()]
)
def test_a_written_case_comes_out_as_written(entry: dict[str, Any]) -> None:
    assert ask(entry) == expected(entry)


def test_no_case_is_told_twice() -> None:
    told = [(file, entry["say"]) for file, entry in written_cases()]
    assert len(told) == len(set(told))

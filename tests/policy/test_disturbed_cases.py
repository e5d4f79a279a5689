"""Cases with errors nobody thought of: each is answered or refused, and none crashes."""

import json
import random
from copy import deepcopy
from typing import Any

import pytest

from libs.common.kernel.errors import Refusal
from services.eligibility.usecases.assess import Assessor
from tests.policy.support import packaged
from tests.support.made_up_cases import WHOLE, some_case

JUNK: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    10**12,
    10**30,
    0.1,
    1e308,
    "",
    "x",
    "0001-01",
    "0001-01-01",
    "2100-12",
    "2100-12-31",
    "2024-02-29",
    "9999-12-31",
    "01",
    "30",
    "\ud800",
    "\x00",
    "poor",
    [],
    {},
    [None],
    [{}],
    {"birth_date": "2020-02-29"},
    [{"birth_date": "0001-01-01"}],
    ["social_pension"],
)


def disturbed(case: dict[str, Any], chance: random.Random) -> Any:
    """One to three places of the case changed: a value, a name, one too many, one too few."""
    changed = deepcopy(case)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        inner: Any = changed
        while True:
            keys: list[Any] = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(inner[key], dict | list) and chance.random() < 0.7:
                inner = inner[key]
                continue
            disturb(inner, key, chance)
            break
    return changed


def disturb(inner: Any, key: Any, chance: random.Random) -> None:
    how = chance.random()
    if how < 0.5:
        alike = [value for value in JUNK if type(value) is type(inner[key])]
        inner[key] = deepcopy(chance.choice(alike or JUNK))
    elif how < 0.7:
        inner[key] = deepcopy(chance.choice(JUNK))
    elif how < 0.8:
        del inner[key]
    elif isinstance(inner, dict):
        inner[chance.choice(("person", "birth_date", "month", "x", "\ud800", str(key) + "_"))] = inner[key]
    else:
        inner.append(deepcopy(chance.choice(JUNK)))


def test_disturbed_cases_are_answered_or_refused_and_never_crash() -> None:
    chance = random.Random(20261126)
    base = [WHOLE, *(some_case(chance) for _ in range(60))]
    outcomes = {"answered": 0, "not_covered_yet": 0, "case_invalid": 0}
    for _ in range(2500):
        case = disturbed(chance.choice(base), chance)
        try:
            json.dumps(Assessor(packaged()).assess(case))
            outcomes["answered"] += 1
        except Refusal as refused:
            assert refused.errors and all(
                error.path or error.code == "wrong_type" for error in refused.errors
            )
            outcomes[refused.code] += 1
    assert min(outcomes.values()) > 60, outcomes


@pytest.mark.parametrize("half", [rb"\ud800", rb"\uDC00", rb"\udfff\ud800"])
def test_half_a_character_is_no_text_and_both_halves_are_one(half: bytes) -> None:
    assessor = Assessor(packaged())
    for text in (b'{"id": "%s"}' % half, b'{"%s": 1}' % half):
        with pytest.raises(Refusal) as refused:
            assessor.parse(text)
        assert [error.code for error in refused.value.errors] == ["not_json"]
    assert assessor.parse(rb'{"id": "\ud83d\ude00"}') == {"id": "\U0001f600"}


def test_disturbed_text_is_read_or_refused_and_never_crashes() -> None:
    chance = random.Random(20261127)
    text = json.dumps(WHOLE, ensure_ascii=False).encode()
    refused = 0
    for _ in range(2000):
        letters = bytearray(text)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(letters))
            letters[at : at + chance.randrange(3)] = bytes(
                chance.choices(b'"{}[],:\\u0\xff9 ', k=chance.randrange(3))
            )
        assessor = Assessor(packaged())
        try:
            assessor.assess(assessor.parse(bytes(letters)))
        except Refusal as no:
            refused += no.code == "case_invalid"
    assert refused > 1000

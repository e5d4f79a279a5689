"""The two evaluators are one law: person by person, to the đồng and to the bit of the trace."""

import random
from dataclasses import dataclass, replace

import numpy as np
import orjson
import pytest

from libs.common.kernel.months import Month
from services.eligibility.domain.columns import columns_of
from services.eligibility.domain.conditions import FactIn, Subject
from services.eligibility.domain.facts import PersonFacts
from services.eligibility.domain.packs import Pack, Place
from services.eligibility.domain.traces import trace_layout, trace_of
from services.eligibility.domain.vectorised import by_place, compile_pack, evaluate
from tests.policy.support import packaged
from tests.support.people import somebody
from tests.support.two_evaluators import difference

POLICY = packaged().policy


@pytest.mark.parametrize("seed", range(40))
def test_random_people_have_the_same_from_both_evaluators(seed: int) -> None:
    found = difference(random.Random(seed), people=75)
    assert found is None, orjson.dumps(found, default=str, option=orjson.OPT_INDENT_2).decode()


def test_every_rule_of_every_regime_is_held_and_missed_by_some_of_the_random_people() -> None:
    chance = random.Random(1)
    for month in (Month(2016, 5), Month(2023, 5), Month(2026, 12)):
        pack = packaged().pack(month, Place())
        people = [somebody(chance, month) for _ in range(3_000)]
        outcomes = evaluate(compile_pack(pack, POLICY), columns_of(people))
        bits = np.unpackbits(outcomes.trace, axis=1, bitorder="little")
        for rule in pack.allowances + pack.pensions + pack.care + pack.nurture:
            held = bits[:, trace_layout(pack).first_bit[rule.code] + len(rule.checks)]
            assert 0 < held.sum() < len(people), f"{rule.code} in {month}"


def test_people_are_grouped_by_place_and_keep_their_order() -> None:
    groups = {place: people.tolist() for place, people in by_place(np.array([3, 1, 3, 3, 1]))}
    assert groups == {1: [1, 4], 3: [0, 2, 3]}


def test_more_people_than_are_decided_at_a_time_have_the_same_as_few() -> None:
    chance = random.Random(2)
    people = [somebody(chance, Month(2026, 10)) for _ in range(500)]
    pack = compile_pack(packaged().pack(Month(2026, 10), Place()), POLICY)
    few = evaluate(pack, columns_of(people))
    many = evaluate(pack, columns_of(people * 40))
    assert (many.trace == np.tile(few.trace, (40, 1))).all()
    assert (many.amount == np.tile(few.amount, 40)).all()


def test_without_a_trace_the_awards_are_the_same() -> None:
    chance = random.Random(3)
    facts = columns_of([somebody(chance, Month(2026, 10)) for _ in range(500)])
    pack = compile_pack(packaged().pack(Month(2026, 10), Place()), POLICY)
    untraced = evaluate(pack, facts, traced=False)
    assert untraced.trace.shape == (500, 0)
    assert (untraced.amount == evaluate(pack, facts).amount).all()


def test_a_trace_has_no_bit_of_a_rule_that_was_not_tried() -> None:
    resident = PersonFacts(in_facility=True)
    pack = packaged().pack(Month(2026, 10), Place())
    trace = trace_of(packaged().determine(resident, Month(2026, 10)), pack)
    # The nurture rule is the last of the pack: one check, and held.
    assert int.from_bytes(trace, "little") == 0b11 << trace_layout(pack).bits - 2


@dataclass(frozen=True)
class _Unheard:
    fact = "birth_date"
    needs = "something new"

    def holds(self, subject: Subject, facts: PersonFacts) -> bool:
        return True


@pytest.mark.parametrize(
    ("check", "error"),
    [
        (_Unheard(), TypeError),
        (FactIn("treatment_days", frozenset({1})), TypeError),
        (FactIn("area", frozenset({"moon"})), ValueError),
    ],
)
def test_what_has_no_vector_form_fails_when_the_pack_is_compiled(
    check: object, error: type[Exception]
) -> None:
    with pytest.raises(error):
        compile_pack(_with_check(packaged().pack(Month(2026, 10), Place()), check), POLICY)


def _with_check(pack: Pack, check: object) -> Pack:
    rule = replace(pack.pensions[0], checks=(check,))  # type: ignore[arg-type]
    return replace(pack, pensions=(rule, *pack.pensions[1:]))

"""Facts as columns: what goes in comes out, whole and packed."""

import random
from dataclasses import fields, replace

import numpy as np

from libs.common.kernel.months import Month
from services.eligibility.domain import columns
from services.eligibility.domain.facts import Child, PersonFacts
from tests.support.people import somebody

_CHANCE = random.Random(20261126)
PEOPLE = [somebody(_CHANCE, Month(2026, 10)) for _ in range(500)]


def test_every_fact_of_a_person_and_of_a_child_is_a_column() -> None:
    of_person = {each.name for each in fields(PersonFacts)}
    assert {each.name for each in fields(columns.FactColumns)} == {*of_person, "first_child"}
    assert {each.name for each in fields(columns.ChildColumns)} == {each.name for each in fields(Child)}


def test_rows_come_out_as_they_went_in() -> None:
    made = columns.columns_of(PEOPLE)
    assert [columns.row(made, index) for index in range(len(made))] == PEOPLE


def test_packed_facts_unpack_to_the_same() -> None:
    packed = columns.pack(columns.columns_of(PEOPLE))
    assert packed.people.shape == (500, columns.WORDS) and packed.people.dtype == np.int32
    unpacked = columns.unpack(packed)
    assert [columns.row(unpacked, index) for index in range(500)] == PEOPLE


def test_word_1_has_room_for_its_facts() -> None:
    assert sum(width for _, width in columns.BITS) <= 31
    assert all(len(values) <= 1 << dict(columns.BITS)[fact] for fact, values in columns.CODES.items())


def test_nobody_is_nobody() -> None:
    unpacked = columns.unpack(columns.pack(columns.columns_of([])))
    assert len(unpacked) == 0 and unpacked.first_child.tolist() == [0]


def test_what_no_rule_looks_at_is_cut_off_when_packed() -> None:
    rich = replace(PEOPLE[0], pension_dong_monthly=10**12, children_under_36_months=10**6)
    packed = columns.unpack(columns.pack(columns.columns_of([rich])))
    assert columns.row(packed, 0) == replace(
        rich, pension_dong_monthly=columns.PENSION_MAX, children_under_36_months=columns.COUNT_MAX
    )


def test_people_are_taken_with_their_children() -> None:
    some = np.array([7, 3, 3, 499, 0])
    taken = columns.columns_of(PEOPLE).take(some)
    assert [columns.row(taken, index) for index in range(len(taken))] == [PEOPLE[at] for at in some]

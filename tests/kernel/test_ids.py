"""Ids as the standards describe them, and the randomness that they are made of."""

import multiprocessing
import time
import uuid
from multiprocessing.connection import Connection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.kernel.ids import NAMESPACE, derived_id, new_id, read, show
from libs.common.kernel.randomness import random_bytes

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@given(st.uuids())
def test_what_is_shown_is_the_number_in_crockfords_digits_and_is_read_back(value: uuid.UUID) -> None:
    shown = show("per", value)
    number = 0
    for digit in shown.removeprefix("per_"):
        number = number * 32 + _CROCKFORD.index(digit)
    assert number == value.int and len(shown) == 30
    back = read("per", shown)
    assert back == value and hash(back) == hash(value) and str(back) == str(value)
    with pytest.raises(ValueError, match="household id"):
        read("hhd", shown)


@pytest.mark.parametrize(
    "text", ["", "per_", f"per_{'I' * 26}", f"per_{'Z' * 26}", f"per_{'0' * 25}Ạ", f"per_{'0' * 27}"]
)
def test_anything_else_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match="not a person id"):
        read("per", text)


def test_a_new_id_is_of_version_7_and_of_this_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_derived_id_is_the_uuid5_of_its_business_key(key: list[str]) -> None:
    assert derived_id(*key) == uuid.uuid5(NAMESPACE, "\x1f".join(key))


def test_no_bytes_are_given_twice() -> None:
    given_out = _some(4_000)
    assert len(set(given_out)) == 4_000


def test_a_forked_process_goes_its_own_way() -> None:
    random_bytes(4_096)
    random_bytes(1)  # a pool of 4,095 is left when it forks
    here, there = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(target=_send_some, args=(there,))
    child.start()
    assert here.poll(20)
    theirs = here.recv()
    child.join()
    assert not set(theirs) & set(_some(100))


def test_more_than_a_pool_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 4096"):
        random_bytes(4_097)


def _some(count: int) -> list[bytes]:
    return [random_bytes(12) for _ in range(count)]


def _send_some(to: "Connection[list[bytes], list[bytes]]") -> None:
    to.send(_some(100))

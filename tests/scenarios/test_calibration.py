"""The prior mix is tilted no more than the money asks for, and whole people come out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.calibration import calibrated, repaired, shares, whole


def test_without_money_the_prior_is_the_mix() -> None:
    assert shares([3, 1], [100, 200], None).tolist() == [0.75, 0.25]


def test_the_mean_is_met_and_the_tilt_is_exponential() -> None:
    prior, value = [0.5, 0.3, 0.2], [100, 150, 250]
    mix = shares(prior, value, 170)
    assert mix @ np.array(value) == pytest.approx(170)
    # Least relative entropy: log(mix / prior) is a straight line in the value.
    slope = np.diff(np.log(mix / np.array(prior))) / np.diff(value)
    assert slope[0] == pytest.approx(slope[1])


def test_a_mean_that_is_the_priors_own_changes_nothing() -> None:
    assert shares([1, 1], [100, 200], 150).tolist() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("average", [99, 100, 200, 201])
def test_a_mean_outside_of_the_values_is_refused(average: float) -> None:
    with pytest.raises(ValueError, match="no mix"):
        shares([1, 1], [100, 200], average)


@given(st.integers(0, 10_000), st.lists(st.floats(0.01, 100), min_size=1, max_size=20))
def test_whole_parts_add_up_and_are_near_their_share(total: int, share: list[float]) -> None:
    parts = whole(total, share)
    assert sum(parts) == total
    for part, wanted in zip(parts, share, strict=True):
        assert abs(part - total * wanted / sum(share)) < 1 + 1e-6


@given(st.integers(500, 5_000), st.integers(125, 195))
def test_the_money_is_met_within_half_of_the_smallest_step(total: int, average: int) -> None:
    value = [100, 150, 200, 250]
    target = total * average + 7
    counts = calibrated(total, [50, 20, 20, 10], value, target)
    assert sum(counts) == total and min(counts) >= 1
    assert abs(sum(c * v for c, v in zip(counts, value, strict=True)) - target) <= 25


def test_the_repair_keeps_the_number_of_people_and_stops() -> None:
    assert repaired([10, 10], [100, 200], 3_000) == [10, 10]
    assert repaired([10, 10], [100, 200], 3_049) == [10, 10]
    assert repaired([10, 10], [100, 200], 3_051) == [9, 11]
    assert repaired([10, 10], [100, 200], 3_200) == [8, 12]

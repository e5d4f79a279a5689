"""The bench's arithmetic: medians of pairs, targets, growth."""

from collections.abc import Iterator

from benchmarks.bench import Line, Measured, Side, Target, growth, measure


def _side(*seconds: float) -> Side:
    left: Iterator[float] = iter(seconds)
    return Side("counts", lambda: next(left))


def _line(target: Target, size: int = 100, family: str | None = None) -> Line:
    # The first of each is the warm-up; in the last pair the machine was busy for both.
    return Line("a line", "things", size, _side(9, 1, 2, 10), _side(9, 4, 8, 40), target, family)


def test_the_first_round_does_not_count_and_the_ratio_is_that_of_pairs() -> None:
    measured = measure(_line(Target()), rounds=3)
    assert measured.ours_seconds == (1, 2, 10)
    assert (measured.rate, measured.theirs_rate, measured.faster) == (50, 12.5, 4)


def test_a_target_is_met_or_missed() -> None:
    for target, met in (
        (Target(rate_min=50, faster_min=4), True),
        (Target(rate_min=51), False),
        (Target(faster_min=4.1), False),
        (Target(times_max=0.25), True),
        (Target(times_max=0.24), False),
    ):
        assert measure(_line(target), rounds=3).met is met, target


def test_growth_compares_the_largest_with_the_smallest_of_a_family() -> None:
    small = Measured(_line(Target(), 100, "people"), (1.0,), ())
    large = Measured(_line(Target(), 1_000, "people"), (12.5,), ())
    assert growth([large, small]) == {"people": 1.25}
    assert growth([small]) == {}

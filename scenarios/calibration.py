"""How many people of each kind: the prior mix, tilted as little as the published money asks for.

Of all mixes with the wanted average, the one nearest to the prior (least relative entropy) is
`prior[i] * exp(tilt * value[i])`, normalised; `tilt` is found by bisection. Whole people come by largest
remainder, and a last repair moves single people between kinds until the money is as near as it can be.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_BISECTIONS = 200


def shares(prior: Sequence[float], value: Sequence[int], average: float | None) -> NDArray[np.float64]:
    """The mix nearest to `prior` whose mean `value` is `average`; the prior itself when that is None.

    ValueError when no mix of these values has that mean.
    """
    start: NDArray[np.float64] = np.asarray(prior, dtype=np.float64)
    start /= start.sum()
    if average is None:
        return start
    values = np.asarray(value, dtype=np.float64)
    if not values.min() < average < values.max():
        raise ValueError(f"no mix has a mean of {average}: the values lie in {values.min()}..{values.max()}")
    centred = (values - average) / (values.max() - values.min())

    def tilted(tilt: float) -> NDArray[np.float64]:
        exponent = tilt * centred
        weight = start * np.exp(exponent - exponent.max())
        return np.asarray(weight / weight.sum())

    low, high = -100.0, 100.0
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if tilted(middle) @ centred > 0:
            high = middle
        else:
            low = middle
    return tilted((low + high) / 2)


def whole(total: int, share: Sequence[float] | NDArray[np.float64]) -> list[int]:
    """`total` in whole parts in proportion to `share`, by largest remainder."""
    weight = np.asarray(share, dtype=np.float64)
    if total == 0:
        return [0] * len(weight)
    exact = total * weight / weight.sum()
    parts = np.floor(exact).astype(int)
    by_remainder = np.argsort(parts - exact, kind="stable")
    parts[by_remainder[: total - int(parts.sum())]] += 1
    return [int(part) for part in parts]


def repaired(counts: Sequence[int], value: Sequence[int], target: int) -> list[int]:
    """The counts with people moved between kinds until the sum of values can't come nearer to `target`."""
    people = list(counts)
    kinds = range(len(people))
    while True:
        missing = target - sum(count * worth for count, worth in zip(people, value, strict=True))
        moves = [
            (value[to] - value[of], people[of], of, to)
            for of in kinds
            for to in kinds
            if people[of] > 1 and (value[to] - value[of]) * missing > 0
        ]
        useful = [move for move in moves if 2 * abs(missing) > abs(move[0])]
        if not useful:
            return people
        fitting = [move for move in useful if abs(move[0]) <= abs(missing)]
        step, available, of, to = max(fitting or useful, key=lambda move: (abs(move[0]) * move[1], -move[2]))
        moved = max(1, min(abs(missing) // abs(step), available - 1))
        people[of] -= moved
        people[to] += moved


def calibrated(
    total: int, prior: Sequence[float], value: Sequence[int], target: int | None, least: int = 1
) -> list[int]:
    """People of each kind: `total` in all, their values adding up to `target` as nearly as whole people can.

    Every kind keeps at least `least` people where `total` allows it.
    """
    average = None if target is None else target / total
    counts = whole(total, shares(prior, value, average))
    for index, count in enumerate(counts):
        if count < least and max(counts) > 2 * least:
            counts[counts.index(max(counts))] -= least - count
            counts[index] = least
    return counts if target is None else repaired(counts, value, target)

"""Gifts of a campaign: lists of invented people, mostly in no register, as offices would hand them in."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.calibration import calibrated
from scenarios.manifest import Gifts, Sum
from scenarios.names import pool
from scenarios.population import BANK_SHARES, BANKS, POST
from scenarios.report import GiftPlan

#: The place of birth in their personal_ids: like 090 of the registered, no province ever had the code.
PLACE = "099"
COLUMNS = (
    "personal_id",
    "full_name",
    "commune_code",
    "group",
    "channel",
    "agency_code",
    "account_number",
    "account_name",
)
#: Rows of one list at most.
LIST_ROWS = 200_000
_BORN = range(1930, 1990)


@dataclass(frozen=True)
class Places:
    """Where recipients live and how they are paid: codes with their weights."""

    communes: Sequence[str]
    weights: NDArray[np.float64]
    channels: Sequence[tuple[str, float]]


def list_files(folder: Path) -> list[Path]:
    """The lists of a generated folder, in their order."""
    return sorted(folder.glob("gifts-*.csv"))


def planned(plan: GiftPlan, gifts: int) -> list[int]:
    """How many of the gifts each group has: the prior, tilted to the published money."""
    unit = int(np.gcd.reduce([group.dong for group in plan.groups]))
    target = round(plan.dong * gifts / plan.recipients / unit)
    values = [group.dong // unit for group in plan.groups]
    return calibrated(gifts, [group.prior for group in plan.groups], values, target)


def write(folder: Path, plan: GiftPlan, rng: np.random.Generator, places: Places, gifts: int | None) -> Gifts:
    """Write gifts-001.csv and so on, and tell what they come to. `gifts`: None for as many as published."""
    for old in list_files(folder):
        old.unlink()
    counts = planned(plan, plan.recipients if gifts is None else gifts)
    groups = np.repeat(np.arange(len(counts)), counts)
    rng.shuffle(groups)
    for number, first in enumerate(range(0, len(groups), LIST_ROWS), 1):
        codes = [plan.groups[index].code for index in groups[first : first + LIST_ROWS]]
        with (folder / f"gifts-{number:03d}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(_rows(rng, first, codes, places))
    return _expected(plan, counts, published=gifts is None)


def _rows(
    rng: np.random.Generator, first: int, groups: Sequence[str], places: Places
) -> Iterator[tuple[Any, ...]]:
    """One for each group's code; `first`: how many were written before."""
    count = len(groups)
    share = np.array([part for _, part in places.channels], dtype=np.float64)
    female = (rng.random(count) < 0.5).tolist()
    names = rng.random(count).tolist()
    homes = rng.choice(len(places.communes), count, p=places.weights).tolist()
    ways = rng.choice(len(share), count, p=share / share.sum()).tolist()
    banks = rng.choice(len(BANKS), count, p=BANK_SHARES).tolist()
    pools = (pool(False), pool(True))
    for at, group in enumerate(groups):
        serial, (written, plain) = first + at, pools[female[at]]
        name, channel = int(names[at] * len(written)), places.channels[ways[at]][0]
        born, number = _BORN[serial % len(_BORN)], serial // len(_BORN)
        account = (POST, "", "")
        if channel == "bank_account":
            account = (BANKS[banks[at]], f"97{serial + 1:010d}", plain[name])
        personal_id = f"{PLACE}{int(female[at])}{born % 100:02d}{number:06d}"
        yield (personal_id, written[name], places.communes[homes[at]], group, channel, *account)


def _expected(plan: GiftPlan, counts: Sequence[int], *, published: bool) -> Gifts:
    sums = {
        group.code: Sum(count, count * group.dong) for group, count in zip(plan.groups, counts, strict=True)
    }
    return Gifts(
        campaign={
            "code": plan.code,
            "name": plan.name,
            "programme": plan.programme,
            "legal_basis": plan.legal_basis,
            "opens_on": plan.opens_on.isoformat(),
            "closes_on": plan.closes_on.isoformat(),
            "groups": [{"code": one.code, "name": one.name, "amount": one.dong} for one in plan.groups],
        },
        recipients=sum(counts),
        dong=sum(one.dong for one in sums.values()),
        by_group=sums,
        published_recipients=plan.recipients if published else None,
        published_dong=plan.dong if published else None,
    )

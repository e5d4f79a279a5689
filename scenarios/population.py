"""From cohorts to rows: numbers, names, accounts, guardians; the columns of people.csv."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scenarios.carers import Care
from scenarios.cohorts import Cohort, Days, Flags, Texts, Whole
from scenarios.columns import COLUMNS
from scenarios.names import pool

#: The place of birth in every invented personal_id: no province ever had the code 90, so that no real
#: person's number begins with 090.
PLACE = "090"
#: Banks by BIN, with the share of accounts (assumed): VBSP, Agribank, VietinBank, Vietcombank, BIDV.
BANKS = ("999888", "970405", "970415", "970436", "970418")
BANK_SHARES = (0.25, 0.35, 0.15, 0.15, 0.10)
POST = "VNPOST"
_GUARDIAN_AGES = (25 * 12, 62 * 12)


@dataclass(frozen=True)
class Population:
    """The rows of people.csv in cohort order, and what the other files need of them.

    `payees[i]`: the number of distinct payees in cohort i. `order`: the order of the rows in the file, in
    which carers stand before those they care for.
    """

    columns: dict[str, list[str]]
    personal_ids: list[str]
    payees: list[int]
    order: list[int]


def build(
    rng: np.random.Generator,
    cohorts: Sequence[Cohort],
    residents_from: int,
    care: Care,
    communes: Sequence[str],
    channels: Sequence[tuple[str, float]],
) -> Population:
    """All cohorts as one population; those from index `residents_from` on live in facilities, unpaid here.
    The cohort before them is that of the carers."""
    sizes = [cohort.size for cohort in cohorts]
    starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    leader = np.concatenate(
        [cohort.leader + start for cohort, start in zip(cohorts, starts[:-1], strict=True)]
    )
    birth = np.concatenate([cohort.birth for cohort in cohorts])
    female = np.concatenate([cohort.female for cohort in cohorts])
    represented = np.concatenate([cohort.represented for cohort in cohorts])
    child = np.concatenate([np.full(c.size, c.recipe.is_child) for c in cohorts])
    total = len(birth)
    paid = np.arange(total) < starts[residents_from]

    # Whoever is paid for this row: the row itself, or the guardian (or authorised person) numbered as it.
    payee = np.where(child, leader, np.arange(total))
    guardian_birth, guardian_female = _guardians(rng, birth)
    ids = _personal_ids(np.concatenate([birth, guardian_birth]), np.concatenate([female, guardian_female]))
    names, plain_names = _names(rng, np.concatenate([female, guardian_female]))

    columns = _columns_of_facts(cohorts, communes)
    columns["household_number"] = [f"GL-{number + 1:07d}" for number in leader.tolist()]
    columns["personal_id"] = ids[:total]
    columns["full_name"] = names[:total]
    columns["birth_date"] = _dates(birth)
    columns["sex"] = np.where(female, "female", "male").tolist()
    holder = np.where(represented, payee + total, payee)
    columns |= _payout_columns(rng, payee, holder, plain_names, channels, paid)
    columns |= _payee_columns(holder, represented, child, paid, names, ids)
    first_carer = starts[residents_from - 1]
    carers = zip(care.cared_for.tolist(), care.relation, (care.carer + first_carer).tolist(), strict=True)
    for row, relation, carer in carers:
        columns["carer_relation"][row], columns["carer_personal_id"][row] = relation, ids[carer]
        # Whoever was taken in lives with the carer.
        columns["commune_code"][row] = columns["commune_code"][carer]
    order = rng.permutation(total)
    others = (order < first_carer) | (order >= first_carer + care.carers.size)
    assert set(columns) == set(COLUMNS)
    return Population(
        columns=columns,
        personal_ids=ids[:total],
        payees=[len(np.unique(payee[a:b])) for a, b in pairwise(starts)],
        order=order[np.argsort(others, kind="stable")].tolist(),
    )


def _guardians(rng: np.random.Generator, birth: Days) -> tuple[Days, Flags]:
    """A grown-up for every row, used where somebody else is paid: as old as a parent or grandparent is."""
    age = rng.integers(*_GUARDIAN_AGES, len(birth)) * 30
    latest = np.datetime64("2000-12-28", "D")
    born = np.minimum(birth - age.astype("timedelta64[D]"), latest)
    # For somebody old the authorised person is younger, a grown child.
    old = birth < np.datetime64("1965-01-01", "D")
    younger = np.datetime64("1968-01-01", "D") + rng.integers(0, 10_000, len(birth)).astype("timedelta64[D]")
    return np.where(old, younger, born), rng.random(len(birth)) < 0.6


def _personal_ids(birth: Days, female: Flags) -> list[str]:
    """Twelve digits: the invented place, century and sex, year, and a serial number within these."""
    year = birth.astype("datetime64[Y]").astype(np.int64) + 1970
    digit = (year // 100 - 19) * 2 + female
    key = digit * 100 + year % 100
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    first = np.searchsorted(ordered, ordered, side="left")
    serial = np.empty(len(key), dtype=np.int64)
    serial[order] = np.arange(len(key)) - first
    return [f"{PLACE}{k:03d}{s:06d}" for k, s in zip(key.tolist(), serial.tolist(), strict=True)]


def _names(rng: np.random.Generator, female: Flags) -> tuple[list[str], list[str]]:
    """(names as written, names as a bank writes them)."""
    women, women_plain = pool(True)
    men, men_plain = pool(False)
    drawn = rng.random(len(female))
    index = np.floor(drawn * np.where(female, len(women), len(men))).astype(np.int64).tolist()
    sex = female.tolist()
    names = [women[i] if f else men[i] for i, f in zip(index, sex, strict=True)]
    plain = [women_plain[i] if f else men_plain[i] for i, f in zip(index, sex, strict=True)]
    return names, plain


def _dates(days: Days) -> list[str]:
    return ["" if text == "NaT" else text for text in days.astype(str).tolist()]


def _columns_of_facts(cohorts: Sequence[Cohort], communes: Sequence[str]) -> dict[str, list[str]]:
    facts_from, facts_to = COLUMNS.index("commune_code"), COLUMNS.index("channel")
    columns: dict[str, list[str]] = {name: [] for name in COLUMNS[facts_from:facts_to]}
    for cohort in cohorts:
        facts = {"has_family_supporter": "true", "disability_degree": "none", **cohort.recipe.facts}
        own = {
            "commune_code": [communes[index] for index in cohort.commune.tolist()],
            "poverty_status": cohort.poverty.tolist(),
            "area": np.where(
                cohort.hardship, "ethnic_minority_mountainous_extreme_hardship", "other"
            ).tolist(),
            "disability_certificate_on": _dates(cohort.certificate),
            "child_situation": cohort.situation.tolist(),
            "marital_status": cohort.marital.tolist(),
            "children": cohort.children,
            "pension_dong_monthly": [str(dong) if dong else "" for dong in cohort.pension.tolist()],
            "already_receiving": np.where(cohort.receiving, "true", "false").tolist(),
            "applied_for": ["monthly_allowance"] * cohort.size,
            "application_received_on": _dates(cohort.received),
            "decision_signed_on": _dates(cohort.signed),
        }
        for name, column in columns.items():
            column += own[name] if name in own else [facts.get(name, "")] * cohort.size
    return columns


def _payout_columns(
    rng: np.random.Generator,
    payee: Whole,
    holder: Whole,
    plain_names: Sequence[str],
    channels: Sequence[tuple[str, float]],
    paid: Flags,
) -> dict[str, list[str]]:
    """Channel, agency and account: one account for a payee, whoever it is paid for."""
    count = len(payee)
    share: NDArray[np.float64] = np.array([part for _, part in channels], dtype=np.float64)
    drawn = rng.choice(np.array([name for name, _ in channels], dtype=object), count, p=share / share.sum())
    channel: Texts = np.where(paid, drawn[payee], "")
    bank: Texts = rng.choice(np.array(BANKS, dtype=object), count, p=BANK_SHARES)[payee]
    at_bank = channel == "bank_account"
    numbers = np.array([f"99{number:010d}" for number in range(1, count + 1)], dtype=object)[payee]
    account_names = [plain_names[index] for index in holder.tolist()]
    return {
        "channel": channel.tolist(),
        "agency_code": np.where(at_bank, bank, np.where(paid, POST, "")).tolist(),
        "account_number": np.where(at_bank, numbers, "").tolist(),
        "account_name": [
            name if banked else "" for name, banked in zip(account_names, at_bank.tolist(), strict=True)
        ],
    }


def _payee_columns(
    holder: Whole,
    represented: Flags,
    child: Flags,
    paid: Flags,
    names: Sequence[str],
    ids: Sequence[str],
) -> dict[str, list[str]]:
    relation = np.where(represented, np.where(child, "guardian", "authorised"), "self")
    other = (represented & paid).tolist()
    holders = holder.tolist()
    return {
        "payee_relation": np.where(paid, relation, "").tolist(),
        "payee_name": [names[h] if is_other else "" for h, is_other in zip(holders, other, strict=True)],
        "payee_personal_id": [ids[h] if is_other else "" for h, is_other in zip(holders, other, strict=True)],
    }

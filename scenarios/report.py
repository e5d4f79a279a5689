"""A scenario's file: what a report says, and the generator's own table of what each kind is owed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from libs.common.kernel.money import Coefficient
from libs.common.kernel.months import Month

FOLDER = Path(__file__).parent
#: The scenarios, the default one first.
NAMES = (
    "ninh-thuan-2019",
    "hoa-binh-2019",
    "can-tho-2020",
    "tp-hcm-2023",
    "ha-noi-2023",
    "ha-noi-2024-tet",
)


@dataclass(frozen=True, slots=True)
class Report:
    """The published figures, đồng for all benefit months together; None where the report is silent."""

    source: str
    recipients: int
    dong: int | None
    residents: int
    nurture_dong: int | None


@dataclass(frozen=True, slots=True)
class PaidKind:
    """One line of the table: people of this kind are owed `hundredths[i]` of the standard in month i.

    `prior` is a share in per cent, None for a kind of a `fixed` number of people. `since`: the first month
    in which a decision of this kind could be signed.
    """

    kind: str
    category: str
    hundredths: tuple[int, ...]
    prior: float | None
    fixed: int | None
    poverty: tuple[str, ...]
    since: Month | None


@dataclass(frozen=True, slots=True)
class CareKind:
    """One line of the table of care money: for each of `each` people of the kind `of`, one carer is owed
    `hundredths[i]` of the standard in month i.

    `weight`: which share of that kind has such a carer, as compared with the other lines.
    """

    of: str
    relation: str
    hundredths: tuple[int, ...]
    weight: float
    each: int


@dataclass(frozen=True, slots=True)
class ResidentKind:
    kind: str
    hundredths: int
    share: float


@dataclass(frozen=True, slots=True)
class FacilityGroup:
    kind: str
    sector: str
    number: int
    places_each: int


@dataclass(frozen=True, slots=True)
class GiftGroup:
    """`prior`: its share of the gifts, in per cent, before the money is looked at."""

    code: str
    name: str
    dong: int
    prior: float


@dataclass(frozen=True, slots=True)
class GiftPlan:
    """A campaign of gifts beside the allowances: `recipients` and `dong` as published."""

    recipients: int
    dong: int
    code: str
    name: str
    programme: str
    legal_basis: str
    opens_on: date
    closes_on: date
    groups: tuple[GiftGroup, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario's file, read. `not_entitled` and `channels`: (name, share) pairs."""

    name: str
    province_code: str
    former_province_code: str
    benefit_months: tuple[Month, ...]
    business_date: date
    seed: int
    report: Report
    standard_dong: int
    nurture_standard_dong: int
    kinds: tuple[PaidKind, ...]
    carers_per_100: float
    carers: tuple[CareKind, ...]
    not_entitled: tuple[tuple[str, float], ...]
    residents: tuple[ResidentKind, ...]
    facilities: tuple[FacilityGroup, ...]
    hardship_percent: float
    channels: tuple[tuple[str, float], ...]
    gifts: GiftPlan | None

    def dong(self, hundredths: int) -> int:
        """Hundredths of the community standard, in whole đồng."""
        amount, rest = divmod(self.standard_dong * hundredths, 100)
        assert rest == 0
        return amount


def business_date(name: str) -> date:
    """The day on which a scenario plays. KeyError for an unknown name."""
    return load(name).business_date


def load(name: str) -> Scenario:
    """The scenario of that name. KeyError with the known names otherwise."""
    if name not in NAMES:
        raise KeyError(f"no scenario {name!r}; there are {', '.join(NAMES)}")
    raw = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    months = tuple(Month.parse(text) for text in raw["benefit_months"])
    assert Month.of(raw["business_date"]) == months[0] and raw["name"] == name
    care = raw.get("carers", {"per_100_recipients": 0, "kinds": ()})
    report = {key: raw["report"][key] for key in Report.__dataclass_fields__}
    return Scenario(
        name=name,
        province_code=raw["province_code"],
        former_province_code=raw["former_province_code"],
        benefit_months=months,
        business_date=raw["business_date"],
        seed=raw["seed"],
        report=Report(**report),
        standard_dong=raw["standards"]["community"]["dong"],
        nurture_standard_dong=raw["standards"]["nurture"]["dong"],
        kinds=tuple(_paid_kind(row, len(months)) for row in raw["kinds"]),
        carers_per_100=care["per_100_recipients"],
        carers=tuple(_care_kind(row, len(months)) for row in care["kinds"]),
        not_entitled=tuple((row["kind"], row["share"]) for row in raw["not_entitled"]),
        residents=tuple(
            ResidentKind(row["kind"], Coefficient.parse(row["coefficient"]).hundredths, row["share"])
            for row in raw["residents"]
        ),
        facilities=tuple(FacilityGroup(**row) for row in raw["facilities"]),
        hardship_percent=raw["hardship_percent"],
        channels=tuple(raw["channels"].items()),
        gifts=_gift_plan(raw["gifts"]) if "gifts" in raw else None,
    )


def _gift_plan(raw: Mapping[str, Any]) -> GiftPlan:
    return GiftPlan(
        recipients=raw["report"]["recipients"],
        dong=raw["report"]["dong"],
        groups=tuple(GiftGroup(**group) for group in raw["groups"]),
        **raw["campaign"],
    )


def _hundredths(row: Mapping[str, Any], months: int) -> tuple[int, ...]:
    """Of each month, where one is stated for each; else of all of them."""
    stated = row["coefficient"]
    coefficients = stated if isinstance(stated, list) else [stated] * months
    assert len(coefficients) == months, row
    return tuple(Coefficient.parse(text).hundredths for text in coefficients)


def _care_kind(row: Mapping[str, Any], months: int) -> CareKind:
    return CareKind(
        of=row["of"],
        relation=row["relation"],
        hundredths=_hundredths(row, months),
        weight=row["weight"],
        each=row.get("each", 1),
    )


def _paid_kind(row: Mapping[str, Any], months: int) -> PaidKind:
    assert ("prior" in row) != ("people" in row), row
    return PaidKind(
        kind=row["kind"],
        category=row["category"],
        hundredths=_hundredths(row, months),
        prior=row.get("prior"),
        fixed=row.get("people"),
        poverty=tuple(row.get("poverty", ())),
        since=Month.parse(row["since"]) if "since" in row else None,
    )

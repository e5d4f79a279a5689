"""What a generated population should come to, summed over its people by the generator's own table."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from scenarios.report import Scenario

_AVERAGE_MIN, _AVERAGE_MAX = 1.2, 1.7


class AverageOutOfRange(ValueError):
    """The mean coefficient of a population lies outside 1.2 to 1.7: no such payroll was ever reported."""


@dataclass(frozen=True, slots=True)
class Sum:
    people: int
    dong: int


@dataclass(frozen=True, slots=True)
class Expected:
    """Community lines unless said: `dong` over all benefit months, `people` distinct over them.

    `by_category` also has `nurture` and, by those cared for, `care`. `payees`: distinct people who are paid
    (a guardian once for siblings).
    `carers`: people who are paid for caring for somebody else, besides; `care_dong` is theirs.
    `proposed`: entitled new applications, paid once signed. `lines_standard_sum`: the standard of each line.
    """

    beneficiaries: int
    dong: int
    by_category: dict[str, Sum]
    by_month: dict[str, Sum]
    not_entitled: int
    proposed: int
    payees: int
    residents: int
    nurture_dong: int
    lines_standard_sum: int
    carers: int
    care_dong: int


@dataclass(frozen=True, slots=True)
class Published:
    """The report's own figures; None where it is silent, and throughout for a scaled-down population."""

    beneficiaries: int | None
    dong: int | None
    nurture_dong: int | None


@dataclass(frozen=True, slots=True)
class Gifts:
    """A campaign as its door takes it, but for its fund and province; and what its lists come to.

    Published figures are None for fewer gifts than were reported.
    """

    campaign: dict[str, Any]
    recipients: int
    dong: int
    by_group: dict[str, Sum]
    published_recipients: int | None
    published_dong: int | None


@dataclass(frozen=True, slots=True)
class Manifest:
    scenario: str
    province_code: str
    former_province_code: str
    benefit_months: tuple[str, ...]
    business_date: str
    seed: int
    people: int
    expected: Expected
    published: Published
    gifts: Gifts | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """That of the files generated into `folder`."""
        return msgspec.json.decode((folder / "manifest.json").read_bytes(), type=cls)


def summed(
    scenario: Scenario,
    seed: int,
    paid: Sequence[int],
    residents: Sequence[int],
    people: int,
    proposed: int,
    payees: int,
    full: bool,
    carers: Sequence[int] = (),
) -> Manifest:
    """The manifest of a population with so many generated people of each paid and each resident kind, and
    so many `carers` of each line of the table of care money."""
    report, months = scenario.report, scenario.benefit_months
    by_category, by_month = _sums(scenario, paid)
    nurture = sum(
        count * len(months) * scenario.nurture_standard_dong * kind.hundredths // 100
        for kind, count in zip(scenario.residents, residents, strict=True)
    )
    by_category["nurture"] = Sum(sum(residents), nurture)
    by_category["care"] = care = _care(scenario, carers)
    total = sum(month.dong for month in by_month.values())
    standards = sum(month.people for month in by_month.values()) * scenario.standard_dong
    if not _AVERAGE_MIN <= total / standards <= _AVERAGE_MAX:
        raise AverageOutOfRange(f"{scenario.name}: {total / standards:.3f}")
    return Manifest(
        scenario=scenario.name,
        province_code=scenario.province_code,
        former_province_code=scenario.former_province_code,
        benefit_months=tuple(by_month),
        business_date=scenario.business_date.isoformat(),
        seed=seed,
        people=people,
        expected=Expected(
            beneficiaries=sum(paid),
            dong=total,
            by_category=dict(sorted(by_category.items())),
            by_month=by_month,
            not_entitled=people - sum(paid) - sum(residents) - sum(carers),
            proposed=proposed,
            payees=payees,
            residents=sum(residents),
            nurture_dong=nurture,
            lines_standard_sum=standards,
            carers=sum(carers),
            care_dong=care.dong,
        ),
        published=Published(
            beneficiaries=report.recipients if full else None,
            dong=report.dong if full else None,
            nurture_dong=report.nurture_dong if full else None,
        ),
    )


def _care(scenario: Scenario, carers: Sequence[int]) -> Sum:
    """The people cared for, and what their carers are owed for it over all benefit months."""
    lines = [(line, count * line.each) for line, count in zip(scenario.carers, carers, strict=True)]
    return Sum(
        sum(people for _, people in lines),
        sum(people * scenario.dong(hundredths) for line, people in lines for hundredths in line.hundredths),
    )


def _sums(scenario: Scenario, paid: Sequence[int]) -> tuple[dict[str, Sum], dict[str, Sum]]:
    """(by category, by month) of the community lines; a month in which a kind is owed nothing has no line."""
    lines = [
        (kind.category, count, [scenario.dong(hundredths) for hundredths in kind.hundredths])
        for kind, count in zip(scenario.kinds, paid, strict=True)
    ]
    by_category: dict[str, Sum] = {}
    for category, count, dong in lines:
        known = by_category.get(category, Sum(0, 0))
        by_category[category] = Sum(known.people + count, known.dong + count * sum(dong))
    by_month = {
        str(month): Sum(
            sum(count for _, count, dong in lines if dong[index]),
            sum(count * dong[index] for _, count, dong in lines),
        )
        for index, month in enumerate(scenario.benefit_months)
    }
    return by_category, by_month

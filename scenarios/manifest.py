"""What a generated population should come to, summed over its people by the generator's own table."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Sum:
    people: int
    dong: int


@dataclass(frozen=True, slots=True)
class Expected:
    """Community lines unless said: `dong` over all benefit months, `people` distinct over them.

    `by_category` also has `nurture`. `payees`: distinct people who are paid (a guardian once for siblings).
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


@dataclass(frozen=True, slots=True)
class Published:
    """The report's own figures; None where it is silent, and throughout for a scaled-down population."""

    beneficiaries: int | None
    dong: int | None
    nurture_dong: int | None


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

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

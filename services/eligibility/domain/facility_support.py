"""What the state pays for residents beside the nurture allowance, and how long they stay after 16: the shape
of policy/facility_support.yaml."""

from dataclasses import dataclass

from libs.common.kernel.money import Coefficient, Dong

STUDYING, NOT_STUDYING = "studying", "not_studying"


@dataclass(frozen=True, slots=True)
class Cap:
    """A ceiling, in one of its units; all None = what it costs, by invoice."""

    dong_per_person_month: Dong | None = None
    dong_per_person_year: Dong | None = None
    dong_per_facility_year: Dong | None = None
    times_standard_per_person_year: Coefficient | None = None
    times_daily_food: int | None = None

    def for_year(self, standard: Dong, months: int = 12) -> int | None:
        """The ceiling of one person in đồng for `months` of a year, by the facility's standard; None
        where it has none or hangs on the price of a day's food."""
        if self.dong_per_person_month is not None:
            return self.dong_per_person_month * months
        if self.times_standard_per_person_year is not None:
            return self.times_standard_per_person_year.of(standard)
        return self.dong_per_person_year


@dataclass(frozen=True, slots=True)
class StayCase:
    """How long a resident may stay from 16 on: until the age of `years`, for `months`, or (neither)
    until the studies end, unbroken where `continuous`."""

    who: str
    years: int | None = None
    months: int | None = None
    continuous: bool = False

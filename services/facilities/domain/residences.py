"""Who lives in which facility, and when: admissions against places, and discharges."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple
from uuid import UUID

from libs.common.kernel.ids import derived_id

RESIDENT, LEFT = "resident", "left"
#: Every move of a residence, and the fact that it tells. Whoever comes back begins a new residence.
TRANSITIONS = {(None, RESIDENT): "ResidenceStarted", (RESIDENT, LEFT): "ResidenceEnded"}


@dataclass(frozen=True, slots=True)
class Residence:
    """A stay from `from_date` to `until_date`, both included; None: the person lives there."""

    residence_id: UUID
    person_id: UUID
    facility_id: UUID
    from_date: date
    until_date: date | None
    state_paid: bool

    @property
    def state(self) -> str:
        return RESIDENT if self.until_date is None else LEFT


@dataclass(frozen=True, slots=True)
class Admission:
    """A wish: this person lives in that facility from a day on. `state_paid`: nurture is the State's."""

    person_id: UUID
    facility_id: UUID
    admitted_on: date
    state_paid: bool

    @property
    def residence_id(self) -> UUID:
        """The same admission, sent again, is the same residence."""
        return derived_id(
            "residence", str(self.person_id), str(self.facility_id), self.admitted_on.isoformat()
        )


@dataclass(frozen=True, slots=True)
class Discharge:
    """The person lives there no longer after `discharged_on`."""

    residence_id: UUID
    discharged_on: date


class Outcome(NamedTuple):
    """What became of one item. `code`: admitted, discharged or unchanged, else why it was refused."""

    code: str
    residence: Residence | None


DONE = frozenset({"admitted", "discharged", "unchanged"})
MESSAGES = {
    "person_unknown": (
        "Chưa biết người này: sổ đăng ký chưa có, hoặc tin chưa tới. Hãy thử lại sau ít phút.",
        "The person is not known: not registered, or the news is on its way. Try again soon.",
    ),
    "facility_unknown": ("Không tìm thấy cơ sở này.", "No such facility."),
    "facility_full": ("Cơ sở đã hết chỗ.", "The facility has no place left."),
    "already_resident": (
        "Người này đang ở một cơ sở trong thời gian đó.",
        "The person lives in a facility in that time already.",
    ),
    "date_in_the_future": ("Ngày ở sau ngày làm việc.", "The day is after the business date."),
    "residence_unknown": ("Không tìm thấy lượt ở này.", "No such residence."),
    "before_admission": ("Ngày ra trước ngày vào.", "The day is before the admission."),
    "already_left": ("Người này đã ra với ngày khác.", "The person left already, on another day."),
}


@dataclass
class House:
    """A facility's places against the stays in it; grows with each admission of a request."""

    places: int
    #: What changes on a day: plus for who comes, minus, the day after, for who left.
    changes: dict[date, int] = field(default_factory=dict)

    def take(self, residence: Residence) -> None:
        self._change(residence.from_date, 1)
        if residence.until_date:
            self._change(date.fromordinal(residence.until_date.toordinal() + 1), -1)

    def has_place_from(self, day: date) -> bool:
        """Whether one more may live there from `day` on, without end."""
        living = most = 0
        for changed_on in sorted(self.changes):
            living += self.changes[changed_on]
            most = living if changed_on <= day else max(most, living)
        return most < self.places

    def _change(self, day: date, by: int) -> None:
        self.changes[day] = self.changes.get(day, 0) + by


def admit(
    wishes: Sequence[Admission],
    places: Mapping[UUID, int],
    known_people: frozenset[UUID],
    stays: Iterable[Residence],
    today: date,
) -> list[Outcome]:
    """What becomes of each wish, in order: who comes first in the request has the place.

    `places`: of each facility that the caller may write. `stays`: every residence in these facilities, and
    every one of these people that the caller may see.
    """
    houses = {facility_id: House(count) for facility_id, count in places.items()}
    of_person: dict[UUID, list[Residence]] = {}
    known = {}
    for stay in {stay.residence_id: stay for stay in stays}.values():
        known[stay.residence_id] = stay
        of_person.setdefault(stay.person_id, []).append(stay)
        if stay.facility_id in houses:
            houses[stay.facility_id].take(stay)
    outcomes = []
    for wish in wishes:
        outcome = _admit_one(wish, houses, known_people, known, of_person.get(wish.person_id, []), today)
        outcomes.append(outcome)
        if outcome.code == "admitted" and outcome.residence:
            known[outcome.residence.residence_id] = outcome.residence
            of_person.setdefault(wish.person_id, []).append(outcome.residence)
            houses[wish.facility_id].take(outcome.residence)
    return outcomes


def _admit_one(
    wish: Admission,
    houses: Mapping[UUID, House],
    known_people: frozenset[UUID],
    known: Mapping[UUID, Residence],
    of_person: Sequence[Residence],
    today: date,
) -> Outcome:
    same = known.get(wish.residence_id)
    if same:
        return Outcome("unchanged", same)
    if wish.facility_id not in houses:
        return Outcome("facility_unknown", None)
    if wish.person_id not in known_people:
        return Outcome("person_unknown", None)
    if wish.admitted_on > today:
        return Outcome("date_in_the_future", None)
    if any(stay.until_date is None or stay.until_date >= wish.admitted_on for stay in of_person):
        return Outcome("already_resident", None)
    if not houses[wish.facility_id].has_place_from(wish.admitted_on):
        return Outcome("facility_full", None)
    residence = Residence(
        wish.residence_id, wish.person_id, wish.facility_id, wish.admitted_on, None, wish.state_paid
    )
    return Outcome("admitted", residence)


def discharge(wish: Discharge, stay: Residence | None, today: date) -> Outcome:
    """The ended residence, or why it does not end so."""
    if stay is None:
        return Outcome("residence_unknown", None)
    if stay.until_date == wish.discharged_on:
        return Outcome("unchanged", stay)
    if stay.until_date is not None:
        return Outcome("already_left", None)
    if wish.discharged_on > today:
        return Outcome("date_in_the_future", None)
    if wish.discharged_on < stay.from_date:
        return Outcome("before_admission", None)
    ended = Residence(
        stay.residence_id,
        stay.person_id,
        stay.facility_id,
        stay.from_date,
        wish.discharged_on,
        stay.state_paid,
    )
    return Outcome("discharged", ended)

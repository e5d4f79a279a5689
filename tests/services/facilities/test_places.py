"""The rule of places, held against counting day by day."""

from datetime import date, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.facilities.domain.residences import Admission, Discharge, House, Residence, admit, discharge

_FIRST = date(2023, 1, 1)
_TODAY = date(2023, 12, 1)
_DAYS = 12
_PERSON, _HOUSE = UUID(int=1), UUID(int=2)

_day = st.integers(0, _DAYS - 1).map(lambda days: _FIRST + timedelta(days))


@st.composite
def _stays(draw: st.DrawFn) -> list[Residence]:
    made = []
    for number in range(draw(st.integers(0, 8))):
        begun = draw(_day)
        days = draw(st.none() | st.integers(0, 6))
        ended = None if days is None else begun + timedelta(days)
        made.append(Residence(UUID(int=100 + number), UUID(int=200 + number), _HOUSE, begun, ended, True))
    return made


def _living(stays: list[Residence], day: date) -> int:
    return sum(
        stay.from_date <= day and (stay.until_date is None or day <= stay.until_date) for stay in stays
    )


@given(_stays(), _day, st.integers(0, 6))
def test_there_is_a_place_exactly_where_counting_every_day_finds_one(
    stays: list[Residence], day: date, places: int
) -> None:
    house = House(places)
    for stay in stays:
        house.take(stay)

    days = [day + timedelta(ahead) for ahead in range(3 * _DAYS)]
    assert house.has_place_from(day) == all(_living(stays, one) < places for one in days)


@given(st.lists(st.tuples(st.integers(0, 9), _day), max_size=25), st.integers(0, 4))
def test_no_request_oversells_and_sending_it_again_changes_nothing(
    wanted: list[tuple[int, date]], places: int
) -> None:
    wishes = [Admission(UUID(int=person), _HOUSE, day, True) for person, day in wanted]
    people = frozenset(wish.person_id for wish in wishes)
    first = admit(wishes, {_HOUSE: places}, people, [], _TODAY)
    living = [one.residence for one in first if one.code == "admitted" and one.residence]

    assert len(living) <= places
    assert len({stay.person_id for stay in living}) == len(living)
    again = admit(wishes, {_HOUSE: places}, people, living, _TODAY)
    assert not any(one.code == "admitted" for one in again)


def test_a_place_is_free_on_the_day_after_a_discharge() -> None:
    left = Residence(UUID(int=9), UUID(int=8), _HOUSE, _FIRST, date(2023, 3, 9), True)
    for day, code in ((date(2023, 3, 9), "facility_full"), (date(2023, 3, 10), "admitted")):
        wish = Admission(_PERSON, _HOUSE, day, True)
        assert admit([wish], {_HOUSE: 1}, frozenset({_PERSON}), [left], _TODAY)[0].code == code


def test_a_discharge_says_why_not() -> None:
    stay = Residence(UUID(int=9), _PERSON, _HOUSE, date(2023, 3, 1), None, True)
    ended = discharge(Discharge(stay.residence_id, date(2023, 4, 1)), stay, _TODAY)

    assert (ended.code, ended.residence and ended.residence.until_date) == ("discharged", date(2023, 4, 1))
    for day, code in ((date(2023, 2, 1), "before_admission"), (date(2024, 1, 1), "date_in_the_future")):
        assert discharge(Discharge(stay.residence_id, day), stay, _TODAY).code == code
    assert discharge(Discharge(stay.residence_id, _TODAY), None, _TODAY).code == "residence_unknown"
    assert discharge(Discharge(stay.residence_id, _TODAY), ended.residence, _TODAY).code == "already_left"
    assert (
        discharge(Discharge(stay.residence_id, date(2023, 4, 1)), ended.residence, _TODAY).code == "unchanged"
    )

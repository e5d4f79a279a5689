"""What held in a month, by when it was true and when we learned it."""

from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import Place
from services.eligibility.domain.history import FactsVersion, State, chain_of, facts_at, holds_from

_HERE, _THERE = Place("22738", "56", "58"), Place("00004", "01", "01")
_MONTHS = [Month(2026, 1) + ahead for ahead in range(12)]


def version(number: int, true_from: date | None, place: Place = _HERE, **person: Any) -> FactsVersion:
    case = {"person": person, "household": {"poverty_status": "none"}, "dates": {}, "context": {}}
    return FactsVersion(number, true_from, place, case)


def at(versions: list[FactsVersion], month: str, known: int | None = None) -> dict[str, Any]:
    found = facts_at(versions, Month.parse(month), known or len(versions))
    return dict(found.case["person"])


def test_a_first_version_is_true_since_ever() -> None:
    assert at([version(1, date(2026, 5, 4), disability_degree="mild")], "2016-01") == {
        "disability_degree": "mild"
    }


def test_a_late_fact_changes_the_months_since_it_was_true_and_no_month_as_it_was_known_before() -> None:
    versions = [version(1, None, degree="mild"), version(2, date(2026, 3, 31), degree="severe")]
    assert [at(versions, month)["degree"] for month in ("2026-02", "2026-03", "2026-04")] == [
        "mild",
        "severe",
        "severe",
    ]
    assert at(versions, "2026-04", known=1) == {"degree": "mild"}


def test_a_later_truth_stands_against_an_earlier_one_that_is_learned_after_it() -> None:
    versions = [
        version(1, None, degree="none"),
        version(2, date(2026, 6, 1), degree="severe"),
        version(3, date(2026, 2, 1), degree="mild"),
    ]
    assert [at(versions, month)["degree"] for month in ("2026-01", "2026-02", "2026-06")] == [
        "none",
        "mild",
        "severe",
    ]
    assert holds_from(versions) == date.max


def test_a_correction_as_of_the_same_day_wins_and_leaves_nothing_of_what_it_corrects() -> None:
    day = date(2026, 3, 1)
    versions = [version(1, None), version(2, day, degree="severe"), version(3, day)]
    assert all(at(versions, str(month)) == {} for month in _MONTHS)


def test_a_fact_that_ended_is_gone_from_that_month_on() -> None:
    versions = [version(1, None, studying=True), version(2, date(2026, 6, 15))]
    assert (at(versions, "2026-05"), at(versions, "2026-06")) == ({"studying": True}, {})


def test_a_birth_date_was_never_another() -> None:
    versions = [
        version(1, None, birth_date="1950-01-01"),
        version(2, date(2026, 9, 1), birth_date="1951-01-01"),
    ]
    assert at(versions, "2026-01") == {"birth_date": "1951-01-01"}


def test_a_place_is_one_fact() -> None:
    versions = [version(1, None), version(2, date(2026, 9, 1), _THERE)]
    places = [facts_at(versions, Month.parse(month), 2).place for month in ("2026-08", "2026-09")]
    assert places == [_HERE, _THERE]


_FACTS = ("a", "b", "c", "d")
_days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
#: Changes of different facts: (fact, value, since when).
_independent = st.lists(
    st.tuples(st.sampled_from(_FACTS), st.integers(1, 3), _days), unique_by=lambda change: change[0]
)
_changes = st.lists(st.tuples(st.sampled_from(_FACTS), st.integers(0, 3), _days), max_size=8)


def recorded(changes: list[tuple[str, int, date]]) -> list[FactsVersion]:
    """The versions that recording these changes one after another makes; 0: the fact ends."""
    person: dict[str, Any] = {}
    versions = [version(1, None)]
    for fact, value, since in changes:
        person = {**person, fact: value} if value else {k: v for k, v in person.items() if k != fact}
        versions.append(version(len(versions) + 1, since, **person))
    return versions


def states(versions: list[FactsVersion]) -> list[State]:
    return [facts_at(versions, month, len(versions)) for month in _MONTHS]


@given(_independent, st.randoms())
def test_the_order_in_which_independent_facts_were_recorded_changes_no_month(
    changes: list[tuple[str, int, date]], chance: Any
) -> None:
    shuffled = list(changes)
    chance.shuffle(shuffled)
    assert states(recorded(changes)) == states(recorded(shuffled))


@given(_changes, st.randoms(), st.data())
def test_versions_that_come_twice_or_in_another_order_change_nothing(
    changes: list[tuple[str, int, date]], chance: Any, data: Any
) -> None:
    versions = recorded(changes)
    told = versions + data.draw(st.lists(st.sampled_from(versions)))
    chance.shuffle(told)
    known = len(versions)
    assert [facts_at(told, month, known) for month in _MONTHS] == states(versions)
    assert chain_of(told, known) == chain_of(versions, known)


@given(_changes, _days)
def test_stating_again_what_is_there_changes_no_month(
    changes: list[tuple[str, int, date]], since: date
) -> None:
    versions = recorded(changes)
    again = FactsVersion(len(versions) + 1, since, versions[-1].place, versions[-1].case)
    assert states([*versions, again]) == states(versions)


@given(_changes)
def test_what_was_known_then_is_not_touched_by_what_is_learned_later(
    changes: list[tuple[str, int, date]],
) -> None:
    versions = recorded(changes)
    for known in range(1, len(versions) + 1):
        as_known = [facts_at(versions, month, known) for month in _MONTHS]
        assert as_known == states(versions[:known])


@given(_changes)
def test_the_newest_version_is_the_state_of_every_month_it_is_said_to_hold_in(
    changes: list[tuple[str, int, date]],
) -> None:
    versions = recorded(changes)
    since = holds_from(versions)
    for month, state in zip(_MONTHS, states(versions), strict=True):
        if since <= month.last_day:
            assert state.case["person"] == versions[-1].case["person"]


@given(_changes)
def test_a_change_of_any_version_changes_the_chain(changes: list[tuple[str, int, date]]) -> None:
    versions = recorded(changes)
    for at_, each in enumerate(versions):
        person = {**each.case["person"], "planted": True}
        planted = FactsVersion(each.version, each.true_from, each.place, {**each.case, "person": person})
        other = [*versions[:at_], planted, *versions[at_ + 1 :]]
        assert chain_of(other, len(versions)) != chain_of(versions, len(versions))

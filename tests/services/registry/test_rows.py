"""The reader of a row: it takes what is right, and never fails on what is not."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.kernel.row_files import FILE_MESSAGES
from libs.common.kernel.units import Location
from services.registry.domain.columns import COLUMNS
from services.registry.domain.messages import ROW_MESSAGES
from services.registry.domain.people import Person
from services.registry.domain.rows import CHOICES, Frame, Wrong, read_row
from tests.services.registry.world import HA_NOI, person, personal_id

FRAME = Frame(date(2023, 12, 1), {HA_NOI: Location("01", "01"), "14323": Location("37", "37")}, None)

#: What people type into cells: nearly right, of another column, or anything at all.
_CELLS = st.one_of(
    st.sampled_from(
        [
            "",
            "true",
            "1940-05-06",
            "1940-02-30",
            "0000-00-00",
            "1899-12-31",
            "9999-12-31",
            "2012-01-01;2013-01-01:studying",
            "²³",
            "٣٣٣٣٣٣",
            "\x00",
            "\ud800",
            "12",
            "VNPOST",
            "970405",
            HA_NOI,
            personal_id(1),
        ]
    ),
    st.sampled_from(sorted(value for values in CHOICES.values() for value in values)),
    st.text(max_size=30),
)


def _read(**changed: str) -> Person | Wrong:
    row = person(1, **changed)
    return read_row([row[column] for column in COLUMNS], FRAME)


def _wrong(**changed: str) -> Wrong:
    read = _read(**changed)
    assert isinstance(read, list), read
    return read


def _right(**changed: str) -> Person:
    read = _read(**changed)
    assert isinstance(read, Person), read
    return read


@settings(max_examples=400)
@given(st.dictionaries(st.sampled_from(COLUMNS), _CELLS, max_size=8))
def test_any_cells_give_a_person_or_say_what_is_wrong(changed: dict[str, str]) -> None:
    read = _read(**changed)
    if isinstance(read, Person):
        # What is taken can be written down: the database and UTF-8 take neither NUL nor half a character.
        payout = read.payout
        texts = [read.household_number, read.full_name, read.personal_id]
        texts += [payout.account_name or "", payout.payee_name, payout.account_number or ""] if payout else []
        assert all(text.encode() and "\x00" not in text for text in texts if text)
        return
    assert read
    for column, code in read:
        assert column in COLUMNS
        assert ROW_MESSAGES[code].vi
        assert ROW_MESSAGES[code].en


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"birth_date": ""}, ("birth_date", "required")),
        ({"birth_date": "1940-5-6"}, ("birth_date", "impossible_date")),
        ({"birth_date": "19400506"}, ("birth_date", "impossible_date")),
        ({"birth_date": "1940-W18-1"}, ("birth_date", "impossible_date")),
        ({"birth_date": "2024-01-01"}, ("birth_date", "date_in_the_future")),
        ({"birth_date": "1889-01-01"}, ("birth_date", "date_too_early")),
        ({"personal_id": "123"}, ("personal_id", "personal_id_not_12_digits")),
        ({"personal_id": "00104000000٣"}, ("personal_id", "personal_id_not_12_digits")),
        ({"sex": "female"}, ("personal_id", "personal_id_century_or_sex_differs")),
        ({"full_name": "=cmd|' /C calc'!A0"}, ("full_name", "text_not_allowed")),
        ({"full_name": "Nguyễn\x00Văn"}, ("full_name", "text_not_allowed")),
        ({"full_name": "Nguyễn 3"}, ("full_name", "text_not_allowed")),
        ({"poverty_status": "rich"}, ("poverty_status", "unknown_value")),
        ({"hiv_positive": "maybe"}, ("hiv_positive", "unknown_value")),
        ({"children": "2012-13-01"}, ("children", "impossible_date")),
        ({"children": "2012-01-01:working"}, ("children", "unknown_value")),
        ({"children": ";".join(["2012-01-01"] * 31)}, ("children", "too_many")),
        ({"pension_dong_monthly": "3,5"}, ("pension_dong_monthly", "not_a_whole_number")),
        ({"pension_dong_monthly": "-1"}, ("pension_dong_monthly", "not_a_whole_number")),
        ({"applied_for": "everything"}, ("applied_for", "unknown_value")),
        ({"channel": ""}, ("channel", "required")),
        ({"payee_relation": "guardian"}, ("payee_name", "required")),
        ({"payee_relation": "guardian", "payee_name": "A", "payee_personal_id": personal_id(1)},
         ("payee_personal_id", "contradictory_payee")),
        ({"children_under_36_months": "two"}, ("children_under_36_months", "not_a_whole_number")),
        ({"carer_relation": "neighbour", "carer_personal_id": personal_id(2)},
         ("carer_relation", "unknown_value")),
        ({"carer_relation": "own_household"}, ("carer_personal_id", "required")),
        ({"carer_personal_id": personal_id(2)}, ("carer_relation", "required")),
        ({"carer_relation": "own_household", "carer_personal_id": "12"},
         ("carer_personal_id", "personal_id_not_12_digits")),
        ({"carer_relation": "own_household", "carer_personal_id": personal_id(1)},
         ("carer_personal_id", "carer_is_self")),
        ({"payee_name": "Somebody Else"}, ("payee_name", "contradictory_payee")),
    ],
)  # fmt: skip
def test_each_wrong_cell_has_its_code(changed: dict[str, str], expected: tuple[str, str]) -> None:
    assert expected in _wrong(**changed)


def test_every_wrong_cell_of_a_row_is_named() -> None:
    found = _wrong(sex="x", birth_date="x", commune_code="x", channel="x", poverty_status="")
    assert {column for column, _ in found} == {
        "sex",
        "birth_date",
        "commune_code",
        "channel",
        "poverty_status",
    }


def test_facts_take_the_form_of_a_case() -> None:
    read = _right(
        disability_degree="severe",
        hiv_positive="TRUE",
        has_family_supporter="false",
        children="2012-01-01; 2015-06-30:studying;2005-01-01:studying+continuous",
        pension_dong_monthly="0",
    )
    assert read.facts == {
        "disability_degree": "severe",
        "hiv_positive": True,
        "has_family_supporter": False,
        "children": [
            {"birth_date": "2012-01-01"},
            {"birth_date": "2015-06-30", "studying": True},
            {"birth_date": "2005-01-01", "studying": True, "study_continuous": True},
        ],
        "pension_dong_monthly": 0,
    }


def test_a_territory_bounds_whom_an_officer_registers() -> None:
    frame = replace(FRAME, territory="37")
    row = person(1)
    assert read_row([row[column] for column in COLUMNS], frame) == [("commune_code", "outside_territory")]


def test_messages_speak_both_languages() -> None:
    for message in (*ROW_MESSAGES.values(), *FILE_MESSAGES.values()):
        assert message.vi.format(at="3")
        assert message.en.format(at="3")

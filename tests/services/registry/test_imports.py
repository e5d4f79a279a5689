"""Population files: what is taken, what is refused row by row, and what is refused whole."""

import unicodedata
from datetime import date
from typing import Any

import pytest

from services.registry.domain.columns import COLUMNS
from tests.services.registry.world import (
    NINH_BINH,
    OFFICER,
    Registry,
    csv_file,
    person,
    personal_id,
    token,
    xlsx_file,
)


async def test_a_whole_file_is_taken_with_an_event_for_each_person_and_account(registry: Registry) -> None:
    shown = await registry.taken(csv_file([person(number) for number in range(7)]))

    assert shown["status"] == "done"
    assert (shown["rows_total"], shown["rows_taken"], shown["rows_refused"]) == (7, 7, 0)
    assert len(await registry.events("PersonRecorded")) == 7
    assert len(await registry.events("PayoutAccountRecorded")) == 7
    assert (await registry.get("/v1/counts")).json() == {"people": 7}


async def test_a_workbook_says_the_same_as_a_csv_file(registry: Registry) -> None:
    rows = [person(1, already_receiving="true"), person(2, pension_dong_monthly="350000")]
    typed: list[dict[str, Any]] = [
        {**rows[0], "birth_date": date(1940, 5, 6), "already_receiving": True},
        {**rows[1], "pension_dong_monthly": 350000},
    ]

    shown = await registry.taken(xlsx_file(typed), "people.xlsx")

    assert (shown["file_kind"], shown["status"], shown["rows_taken"]) == ("xlsx", "done", 2)
    told = await registry.events("PersonRecorded")
    assert told[0]["birth_date"] == "1940-05-06"
    assert told[0]["already_receiving"] is True


async def test_good_rows_are_kept_and_each_bad_one_says_where_and_why(registry: Registry) -> None:
    rows = [
        person(0),
        person(1, birth_date="1940-02-30"),
        person(2, commune_code="99999"),
        person(0),
        person(4, sex="m"),
        person(5, account_number="12-34"),
        person(6, agency_code="Agribank"),
        person(7, full_name="Nguyễn " * 60),
        person(8, payee_personal_id=personal_id(9)),
        person(10, personal_id="001041000010"),
        person(11, channel="post_office", agency_code="VNPOST"),
        person(12),
        person(13, channel="e_wallet", agency_code="971005"),
        person(14, channel="e_wallet", agency_code="VNPOST"),
    ]
    shown = await registry.taken(csv_file(rows))

    assert (shown["status"], shown["rows_taken"], shown["rows_refused"]) == ("done", 3, 11)
    assert await registry.errors(shown["import_id"]) == [
        (3, "birth_date", "impossible_date"),
        (4, "commune_code", "unknown_commune"),
        (5, "personal_id", "duplicate_personal_id"),
        (6, "sex", "unknown_value"),
        (7, "account_number", "bad_account_number"),
        (8, "agency_code", "bad_agency_code"),
        (9, "full_name", "text_too_long"),
        (10, "payee_personal_id", "contradictory_payee"),
        (11, "personal_id", "personal_id_year_differs"),
        (12, "account_number", "account_without_bank"),
        (15, "agency_code", "bad_agency_code"),
    ]


async def test_somebody_registered_by_an_earlier_file_is_a_duplicate(registry: Registry) -> None:
    await registry.taken(csv_file([person(1)]))

    shown = await registry.taken(csv_file([person(1, full_name="Người Khác"), person(2)]))

    assert (shown["rows_taken"], shown["rows_refused"]) == (1, 1)
    assert await registry.errors(shown["import_id"]) == [(2, "personal_id", "duplicate_personal_id")]


async def test_the_same_file_sent_again_is_the_same_import(registry: Registry) -> None:
    content = csv_file([person(1), person(2)])
    first = await registry.taken(content)
    again = await registry.taken(content)

    assert again == first
    assert (await registry.get("/v1/counts")).json() == {"people": 2}


async def test_a_file_with_refused_rows_is_looked_at_anew(registry: Registry) -> None:
    content = csv_file([person(1), person(2, sex="x")])
    first = await registry.taken(content)
    again = await registry.taken(content)

    assert again["import_id"] != first["import_id"]
    assert (again["rows_taken"], again["rows_refused"]) == (0, 2)


async def test_a_commune_counts_as_of_the_stated_day(registry: Registry) -> None:
    content = csv_file([person(1, commune_code="00097")])
    answer = await registry.client.post(
        "/v1/imports", params={"as_of": "2025-08-01"}, files={"file": content}, headers=token(OFFICER)
    )
    await registry.work()

    shown = (await registry.get(f"/v1/imports/{answer.json()['import_id']}")).json()
    assert shown["rows_taken"] == 1
    assert (await registry.events("PersonRecorded"))[0]["former_province_code"] is None


async def test_an_officer_registers_nobody_of_another_province(registry: Registry) -> None:
    rows = [person(1), person(2, commune_code=NINH_BINH)]
    shown = await registry.taken(csv_file(rows), as_=f"{OFFICER}@01")

    assert (shown["rows_taken"], shown["rows_refused"]) == (1, 1)
    assert await registry.errors(shown["import_id"]) == [(3, "commune_code", "outside_territory")]


def _without(column: str) -> list[str]:
    return [name for name in COLUMNS if name != column]


_ONE = [person(1)]
_BROKEN_FILES = {
    "empty": (b"", "import_file_empty", None),
    "only a header": (csv_file([]), "import_file_empty", None),
    "only a byte order mark": (b"\xef\xbb\xbf", "import_file_empty", None),
    "not UTF-8": (csv_file(_ONE).decode().encode("cp1258", "replace") + b"\xff\xfe", None, None),
    "an open quote": (csv_file(_ONE) + b'H9,"001', "import_file_unreadable", "3"),
    "a row with too few cells": (csv_file(_ONE) + b"H9,1\r\n", "import_file_unreadable", "3"),
    "a row with too many cells": (csv_file(_ONE) + b"," * 60 + b"\r\n", "import_file_unreadable", "3"),
    "a missing column": (
        csv_file([{k: v for k, v in person(1).items() if k != "sex"}], _without("sex")),
        "import_columns_wrong",
        "sex",
    ),
    "an unknown column": (csv_file(_ONE).replace(b"sex", b"gender", 1), "import_columns_wrong", "5"),
    "a column twice": (csv_file(_ONE).replace(b"sex,", b"area,", 1), "import_columns_wrong", "area"),
    "semicolons for commas": (csv_file(_ONE).replace(b",", b";"), "import_columns_wrong", "1"),
}


@pytest.mark.parametrize("name", _BROKEN_FILES)
async def test_a_wrong_file_is_refused_whole(registry: Registry, name: str) -> None:
    content, code, at = _BROKEN_FILES[name]
    shown = await registry.taken(content)

    assert (shown["status"], shown["rows_taken"]) == ("refused", 0)
    assert code in (None, shown["problem"]["code"])
    assert at in (None, shown["problem"]["at"])
    assert shown["problem"]["message_vi"] and shown["problem"]["message_en"]
    assert (await registry.get("/v1/counts")).json() == {"people": 0}
    left = await registry.look.fetchval(
        "select (select count(*) from import_upload) + (select count(*) from import_part)"
    )
    assert left == 0


async def test_a_file_that_breaks_in_its_last_line_leaves_nothing(registry: Registry) -> None:
    content = csv_file([person(number) for number in range(5_100)]) + b"\xff\xff\r\n"
    shown = await registry.taken(content)

    assert shown["status"] == "refused"
    assert shown["problem"]["reason"] == "file_not_utf8"
    assert (await registry.get("/v1/counts")).json() == {"people": 0}


async def test_columns_may_stand_in_another_order_and_after_a_byte_order_mark(registry: Registry) -> None:
    shown = await registry.taken(csv_file([person(1)], columns=tuple(reversed(COLUMNS)), bom=True))

    assert (shown["status"], shown["rows_taken"]) == ("done", 1)


async def test_names_keep_their_marks_in_one_form(registry: Registry) -> None:
    decomposed = unicodedata.normalize("NFD", "Đặng Thị Hoà")
    await registry.taken(csv_file([person(1, full_name=decomposed)]))

    found = (await registry.get("/v1/people", q="đặng thị hòa")).json()["items"]
    assert [one["full_name"] for one in found] == ["Đặng Thị Hoà"]


async def test_the_refused_rows_come_back_as_a_file_to_mend_and_send_again(registry: Registry) -> None:
    rows = [person(1), person(2, birth_date="1940-13-01"), person(3, full_name="=HYPERLINK(1)")]
    shown = await registry.taken(csv_file(rows))

    copy = await registry.get(f"/v1/imports/{shown['import_id']}/errors.csv")
    text = copy.content.decode("utf-8-sig")
    assert text.count("\r\n") == 3
    assert "[birth_date] Ngày không có thật" in text
    assert ",'=HYPERLINK" in text
    mended = text.replace("1940-13-01", "1940-12-01").replace("'=HYPERLINK(1)", "Nguyễn Văn Ba")
    again = await registry.taken(mended.encode())
    assert (again["rows_taken"], again["rows_refused"]) == (2, 0)


async def test_the_refused_rows_come_back_as_a_workbook(registry: Registry) -> None:
    shown = await registry.taken(csv_file([person(1), person(2, sex="x")]))

    copy = await registry.get(f"/v1/imports/{shown['import_id']}/errors.xlsx")
    again = await registry.taken(copy.content, "again.xlsx")
    assert (again["rows_total"], again["rows_refused"]) == (1, 1)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_the_template_is_a_file_that_only_lacks_rows(registry: Registry, kind: str) -> None:
    template = await registry.get(f"/v1/imports/template.{kind}")
    shown = await registry.taken(template.content, f"template.{kind}")

    assert shown["problem"]["code"] == "import_file_empty"

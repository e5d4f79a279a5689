"""A list of what another authority decided: right rows are kept, wrong ones told with their column."""

import json
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from libs.common.kernel import ids
from libs.common.kernel.errors import Refusal
from services.eligibility.domain.foreign_lists import COLUMNS, ForeignList, read_list

PERSON = ids.show("per", ids.derived_id("test", "an invented person"))
OTHER = ids.show("per", ids.derived_id("test", "another"))
GOOD = f"{PERSON},merit_allowance,3012000,2026-07,,12/QĐ-UBND,2026-07-15,Sở Nội vụ"
HEADER = ",".join(COLUMNS)


def read(*rows: str, header: str = HEADER) -> ForeignList:
    return read_list("\n".join([header, *rows]), {"merit_allowance"}, date(2026, 11, 26))


def test_a_right_row_is_kept_as_it_stands() -> None:
    found = read(GOOD, "", f"{OTHER},merit_allowance,100,2026-01,2026-06,13,2026-01-02,UBND xã")
    assert found.errors == ()
    assert found.rows == 2
    first, second = found.decisions
    assert (ids.show("per", first.person), first.amount, str(first.from_month)) == (
        PERSON,
        3_012_000,
        "2026-07",
    )
    assert first.until is None
    assert str(second.until) == "2026-06"


@pytest.mark.parametrize(
    ("before", "after", "column", "code"),
    [
        (PERSON, "per_1", "person_id", "not_an_id"),
        (PERSON, "", "person_id", "missing"),
        ("merit_allowance", "monthly_allowance", "programme", "not_elsewhere"),
        ("3012000", "3.012.000", "amount_dong", "not_an_amount"),
        ("3012000", "0", "amount_dong", "not_an_amount"),
        ("3012000", "-5", "amount_dong", "not_an_amount"),
        ("3012000", "9999999999", "amount_dong", "not_an_amount"),
        ("3012000", "٣", "amount_dong", "not_an_amount"),
        ("2026-07,,", "07/2026,,", "from_month", "not_a_month"),
        ("2026-07,,", "2026-07,2026-06,", "until_month", "before_from"),
        ("2026-07,,", "2026-07,2026-13,", "until_month", "not_a_month"),
        ("12/QĐ-UBND", "", "decision_number", "missing"),
        ("2026-07-15", "15/7/2026", "decided_on", "not_a_date"),
        ("2026-07-15", "2026-02-30", "decided_on", "not_a_date"),
        ("2026-07-15", "2026-11-27", "decided_on", "after_as_of"),
        ("Sở Nội vụ", "", "issued_by", "missing"),
        ("12/QĐ-UBND", "12\x00", "decision_number", "not_a_text"),
        ("Sở Nội vụ", "S" * 201, "issued_by", "not_a_text"),
        ("Sở Nội vụ", "Sở Nội vụ,more", "issued_by", "too_many_cells"),
    ],
)
def test_a_wrong_cell_is_told_with_row_and_column_and_never_echoed(
    before: str, after: str, column: str, code: str
) -> None:
    assert before in GOOD
    found = read(GOOD.replace(PERSON, OTHER), GOOD.replace(before, after, 1))
    assert [(error.path, error.code) for error in found.errors] == [(f"rows[2].{column}", code)]
    assert len(found.decisions) == 1
    assert all(error.message_vi and error.message_en for error in found.errors)


def test_every_wrong_cell_of_a_row_is_told() -> None:
    assert {error.code for error in read("x,y,z,q,,,w,").errors} == {
        "not_an_id",
        "not_elsewhere",
        "not_an_amount",
        "not_a_month",
        "missing",
        "not_a_date",
    }


def test_nobody_is_paid_twice_for_a_month_of_a_programme() -> None:
    found = read(GOOD, GOOD.replace("2026-07,,", "2026-12,2027-01,"))
    assert [(error.path, error.code) for error in found.errors] == [("rows[2].from_month", "overlaps")]
    apart = read(GOOD.replace("2026-07,,", "2026-01,2026-06,"), GOOD)
    assert (len(apart.decisions), apart.errors) == (2, ())


@pytest.mark.parametrize("header", ["", "person_id,programme", HEADER.replace("amount_dong", "amount")])
def test_a_file_without_the_columns_is_refused_whole(header: str) -> None:
    with pytest.raises(Refusal, match="case_invalid"):
        read(GOOD, header=header)


def test_the_command_tells_good_rows_and_wrong_ones(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"{HEADER}\n{GOOD}\n", encoding="utf-8")
    asked = ["policy", "foreign-list", str(path), "--on", "2026-11-26", "--json"]
    found = CliRunner().invoke(app, asked)
    assert (found.exit_code, json.loads(found.output)["good"]) == (0, 1)
    path.write_text(f"{HEADER}\n{GOOD}\n{GOOD}\n", encoding="utf-8")
    found = CliRunner().invoke(app, asked)
    assert found.exit_code == 2
    assert json.loads(found.output)["errors"][0]["code"] == "overlaps"
    path.write_bytes(b"\xff\xfe")
    assert CliRunner().invoke(app, asked).exit_code == 1


def test_a_file_of_a_spreadsheet_with_a_mark_at_its_head_is_read() -> None:
    assert len(read(GOOD, header="\ufeff" + HEADER).decisions) == 1

"""A report that holds what no honest partner writes is dealt with like any other: it blocks nobody."""

import csv
import io
from typing import Any

import pytest

from services.payments.clients.post_files.layout import COLUMNS, HEAD
from tests.services.payments.world import BANK, MONTHS, NOBODY_FAILS, POST, Payments, decision


def answer_csv(
    file: dict[str, Any], reference: str, amount: str = "540000", day: str = "05/02/2024"
) -> bytes:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow([HEAD["file_id"], file["payment_file_id"]])
    rows.writerow([HEAD["instructions"], 1])
    rows.writerow([HEAD["control_sum_dong"], 540000])
    rows.writerow(COLUMNS.values())
    row = {"end_to_end_id": reference, "payee_name": "Nguyễn Thử 1", "amount_dong": amount}
    row |= {"result": "paid", "booked_on": day}
    rows.writerow(row.get(name, "") for name in COLUMNS)
    return text.getvalue().encode()


@pytest.mark.parametrize(
    ("reference", "amount", "day"),
    [
        ("pay_\x00", "540000", "05/02/2024"),
        ("\x00" * 4_000, "540000", "05/02/2024"),
        ("pay_" + "0" * 26, "540000", "05/02/0001"),
        ("pay_" + "Z" * 26, "540000", "31/12/9999"),
        ("\u202epay\u2028_\ufffe", "540.000", "2024-02-30"),
        ("=HYPERLINK(1)", "540,000", ""),
    ],
)
async def test_a_strange_line_waits_and_the_next_report_is_taken(
    payments: Payments, reference: str, amount: str, day: str
) -> None:
    await payments.decide(decision(1, pays_from="2024-02"), decision(2, pays_from="2024-02"))
    await payments.cash(1)
    await payments.account(2)
    await payments.close(*MONTHS)
    run = await payments.instructed("2024-02")
    (file,) = await payments.files(POST)
    content = answer_csv(file, reference, amount, day)
    strange = (await payments.hand_in(file["payment_file_id"], content, POST)).json()["report_id"]
    await payments.answered(NOBODY_FAILS, (BANK,))
    report = await payments.report(strange, POST)
    assert (report["status"], report["settled"], report["suspended"]) == ("taken", 0, 1)
    assert (await payments.run(run["run_id"]))["settled_dong"] == 540_000
    assert await payments.violations() == {}

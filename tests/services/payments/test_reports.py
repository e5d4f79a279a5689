"""Partners' reports: matched on reference, amount, date and payee; what differs waits, the rest goes on."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest

from libs.common.kernel.ids import derived_id, show
from tests.services.payments.world import (
    BANK,
    EVERYBODY_FAILS,
    HANOI,
    HCMC,
    MONTHS,
    NOBODY_FAILS,
    POST,
    Payments,
    decision,
)

#: Of the form of our ids, and nobody's.
STRANGER = show("pay", derived_id("nobody")).encode()


@pytest.fixture
async def run(payments: Payments) -> dict[str, Any]:
    """Three at the bank, one at the post, instructed."""
    for number in (1, 2, 3):
        await payments.decide(decision(number, amount_dong=540_000 + number, pays_from="2024-02"))
        await payments.account(number)
    await payments.decide(decision(4))
    await payments.cash(4)
    await payments.close(*MONTHS)
    return await payments.instructed("2024-02")


async def booked(payments: Payments) -> tuple[str, bytes]:
    """The bank's file and its camt.054 with everybody settled."""
    (file,) = await payments.files(BANK)
    reports = await payments.reports(file["payment_file_id"], BANK, NOBODY_FAILS)
    return file["payment_file_id"], reports[-1].content


async def taken(payments: Payments, file_id: str, content: bytes, agency: str = BANK) -> dict[str, Any]:
    answer = await payments.hand_in(file_id, content, agency)
    assert answer.status_code == 202, answer.text
    await payments.work()
    return await payments.report(answer.json()["report_id"], agency)


async def test_a_report_whose_turn_it_is_not_holds_up_no_other(
    payments: Payments, run: dict[str, Any]
) -> None:
    file_id, content = await booked(payments)
    answer = await payments.hand_in(file_id, content)
    report_id = answer.json()["report_id"]
    async with payments.look.transaction():
        # As while another report of this bank and province is being taken.
        await payments.look.execute(
            "select pg_advisory_xact_lock(hashtextextended('suspense ' || $1 || ' ' || $2, 0))", BANK, HANOI
        )
        (list_,) = await payments.files(POST)
        (report,) = await payments.reports(list_["payment_file_id"], POST, NOBODY_FAILS)
        other = await taken(payments, list_["payment_file_id"], report.content, POST)
        await payments.work()  # the next look, after the one that found it taken
        assert (await payments.report(other["report_id"], POST))["status"] == "taken"
        assert (await payments.report(report_id))["status"] == "received"
    await payments.work()
    assert (await payments.report(report_id))["status"] == "taken"


def first(pattern: bytes, replacement: bytes) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        changed, count = re.subn(pattern, replacement, content, count=1)
        assert count == 1, pattern
        return changed

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            first(rb"<EndToEndId>pay_.{26}", b"<EndToEndId>" + show("pay", derived_id("x")).encode()),
            "unknown_reference",
        ),
        (first(rb"<EndToEndId>pay_.{26}", b"<EndToEndId>whatever"), "unknown_reference"),
        (first(rb"<Id>190000000001</Id>", b"<Id>190000000009</Id>"), "payee_differs"),
    ],
)
async def test_a_line_that_differs_waits_and_the_others_go_on(
    payments: Payments, run: dict[str, Any], change: Callable[[bytes], bytes], reason: str
) -> None:
    file_id, content = await booked(payments)
    report = await taken(payments, file_id, change(content))
    assert (report["status"], report["lines"], report["settled"], report["suspended"]) == ("taken", 3, 2, 1)
    shown = (await payments.get(f"/v1/runs/{run['run_id']}/reconciliation")).json()
    assert shown["suspense"] == {reason: 1}
    assert [line["reason"] for line in shown["suspended"]] == [reason]
    assert shown["instructions"] == {"pending": 2, "settled": 2}
    assert (await payments.run(run["run_id"]))["status"] == "instructed"
    assert await payments.violations() == {}
    # The partner mends its report: what was settled is told twice, what waited is settled.
    report = await taken(payments, file_id, content)
    assert (report["settled"], report["suspended"]) == (1, 2)
    assert await payments.violations() == {}


async def test_two_amounts_exchanged_wait_though_the_totals_agree(
    payments: Payments, run: dict[str, Any]
) -> None:
    file_id, content = await booked(payments)
    swapped = (
        content.replace(b">540001<", b">#<").replace(b">540002<", b">540001<").replace(b">#<", b">540002<")
    )
    report = await taken(payments, file_id, swapped)
    assert (report["settled"], report["suspended"]) == (1, 2)
    shown = (await payments.get(f"/v1/runs/{run['run_id']}/reconciliation")).json()
    assert shown["suspense"] == {"amount_differs": 2}


@pytest.mark.parametrize("day", [b"2024-02-04", b"2024-02-06"])
async def test_a_date_before_the_order_or_in_the_future_waits(
    payments: Payments, run: dict[str, Any], day: bytes
) -> None:
    file_id, content = await booked(payments)
    report = await taken(
        payments, file_id, re.sub(rb"<Dt>2024-02-05</Dt>", b"<Dt>" + day + b"</Dt>", content)
    )
    assert (report["settled"], report["suspended"]) == (0, 3)
    shown = (await payments.get(f"/v1/runs/{run['run_id']}/reconciliation")).json()
    assert shown["suspense"] == {"date_differs": 3}


async def test_the_same_report_twice_is_the_first_report(payments: Payments, run: dict[str, Any]) -> None:
    file_id, content = await booked(payments)
    first_id = (await payments.hand_in(file_id, content)).json()["report_id"]
    assert (await payments.hand_in(file_id, content)).json()["report_id"] == first_id
    await payments.work()
    assert (await payments.hand_in(file_id, content)).json()["report_id"] == first_id
    await payments.work()
    assert (await payments.run(run["run_id"]))["settled_dong"] == 3 * 540_000 + 6
    assert await payments.violations() == {}


async def test_reports_in_any_order_come_to_the_same(payments: Payments, run: dict[str, Any]) -> None:
    """Bookings before rejections, the post before the bank."""
    (post_file,) = await payments.files(POST)
    (answer,) = await payments.reports(post_file["payment_file_id"], POST, EVERYBODY_FAILS)
    await taken(payments, post_file["payment_file_id"], answer.content, POST)
    (file,) = await payments.files(BANK)
    for report in reversed(await payments.reports(file["payment_file_id"], BANK, EVERYBODY_FAILS)):
        await taken(payments, file["payment_file_id"], report.content)
    done = await payments.run(run["run_id"])
    assert (done["status"], done["settled_dong"], done["pending_dong"]) == ("reconciled", 0, 0)
    assert done["returned_dong"] == done["instructed_dong"]
    shown = (await payments.get(f"/v1/runs/{run['run_id']}/reconciliation")).json()
    assert shown["return_reasons"].pop("AC04") == 3
    assert sum(shown["return_reasons"].values()) == 1
    assert await payments.violations() == {}


async def test_money_that_comes_back_after_it_was_settled_is_booked_back(
    payments: Payments, run: dict[str, Any]
) -> None:
    file_id, content = await booked(payments)
    await taken(payments, file_id, content)
    back = content.replace(b"<CdtDbtInd>DBIT</CdtDbtInd>", b"<CdtDbtInd>CRDT</CdtDbtInd>")
    report = await taken(payments, file_id, back)
    assert (report["returned"], report["suspended"]) == (3, 0)
    found = await payments.run(run["run_id"])
    assert (found["settled_dong"], found["returned_dong"]) == (0, 3 * 540_000 + 6)
    late = await taken(payments, file_id, content.replace(b"<MsgId>", b"<MsgId>X", 1))
    assert (late["settled"], late["suspended"]) == (0, 3)
    assert await payments.violations() == {}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 no workbook",
        b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.054.001.08'/>",
        b"\x00\xff\xfe",
    ],
)
async def test_what_is_no_report_is_refused_whole_and_kept(
    payments: Payments, run: dict[str, Any], content: bytes
) -> None:
    (file,) = await payments.files(BANK)
    report = await taken(payments, file["payment_file_id"], content)
    assert (report["status"], report["lines"]) == ("refused", 0)
    assert report["problem"]["code"] == "report_unreadable"
    assert report["problem"]["message_vi"] and report["problem"]["message_en"]
    assert (await payments.run(run["run_id"]))["pending_dong"] == run["instructed_dong"]


async def test_a_report_cut_off_or_miscounted_moves_nothing(payments: Payments, run: dict[str, Any]) -> None:
    file_id, content = await booked(payments)
    for broken in (
        content[: len(content) // 2],
        content[:-20],
        first(rb">540001<", b">540000<")(content),
        first(rb"<NbOfNtries>\d+", b"<NbOfNtries>7")(content),
    ):
        assert (await taken(payments, file_id, broken))["status"] == "refused"
    assert (await payments.run(run["run_id"]))["pending_dong"] == run["instructed_dong"]


async def test_a_partner_sees_and_answers_its_own_files_only(payments: Payments, run: dict[str, Any]) -> None:
    file_id, content = await booked(payments)
    for stranger in (POST, "970415"):
        assert file_id not in [file["payment_file_id"] for file in await payments.files(stranger)]
        path = f"/v1/payment-files/{file_id}/content"
        assert (await payments.get(path, f"bank:{stranger}")).status_code == 404
        assert (await payments.hand_in(file_id, content, stranger)).status_code == 404
    mine = (await payments.hand_in(file_id, content)).json()["report_id"]
    assert (await payments.get(f"/v1/partner-reports/{mine}", f"bank:{POST}")).status_code == 404
    assert (await payments.get("/v1/payment-files", "bank:")).json()["code"] == "not_permitted"
    assert (await payments.get("/v1/payment-files", "checker#c")).status_code == 403
    assert (await payments.get(f"/v1/runs/{run['run_id']}", f"bank:{BANK}")).status_code == 403


async def test_a_partner_of_one_province_answers_no_other_province_s_files(
    payments: Payments, run: dict[str, Any]
) -> None:
    file_id, content = await booked(payments)
    answer = await payments.hand_in(file_id, content, f"{BANK}@{HCMC}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await payments.look.fetchval("select count(*) from partner_report") == 0
    assert (await payments.hand_in(file_id, content, f"{BANK}@{HANOI}")).status_code == 202


async def test_names_and_accounts_stand_nowhere_in_clear(payments: Payments, run: dict[str, Any]) -> None:
    file_id, content = await booked(payments)
    await taken(payments, file_id, content)
    seen = io.BytesIO()
    tables = await payments.look.fetch(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    for table in tables:
        await payments.look.copy_from_table(table["relname"], output=seen, format="binary")
    for canary in ("Nguyễn Thử 1", "NGUYEN THU 1", "190000000001", "000000000004"):
        assert canary.encode() not in seen.getvalue(), canary


async def test_reports_on_a_file_are_taken_in_the_order_in_which_they_came(
    payments: Payments, run: dict[str, Any]
) -> None:
    (file,) = await payments.files(BANK)
    for report in await payments.reports(file["payment_file_id"], BANK, NOBODY_FAILS):
        await payments.hand_in(file["payment_file_id"], report.content)
    ids = "select array_agg(report_id order by report_id) from partner_report"
    first, second = await payments.look.fetchval(ids)
    [taker] = [worker for worker in payments.parts.workers if worker.name == "report taker"]
    waiting = "select array_agg(report_id) from partner_report where status = 'received'"
    async with payments.look.transaction():
        # Another has the first: whoever is called to the second leaves it, however often.
        await payments.look.execute("select from partner_report where report_id = $1 for update", first)
        for _ in range(5):
            assert await taker.step() is False
    assert set(await payments.look.fetchval(waiting)) == {first, second}
    await payments.look.execute("update partner_report set attempts = 9 where report_id = $1", first)
    assert await taker.step() is True, "who was attempted in vain holds back nobody"
    assert await payments.look.fetchval(waiting) == [first]

"""Care money is instructed to who cares; the person cared for stays on the line."""

from typing import Any

from libs.common.kernel.ids import read, show
from tests.services.payments.world import BANK, MONTHS, Payments, decision, person

CARER = 90


def care(number: int, carer: int = CARER, **changed: Any) -> dict[str, Any]:
    """That person's care money of 360,000 đ a month, to the carer."""
    return decision(
        number,
        programme="care_allowance",
        category="care",
        coefficient_hundredths=100,
        amount_dong=360_000,
        payee="carer",
        payee_person_id=show("per", person(carer)),
        **changed,
    )


async def lines(payments: Payments) -> list[tuple[str, str, int]]:
    """(programme, person, amount in all) of the lines, by person."""
    rows = await payments.look.fetch(
        "select programme, person_id, sum(amount_dong)::bigint as amount from instruction_line"
        " group by programme, person_id order by programme, person_id"
    )
    return [(row["programme"], show("per", row["person_id"]), row["amount"]) for row in rows]


async def test_the_carer_is_paid_into_their_own_account(payments: Payments) -> None:
    await payments.account(1)
    await payments.account(CARER)
    await payments.decide(decision(1), care(1))
    await payments.close(*MONTHS)
    run = await payments.instructed()
    months = len(MONTHS)

    assert {part["programme"]: part["instructed_dong"] for part in run["by_programme"]} == {
        "monthly_allowance": 540_000 * months,
        "care_allowance": 360_000 * months,
    }
    accounts = await payments.look.fetch("select programme, account_id from instruction")
    assert {(row["programme"], row["account_id"]) for row in accounts} == {
        ("monthly_allowance", person(1)),
        ("care_allowance", person(CARER)),
    }
    assert await lines(payments) == [
        ("care_allowance", show("per", person(1)), 360_000 * months),
        ("monthly_allowance", show("per", person(1)), 540_000 * months),
    ]
    [file] = await payments.files()
    content = (await payments.content(file["payment_file_id"])).decode()
    assert f"NGUYEN THU {CARER}" in content and "Kinh phi cham soc" in content
    assert await payments.violations() == {}


async def test_care_money_that_went_to_another_than_the_carer_is_seen(payments: Payments) -> None:
    await payments.account(1)
    await payments.account(CARER)
    await payments.decide(care(1))
    await payments.close("2024-01")
    await payments.built("2024-01")
    assert await payments.violations() == {}
    await payments.look.execute("set session_replication_role = replica")
    await payments.look.execute(
        "update instruction set payee_id = a.payee_id from payout_account a where a.person_id = $1", person(1)
    )

    assert 6 in await payments.violations()


async def test_a_carer_of_two_has_one_instruction_with_a_line_for_each(payments: Payments) -> None:
    await payments.account(CARER)
    await payments.decide(care(1), care(2))
    await payments.close("2024-01")
    run = await payments.built("2024-01")

    assert (run["instructions"], run["instructed_dong"]) == (1, 720_000)
    assert {who for _, who, _ in await lines(payments)} == {show("per", person(n)) for n in (1, 2)}
    assert [part["people"] for part in run["by_programme"]] == [2]


async def test_a_carer_who_is_paid_an_allowance_too_has_an_instruction_for_each_programme(
    payments: Payments,
) -> None:
    await payments.account(CARER)
    await payments.decide(decision(CARER), care(1))
    await payments.close("2024-01")
    run = await payments.built("2024-01")

    assert (run["instructions"], run["instructed_dong"]) == (2, 900_000)


async def test_a_guardian_s_account_serves_the_carer_whose_guardian_they_are(payments: Payments) -> None:
    """The carer's account may be another's: a grown child who is authorised, say."""
    await payments.account(1)
    await payments.account(CARER, payee=1)
    await payments.decide(care(2), care(3))
    await payments.close("2024-01")
    run = await payments.built("2024-01")

    assert run["instructions"] == 1
    [row] = await payments.look.fetch("select payee_id, account_id from instruction")
    assert row["account_id"] == person(CARER)
    assert (await payments.violations()) == {}


async def test_without_an_account_of_the_carer_nothing_goes_to_the_person_s_own(payments: Payments) -> None:
    await payments.account(1)
    await payments.decide(decision(1), care(1))
    await payments.close("2024-01")
    run = await payments.built("2024-01")

    assert run["instructions"] == 1
    answer = await payments.get(f"/v1/runs/{run['run_id']}/unpayable")
    assert [(one["programme"], one["reason"]) for one in answer.json()["items"]] == [
        ("care_allowance", "no_account")
    ]


async def test_a_month_cared_for_by_two_in_turn_is_paid_once(payments: Payments) -> None:
    await payments.account(CARER)
    await payments.account(91)
    first = care(1, effective_from="2024-01")
    second = care(1, carer=91, version=2, effective_from="2024-02", pays_from="2024-02")
    await payments.decide(first, second)
    await payments.close("2024-01", "2024-02")
    await payments.built("2024-01", "2024-02")

    rows = await payments.look.fetch(
        "select account_id, month from instruction_line join instruction using (instruction_id)"
        " order by month"
    )
    assert [(row["account_id"], str(row["month"])) for row in rows] == [
        (person(CARER), "2024-01-01"),
        (person(91), "2024-02-01"),
    ]
    assert await payments.violations() == {}


async def test_a_run_pays_care_money_alone_when_asked(payments: Payments) -> None:
    await payments.account(1)
    await payments.account(CARER)
    await payments.decide(decision(1), care(1))
    await payments.close("2024-01")
    run = await payments.built("2024-01", programmes=["care_allowance"])

    assert (run["programmes"], run["instructed_dong"]) == (["care_allowance"], 360_000)


async def test_a_person_s_page_shows_what_their_carer_was_paid_for_them(payments: Payments) -> None:
    await payments.account(CARER)
    await payments.decide(care(1))
    await payments.close("2024-01")
    await payments.built("2024-01")
    answer = await payments.get(f"/v1/people/{show('per', person(1))}/payments")

    [paid] = answer.json()["items"]
    assert (paid["programme"], paid["amount_dong"], paid["agency_code"]) == ("care_allowance", 360_000, BANK)
    assert read("pay", paid["instruction_id"])

"""A province's months, from decisions to money that has arrived, through the service's doors."""

from libs.common.kernel.ids import show
from tests.services.payments.world import (
    BANK,
    EVERYBODY_FAILS,
    HANOI,
    HCMC,
    MONTHS,
    POST,
    Payments,
    decision,
    person,
)


async def a_province(payments: Payments) -> None:
    """Four at a bank, two of them children of one guardian; two at the post; one in a facility."""
    for number in (1, 2):
        await payments.decide(decision(number))
        await payments.account(number)
    for child in (3, 4):
        await payments.decide(decision(child, category="k1", commune_code="00004"))
        await payments.account(child, payee=30)
    for number in (5, 6):
        await payments.decide(decision(number, category="health_condition"))
        await payments.cash(number, commune=f"0000{number}")
    facility_id = await payments.facility()
    nurture = {"programme": "nurture_allowance", "category": "nurture", "payee": "facility"}
    await payments.decide(decision(7, **nurture, facility_id=facility_id, amount_dong=1_440_000))
    await payments.close(*MONTHS)


async def test_a_run_is_built_approved_paid_and_reconciled(payments: Payments) -> None:
    await a_province(payments)
    run = await payments.built()
    assert (run["status"], run["instructions"], run["lines"]) == ("built", 6, 14)
    assert run["instructed_dong"] == 12 * 540_000 + 2 * 1_440_000
    assert run["pending_dong"] == run["instructed_dong"]
    by_programme = {part["programme"]: part for part in run["by_programme"]}
    assert by_programme["monthly_allowance"]["people"] == 6
    assert by_programme["monthly_allowance"]["standard_dong"] == 12 * 360_000
    assert by_programme["nurture_allowance"]["instructed_dong"] == 2_880_000

    assert (await payments.approve(run)).json()["status"] == "approved"
    await payments.work()
    assert (await payments.run(run["run_id"]))["status"] == "instructed"
    assert [len(await payments.files(agency)) for agency in (BANK, POST)] == [1, 2]

    await payments.answered()
    done = await payments.run(run["run_id"])
    assert (done["status"], done["progress"]) == ("reconciled", 1.0)
    assert (done["settled_dong"], done["pending_dong"]) == (run["instructed_dong"], 0)
    for fact in ("RunBuilt", "RunApproved", "RunInstructed", "RunReconciled"):
        assert [told["run_id"] for told in await payments.told(fact)] == [run["run_id"]]
    assert await payments.violations() == {}


async def test_a_months_facts_must_be_in_on_every_topic_and_shard(payments: Payments) -> None:
    await payments.decide(decision(1))
    await payments.account(1)
    assert (await payments.ask_run()).json()["code"] == "facts_not_settled"
    await payments.close("2024-01")
    assert (await payments.ask_run()).status_code == 409
    await payments.close("2024-02")
    assert (await payments.ask_run()).status_code == 202


async def test_who_has_no_account_is_listed_and_not_dropped(payments: Payments) -> None:
    await payments.decide(decision(1), decision(2), decision(3))
    await payments.account(1)
    await payments.account(3, secret={"account_number": "19 00'--"})
    await payments.close(*MONTHS)
    run = await payments.built()
    assert (run["instructions"], run["unpayable"]) == (1, 4)
    page = (await payments.get(f"/v1/runs/{run['run_id']}/unpayable", limit=3)).json()
    rest = (
        await payments.get(f"/v1/runs/{run['run_id']}/unpayable", limit=3, cursor=page["next_cursor"])
    ).json()
    found = {
        (item["person_id"], item["benefit_month"]): item["reason"] for item in page["items"] + rest["items"]
    }
    assert len(found) == 4 and rest["next_cursor"] is None
    assert {found[show("per", person(2)), month] for month in MONTHS} == {"no_account"}
    assert {found[show("per", person(3)), month] for month in MONTHS} == {"account_number"}


async def test_a_proposal_pays_nothing_until_it_is_signed(payments: Payments) -> None:
    proposed = decision(1, status="proposed")
    await payments.decide(proposed)
    await payments.account(1)
    await payments.close(*MONTHS)
    run = await payments.built("2024-01")
    assert run["instructions"] == 0
    await payments.sign(proposed)
    assert (await payments.built("2024-01", "2024-02"))["lines"] == 2


async def test_a_signature_may_come_before_its_decision(payments: Payments) -> None:
    proposed = decision(1, status="proposed")
    await payments.sign(proposed)
    await payments.decide(proposed)
    await payments.account(1)
    await payments.close(*MONTHS)
    assert (await payments.built())["lines"] == 2


async def test_a_month_is_paid_by_the_version_in_force_in_it(payments: Payments) -> None:
    """A higher version from February, one refused from March, told in the wrong order."""
    more = decision(1, version=2, effective_from="2024-02", pays_from="2024-02", amount_dong=720_000)
    over = decision(
        1, version=3, effective_from="2024-03", pays_from="2024-03", outcome="refused", amount_dong=0
    )
    await payments.decide(over)
    await payments.decide(more)
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close(*MONTHS, "2024-03")
    run = await payments.built("2024-01", "2024-02", "2024-03")
    assert (run["lines"], run["instructed_dong"]) == (2, 540_000 + 720_000)


async def test_an_unsigned_change_leaves_the_standing_decision_in_force(payments: Payments) -> None:
    await payments.decide(decision(1))
    await payments.decide(decision(1, version=2, status="proposed", amount_dong=900_000))
    await payments.account(1)
    await payments.close(*MONTHS)
    assert (await payments.built())["instructed_dong"] == 2 * 540_000


async def test_earlier_months_that_were_never_paid_come_as_arrears(payments: Payments) -> None:
    await payments.decide(decision(1, pays_from="2023-11"))
    await payments.account(1)
    await payments.close("2024-01")
    run = await payments.built("2024-01")
    assert (run["instructions"], run["lines"], run["instructed_dong"]) == (1, 3, 3 * 540_000)


async def test_nobody_is_paid_twice_and_what_came_back_falls_due_again(payments: Payments) -> None:
    await payments.decide(decision(1), decision(2))
    await payments.account(1)
    await payments.cash(2)
    await payments.close(*MONTHS)
    first = await payments.instructed("2024-01")
    await payments.answered(EVERYBODY_FAILS, (POST,))
    await payments.answered()
    first = await payments.run(first["run_id"])
    assert (first["status"], first["settled_dong"], first["returned_dong"]) == (
        "reconciled",
        540_000,
        540_000,
    )
    again = await payments.instructed("2024-01", "2024-02")
    assert (again["instructions"], again["lines"]) == (2, 3)
    await payments.answered()
    person_2 = (await payments.get(f"/v1/people/{show('per', person(2))}/payments")).json()["items"]
    assert [(item["status"], item["amount_dong"], item["benefit_months"]) for item in person_2] == [
        ("settled", 1_080_000, ["2024-01", "2024-02"]),
        ("returned", 540_000, ["2024-01"]),
    ]
    assert person_2[1]["return_reason"] in ("not_met", "deceased")
    assert await payments.violations() == {}


async def test_the_same_order_is_the_same_run_while_it_is_open(payments: Payments) -> None:
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close(*MONTHS)
    first, again = (await payments.ask_run()).json(), (await payments.ask_run()).json()
    assert first == again
    await payments.work()
    assert (await payments.ask_run()).json() == first
    runs = (await payments.get("/v1/runs")).json()
    assert ([run["run_id"] for run in runs["items"]], runs["next_cursor"]) == ([first["run_id"]], None)


async def test_totals_by_every_grouping_come_to_the_same_and_hide_a_few_health_conditions(
    payments: Payments,
) -> None:
    await a_province(payments)
    run = await payments.instructed()
    await payments.answered()
    for by, keys in {
        "province": {HANOI},
        "commune": {"00001", "00004"},
        "category": {"k1", "k6", "nurture", "other"},
        "channel": {"bank_account", "post_office"},
    }.items():
        items = (await payments.get("/v1/totals", run_id=run["run_id"], by=by)).json()["items"]
        assert {item["key"] for item in items} == keys
        for name in ("instructions", "lines", "instructed_dong", "settled_dong", "pending_dong"):
            expected = 0 if name == "pending_dong" else run["instructed_dong" if "settled" in name else name]
            assert sum(item[name] for item in items) == expected, (by, name)
        assert sum(item["people"] for item in items) == 7
    of_nurture = {"run_id": run["run_id"], "by": "commune", "programme": "nurture_allowance"}
    (nurture,) = (await payments.get("/v1/totals", **of_nurture)).json()["items"]
    assert (nurture["people"], nurture["settled_dong"]) == (1, 2_880_000)


async def test_a_province_sees_and_builds_its_own_only(payments: Payments) -> None:
    await a_province(payments)
    run = await payments.built()
    assert (await payments.ask_run(as_=f"maker#m@{HCMC}")).json()["code"] == "not_permitted"
    stranger = f"checker#x@{HCMC}"
    paths = [
        f"/v1/runs/{run['run_id']}",
        f"/v1/runs/{run['run_id']}/unpayable",
        f"/v1/runs/{run['run_id']}/reconciliation",
        f"/v1/totals?by=commune&run_id={run['run_id']}",
    ]
    for path in paths:
        assert (
            await payments.client.get(path, headers={"Authorization": f"Bearer {stranger}"})
        ).status_code == 404
    assert (await payments.get("/v1/runs", stranger)).json()["items"] == []
    mine = f"/v1/people/{show('per', person(1))}/payments"
    assert (await payments.get(mine, stranger)).json()["items"] == []
    assert len((await payments.get(mine, f"checker#y@{HANOI}")).json()["items"]) == 1
    assert (await payments.approve(run, stranger)).status_code == 404


async def test_a_month_far_ahead_is_no_pay_period_yet(payments: Payments) -> None:
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close("2024-03", "2024-04")
    early = await payments.ask_run("2024-04")
    assert (early.status_code, early.json()["errors"][0]["code"]) == (422, "too_early")
    assert (await payments.ask_run("2024-03")).status_code == 202

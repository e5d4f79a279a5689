"""What payments hear and tell is what the contracts promise."""

import orjson
import pytest

from contracts.events import eligibility, facilities, registry
from contracts.events import payments as told
from contracts.events.base import Event
from libs.common.kernel.ids import show
from tests.services.payments.world import MONTHS, Payments, decision, person


@pytest.mark.parametrize(
    ("fact", "model"),
    [
        ("RunBuilt", told.RunBuilt),
        ("RunApproved", told.RunApproved),
        ("RunInstructed", told.RunInstructed),
        ("RunReconciled", told.RunReconciled),
    ],
)
async def test_a_fact_of_a_run_is_told_as_its_contract_says(
    payments: Payments, fact: str, model: type[Event]
) -> None:
    await payments.decide(decision(1))
    await payments.account(1)
    await payments.close(*MONTHS)
    run = await payments.instructed()
    await payments.answered()
    (data,) = await payments.told(fact)
    event = model.model_validate_json(orjson.dumps(data))
    assert event.model_dump(mode="json") == data
    assert data["run_id"] == run["run_id"] and data["instructed_dong"] == 2 * 540_000


async def test_the_news_that_these_tests_make_up_are_valid(payments: Payments) -> None:
    """Else the tests would prove a service that nobody talks to."""
    heard: list[tuple[type[Event], bytes]] = []
    hear = payments.hear

    async def listen(*records: object) -> None:
        models: dict[str, type[Event]] = {
            "DecisionRecorded": eligibility.DecisionRecorded,
            "DecisionSigned": eligibility.DecisionSigned,
            "PayoutAccountRecorded": registry.PayoutAccountRecorded,
            "FacilityRecorded": facilities.FacilityRecorded,
        }
        for record in records:
            headers = dict(getattr(record, "headers"))  # noqa: B009
            heard.append((models[headers["ce_type"].decode()], getattr(record, "value")))  # noqa: B009
        await hear(*records)

    payments.hear = listen  # type: ignore[method-assign]
    proposed = decision(1, status="proposed")
    await payments.decide(proposed)
    await payments.sign(proposed)
    await payments.account(1)
    await payments.cash(2)
    await payments.facility()
    assert len(heard) == 5
    for model, data in heard:
        model.model_validate_json(data)


async def test_news_in_any_order_and_twice_are_news_once(payments: Payments) -> None:
    """The newest version of an account is paid to, however late the older one comes."""
    await payments.account(1, version=2, secret={"account_number": "222222222222"})
    await payments.account(1, version=1, secret={"account_number": "111111111111"})
    await payments.account(1, version=2, secret={"account_number": "333333333333"})
    for _ in range(2):
        await payments.decide(decision(1, pays_from="2024-02"))
    await payments.close(*MONTHS)
    run = await payments.instructed("2024-02")
    (file,) = await payments.files()
    content = await payments.content(file["payment_file_id"])
    assert content.count(b"<CdtTrfTxInf>") == run["instructions"] == 1
    assert b"222222222222" in content
    mine = (await payments.get(f"/v1/people/{show('per', person(1))}/payments")).json()["items"]
    assert [item["status"] for item in mine] == ["pending"]

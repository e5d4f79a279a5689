"""An account in another's place: paid once it has cooled off, and never where it was changed again before."""

from typing import Any

import pytest

from libs.common.kernel.ids import derived_id, show
from tests.services.payments.test_campaigns import listed, running
from tests.services.payments.world import BUSINESS_DATE, MONTHS, Payments, decision, person

_OTHER: dict[str, Any] = {
    "payee_id": show("acc", derived_id("test payee", "another")),
    "secret": {"account_number": "999900001111"},
}
LATER = "2024-02-08"


async def paid_to(payments: Payments) -> int:
    """The version of the account that the list pays to."""
    await payments.close(*MONTHS)
    run = await payments.built("2024-02")
    assert run["instructions"] == 1
    version: int = await payments.look.fetchval("select account_version from instruction")
    return version


@pytest.mark.parametrize(("usable_from", "version"), [(LATER, 1), (BUSINESS_DATE, 2), (None, 2)])
async def test_what_is_due_meanwhile_goes_to_the_account_before(
    payments: Payments, usable_from: str | None, version: int
) -> None:
    await payments.decide(decision(1, pays_from="2024-02"))
    await payments.account(1)
    changed_on = usable_from and "2024-02-02"
    await payments.account(1, version=2, changed_on=changed_on, usable_from=usable_from, **_OTHER)
    assert await paid_to(payments) == version
    assert await payments.violations() == {}


@pytest.mark.parametrize(("usable_from", "version"), [(LATER, 1), (BUSINESS_DATE, 2)])
async def test_what_is_due_to_a_facility_meanwhile_goes_to_its_account_before(
    payments: Payments, usable_from: str, version: int
) -> None:
    """The largest payments of all."""
    facility_id = await payments.facility()
    nurture = {"programme": "nurture_allowance", "category": "nurture", "payee": "facility"}
    await payments.decide(decision(1, **nurture, facility_id=facility_id, pays_from="2024-02"))
    await payments.facility(
        account="999900001111", version=2, changed_on="2024-02-02", usable_from=usable_from
    )
    assert await paid_to(payments) == version
    assert await payments.violations() == {}


async def test_a_facilitys_account_that_was_changed_again_before_it_cooled_off_is_never_paid(
    payments: Payments,
) -> None:
    facility_id = await payments.facility()
    nurture = {"programme": "nurture_allowance", "category": "nurture", "payee": "facility"}
    await payments.decide(decision(1, **nurture, facility_id=facility_id, pays_from="2024-02"))
    await payments.facility(
        account="999900001111", version=2, changed_on="2024-02-02", usable_from=BUSINESS_DATE
    )
    await payments.facility(version=3, changed_on="2024-02-03", usable_from="2024-02-06")
    assert await paid_to(payments) == 1


async def test_an_account_that_was_changed_again_before_it_cooled_off_is_never_paid(
    payments: Payments,
) -> None:
    """A stranger's account, noticed a day later: it is passed over on the day it would be usable."""
    await payments.decide(decision(1, pays_from="2024-02"))
    await payments.account(1)
    await payments.account(1, version=2, changed_on="2024-02-02", usable_from=BUSINESS_DATE, **_OTHER)
    await payments.account(1, version=3, changed_on="2024-02-03", usable_from="2024-02-06")
    assert await paid_to(payments) == 1


@pytest.mark.parametrize(("usable_from", "version"), [(LATER, 1), (BUSINESS_DATE, 3)])
async def test_an_account_that_was_told_anew_in_its_term_is_paid_from_its_end(
    payments: Payments, usable_from: str, version: int
) -> None:
    await payments.decide(decision(1, pays_from="2024-02"))
    await payments.account(1)
    for told in (2, 3):
        await payments.account(1, version=told, changed_on="2024-02-02", usable_from=usable_from, **_OTHER)
    assert await paid_to(payments) == version


@pytest.mark.parametrize(("usable_from", "version"), [(LATER, 1), (BUSINESS_DATE, 2), (None, 2)])
async def test_who_is_named_in_a_campaign_s_list_gets_it_where_a_list_of_that_day_would_pay(
    payments: Payments, usable_from: str | None, version: int
) -> None:
    await payments.account(1)
    changed_on = usable_from and "2024-02-02"
    await payments.account(1, version=2, changed_on=changed_on, usable_from=usable_from, **_OTHER)
    named = {"person_id": show("per", person(1)), "group": "elder"}
    assert (await listed(payments, await running(payments), named))["rows_taken"] == 1
    listed_as = await payments.look.fetchval(
        "select a.version from campaign_recipient r join payout_account a using (person_id, payee_index)"
    )
    assert listed_as == version

"""Money, by its properties: what is told twice, late, wrongly or in any order conserves every đồng."""

from dataclasses import replace
from datetime import date
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.kernel.errors import IllegalTransition
from libs.common.kernel.ids import derived_id
from libs.common.kernel.months import Month
from services.payments.domain import files, instructions, matching, runs
from services.payments.domain.instructions import AWAITED, PENDING, RETURNED, SETTLED, UNKNOWN
from services.payments.domain.ledger import FUND, IN_TRANSIT, PAID, POSTINGS, Account, Transfer
from services.payments.domain.matching import Sent, Told
from services.payments.domain.runs import ListedInstruction, ListedLine, PayPeriod

EXECUTE_ON, TODAY = date(2024, 1, 25), date(2024, 2, 5)
REFERENCES = [derived_id("payment", str(number)) for number in range(4)]
AMOUNTS = st.integers(min_value=1, max_value=10**12)


def sent_payments(amounts: list[int]) -> dict[UUID, Sent]:
    """The second one has its receipt."""
    return {
        reference: Sent(PENDING, amount, reference.bytes, has_receipt=reference == REFERENCES[1])
        for reference, amount in zip(REFERENCES, amounts, strict=False)
    }


@st.composite
def reports(draw: st.DrawFn) -> tuple[dict[UUID, Sent], list[Told]]:
    """Payments, and lines about them that are right, or wrong in any of their parts."""
    sent = sent_payments(draw(st.lists(AMOUNTS, min_size=1, max_size=4)))
    lines = []
    for number in range(draw(st.integers(0, 12))):
        reference = draw(st.sampled_from([*sent, derived_id("stranger"), None]))
        known = sent.get(reference) if reference else None
        right = known.amount if known else 1
        lines.append(
            Told(
                number=number,
                reference=reference,
                outcome=draw(st.sampled_from([SETTLED, RETURNED])),
                amount=draw(st.sampled_from([right, right, right, right + 1, None])),
                on=draw(
                    st.sampled_from([EXECUTE_ON, TODAY, TODAY, None, date(2024, 1, 24), date(2024, 2, 6)])
                ),
                payee_index=draw(st.sampled_from([known.payee_index if known else b"", b"another", None])),
            )
        )
    return sent, lines


ACCOUNTS = {
    kind: Account(kind, key, "01")
    for kind, key in [(IN_TRANSIT, "970405"), (FUND, "budget-01"), (PAID, "monthly_allowance")]
}


@given(AMOUNTS, st.lists(st.sampled_from([SETTLED, RETURNED, UNKNOWN]), max_size=6))
def test_accounts_say_where_the_money_is_after_any_sequence_of_outcomes(
    amount: int, outcomes: list[str]
) -> None:
    status, postings = PENDING, ["instructed"]
    for outcome in outcomes:
        try:
            posting = instructions.posting_for(status, outcome)
        except IllegalTransition:
            continue
        postings += [posting] if posting else []
        status = outcome
    balances = dict.fromkeys(ACCOUNTS, 0)
    for posting in postings:
        way = POSTINGS[posting]
        assert way.source == "pay"
        transfer = Transfer(
            posting, ACCOUNTS[way.debit], ACCOUNTS[way.credit], amount, REFERENCES[0], EXECUTE_ON
        )
        balances[transfer.debit.kind] += transfer.amount
        balances[transfer.credit.kind] -= transfer.amount
    assert balances == {
        IN_TRANSIT: amount if status in AWAITED else 0,
        PAID: amount if status == SETTLED else 0,
        FUND: 0 if status == RETURNED else -amount,
    }


@given(reports())
def test_each_line_is_matched_or_suspended_once_and_nothing_wrong_is_booked(
    told: tuple[dict[UUID, Sent], list[Told]],
) -> None:
    sent, lines = told
    matched, suspended = matching.match(lines, sent, EXECUTE_ON, TODAY)
    numbers = [*(one.told.number for one in matched), *(one.told.number for one in suspended)]
    assert sorted(numbers) == [line.number for line in lines]
    for one in matched:
        known = sent[one.instruction_id]
        assert (one.told.amount, one.told.payee_index) == (known.amount, known.payee_index)
        assert one.told.on is None or EXECUTE_ON <= one.told.on <= TODAY
        assert one.told.on is not None or one.told.outcome == RETURNED
        assert not (known.has_receipt and one.told.outcome == RETURNED)
    assert {one.reason for one in suspended} <= set(matching.SUSPENSE_REASONS)


@given(reports())
def test_a_report_told_again_moves_nothing(told: tuple[dict[UUID, Sent], list[Told]]) -> None:
    sent, lines = told
    matched, _ = matching.match(lines, sent, EXECUTE_ON, TODAY)
    after = dict(sent)
    for one in matched:
        after[one.instruction_id] = replace(after[one.instruction_id], status=one.told.outcome)
    again, _ = matching.match([one.told for one in matched], after, EXECUTE_ON, TODAY)
    # What was settled and then returned can't be settled again; all else stands there already.
    assert again == []


@given(reports(), st.randoms(use_true_random=False))
def test_one_outcome_a_payment_comes_to_the_same_in_any_order(
    told: tuple[dict[UUID, Sent], list[Told]], shuffler: Random
) -> None:
    sent, lines = told
    first: dict[UUID | None, Told] = {}
    for line in lines:
        first.setdefault(line.reference, line)
    ordered = list(first.values())
    shuffled = list(ordered)
    shuffler.shuffle(shuffled)

    def booked(what: list[Told]) -> set[tuple[UUID, str]]:
        return {(one.instruction_id, one.posting) for one in matching.match(what, sent, EXECUTE_ON, TODAY)[0]}

    assert booked(ordered) == booked(shuffled)


@given(reports())
def test_each_payment_ends_in_one_state_and_the_sum_stays(
    told: tuple[dict[UUID, Sent], list[Told]],
) -> None:
    sent, lines = told
    status = dict.fromkeys(sent, PENDING)
    for one in matching.match(lines, sent, EXECUTE_ON, TODAY)[0]:
        assert one.was == status[one.instruction_id]
        assert (one.was, one.told.outcome) in instructions.TRANSITIONS
        status[one.instruction_id] = one.told.outcome
    by_state = {
        state: sum(sent[reference].amount for reference in sent if status[reference] == state)
        for state in (PENDING, SETTLED, RETURNED)
    }
    assert sum(by_state.values()) == sum(one.amount for one in sent.values())


def listed(number: int, amounts: list[int]) -> ListedInstruction:
    return ListedInstruction(
        instruction_id=derived_id("instruction", str(number)),
        shard=1 + number % 2,
        payee_id=derived_id("payee", str(number)),
        programme="monthly_allowance",
        channel="bank_account",
        agency_code="970405",
        account=(derived_id("person", str(number)), 1),
        file_id=derived_id("file"),
        lines=[
            ListedLine(
                derived_id("person", str(number)), date(2024, month, 1), derived_id("decision"), amount
            )
            for month, amount in enumerate(amounts, 1)
        ],
    )


@given(
    st.lists(st.lists(AMOUNTS, min_size=1, max_size=3), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
)
def test_the_content_hash_knows_every_dong_and_no_order(amounts: list[list[int]], shuffler: Random) -> None:
    content = [listed(number, some) for number, some in enumerate(amounts)]
    digest = runs.content_hash(content)
    shuffled = [replace(one, lines=list(reversed(one.lines))) for one in content]
    shuffler.shuffle(shuffled)
    assert runs.content_hash(shuffled) == digest
    more = replace(content[0].lines[0], amount=content[0].lines[0].amount + 1)
    changed = replace(content[0], lines=[more, *content[0].lines[1:]])
    assert runs.content_hash([changed, *content[1:]]) != digest
    assert runs.content_hash([replace(content[0], account=(UUID(int=1), 1)), *content[1:]]) != digest
    assert runs.content_hash(content[1:]) != digest


@given(st.lists(st.integers(0, 30), max_size=14))
def test_a_pay_period_is_one_stretch_of_months(offsets: list[int]) -> None:
    months = [Month(2024, 1) + offset for offset in offsets]
    stretch = sorted(offsets) == list(range(min(offsets, default=0), min(offsets, default=0) + len(offsets)))
    if stretch and 1 <= len(offsets) <= runs.MONTHS_MAX:
        assert PayPeriod.of(months).last == max(months)
    else:
        with pytest.raises(ValueError, match="pay period"):
            PayPeriod.of(months)


def test_there_is_no_way_but_the_listed_ones() -> None:
    """Every edge that is not listed is refused, for each of the three state machines."""
    machines = (
        (runs.TRANSITIONS, runs.moved),
        (files.TRANSITIONS, files.moved),
        (instructions.TRANSITIONS, instructions.posting_for),
    )
    for edges, move in machines:
        states = {state for edge in edges for state in edge}
        for edge in ((one, other) for one in states for other in states):
            if edge in edges:
                move(*edge)
            else:
                with pytest.raises(IllegalTransition):
                    move(*edge)

"""A bank: takes a pain.001, rejects what goes to closed accounts, books the rest."""

from dataclasses import replace

from libs.common.kernel.ids import derived_id, show
from simulators.answer import Answer, Report, Sums
from simulators.bank.incoming import Order, Transfer, read_order
from simulators.bank.messages import credit_notification, notification, status_report
from simulators.outcomes import FORBIDDEN, Odds
from simulators.switches import OFF, Switches

_XML = "application/xml"


def answer(
    content: bytes,
    payment_file_id: str,
    agency_code: str,
    odds: Odds,
    switches: Switches = OFF,
    *,
    asked: bool = False,
) -> Answer:
    """The pain.002, then the camt.054; a file that can't be taken is answered by a pain.002 alone.

    `asked`: the platform asked about the file, so what was paid in silence is told.
    """
    order = read_order(content)
    if switches.reject:
        order.rejected_because = order.rejected_because or FORBIDDEN
    if order.rejected_because:
        refusal = status_report(order, payment_file_id, ())
        report = Report("pain.002", f"PSR-{payment_file_id}.xml", _XML, refusal)
        return Answer((report,), Sums(), Sums(), Sums(), order.rejected_because)
    rejected: list[tuple[Transfer, str]] = []
    settled: list[Transfer] = []
    for transfer in order.transfers:
        why = odds.at_bank(transfer.account)
        if why:
            rejected.append((transfer, why))
        else:
            settled.append(transfer)
    back = [one for one in settled if switches.comes_back(odds.seed, one.account)]
    returned_dong = sum(one.dong for one, _ in rejected) + _sum(back)
    status = status_report(order, order.message_id, rejected)
    return Answer(
        reports=(
            Report("pain.002", f"PSR-{order.message_id}.xml", _XML, status),
            *_bookings(order, agency_code, settled, back, odds, switches, asked=asked),
        ),
        received=Sums(order.instructions, order.dong),
        settled=Sums(len(settled) - len(back), order.dong - returned_dong),
        returned=Sums(len(rejected) + len(back), returned_dong),
    )


def _bookings(
    order: Order,
    agency_code: str,
    settled: list[Transfer],
    back: list[Transfer],
    odds: Odds,
    switches: Switches,
    *,
    asked: bool,
) -> list[Report]:
    silent = [one for one in settled if switches.is_silent_on(odds.seed, one.account)]
    told = [one for one in settled if one not in silent]
    made = []
    if switches.wrong_file:
        other = replace(order, message_id=show("fil", derived_id("another file", order.message_id)))
        made.append(("wrong", notification(other, agency_code, told)))
    made.append(("camt.054", notification(order, agency_code, told)))
    if switches.duplicate:
        made.append(("again", notification(order, agency_code, told, "AGN")))
    if asked and silent:
        made.append(("asked", notification(order, agency_code, silent, "ASK")))
    # What came back in silence is told once its payment is.
    late = [one for one in back if asked or one not in silent]
    if late:
        made.append(("late" if asked else "back", credit_notification(order, agency_code, late)))
    return [Report(name, f"{name}-{order.message_id}.xml", _XML, content) for name, content in made]


def _sum(transfers: list[Transfer]) -> int:
    return sum(one.dong for one in transfers)

"""A bank: takes a pain.001, rejects what goes to closed accounts, books the rest."""

from simulators.answer import Answer, Report, Sums
from simulators.bank.incoming import Transfer, read_order
from simulators.bank.messages import notification, status_report
from simulators.outcomes import Odds

_XML = "application/xml"


def answer(content: bytes, payment_file_id: str, agency_code: str, odds: Odds) -> Answer:
    """The pain.002, then the camt.054; a file that can't be taken is answered by a pain.002 alone."""
    order = read_order(content)
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
    returned_dong = sum(one.dong for one, _ in rejected)
    status = status_report(order, order.message_id, rejected)
    booked = notification(order, agency_code, settled)
    return Answer(
        reports=(
            Report("pain.002", f"PSR-{order.message_id}.xml", _XML, status),
            Report("camt.054", f"NTF-{order.message_id}.xml", _XML, booked),
        ),
        received=Sums(order.instructions, order.dong),
        settled=Sums(len(settled), order.dong - returned_dong),
        returned=Sums(len(rejected), returned_dong),
    )

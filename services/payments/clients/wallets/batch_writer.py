"""A wallet operator's batch as JSON, streamed payment by payment."""

from collections.abc import Iterable
from typing import BinaryIO

import orjson

from libs.common.kernel import ids
from services.payments.domain.partner_lines import FileHeader, PaymentOrder, TotalsDiffer, one_line


def write_wallet_batch(target: BinaryIO, header: FileHeader, orders: Iterable[PaymentOrder]) -> None:
    """One batch. The same input gives the same bytes. TotalsDiffer as of any file."""
    head = orjson.dumps(
        {
            "batch_id": ids.show("fil", header.file_id),
            "operator": header.agency_code,
            "created_at": header.created_at,
            "execution_date": header.execution_date,
            "payer_name": one_line(header.debtor_name),
            "payer_account": header.debtor_account,
            "count": header.instructions,
            "amount_dong": header.control_sum_dong,
        }
    )
    target.write(head[:-1] + b',"payments":[')
    count = total = 0
    for order in orders:
        target.write(b",\n" if count else b"\n")
        target.write(
            orjson.dumps(
                {
                    "payment_id": ids.show("pay", order.instruction_id),
                    "amount_dong": order.amount_dong,
                    "wallet": order.account_number,
                    "name": one_line(order.account_name or order.payee_name),
                    "remittance": one_line(order.remittance),
                }
            )
        )
        count += 1
        total += order.amount_dong
    target.write(b"\n]}\n")
    if (count, total) != (header.instructions, header.control_sum_dong):
        raise TotalsDiffer(f"{count} payments of {total} đồng, other than the header says")

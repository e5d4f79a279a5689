"""What a wallet operator says, in whichever of the two languages it speaks."""

import msgspec

from services.payments.clients.refusing import NO_JSON
from services.payments.clients.wallets.g2p_connect import read_disburse_status
from services.payments.clients.wallets.states_reader import read_wallet_states
from services.payments.domain.partner_lines import ReadReport


def read_wallet_answer(content: bytes) -> ReadReport:
    """Refusal `report_unreadable` for the whole. G2P Connect is known by its `header`."""
    try:
        parts = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except NO_JSON:
        parts = {}
    return read_disburse_status(content) if "header" in parts else read_wallet_states(content)

"""VietQR: the text that a bank's app reads, held to published examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.vietqr import crc, vietqr
from tests.services.payments.world import BANK, Payments

#: The checksum's own test value, and a code for a card as tests of others have it.
CHECKED = [
    ("123456789", "29B1"),
    (
        "00020101021238600010A00000072701300006970403011697040311012345670208QRIBFTTC"
        "530370454061800005802VN62340107NPS68690819thanh toan don hang6304",
        "A203",
    ),
]


@pytest.mark.parametrize(("text", "checksum"), CHECKED)
def test_the_checksum_is_that_of_the_standard(text: str, checksum: str) -> None:
    assert f"{crc(text.encode()):04X}" == checksum


def test_a_published_code_is_made_again() -> None:
    # The README of github.com/subiz/vietqr.
    assert vietqr("970415", "0011001932418", 120_000, "ủng hộ lũ lụt") == (
        "00020101021238570010A0000007270127000697041501130011001932418"
        "0208QRIBFTTA530370454061200005802VN62170813ung ho lu lut6304C15C"
    )
    assert vietqr("970403", "001101234567").startswith(
        "00020101021138560010A0000007270126000697040301120011012345670208QRIBFTTA53037045802VN6304"
    )


def read(text: str) -> dict[str, str]:
    found = {}
    while text:
        length = int(text[2:4])
        found[text[:2]], text = text[4 : 4 + length], text[4 + length :]
    return found


@given(
    st.from_regex(r"[0-9]{6}", fullmatch=True),
    st.from_regex(r"[0-9A-Z]{6,19}", fullmatch=True),
    st.none() | st.integers(1, 10**12),
    st.text(max_size=140),
)
def test_whoever_reads_it_finds_what_was_stated(
    bank: str, account: str, amount: int | None, purpose: str
) -> None:
    text = vietqr(bank, account, amount, purpose)
    fields = read(text)
    assert read(read(fields["38"])["01"]) == {"00": bank, "01": account}
    assert fields.get("54") == (None if amount is None else str(amount))
    assert fields["63"] == f"{crc(text[:-4].encode()):04X}"
    assert text.isascii() and len(read(fields.get("62", ""))) <= 1


async def test_the_door_tells_the_text_and_echoes_no_account(payments: Payments) -> None:
    body = {"bank_code": BANK, "account_number": "190000000001", "amount_dong": 540_000}
    answer = await payments.post("/v1/vietqr", body, "checker#c")
    assert answer.json() == {"text": vietqr(BANK, "190000000001", 540_000)}
    wrong = await payments.post("/v1/vietqr", body | {"account_number": "19 000 không phải"}, "checker#c")
    assert wrong.status_code == 422 and "không phải" not in wrong.text
    assert (await payments.post("/v1/vietqr", body, f"bank:{BANK}")).status_code == 403

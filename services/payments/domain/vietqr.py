"""A VietQR code's text: a transfer to an account by NAPAS 247, in EMVCo's merchant-presented form.

NAPAS' own part of it is the template of tag 38: its identifier, the bank and account, the service.
"""

import unicodedata

#: NAPAS' identifier, and its service of transfers to an account.
_NAPAS, _TO_ACCOUNT = "A000000727", "QRIBFTTA"
_DONG, _VIETNAM = "704", "VN"
#: Whoever scans it types the amount; or it stands in the code.
_STATIC, _DYNAMIC = "11", "12"
ACCOUNT_CHARACTERS_MAX = 19
PURPOSE_CHARACTERS_MAX = 25
_CRC_START, _CRC_POLYNOMIAL = 0xFFFF, 0x1021


def vietqr(bank_code: str, account_number: str, amount_dong: int | None = None, purpose: str = "") -> str:
    """`bank_code`: a BIN of six digits. `purpose` loses its diacritics, and what is over 25 characters."""
    account = _field("00", bank_code) + _field("01", account_number)
    text = (
        _field("00", "01")
        + _field("01", _STATIC if amount_dong is None else _DYNAMIC)
        + _field("38", _field("00", _NAPAS) + _field("01", account) + _field("02", _TO_ACCOUNT))
        + _field("53", _DONG)
        + ("" if amount_dong is None else _field("54", str(amount_dong)))
        + _field("58", _VIETNAM)
    )
    if told := plain(purpose)[:PURPOSE_CHARACTERS_MAX].strip():
        text += _field("62", _field("08", told))
    # The checksum is over its own tag and length as well.
    text += "6304"
    return text + f"{crc(text.encode('ascii')):04X}"


def crc(content: bytes) -> int:
    """CRC-16/CCITT-FALSE."""
    register = _CRC_START
    for byte in content:
        register ^= byte << 8
        for _ in range(8):
            register = (register << 1) ^ (_CRC_POLYNOMIAL if register & 0x8000 else 0)
            register &= 0xFFFF
    return register


def plain(text: str) -> str:
    """`text` in ASCII, as banks' remittance texts are."""
    split = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    kept = "".join(c for c in split if c.isascii() and c.isprintable())
    return " ".join(kept.split())


def _field(tag: str, value: str) -> str:
    assert 0 < len(value) < 100, "a field has 1 to 99 characters"
    return f"{tag}{len(value):02d}{value}"

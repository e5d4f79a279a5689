"""What the keys of totals are called, in both languages."""

from datetime import date

from gateway.schema.place import Commune, province_name
from gateway.schema.words import TotalsBy
from libs.common.kernel.headings import category_name
from libs.common.kernel.units import Units

#: Vietnamese, English.
_CHANNELS = {
    "bank_account": ("Tài khoản ngân hàng", "Bank account"),
    "post_office": ("Bưu điện", "Post office"),
    "home_delivery": ("Chi trả tại nhà", "Home delivery"),
    "e_wallet": ("Ví điện tử", "E-wallet"),
}


def name_of(key: str, by: TotalsBy, units: Units, on: date, language: str) -> str:
    """The key in words; the key itself where it has no name. Joined categories are named one by one."""
    if by is TotalsBy.PROVINCE:
        return province_name(units, key, on) or key
    if by is TotalsBy.COMMUNE:
        return Commune.of(units, key, on).name or key
    if by is TotalsBy.CATEGORY:
        return category_name(key, english=language == "en")
    return _CHANNELS.get(key, (key, key))[language == "en"]

"""What the keys of totals are called, in both languages."""

from datetime import date

from gateway.schema.place import Commune, province_name
from gateway.schema.words import TotalsBy
from libs.common.kernel.units import Units

#: Vietnamese, English. The text of the law stands in policy/; these are headings of a table.
_CATEGORIES = {
    "k1": ("Trẻ em không có nguồn nuôi dưỡng", "Children without support"),
    "k2": ("Người từ 16 tuổi đang đi học, trước đó thuộc nhóm trẻ em", "Former such children in school"),
    "k4": ("Người đơn thân nghèo nuôi con", "Poor single parents"),
    "k5": ("Người cao tuổi", "Older people"),
    "k6": ("Người khuyết tật", "Disabled people"),
    "k7": ("Trẻ em dưới 3 tuổi hộ nghèo, cận nghèo", "Children under 3 of poor households"),
    "health_condition": ("Tình trạng sức khoẻ", "Health condition"),
    "other": ("Nhóm khác", "Others"),
    "social_pension": ("Trợ cấp hưu trí xã hội", "Social pension"),
    "nurture": ("Nuôi dưỡng trong cơ sở", "Nurture in a facility"),
    "care": ("Kinh phí chăm sóc", "Care money"),
    "local": ("Đối tượng theo nghị quyết của tỉnh", "By a province's own resolution"),
}
_CHANNELS = {
    "bank_account": ("Tài khoản ngân hàng", "Bank account"),
    "post_office": ("Bưu điện", "Post office"),
    "home_delivery": ("Chi trả tại nhà", "Home delivery"),
}


def name_of(key: str, by: TotalsBy, units: Units, on: date, language: str) -> str:
    """The key in words; the key itself where it has no name. Joined categories are named one by one."""
    if by is TotalsBy.PROVINCE:
        return province_name(units, key, on) or key
    if by is TotalsBy.COMMUNE:
        return Commune.of(units, key, on).name or key
    words = _CHANNELS if by is TotalsBy.CHANNEL else _CATEGORIES
    spoken = 1 if language == "en" else 0
    return " + ".join(words[part][spoken] if part in words else part for part in key.split("+"))

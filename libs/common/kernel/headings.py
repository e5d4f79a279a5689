"""What the keys of tables are called, in both languages. The text of the law stands in policy/."""

#: Vietnamese, English.
_UNKNOWN = ("Không rõ", "Unknown")
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
    "none": ("Không được hưởng", "Not entitled"),
    "undetermined": ("Chưa xác định được", "Undetermined"),
}
_SEXES = {"female": ("Nữ", "Female"), "male": ("Nam", "Male"), "unknown": _UNKNOWN}


def category_name(key: str, *, english: bool) -> str:
    """The key itself where it has no name. Joined categories are named one by one."""
    return " + ".join(_CATEGORIES.get(part, (part, part))[english] for part in key.split("+"))


def sex_name(key: str, *, english: bool) -> str:
    return _SEXES.get(key, (key, key))[english]


def age_name(key: str, *, english: bool) -> str:
    """Of a band such as 60-64 or 90+, in whole years."""
    if key == "unknown":
        return _UNKNOWN[english]
    first, and_over, _ = key.replace("-", "–").partition("+")
    if english:
        return f"{first} and over" if and_over else f"{first} years"
    return f"{first} tuổi trở lên" if and_over else f"{first} tuổi"


def unknown_name(*, english: bool) -> str:
    return _UNKNOWN[english]

"""The personal identification number (số định danh cá nhân, CCCD): Nghị định 137/2015, Điều 13.

Twelve digits: three for the place of birth registration, one for century and sex, two for the year of
birth, six more. The place is where the birth was registered: never derive a residence from it.
"""

import re
from datetime import date

_DIGITS = re.compile(r"[0-9]{12}")
FEMALE = "female"
MALE = "male"


def problem(personal_id: str, born: date, sex: str) -> str | None:
    """None when the number can belong to somebody so born, else a code that says why not."""
    if not _DIGITS.fullmatch(personal_id):
        return "personal_id_not_12_digits"
    if int(personal_id[:3]) == 0:
        return "personal_id_place_unknown"
    if personal_id[3] != century_and_sex(born, sex):
        return "personal_id_century_or_sex_differs"
    if personal_id[4:6] != f"{born.year % 100:02d}":
        return "personal_id_year_differs"
    return None


def century_and_sex(born: date, sex: str) -> str:
    """The fourth digit: 0/1 for a man/woman born 1900-1999, 2/3 for 2000-2099, and so on."""
    digit = (born.year // 100 - 19) * 2 + (1 if sex == FEMALE else 0)
    assert 0 <= digit <= 9, born
    return str(digit)

"""Social assistance facilities: homes with their places, and the account that their money goes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from libs.common.kernel.cooling import NO_TERM, Term
from libs.common.kernel.errors import FieldError
from libs.common.kernel.ids import derived_id
from libs.common.kernel.units import Location

KINDS = frozenset(
    {"elderly", "children", "disabled", "mental_health", "general", "social_work_centre", "other"}
)
SECTORS = frozenset({"public", "other"})
NAME_CHARACTERS_MAX = 200
CODE_CHARACTERS_MAX = 40
PLACES_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Facility:
    """A facility as its province states it; `places` is how many people may live there at a time."""

    code: str
    name: str
    kind: str
    sector: str
    province_code: str
    commune_code: str
    places: int
    agency_code: str
    account_number: str
    account_name: str


@dataclass(frozen=True, slots=True)
class FacilityRecorded:
    """The fact that a facility was recorded, or changed: `version` grows with each change.

    `term`: of its account.
    """

    facility_id: UUID
    version: int
    facility: Facility
    term: Term = NO_TERM


def facility_id(province_code: str, code: str) -> UUID:
    """A province knows a facility by its code; recording it again meets the same id."""
    return derived_id("facility", province_code, code)


def goes_elsewhere(before: Facility, now: Facility) -> bool:
    """Whether money that went to one account goes to another."""
    return (before.agency_code, before.account_number) != (now.agency_code, now.account_number)


_MESSAGES = {
    "text_too_long": ("Nội dung trống hoặc quá dài.", "The text is empty or too long."),
    "unknown_value": ("Giá trị không có trong danh mục.", "The value is not in the list."),
    "unknown_commune": (
        "Không có xã này trong tỉnh đã ghi, vào ngày làm việc.",
        "The stated province has no such commune on the business date.",
    ),
    "outside_territory": (
        "Cơ sở thuộc tỉnh khác với tỉnh của tài khoản đang dùng.",
        "The facility lies in another province than the one you work for.",
    ),
    "bad_places": ("Số chỗ phải từ 0 đến 100.000.", "Places go from 0 to 100,000."),
    "bad_agency_code": ("Mã ngân hàng (BIN) gồm 6 chữ số.", "A bank code (BIN) has six digits."),
    "bad_account_number": (
        "Số tài khoản gồm 6 đến 24 chữ và số.",
        "An account number has 6 to 24 letters and digits.",
    ),
    "duplicate_code": ("Mã cơ sở xuất hiện hai lần.", "The code stands twice in the request."),
}


def wrong(path: str, code: str) -> FieldError:
    vi, en = _MESSAGES[code]
    return FieldError(path, code, vi, en)


def problems(
    facility: Facility, path: str, communes: Mapping[str, Location], territory: str | None
) -> list[FieldError]:
    """All that is wrong with a facility; `path` stands before each field's name."""
    found = []
    for name, text, longest in (
        ("code", facility.code, CODE_CHARACTERS_MAX),
        ("name", facility.name, NAME_CHARACTERS_MAX),
        ("account_name", facility.account_name, NAME_CHARACTERS_MAX),
    ):
        if not text or len(text) > longest or not text.isprintable():
            found.append(wrong(f"{path}.{name}", "text_too_long"))
    if facility.kind not in KINDS:
        found.append(wrong(f"{path}.kind", "unknown_value"))
    if facility.sector not in SECTORS:
        found.append(wrong(f"{path}.sector", "unknown_value"))
    commune = communes.get(facility.commune_code)
    if commune is None or commune.province_code != facility.province_code:
        found.append(wrong(f"{path}.commune_code", "unknown_commune"))
    if territory is not None and facility.province_code != territory:
        found.append(wrong(f"{path}.province_code", "outside_territory"))
    if not 0 <= facility.places <= PLACES_MAX:
        found.append(wrong(f"{path}.places", "bad_places"))
    if not (
        len(facility.agency_code) == 6 and facility.agency_code.isascii() and facility.agency_code.isdigit()
    ):
        found.append(wrong(f"{path}.agency_code", "bad_agency_code"))
    number = facility.account_number
    if not (6 <= len(number) <= 24 and number.isascii() and number.isalnum()):
        found.append(wrong(f"{path}.account_number", "bad_account_number"))
    return found

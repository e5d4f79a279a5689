"""One row of a campaign's list: what its cells may say. A problem names a column and a code, never a value.

A row states somebody whole (personal_id, name, commune, channel), or names a person of the registry by
`person_id`, who is then paid as the registry last said.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from unicodedata import normalize
from uuid import UUID

from libs.common.kernel.ids import read
from libs.common.kernel.row_files import Form, Message
from libs.common.kernel.units import Location
from services.payments.domain.instructions import CHANNELS, TO_ACCOUNT
from services.payments.domain.partner_lines import ACCOUNT_CHARACTERS_MAX, NAME_CHARACTERS_MAX

FORM = Form(
    (
        "person_id",
        "personal_id",
        "full_name",
        "commune_code",
        "group",
        "channel",
        "agency_code",
        "account_number",
        "account_name",
        "payee_name",
    ),
    optional=("person_id", "account_number", "account_name", "payee_name"),
)
POST_AGENCY = "VNPOST"
#: Rows of one part: one transaction of rows, doubles and progress.
PART_ROWS = 20_000

MESSAGES = {
    "required": Message("Ô này phải có giá trị.", "This cell must not be empty."),
    "must_be_empty": Message(
        "Ô này phải để trống: người có mã person_id được chi theo thông tin trong sổ đăng ký.",
        "This cell must be empty: somebody named by person_id is paid as the registry says.",
    ),
    "text_not_allowed": Message(
        "Có ký tự không được dùng trong tên, hoặc tên quá dài.",
        "It holds a character that no name has, or is too long.",
    ),
    "unknown_value": Message("Giá trị không có trong danh mục.", "The value is not in this column's list."),
    "unknown_group": Message(
        "Nhóm này không có trong đợt hỗ trợ.", "The campaign has no group of this code."
    ),
    "unknown_commune": Message(
        "Mã xã không có trong danh mục đơn vị hành chính vào ngày mở đợt.",
        "No commune has this code on the day on which the campaign opens.",
    ),
    "outside_territory": Message("Xã này thuộc tỉnh khác.", "The commune lies in another province."),
    "personal_id_not_12_digits": Message(
        "Số định danh cá nhân phải có đúng 12 chữ số; trong Excel hãy để ô dạng Văn bản.",
        "A personal id has exactly 12 digits; in a spreadsheet format the cell as text.",
    ),
    "bad_agency_code": Message(
        "Mã đơn vị chi trả sai: ngân hàng, ví là 6 chữ số (BIN), bưu điện là VNPOST.",
        "Wrong paying agency: six digits (BIN) for a bank or wallet, VNPOST for the post office.",
    ),
    "bad_account_number": Message(
        "Số tài khoản phải gồm 6 đến 34 chữ và số, không dấu cách.",
        "An account number has 6 to 34 letters and digits, no blanks.",
    ),
    "account_without_bank": Message(
        "Trả bằng tiền mặt thì không ghi tài khoản.", "No account where it is paid in cash."
    ),
    "person_unknown": Message(
        "Không có người này trong sổ của tỉnh, hoặc người này chưa có số định danh và cách nhận tiền.",
        "The province knows no such person, or neither their personal id nor how they are paid.",
    ),
    "listed_twice": Message(
        "Người này đã có trong danh sách của đợt hỗ trợ.", "The person is on the campaign's list already."
    ),
    "given_by_another": Message(
        "Người này đã có trong danh sách của một đợt khác, và chỉ được nhận một suất.",
        "The person is on the list of another campaign, and may be given one of them only.",
    ),
}

#: (column, code) of everything wrong with a row.
Wrong = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Frame:
    """What a row is read against: the campaign's groups and province, and the communes of its first day."""

    groups: Collection[str]
    province_code: str
    communes: Mapping[str, Location]


@dataclass(frozen=True, slots=True)
class Stated:
    """Somebody stated whole. What can name them stays out of `repr`, and so out of logs."""

    group: str
    personal_id: str = field(repr=False)
    full_name: str = field(repr=False)
    commune_code: str
    unit_province_code: str
    channel: str
    agency_code: str
    account_number: str = field(repr=False)
    account_name: str = field(repr=False)
    payee_name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody of the registry."""

    group: str
    person_id: UUID


def read_row(cells: Sequence[str], frame: Frame) -> Stated | Named | Wrong:
    """`cells`: trimmed texts in the order of FORM."""
    person_id, personal_id, name, commune, group, channel, agency, account, holder, payee = cells
    wrong: Wrong = []
    if group not in frame.groups:
        wrong.append(("group", "unknown_group" if group else "required"))
    if person_id:
        return _named(cells, wrong)
    if not (len(personal_id) == 12 and personal_id.isascii() and personal_id.isdigit()):
        wrong.append(("personal_id", "personal_id_not_12_digits" if personal_id else "required"))
    full_name = _name(name, "full_name", wrong)
    place = frame.communes.get(commune)
    if place is None:
        wrong.append(("commune_code", "unknown_commune" if commune else "required"))
    elif place.province_code != frame.province_code:
        wrong.append(("commune_code", "outside_territory"))
    if channel not in CHANNELS:
        wrong.append(("channel", "unknown_value" if channel else "required"))
    elif channel in TO_ACCOUNT:
        _bank(agency, account, wrong)
        holder = _name(holder, "account_name", wrong)
    else:
        if agency != POST_AGENCY:
            wrong.append(("agency_code", "bad_agency_code" if agency else "required"))
        if account or holder:
            wrong.append(("account_number", "account_without_bank"))
    if payee:
        payee = _name(payee, "payee_name", wrong)
    if wrong or place is None:
        return wrong
    unit_province = place.former_province_code or place.province_code
    return Stated(
        group, personal_id, full_name, commune, unit_province, channel, agency, account, holder, payee
    )


def _named(cells: Sequence[str], wrong: Wrong) -> Named | Wrong:
    person_id, group = cells[0], cells[4]
    for column, cell in zip(FORM.columns, cells, strict=True):
        if cell and column not in ("person_id", "group"):
            wrong.append((column, "must_be_empty"))
    try:
        found = read("per", person_id)
    except ValueError:
        wrong.append(("person_id", "person_unknown"))
        return wrong
    return wrong or Named(group, found)


def _name(text: str, column: str, wrong: Wrong) -> str:
    """A name in NFC; a control character, a digit or a leading formula sign is refused."""
    if not text:
        wrong.append((column, "required"))
    elif (
        len(text) > NAME_CHARACTERS_MAX
        or not text.isprintable()
        or text[0] in "=+-@"
        or any(map(str.isdigit, text))
    ):
        wrong.append((column, "text_not_allowed"))
    return normalize("NFC", text)


def _bank(agency: str, account: str, wrong: Wrong) -> None:
    if not (len(agency) == 6 and agency.isascii() and agency.isdigit()):
        wrong.append(("agency_code", "bad_agency_code" if agency else "required"))
    if not (6 <= len(account) <= ACCOUNT_CHARACTERS_MAX and account.isascii() and account.isalnum()):
        wrong.append(("account_number", "bad_account_number" if account else "required"))

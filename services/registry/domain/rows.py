"""One row of the population file: what its cells may say, and the reader that turns it into a Person.

An empty cell is an absent fact. The reader collects every problem of a row and never keeps a wrong value:
a problem names a column and a code, nothing of what stood there.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from unicodedata import normalize

from libs.common.kernel import personal_id as personal_ids
from libs.common.kernel.months import Month
from services.registry.domain.columns import COLUMNS
from services.registry.domain.people import Carer, Communes, Fact, Payout, Person

_AT = {name: index for index, name in enumerate(COLUMNS)}

#: What a column with a closed vocabulary may say.
CHOICES = {
    "sex": frozenset({"male", "female"}),
    "poverty_status": frozenset({"poor", "near_poor", "none"}),
    "area": frozenset({"ethnic_minority_mountainous_extreme_hardship", "other"}),
    "disability_degree": frozenset({"none", "mild", "severe", "extremely_severe"}),
    "child_situation": frozenset(
        {
            "abandoned",
            "both_parents_dead",
            "one_dead_other_missing",
            "one_dead_other_in_facility",
            "one_dead_other_imprisoned",
            "both_missing",
            "both_in_facility",
            "both_imprisoned",
            "one_missing_other_in_facility",
            "one_missing_other_imprisoned",
            "one_in_facility_other_imprisoned",
        }
    ),
    "marital_status": frozenset(
        {"never_married", "married", "divorced", "separated", "widowed", "spouse_missing"}
    ),
    "carer_relation": frozenset({"own_household", "receiving_carer"}),
    "channel": frozenset({"bank_account", "post_office", "home_delivery", "e_wallet"}),
    "payee_relation": frozenset({"self", "guardian", "authorised"}),
}
PROGRAMMES = frozenset({"monthly_allowance", "social_pension"})
BOOLEANS = {"true": True, "TRUE": True, "True": True, "false": False, "FALSE": False, "False": False}
POST_OFFICE_AGENCY = "VNPOST"
#: Channels that lead to an account: a bank's, or a wallet, whose operator has a BIN of six digits too.
_TO_ACCOUNT = ("bank_account", "e_wallet")

#: The sensitive facts, by the way their cells are read.
_CHOSEN_FACTS = tuple(
    (_AT[name], name) for name in ("disability_degree", "child_situation", "marital_status")
)
_BOOLEAN_FACTS = tuple(
    (_AT[name], name)
    for name in (
        "hiv_positive",
        "received_as_child_without_support",
        "studying",
        "study_continuous",
        "single_parent",
        "has_family_supporter",
        "has_stable_income",
        "cannot_live_in_community",
        "eligible_for_facility",
        "fostered_in_community",
        "pregnant",
        "care_drawn_by_spouse",
    )
)
#: Columns that say true or false.
BOOLEAN_COLUMNS = (*(name for _, name in _BOOLEAN_FACTS), "already_receiving")
#: The most digits of each fact that is a whole number.
_WHOLE_FACTS = (("pension_dong_monthly", 10), ("children_under_36_months", 2))
_CHILDREN = _AT["children"]
_CARER = slice(_AT["carer_relation"], _AT["carer_personal_id"] + 1)
_STANDING = slice(_AT["already_receiving"], _AT["decision_signed_on"] + 1)
_PAYOUT_FROM = _AT["channel"]
_CHILD_STATES: dict[str, dict[str, str | bool]] = {
    "": {},
    "studying": {"studying": True},
    "studying+continuous": {"studying": True, "study_continuous": True},
}

NAME_CHARACTERS_MAX = 120
NUMBER_CHARACTERS_MAX = 40
ACCOUNT_CHARACTERS_MAX = 24
CHILDREN_MAX = 30
_DIGIT = re.compile(r"\d")
_EARLIEST = date(1900, 1, 1)

#: (column, code) of everything wrong with a row.
Wrong = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Frame:
    """What a row is read against: the communes that exist on `as_of`, and whose file it is.

    `territory` is the province (2 digits) of the officer, None for the nation.
    """

    as_of: date
    communes: Communes
    territory: str | None


def read_true_from(text: str, born: date, today: date) -> date | Wrong:
    """Since when a change is so: today where nothing is said, next month at the latest, not before birth."""
    wrong: Wrong = []
    since = _date(text, "true_from", wrong) if text else today
    if since is None:
        return wrong
    if since > (Month.of(today) + 1).last_day:
        return [("true_from", "date_too_far_ahead")]
    return [("true_from", "date_before_birth")] if since < born else since


def read_row(cells: Sequence[str], frame: Frame) -> Person | Wrong:
    """A Person, or all that is wrong. `cells` are trimmed texts in the order of COLUMNS."""
    wrong: Wrong = []
    household, personal_id, name, birth, sex, commune, poverty, area = cells[:8]
    full_name = _name(name, "full_name", wrong)
    born = _birth_date(birth, frame.as_of, wrong)
    _chosen(sex, "sex", wrong)
    _chosen(poverty, "poverty_status", wrong)
    _chosen(area, "area", wrong)
    if not household:
        wrong.append(("household_number", "required"))
    elif len(household) > NUMBER_CHARACTERS_MAX:
        wrong.append(("household_number", "text_too_long"))
    elif not household.isprintable():
        wrong.append(("household_number", "text_not_allowed"))
    if not personal_id:
        wrong.append(("personal_id", "required"))
    elif born is not None and sex in CHOICES["sex"]:
        problem = personal_ids.problem(personal_id, born, sex)
        if problem:
            wrong.append(("personal_id", problem))
    place = frame.communes.get(commune)
    if place is None:
        wrong.append(("commune_code", "unknown_commune" if commune else "required"))
    elif frame.territory is not None and place.province_code != frame.territory:
        wrong.append(("commune_code", "outside_territory"))
    facts = _facts(cells, wrong)
    certificate = _date(cells[9], "disability_certificate_on", wrong)
    carer = _carer(cells[_CARER], personal_id, wrong)
    already, applied_for, received, signed = cells[_STANDING]
    receiving = _boolean(already, "already_receiving", wrong)
    programmes = _programmes(applied_for, wrong)
    received_on = _date(received, "application_received_on", wrong)
    signed_on = _date(signed, "decision_signed_on", wrong)
    payout = _payout(cells[_PAYOUT_FROM:], personal_id, full_name, wrong)
    if wrong or born is None or place is None:
        return wrong
    return Person(
        household,
        personal_id,
        full_name,
        born,
        sex,
        commune,
        place.province_code,
        place.former_province_code,
        poverty,
        area,
        receiving is True,
        programmes,
        received_on,
        signed_on,
        certificate,
        facts,
        carer,
        payout,
    )


def _name(text: str, column: str, wrong: Wrong) -> str:
    """A person's name in NFC; a control character or a leading formula sign is refused."""
    if not text:
        wrong.append((column, "required"))
        return text
    if len(text) > NAME_CHARACTERS_MAX:
        wrong.append((column, "text_too_long"))
        return ""
    if not text.isprintable() or text[0] in "=+-@" or _DIGIT.search(text):
        wrong.append((column, "text_not_allowed"))
        return ""
    return normalize("NFC", text)


def _chosen(text: str, column: str, wrong: Wrong) -> None:
    if text not in CHOICES[column]:
        wrong.append((column, "unknown_value" if text else "required"))


def _date(text: str, column: str, wrong: Wrong) -> date | None:
    """YYYY-MM-DD and no other ISO form; None when absent or wrong."""
    if not text:
        return None
    if len(text) == 10 and text[4] == text[7] == "-":
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    wrong.append((column, "impossible_date"))
    return None


def _birth_date(text: str, as_of: date, wrong: Wrong) -> date | None:
    if not text:
        wrong.append(("birth_date", "required"))
        return None
    born = _date(text, "birth_date", wrong)
    if born is None:
        return None
    if born > as_of:
        wrong.append(("birth_date", "date_in_the_future"))
        return None
    if born < _EARLIEST:
        wrong.append(("birth_date", "date_too_early"))
        return None
    return born


def _boolean(text: str, column: str, wrong: Wrong) -> bool | None:
    if not text:
        return None
    value = BOOLEANS.get(text)
    if value is None:
        wrong.append((column, "unknown_value"))
    return value


def _facts(cells: Sequence[str], wrong: Wrong) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    for index, name in _CHOSEN_FACTS:
        text = cells[index]
        if text:
            if text in CHOICES[name]:
                facts[name] = text
            else:
                wrong.append((name, "unknown_value"))
    for index, name in _BOOLEAN_FACTS:
        text = cells[index]
        if text:
            value = _boolean(text, name, wrong)
            if value is not None:
                facts[name] = value
    if cells[_CHILDREN]:
        facts["children"] = _children(cells[_CHILDREN], wrong)
    for name, digits_max in _WHOLE_FACTS:
        text = cells[_AT[name]]
        if text:
            if text.isascii() and text.isdigit() and len(text) <= digits_max:
                facts[name] = int(text)
            else:
                wrong.append((name, "not_a_whole_number"))
    return facts


def _children(text: str, wrong: Wrong) -> list[dict[str, str | bool]]:
    """`2012-01-01;2015-06-30:studying+continuous`: birth dates, each with what the child does."""
    children: list[dict[str, str | bool]] = []
    entries = text.split(";")
    if len(entries) > CHILDREN_MAX:
        wrong.append(("children", "too_many"))
        return children
    for entry in entries:
        born, _, state = entry.strip().partition(":")
        states = _CHILD_STATES.get(state)
        if states is None or not born:
            wrong.append(("children", "unknown_value"))
            return children
        if _date(born, "children", wrong) is None:
            return children
        children.append({"birth_date": born, **states})
    return children


def _programmes(text: str, wrong: Wrong) -> tuple[str, ...]:
    if not text:
        return ()
    named = {part.strip() for part in text.split(";")}
    if not named <= PROGRAMMES:
        wrong.append(("applied_for", "unknown_value"))
        return ()
    return tuple(sorted(named))


def _carer(cells: Sequence[str], personal_id: str, wrong: Wrong) -> Carer | None:
    """Who cares for the person, as stated: both cells or neither."""
    relation, carer_id = cells
    if not relation and not carer_id:
        return None
    before = len(wrong)
    _chosen(relation, "carer_relation", wrong)
    if not carer_id:
        wrong.append(("carer_personal_id", "required"))
    elif not _twelve_digits(carer_id):
        wrong.append(("carer_personal_id", "personal_id_not_12_digits"))
    elif carer_id == personal_id:
        wrong.append(("carer_personal_id", "carer_is_self"))
    return None if len(wrong) > before else Carer(relation, carer_id)


def _twelve_digits(text: str) -> bool:
    return len(text) == 12 and text.isascii() and text.isdigit()


def _payout(cells: Sequence[str], personal_id: str, full_name: str, wrong: Wrong) -> Payout | None:
    """The account, or None where no channel is named (a resident of a facility has none)."""
    channel, agency, number, holder, payee_name, payee_personal_id, relation = cells
    if not channel:
        if any(cells):
            wrong.append(("channel", "required"))
        return None
    if channel not in CHOICES["channel"]:
        wrong.append(("channel", "unknown_value"))
        return None
    before = len(wrong)
    if channel in _TO_ACCOUNT:
        _account(agency, number, holder, wrong)
    else:
        if agency != POST_OFFICE_AGENCY:
            wrong.append(("agency_code", "bad_agency_code" if agency else "required"))
        if number or holder:
            wrong.append(("account_number", "account_without_bank"))
    relation = relation or "self"
    if relation == "self":
        if payee_personal_id not in ("", personal_id):
            wrong.append(("payee_personal_id", "contradictory_payee"))
        if payee_name and normalize("NFC", payee_name) != full_name:
            wrong.append(("payee_name", "contradictory_payee"))
        payee_name, payee_personal_id = full_name, personal_id
    else:
        _chosen(relation, "payee_relation", wrong)
        payee_name = _name(payee_name, "payee_name", wrong)
        if not payee_personal_id:
            wrong.append(("payee_personal_id", "required"))
        elif payee_personal_id == personal_id:
            wrong.append(("payee_personal_id", "contradictory_payee"))
        elif not _twelve_digits(payee_personal_id):
            wrong.append(("payee_personal_id", "personal_id_not_12_digits"))
    if len(wrong) > before:
        return None
    return Payout(channel, agency, number or None, holder or None, payee_name, payee_personal_id, relation)


def _account(agency: str, number: str, holder: str, wrong: Wrong) -> None:
    if not (len(agency) == 6 and agency.isascii() and agency.isdigit()):
        wrong.append(("agency_code", "bad_agency_code" if agency else "required"))
    if not (6 <= len(number) <= ACCOUNT_CHARACTERS_MAX and number.isascii() and number.isalnum()):
        wrong.append(("account_number", "bad_account_number" if number else "required"))
    _name(holder, "account_name", wrong)

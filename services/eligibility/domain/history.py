"""What is known of a person, by two times: since when a fact is so, and in which version we learned it.

Every version is the whole person. What differs between a version and the one before is asserted by it, from
its `true_from` on; a month's state is, fact by fact, the assertion with the greatest `true_from` up to the
month's last day, the newer version among equals. So it does not matter in which order independent facts were
recorded, and a correction as of the same day takes the place of what it corrects.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import orjson

from libs.common.kernel.months import Month
from services.eligibility.domain.decisions import Place

#: Facts that are no state of a month: nobody was ever born on another day, and a file is what it is today.
#: What the newest version says of them is so for every month.
UNDATED = frozenset(
    {
        ("person", "birth_date"),
        ("dates", "application_received_on"),
        ("dates", "decision_signed_on"),
        ("context", "already_receiving"),
        ("context", "applied_for"),
    }
)
_PLACE, _CARER = ("place", ""), ("carer", "")
_SINCE_EVER = date.min
_Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class FactsVersion:
    """A person as one version states them. `case`: person, household, dates and context in the shape of an
    assessment, and `carer`: relation and person_id. `true_from` None: since ever, as all of version 1 is.
    `sex` is no fact of the law, decides nothing and is in no hash: figures are broken down by it."""

    version: int
    true_from: date | None
    place: Place
    case: Mapping[str, Any]
    sex: str | None = None

    @property
    def since(self) -> date:
        return _SINCE_EVER if self.version == 1 or self.true_from is None else self.true_from


@dataclass(frozen=True, slots=True)
class State:
    """What held of a person in a month."""

    place: Place
    case: Mapping[str, Any]


def facts_at(versions: Iterable[FactsVersion], month: Month, known_version: int) -> State:
    """The state at the end of `month` as it was known once version `known_version` was there.

    `versions` in any order; those after `known_version` play no part, and version 1 is always there.
    """
    known = _in_order(versions, known_version)
    newest = known[-1]
    if len(known) == 1:
        return State(newest.place, newest.case)
    asserted: dict[_Fact, tuple[date, Any]] = {}
    before: dict[_Fact, Any] = {}
    for each in known:
        stated = _facts(each)
        for fact in before.keys() | stated.keys():
            value = stated.get(fact)
            if value == before.get(fact) or each.since > month.last_day:
                continue
            if fact not in asserted or asserted[fact][0] <= each.since:
                asserted[fact] = (each.since, value)
        before = stated
    held = {fact: value for fact, (_, value) in asserted.items() if fact not in UNDATED}
    held |= {fact: value for fact, value in before.items() if fact in UNDATED}
    return _state(held)


def holds_from(versions: Sequence[FactsVersion]) -> date:
    """The day from which on the newest version, as it stands, is the state; date.max where it never is."""
    if len(versions) == 1:
        return versions[0].since
    newest = max(versions, key=lambda each: each.version)
    last = max(each.since for each in versions)
    state = facts_at(versions, Month.of(last), newest.version)
    return last if _facts(newest) == _flat(state.place, state.case) else date.max


def chained(before: bytes, version: FactsVersion) -> bytes:
    """A hash of this version and, by the hash of the one before (b"" for the first), of all before it."""
    place = version.place
    stated = {
        "version": version.version,
        "true_from": version.true_from,
        "place": [place.commune_code, place.province_code, place.former_province_code],
        "case": version.case,
    }
    return sha256(before + orjson.dumps(stated, option=orjson.OPT_SORT_KEYS)).digest()


def chain_of(versions: Iterable[FactsVersion], known_version: int) -> bytes:
    """The chained hash of all versions up to `known_version`."""
    chain = b""
    for each in _in_order(versions, known_version):
        chain = chained(chain, each)
    return chain


def _in_order(versions: Iterable[FactsVersion], known_version: int) -> list[FactsVersion]:
    known = {each.version: each for each in versions if each.version <= known_version}
    return [known[version] for version in sorted(known)]


def _facts(version: FactsVersion) -> dict[_Fact, Any]:
    return _flat(version.place, version.case)


def _flat(place: Place, case: Mapping[str, Any]) -> dict[_Fact, Any]:
    """Each fact by its section and name; a place and a carer are one fact each: no half changes alone."""
    found: dict[_Fact, Any] = {
        (section, name): value
        for section, stated in case.items()
        if section != "carer"
        for name, value in stated.items()
    }
    found[_PLACE] = place
    if "carer" in case:
        found[_CARER] = case["carer"]
    return found


def _state(held: Mapping[_Fact, Any]) -> State:
    case: dict[str, dict[str, Any]] = {"person": {}, "household": {}, "dates": {}, "context": {}}
    for (section, name), value in held.items():
        if name and value is not None:
            case[section][name] = value
    if held.get(_CARER) is not None:
        case["carer"] = held[_CARER]
    return State(held[_PLACE], case)

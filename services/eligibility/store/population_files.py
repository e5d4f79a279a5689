"""A population out of a file: CSV in the registry's columns, or a case a line (JSONL).

Of the CSV's columns only `birth_date` must be there; a fact is called as in an assessment, `children` as in
the registry's file (`2012-01-01;2015-06-30:studying+continuous`), and who lives where is told by `province`
and `former_province` or by `commune_code`. A wrong cell is refused with its line and column, never skipped.
"""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.months import Month
from libs.common.kernel.units import Location, Units
from services.eligibility.domain.case_reading import read_case
from services.eligibility.domain.columns import (
    ABSENT,
    CODES,
    DAYS,
    FLAGS,
    PROGRAMMES,
    WHOLES,
    ChildColumns,
    FactColumns,
    columns_of,
    day_number,
)
from services.eligibility.domain.facts import PersonFacts
from services.eligibility.domain.json_text import parse
from services.eligibility.domain.packs import Place
from services.eligibility.domain.reading import WHOLE_MAX
from services.eligibility.domain.simulation import SEXES, UNKNOWN, People

T = TypeVar("T")

_ROWS_AT_ONCE = 50_000
_PROBLEMS_MAX = 20
_NUMBER, _PLACE = "personal_id", ("province", "former_province", "commune_code")
_FACTS = (*CODES, *DAYS, *FLAGS, *WHOLES, "applied_for", "children", "sex")
#: Facts that the registry's file calls otherwise.
_REGISTERED_AS = {"carer": "carer_relation"}
#: What the registry's file holds besides, and no law asks for.
_OTHERS = (
    "household_number",
    "full_name",
    "channel",
    "agency_code",
    "account_number",
    "account_name",
    "payee_name",
    "payee_personal_id",
    "payee_relation",
    "carer_personal_id",
    "problems",
)
_WORDS: dict[str, bool] = {
    "": False,
    **dict.fromkeys(("true", "TRUE", "True"), True),
    **dict.fromkeys(("false", "FALSE", "False"), False),
}
_CHILD_STATES = {"": (False, False), "studying": (True, False), "studying+continuous": (True, True)}
#: A row's cells of one column.
_Cells = Sequence[str]


@dataclass(frozen=True)
class Frame:
    """What a file is read against: how places are numbered, where communes lie, and who lives in a facility
    at the State's cost (by personal_id)."""

    places: tuple[Place, ...]
    units: Units
    month: Month
    successions: Mapping[str, str]
    residents: Collection[str] = ()


def read_population(path: Path, frame: Frame) -> Iterator[People]:
    """The people of a file, part by part. Refusal `population_invalid` with lines and columns; OSError."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        try:
            yield from (_cases if path.suffix == ".jsonl" else _table)(lines, frame)
        except UnicodeDecodeError:
            raise _refused(
                [_problem("", "not_utf8", "Tệp phải là UTF-8.", "The file must be UTF-8.")]
            ) from None


def _cases(lines: Iterable[str], frame: Frame) -> Iterator[People]:
    numbers = {place: number for number, place in enumerate(frame.places)}
    numbered = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    while some := list(islice(numbered, _ROWS_AT_ONCE)):
        facts, places = [], []
        for number, line in some:
            try:
                case = read_case(parse(line.encode()), frame.successions)
            except Refusal as refusal:
                raise _refused(
                    [
                        FieldError(f"{number}: {one.path}", one.code, one.message_vi, one.message_en)
                        for one in refusal.errors
                    ]
                ) from None
            facts += [member.facts for member in case.members]
            places += [numbers[case.place]] * len(case.members)
        sex = np.full(len(facts), SEXES.index(UNKNOWN), np.uint8)
        yield People(columns_of(facts), np.array(places, np.int16), sex)


def _table(lines: Iterable[str], frame: Frame) -> Iterator[People]:
    rows = csv.reader(lines)
    header = [name.strip() for name in next(rows, [])]
    _check_header(header)
    readers = _readers(frame)
    first = 2
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        short = [at for at, row in enumerate(some) if len(row) != len(header)]
        if short:
            raise _refused(
                [
                    _problem(f"{first + at}", "wrong_length", "Số ô khác số cột.", "Not a cell a column.")
                    for at in short[:_PROBLEMS_MAX]
                ]
            )
        cells = dict(zip(header, map(_stripped, zip(*some, strict=True)), strict=True))
        yield _people(cells, len(some), readers, frame, first)
        first += len(some)


def _stripped(cells: Iterable[str]) -> list[str]:
    return [cell.strip() for cell in cells]


def _check_header(header: Sequence[str]) -> None:
    known = {*_FACTS, *_REGISTERED_AS.values(), *_OTHERS, *_PLACE, _NUMBER}
    problems = [
        _problem(f"1: {name}", "unknown_column", "Không có cột này.", "There is no such column.")
        for name in header
        if name not in known
    ]
    problems += [
        _problem(f"1: {name}", "column_twice", "Cột này có hai lần.", "This column stands twice.")
        for name in sorted({name for name in header if header.count(name) > 1})
    ]
    problems += [
        _problem(f"1: {name}", "column_twice", "Cột này có hai lần.", "This column stands twice.")
        for fact, name in _REGISTERED_AS.items()
        if fact in header and name in header
    ]
    if "birth_date" not in header:
        problems.append(_problem("1: birth_date", "missing", "Thiếu cột này.", "This column is missing."))
    if problems:
        raise _refused(problems)


class _Values(dict[str, T]):
    """Each text read once. KeyError or ValueError for one that says nothing known."""

    def __init__(self, read: Callable[[str], T]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> T:
        self[text] = self._read(text)
        return self[text]


def _readers(frame: Frame) -> dict[str, Mapping[str, Any]]:
    """For each column: its texts to what they mean."""
    communes = _communes(frame)
    defaults = PersonFacts()
    readers: dict[str, Mapping[str, Any]] = {
        **{name: _Values(_day) for name in DAYS},
        **dict.fromkeys(FLAGS, _WORDS),
        **{name: _Values(_whole) for name in WHOLES},
        "applied_for": _Values(_programmes),
        "children": _Values(_children),
        "sex": {"": SEXES.index(UNKNOWN), **{sex: number for number, sex in enumerate(SEXES)}},
        "commune_code": _Values(lambda code: communes[code]),
    }
    for name, values in CODES.items():
        codes = {value: number for number, value in enumerate(values)}
        readers[name] = {"": codes[getattr(defaults, name)]} | {
            value: number for value, number in codes.items() if isinstance(value, str)
        }
    return readers | {name: readers[fact] for fact, name in _REGISTERED_AS.items()}


def _communes(frame: Frame) -> dict[str, int]:
    """Each commune's number of its place. One that does not stand in the month stood at another time."""
    numbers = {place: number for number, place in enumerate(frame.places)}

    def number(found: Location) -> int:
        return numbers[Place(found.province_code, found.former_province_code)]

    days = {unit.valid_from for unit in frame.units.units} | {frame.month.last_day}
    found: dict[str, int] = {}
    for day in sorted(days, key=lambda day: (day == frame.month.last_day, day)):
        found |= {code: number(where) for code, where in frame.units.locations(day).items()}
    return found


def _people(
    cells: Mapping[str, _Cells], size: int, readers: Mapping[str, Mapping[str, Any]], frame: Frame, first: int
) -> People:
    problems: list[FieldError] = []

    def column(fact: str, default: object) -> list[Any]:
        name = fact if fact in cells else _REGISTERED_AS.get(fact, fact)
        if name not in cells:
            return [default] * size
        try:
            return [readers[name][text] for text in cells[name]]
        except (KeyError, ValueError):
            problems.extend(_wrong(name, cells[name], readers[name], first))
            return [default] * size

    defaults = PersonFacts()
    columns: dict[str, Any] = {name: np.array(column(name, ABSENT), np.int32) for name in DAYS}
    for name in FLAGS:
        columns[name] = np.array(column(name, getattr(defaults, name)), np.bool_)
    for name in WHOLES:
        columns[name] = np.array(column(name, 0), np.int64)
    for name, values in CODES.items():
        columns[name] = np.array(column(name, values.index(getattr(defaults, name))), np.uint8)
    columns["applied_for"] = np.array(column("applied_for", _programmes("")), np.uint8)
    children = column("children", ())
    place = np.array(_places(cells, size, column, frame, problems, first), np.int16)
    sex = np.array(column("sex", SEXES.index(UNKNOWN)), np.uint8)
    if problems:
        raise _refused(problems)
    if frame.residents:
        residents = frozenset(frame.residents)
        columns["in_facility"] |= np.array([number in residents for number in cells[_NUMBER]], np.bool_)
    counts = np.array([len(each) for each in children], np.int64)
    flat = np.array([child for each in children for child in each], np.int32).reshape(-1, 3)
    own = ChildColumns(flat[:, 0], flat[:, 1].astype(np.bool_), flat[:, 2].astype(np.bool_))
    facts = FactColumns(**columns, children=own, first_child=np.concatenate([[0], np.cumsum(counts)]))
    return People(facts, place, sex)


def _places(
    cells: Mapping[str, _Cells],
    size: int,
    column: Callable[[str, object], list[Any]],
    frame: Frame,
    problems: list[FieldError],
    first: int,
) -> list[int]:
    """By the provinces, where they are told, else by the commune; nowhere known otherwise."""
    if "province" not in cells:
        return column("commune_code", 0)
    numbers = {
        (place.province or "", place.former_province or ""): at for at, place in enumerate(frame.places)
    }
    former = cells.get("former_province", [""] * size)
    named = list(zip(cells["province"], former, strict=True))
    wrong = [at for at, pair in enumerate(named) if pair not in numbers]
    for at in wrong[:_PROBLEMS_MAX]:
        vi, en = "Không có tỉnh này.", "There is no such province."
        problems.append(_problem(f"{first + at}: province", "unknown_value", vi, en))
    return [numbers.get(pair, 0) for pair in named]


def _wrong(name: str, cells: _Cells, reader: Mapping[str, Any], first: int) -> list[FieldError]:
    """Each wrong cell of a column, up to a few; nothing of what stands there."""
    found: list[FieldError] = []
    for at, text in enumerate(cells):
        try:
            reader[text]
        except (KeyError, ValueError):
            vi, en = "Giá trị không hợp lệ.", "The value is not valid."
            found.append(_problem(f"{first + at}: {name}", "unknown_value", vi, en))
            if len(found) == _PROBLEMS_MAX:
                break
    return found


def _day(text: str) -> int:
    """Days since 1970-01-01 of YYYY-MM-DD and no other ISO form."""
    if not text:
        return ABSENT
    if len(text) != 10:
        raise ValueError("not a date such as 2019-05-31")
    return day_number(date.fromisoformat(text))


def _whole(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and int(text) <= WHOLE_MAX):
        raise ValueError("not a whole number")
    return int(text or 0)


def _programmes(text: str) -> int:
    named = {part.strip() for part in text.split(";")} if text else PersonFacts().applied_for
    return sum(1 << PROGRAMMES.index(one) for one in named)


def _children(text: str) -> tuple[tuple[int, bool, bool], ...]:
    parts = [entry.strip().partition(":") for entry in text.split(";")] if text else []
    found = tuple((_day(born), *_CHILD_STATES[state]) for born, _, state in parts)
    if any(born == ABSENT for born, _, _ in found):
        raise ValueError("a child without a birth date")
    return found


def _problem(path: str, code: str, vi: str, en: str) -> FieldError:
    return FieldError(path, code, vi, en)


def _refused(problems: list[FieldError]) -> Refusal:
    return Refusal(
        "population_invalid",
        "Tệp dân số có chỗ không đọc được; hãy sửa các dòng và cột được nêu.",
        "The population file has cells that can't be read; mend the lines and columns named.",
        tuple(problems),
    )

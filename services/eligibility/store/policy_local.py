"""A province's own resolution out of one file of local/: its instruments, levels and categories."""

from collections.abc import Mapping
from dataclasses import dataclass

from libs.common.kernel.months import Month
from services.eligibility.domain.citations import DRAFT, MARKS, Change, Instrument
from services.eligibility.domain.policy import Dated, Level, LocalLevels, Territory
from services.eligibility.store.policy_node import Findings, Node
from services.eligibility.store.policy_occasions import milestones
from services.eligibility.store.policy_rules import Reader

_SCOPES = ("community", "facility", "social_pension")


@dataclass(frozen=True, slots=True)
class CentralLevels:
    """What a local level is measured against on its first day."""

    standard: tuple[Dated[Level], ...]
    social_pension: tuple[Dated[Level], ...]

    def at(self, scope: str, month: Month) -> Dated[Level] | None:
        values = self.social_pension if scope == "social_pension" else self.standard
        return next((value for value in reversed(values) if value.from_month <= month), None)


def instruments(node: Node, known: Mapping[str, Instrument], findings: Findings) -> dict[str, Instrument]:
    """The instruments that a mapping declares; beside those `known` of instruments.yaml, a file's own
    must say when they took effect."""
    found: dict[str, Instrument] = {}
    names = [*known, *(name for name, _ in node.pairs())]
    for name, item in node.pairs():
        if known and not item.has("in_force_on"):
            findings.attempt(item.at("in_force_on").refuse, "thiếu khóa này", "this key is missing")
        if name in known:
            findings.attempt(item.refuse, "văn bản này đã có", "there is an instrument of this name")
            continue
        read = findings.attempt(_instrument, name, item, names)
        if read is not None:
            found[name] = read
    return found


def _instrument(name: str, node: Node, names: list[str]) -> Instrument:
    days = ("issued_on", "in_force_on", "applies_from", "ended_on")
    node.fields("short title mark", f"{' '.join(days)} amends repeals note")
    return Instrument(
        name,
        node.at("short").text(),
        node.at("title").text(),
        **{day: node.at(day).date() for day in days if node.has(day)},
        amends=_changes(node, "amends", names),
        repeals=_changes(node, "repeals", names),
        mark=node.at("mark").one_of(*MARKS, DRAFT),
    )


def _changes(node: Node, key: str, names: list[str]) -> tuple[Change, ...]:
    if not node.has(key):
        return ()
    return tuple(
        Change(
            item.fields("instrument since", "provisions article clause point")
            .at("instrument")
            .one_of(*names),
            item.at("provisions").text() if item.has("provisions") else None,
            item.at("since").date(),
        )
        for item in node.at(key).items()
    )


def levels(node: Node, reader: Reader, central: CentralLevels, successions: Mapping[str, str]) -> LocalLevels:
    """The territory's own levels: none below the central one on its first day (Đ4.3)."""
    node.fields("title", f"province former_province instruments categories longevity {' '.join(_SCOPES)}")
    own = {scope: _above(node.at(scope), reader, central, scope) for scope in _SCOPES if node.has(scope)}
    return LocalLevels(
        territory_of(node, successions),
        node.at("title").text(),
        own.get("community", ()),
        own.get("facility", ()),
        own.get("social_pension", ()),
        milestones(node.at("longevity"), reader) if node.has("longevity") else (),
    )


def all_levels(
    nodes: list[Node], reader: Reader, central: CentralLevels, successions: Mapping[str, str]
) -> tuple[LocalLevels, ...]:
    """The levels of every file, one file a territory."""
    found: dict[Territory, LocalLevels] = {}
    standing: dict[Territory, str] = {}
    for node in nodes:
        read = reader.findings.attempt(levels, node, reader, central, successions)
        if read is not None and read.territory in found:
            key, other = (
                "province" if read.territory.province else "former_province",
                standing[read.territory],
            )
            reader.findings.attempt(
                node.at(key).refuse,
                f"tỉnh này đã có tệp {other}; hãy thay tệp đó",
                f"{other} already has this territory; take its place",
            )
        elif read is not None:
            found[read.territory], standing[read.territory] = read, node.path
    return tuple(found.values())


def territory_of(node: Node, successions: Mapping[str, str]) -> Territory:
    if node.has("province") == node.has("former_province"):
        raise node.wrong("cần đúng một mã tỉnh", "exactly one of province, former_province is needed")
    if node.has("province"):
        return Territory(province=node.at("province").one_of(*sorted(set(successions.values()))))
    return Territory(former_province=node.at("former_province").one_of(*sorted(successions)))


def _above(node: Node, reader: Reader, central: CentralLevels, scope: str) -> tuple[Dated[Level], ...]:
    def level(item: Node) -> Level:
        found, month = _level(item), item.at("from").month()
        least = central.at(scope, month)
        if least is not None and not found.adds_to_central and found.dong < least.value.dong:
            raise item.at("dong").wrong(
                f"thấp hơn mức trung ương {least.value.dong} của tháng {month} ({least.citation})",
                f"it is below the central level of {month}, {least.value.dong} ({least.citation})",
            )
        return found

    return reader.series(node, "", level, "dong plus_dong")


def dated_levels(node: Node, reader: Reader) -> tuple[Dated[Level], ...]:
    return reader.series(node, "", _level, "dong plus_dong")


def _level(node: Node) -> Level:
    if node.has("dong") == node.has("plus_dong"):
        raise node.wrong("cần đúng một trong dong, plus_dong", "exactly one of dong, plus_dong is needed")
    if node.has("dong"):
        return Level(node.at("dong").dong())
    return Level(node.at("plus_dong").dong(), adds_to_central=True)

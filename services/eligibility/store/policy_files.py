"""Reads a policy folder into a `Policy`. A broken file is a Refusal `policy_invalid` that names it."""

import hashlib
import json
from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from pathlib import Path

import yaml

from services.eligibility.domain.citations import MARKS, Change, Instrument
from services.eligibility.domain.policy import (
    CategoryRule,
    Coverage,
    Dated,
    Level,
    LocalLevels,
    Policy,
    StartRule,
    Switch,
    Together,
)
from services.eligibility.store.policy_node import Node
from services.eligibility.store.policy_offices import calendar, case_rules, payment_cycle, procedures, reports
from services.eligibility.store.policy_rules import CITED, CITED_OPTIONAL, Reader, one_off

#: Folders of category files, in the order in which their rules are tried.
RULE_FOLDERS = ("monthly_allowance", "care_allowance", "social_pension", "nurture_allowance")


def read_policy(folder: Path) -> Policy:
    """The policy that `folder` holds. Refusal `policy_invalid` where a file is missing or wrong."""
    files = _load_all(folder)
    root = _file(files, "policy.yaml").fields("version coverage title")
    instruments = _instruments(_file(files, "instruments.yaml"))
    reader = Reader(instruments, {})
    switches = _switches(_file(files, "switches.yaml"), reader)
    reader = Reader(instruments, switches)
    time_rules = _file(files, "time_rules.yaml").fields("start moves back_pay")
    terms = _file(files, "terms.yaml").fields("procedures reports payment_cycle")
    combination = _file(files, "combination.yaml").fields(
        "highest_one higher_programme facility_excludes_community"
    )
    return Policy(
        version=root.at("version").text(),
        hash=_hash(files),
        switches=switches,
        coverage=_coverage(root.at("coverage"), reader),
        categories=_categories(files, reader),
        one_off=tuple(one_off(Node(files[name], name), reader) for name in _in_folder(files, "one_off")),
        central=_levels(_file(files, "standards/central.yaml").fields("title levels").at("levels"), reader),
        social_pension_central=_levels(
            _file(files, "standards/social_pension.yaml").fields("title levels").at("levels"), reader
        ),
        local=tuple(_local(Node(files[name], name), reader) for name in _in_folder(files, "local")),
        start_rules=tuple(_start(item, reader) for item in time_rules.at("start").items()),
        highest=reader.series(combination.at("highest_one"), "together", _together),
        higher_programme=reader.series(combination.at("higher_programme"), "", _nothing),
        facility_excludes=reader.series(combination.at("facility_excludes_community"), "", _nothing),
        moves={
            programme: reader.series(node, "months_after_the_stop", _gap)
            for programme, node in time_rules.at("moves").fields("monthly_allowance social_pension").pairs()
        },
        back_pay=reader.series(time_rules.at("back_pay"), "", _nothing),
        case_rules=case_rules(_file(files, "case_life.yaml"), reader),
        procedures=procedures(terms.at("procedures"), reader),
        reports=reports(terms.at("reports"), reader),
        payment_cycle=payment_cycle(terms.at("payment_cycle"), reader),
        days=calendar(_file(files, "calendar.yaml"), reader),
        successions=_successions(_file(files, "provinces.yaml")),
    )


class _StrictLoader(yaml.SafeLoader):
    """YAML in which a key is text and can stand only once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        # YAML reads on, off, yes and no as true and false; so does it bare numbers as numbers.
        if any(not isinstance(key, str) for key in keys):
            raise yaml.constructor.ConstructorError(None, None, "a key is no text", node.start_mark)
        if len(keys) != len(set(keys)):
            raise yaml.constructor.ConstructorError(None, None, "a key stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def _load_all(folder: Path) -> dict[str, object]:
    if not folder.is_dir():
        raise Node(None, str(folder)).wrong("không có thư mục này", "there is no such folder")
    return {
        path.relative_to(folder).as_posix(): _load(path, folder) for path in sorted(folder.rglob("*.yaml"))
    }


def _load(path: Path, folder: Path) -> object:
    name = path.relative_to(folder).as_posix()
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _StrictLoader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f"{name}:{mark.line + 1}" if mark else name
        raise Node(None, where).wrong("không đọc được YAML", "this is no readable YAML") from None


def _file(files: Mapping[str, object], name: str) -> Node:
    if name not in files:
        raise Node(None, name).wrong("thiếu tệp này", "the file is missing")
    return Node(files[name], name)


def _in_folder(files: Mapping[str, object], folder: str) -> list[str]:
    """The folder's files in the order of their names; it must hold one at least."""
    names = [name for name in sorted(files) if name.startswith(f"{folder}/")]
    if not names:
        raise Node(None, folder).wrong("không có tệp nào", "it holds no file")
    return names


def _hash(files: Mapping[str, object]) -> str:
    """SHA-256 of the content: comments, key order and layout do not count."""
    canonical = json.dumps(files, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _instruments(node: Node) -> dict[str, Instrument]:
    found: dict[str, Instrument] = {}
    names = [name for name, _ in node.pairs()]
    for name, item in node.pairs():
        item.fields("short title mark", "issued_on in_force_on applies_from ended_on amends repeals note")

        def day(key: str, item: Node = item) -> date | None:
            return item.at(key).date() if item.has(key) else None

        def changes(key: str, item: Node = item) -> tuple[Change, ...]:
            return tuple(_change(each, names) for each in item.at(key).items()) if item.has(key) else ()

        found[name] = Instrument(
            name,
            item.at("short").text(),
            item.at("title").text(),
            issued_on=day("issued_on"),
            in_force_on=day("in_force_on"),
            applies_from=day("applies_from"),
            ended_on=day("ended_on"),
            amends=changes("amends"),
            repeals=changes("repeals"),
            mark=item.at("mark").one_of(*MARKS),
        )
    return found


def _change(node: Node, names: Sequence[str]) -> Change:
    node.fields("instrument since", "provisions article clause point")
    return Change(
        node.at("instrument").one_of(*names),
        node.at("provisions").text() if node.has("provisions") else None,
        node.at("since").date(),
    )


def _switches(node: Node, reader: Reader) -> dict[str, Switch]:
    found = {}
    for name, item in node.pairs():
        item.fields(f"question chosen options {CITED}", CITED_OPTIONAL)
        options = tuple(option for option, _ in item.at("options").pairs())
        found[name] = Switch(name, item.at("chosen").one_of(*options), options, reader.citation(item))
    return found


def _coverage(node: Node, reader: Reader) -> Coverage:
    node.fields(f"from non_poor_from except_clauses {CITED}", CITED_OPTIONAL)
    return Coverage(
        node.at("from").month(),
        node.at("non_poor_from").month(),
        frozenset(item.text() for item in node.at("except_clauses").items()),
        reader.citation(node),
    )


def _categories(files: Mapping[str, object], reader: Reader) -> tuple[CategoryRule, ...]:
    found: list[CategoryRule] = []
    for folder in RULE_FOLDERS:
        for name in _in_folder(files, folder):
            node = Node(files[name], name)
            rule = reader.category(node)
            earlier = {each.code for each in found}
            if rule.code in earlier:
                raise node.at("rule").wrong("quy tắc bị trùng", "the rule stands twice")
            for who, item in zip(rule.who, node.at("who").items(), strict=True):
                for key, named in (("not_in", who.value.not_in), ("beside", who.value.beside)):
                    if not named <= earlier:
                        raise item.at(key).wrong(
                            "chỉ được nhắc quy tắc đứng trước", "it may only name rules that stand before it"
                        )
            found.append(rule)
    return tuple(found)


def _levels(node: Node, reader: Reader) -> tuple[Dated[Level], ...]:
    return reader.series(node, "", _level, "dong plus_dong")


def _level(node: Node) -> Level:
    if node.has("dong") == node.has("plus_dong"):
        raise node.wrong("cần đúng một trong dong, plus_dong", "exactly one of dong, plus_dong is needed")
    if node.has("dong"):
        return Level(node.at("dong").dong())
    return Level(node.at("plus_dong").dong(), adds_to_central=True)


def _local(node: Node, reader: Reader) -> LocalLevels:
    node.fields("title", "province former_province community facility social_pension")
    if node.has("province") == node.has("former_province"):
        raise node.wrong("cần đúng một mã tỉnh", "exactly one of province, former_province is needed")
    return LocalLevels(
        node.at("province").text() if node.has("province") else None,
        node.at("former_province").text() if node.has("former_province") else None,
        _levels(node.at("community"), reader) if node.has("community") else (),
        _levels(node.at("facility"), reader) if node.has("facility") else (),
        _levels(node.at("social_pension"), reader) if node.has("social_pension") else (),
    )


def _start(node: Node, reader: Reader) -> StartRule:
    node.fields(f"received_from starts_with {CITED}", f"{CITED_OPTIONAL} rules years")
    return StartRule(
        node.at("received_from").date(),
        frozenset(item.text() for item in node.at("rules").items()) if node.has("rules") else frozenset(),
        node.at("starts_with").one_of("signature", "disability_certificate", "birthday"),
        node.at("years").whole() if node.has("years") else None,
        reader.citation(node),
    )


def _together(node: Node) -> tuple[Together, ...]:
    return tuple(
        Together(
            item.fields("clause beside").at("clause").text(),
            frozenset(each.text() for each in item.at("beside").items()),
        )
        for item in node.at("together").items()
    )


def _gap(node: Node) -> int:
    return node.at("months_after_the_stop").whole()


def _nothing(node: Node) -> None:
    return None


def _successions(node: Node) -> dict[str, str]:
    node.fields("title successions")
    return {old: new.text() for old, new in node.at("successions").pairs()}

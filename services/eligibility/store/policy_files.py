"""Reads a policy folder into a `Policy`. A broken file is a Refusal `policy_invalid` that names it."""

import hashlib
import json
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml

from services.eligibility.domain.citations import DRAFT
from services.eligibility.domain.policy import (
    EVERYWHERE,
    CategoryRule,
    Coverage,
    Policy,
    StartRule,
    Switch,
    Territory,
    Together,
)
from services.eligibility.store.policy_local import (
    CentralLevels,
    all_levels,
    dated_levels,
    instruments,
    territory_of,
)
from services.eligibility.store.policy_node import Findings, Node
from services.eligibility.store.policy_occasions import occasions, visits
from services.eligibility.store.policy_offices import (
    calendar,
    case_rules,
    payment_cycle,
    procedures,
    reports,
    stay_after_16,
    supports,
)
from services.eligibility.store.policy_rules import CITED, CITED_OPTIONAL, Reader, one_off

T = TypeVar("T")

#: Levels of a foreign text; policy/ itself has about ten.
_FOREIGN_DEPTH_MAX = 30
_DIGITS_MAX = 20
#: Folders of category files, in the order in which their rules are tried.
RULE_FOLDERS = ("monthly_allowance", "care_allowance", "social_pension", "nurture_allowance")


def read_policy(folder: Path, overlay: Path | None = None) -> Policy:
    """The policy that `folder` holds; a file of `overlay` takes the place of the one of the same path.

    Refusal `policy_invalid` with everything that is missing or wrong.
    """
    findings = Findings()
    return policy_of(load_files(folder, overlay, findings), findings)


def load_files(
    folder: Path, overlay: Path | None = None, findings: Findings | None = None
) -> dict[str, object]:
    """The content of every file by its path. A file that stands at the top of `overlay` and replaces none
    is a province's: it belongs to local/. A province's file that is no YAML is left out; any other
    ends the reading with Refusal `policy_invalid`."""
    alone = findings is None
    findings = Findings() if findings is None else findings
    files = {name: findings.attempt(_load, path, name) for name, path in _paths(folder).items()}
    for name, path in (_paths(overlay) if overlay is not None else {}).items():
        place = name if name in files or "/" in name else f"local/{name}"
        files[place] = findings.attempt(_load, path, place)
    unreadable = [name for name, content in files.items() if content is None]
    if alone or any(not name.startswith("local/") for name in unreadable):
        findings.refuse_if_any()
    return {name: content for name, content in files.items() if content is not None}


def policy_of(
    files: Mapping[str, object], findings: Findings | None = None, *, archived: bool = False
) -> Policy:
    """The policy that the content of files holds; `findings` are mistakes found before. One that is
    `archived` may lack LATER_FILES.

    Refusal `policy_invalid` with everything that is wrong.
    """
    findings = Findings() if findings is None else findings
    policy = findings.attempt(_policy, files, findings, archived)
    findings.refuse_if_any()
    assert policy is not None
    return policy


def _policy(files: Mapping[str, object], findings: Findings, archived: bool) -> Policy:
    root = _file(files, "policy.yaml").fields("version coverage title")
    reader = _reader(files, findings)
    successions = _successions(_file(files, "provinces.yaml"))
    combination = _file(files, "combination.yaml").fields(
        "highest_one higher_programme facility_excludes_community"
    )
    time_rules = _file(files, "time_rules.yaml").fields("start moves back_pay")
    later: dict[str, Any] = {}
    for name, read in LATER_FILES.items():
        if name in files or not archived:
            later |= read(_file(files, name), reader)
    central = CentralLevels(
        *(
            dated_levels(_file(files, f"standards/{name}.yaml").fields("title levels").at("levels"), reader)
            for name in ("central", "social_pension")
        )
    )
    categories = _categories(files, reader, successions)
    return Policy(
        version=root.at("version").text(),
        hash=_hash(files),
        switches=reader.switches,
        coverage=_coverage(root.at("coverage"), reader),
        categories=categories,
        one_off=_each(findings, one_off, _in_folder(files, "one_off"), reader),
        central=central.standard,
        social_pension_central=central.social_pension,
        local=all_levels(_in_folder(files, "local"), reader, central, successions),
        start_rules=_each(findings, _start, time_rules.at("start").items(), reader),
        highest=reader.series(combination.at("highest_one"), "together", _together),
        higher_programme=reader.series(combination.at("higher_programme"), "", _nothing),
        facility_excludes=reader.series(combination.at("facility_excludes_community"), "", _nothing),
        moves={
            programme: reader.series(node, "months_after_the_stop", _gap)
            for programme, node in time_rules.at("moves").fields("monthly_allowance social_pension").pairs()
        },
        back_pay=reader.series(time_rules.at("back_pay"), "", _nothing),
        case_rules=case_rules(_file(files, "case_life.yaml"), reader),
        days=calendar(_file(files, "calendar.yaml"), reader),
        successions=successions,
        **later,
    )


def _terms(file: Node, reader: Reader) -> dict[str, Any]:
    file.fields("procedures reports payment_cycle")
    return {
        "procedures": procedures(file.at("procedures"), reader),
        "reports": reports(file.at("reports"), reader),
        "payment_cycle": payment_cycle(file.at("payment_cycle"), reader),
    }


def _facility_support(file: Node, reader: Reader) -> dict[str, Any]:
    file.fields("supports stay_after_16")
    return {
        "supports": supports(file.at("supports"), reader),
        "stay_after_16": stay_after_16(file.at("stay_after_16"), reader),
    }


def _occasions(file: Node, reader: Reader) -> dict[str, Any]:
    file.fields("longevity campaigns visits")
    return {"occasions": occasions(file, reader), "visits": visits(file.at("visits"), reader)}


#: Files that policy/ did not always have, with the fields of `Policy` that each gives. A policy that was kept
#: before them says nothing of what they hold (the fields' defaults), and can still be read: whatever file
#: is new in policy/ belongs here.
LATER_FILES: Mapping[str, Callable[[Node, Reader], dict[str, Any]]] = MappingProxyType(
    {
        "terms.yaml": _terms,
        "facility_support.yaml": _facility_support,
        "occasions.yaml": _occasions,
    }
)


def _reader(files: Mapping[str, object], findings: Findings) -> Reader:
    """What all other files cite: instruments, of provinces too, and the switches."""
    known = instruments(_file(files, "instruments.yaml"), {}, findings)
    for node in _in_folder(files, "local"):
        if node.has("instruments"):
            known.update(findings.attempt(instruments, node.at("instruments"), known, findings) or {})
    return Reader(known, _switches(_file(files, "switches.yaml"), Reader(known, {}, findings)), findings)


def _each(
    findings: Findings, read: Callable[[Node, Reader], T], nodes: list[Node], reader: Reader
) -> tuple[T, ...]:
    found = [findings.attempt(read, node, reader) for node in nodes]
    return tuple(one for one in found if one is not None)


class _StrictLoader(yaml.CSafeLoader):
    """YAML in which a key is text and can stand only once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        keys = set()
        for each, _ in node.value:
            key = self.construct_object(each, deep=True)
            # YAML reads on, off, yes and no as true and false; so does it bare numbers as numbers.
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(None, None, "a key is no text", each.start_mark)
            if key in keys:
                raise yaml.constructor.ConstructorError(None, None, "a key stands twice", each.start_mark)
            keys.add(key)
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        if len(node.value) > _DIGITS_MAX:
            raise yaml.constructor.ConstructorError(None, None, "a number is too long", node.start_mark)
        return int(super().construct_yaml_int(node))


_StrictLoader.add_constructor("tag:yaml.org,2002:int", _StrictLoader.construct_yaml_int)


def _paths(folder: Path) -> dict[str, Path]:
    """The folder's YAML files by their path in it."""
    if not folder.is_dir():
        raise Node(None, str(folder)).wrong("không có thư mục này", "there is no such folder")
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.yaml"))}


def _load(path: Path, name: str) -> object:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Node(None, name).wrong("không đọc được YAML", "this is no readable YAML") from None
    content = parse_yaml(text, name)
    for node in Node(content, name).mappings():
        if node.at("mark").value == DRAFT:
            raise node.at("mark").wrong("dự thảo không phải là luật", "a draft is no law")
    return content


def parse_yaml(text: str, name: str, *, foreign: bool = False) -> object:
    """The value of a YAML text. Refusal `policy_invalid` with the line.

    What is `foreign` may not nest deeply, nor have aliases, by which a short text stands for a long one.
    """
    try:
        if foreign:
            _check_foreign(text, name)
        return yaml.load(text, _StrictLoader)
    except yaml.MarkedYAMLError as problem:
        mark, why = problem.problem_mark, problem.problem or "no YAML"
        where = f"{name}:{mark.line + 1}" if mark else name
        raise Node(None, where).wrong(f"không đọc được YAML ({why})", f"no readable YAML ({why})") from None
    except (yaml.YAMLError, ValueError):
        raise Node(None, name).wrong("không đọc được YAML", "this is no readable YAML") from None


def _check_foreign(text: str, name: str) -> None:
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or depth > _FOREIGN_DEPTH_MAX:
            where = f"{name}:{event.start_mark.line + 1}" if event.start_mark else name
            raise Node(None, where).wrong(
                "không nhận bí danh (*) hoặc nhiều tầng như vậy", "no alias (*) and not so many levels"
            )


def _file(files: Mapping[str, object], name: str) -> Node:
    if name not in files:
        raise Node(None, name).wrong("thiếu tệp này", "the file is missing")
    return Node(files[name], name)


def _in_folder(files: Mapping[str, object], folder: str) -> list[Node]:
    """The folder's files in the order of their names; it must hold one at least."""
    found = [Node(files[name], name) for name in sorted(files) if name.startswith(f"{folder}/")]
    if not found:
        raise Node(None, folder).wrong("không có tệp nào", "it holds no file")
    return found


def _hash(files: Mapping[str, object]) -> str:
    """SHA-256 of the content: comments, key order and layout do not count."""
    canonical = json.dumps(files, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _switches(node: Node, reader: Reader) -> dict[str, Switch]:
    found = {}
    for name, item in node.pairs():
        item.fields(f"question chosen options {CITED}", CITED_OPTIONAL)
        options = tuple(option for option, _ in item.at("options").pairs())
        found[name] = Switch(
            name,
            item.at("chosen").one_of(*options),
            options,
            reader.citation(item),
            item.at("question").text(),
        )
    return found


def _coverage(node: Node, reader: Reader) -> Coverage:
    node.fields(f"from non_poor_from except_clauses {CITED}", CITED_OPTIONAL)
    return Coverage(
        node.at("from").month(),
        node.at("non_poor_from").month(),
        frozenset(item.text() for item in node.at("except_clauses").items()),
        reader.citation(node),
    )


def _categories(
    files: Mapping[str, object], reader: Reader, successions: Mapping[str, str]
) -> tuple[CategoryRule, ...]:
    """The rules in the order in which they are tried: the nation's, then those of provinces."""
    everywhere = [(node, EVERYWHERE) for folder in RULE_FOLDERS for node in _in_folder(files, folder)]
    of_provinces = [
        (item, territory)
        for node in _in_folder(files, "local")
        if node.has("categories")
        and (territory := reader.findings.attempt(territory_of, node, successions)) is not None
        for item in node.at("categories").items()
    ]
    found: list[CategoryRule] = []
    for node, territory in everywhere + of_provinces:
        rule = reader.findings.attempt(_category, node, reader, territory, {each.code for each in found})
        if rule is not None:
            found.append(rule)
    return tuple(found)


def _category(node: Node, reader: Reader, territory: Territory, earlier: set[str]) -> CategoryRule:
    rule = reader.category(node, territory)
    if rule.code in earlier:
        raise node.at("rule").wrong("quy tắc bị trùng", "the rule stands twice")
    for who, item in zip(rule.who, node.at("who").items(), strict=False):
        for key, named in (("not_in", who.value.not_in), ("beside", who.value.beside)):
            if not named <= earlier:
                raise item.at(key).wrong(
                    "chỉ được nhắc quy tắc đứng trước", "it may only name rules that stand before it"
                )
    return rule


def _start(node: Node, reader: Reader) -> StartRule:
    node.fields(f"received_from starts_with {CITED}", f"{CITED_OPTIONAL} rules years")
    return StartRule(
        node.at("received_from").date(),
        frozenset(item.text() for item in node.at("rules").items()) if node.has("rules") else frozenset(),
        node.at("starts_with").one_of("signature", "disability_certificate", "birthday"),
        node.at("years").years() if node.has("years") else None,
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

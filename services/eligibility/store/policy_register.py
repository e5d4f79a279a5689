"""The register out of programmes.yaml, with the marks of the files that each entry names counted."""

from collections import Counter
from collections.abc import Iterator, Mapping

from services.eligibility.domain.citations import MARKS
from services.eligibility.domain.register import COVERED, DECIDED, Entry, Programme, Register
from services.eligibility.store.policy_node import Findings, Node

_NAME = "programmes.yaml"


def register(files: Mapping[str, object]) -> Register:
    """Refusal `policy_invalid` with everything that is wrong: a file that is not there, a gap that says
    no reason, an unknown key."""
    findings = Findings()
    node = Node(files.get(_NAME), _NAME).fields("programmes provinces")
    programmes = [
        findings.attempt(_programme, code, item, files, findings)
        for code, item in node.at("programmes").pairs()
    ]
    provinces = [findings.attempt(_province, item, files) for item in node.at("provinces").items()]
    findings.refuse_if_any()
    return Register(
        tuple(one for one in programmes if one is not None),
        tuple(one for one in provinces if one is not None),
        _marks(files, tuple(files)),
    )


def _programme(code: str, node: Node, files: Mapping[str, object], findings: Findings) -> Programme:
    node.fields("title decided periods")
    periods = [findings.attempt(_period, item, files) for item in node.at("periods").items()]
    return Programme(
        code,
        node.at("title").text(),
        node.at("decided").one_of(*DECIDED),
        tuple(one for one in periods if one is not None),
    )


def _period(node: Node, files: Mapping[str, object]) -> Entry:
    node.fields("from regime covered files", "until why")
    until = f"đến {node.at('until').month()}" if node.has("until") else "đến nay"
    return _entry(node, f"{node.at('from').month()} {until}, {node.at('regime').text()}", files)


def _province(node: Node, files: Mapping[str, object]) -> Entry:
    node.fields("code name covered files why")
    return _entry(node, f"{node.at('name').text()} ({node.at('code').text()})", files)


def _entry(node: Node, heading: str, files: Mapping[str, object]) -> Entry:
    named = node.at("files")
    paths = tuple(item.text() for item in named.items()) if named.value != [] else ()
    for path in paths:
        if not any(name.startswith(path) if path.endswith("/") else name == path for name in files):
            raise named.wrong(f"không có {path}", f"there is no {path}")
    covered = node.at("covered").one_of(*COVERED)
    if covered != "yes" and not node.has("why"):
        raise node.at("why").wrong("cần nói điều gì thiếu và vì sao", "say what is missing and why")
    return Entry(
        heading, covered, paths, node.at("why").text() if node.has("why") else "", _marks(files, paths)
    )


def _marks(files: Mapping[str, object], paths: tuple[str, ...]) -> dict[str, int]:
    counted = Counter(
        mark
        for name, content in files.items()
        if any(name.startswith(path) if path.endswith("/") else name == path for path in paths)
        for mark in _marks_in(content)
    )
    return {mark: counted[mark] for mark in MARKS}


def _marks_in(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("mark"), str):
            yield value["mark"]
        for inner in value.values():
            yield from _marks_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _marks_in(inner)

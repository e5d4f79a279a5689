"""What import-linter can't see: sizes, module state, topics, and that every route declares its access."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.topics import TOPICS

ROOT = Path(__file__).parents[2]
PRODUCTION = ("libs", "contracts", "services", "gateway", "cli", "simulators", "scenarios", "deploy")
FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 400
#: The order in which facts flow; a topic that runs against it must say why.
ORDER = ("registry", "facilities", "eligibility", "payments")
MUTATORS = {"append", "add", "update", "extend", "insert", "pop", "popitem", "remove", "clear", "setdefault"}


def _sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (
            path
            for path in sorted((ROOT / folder).rglob("*.py"))
            if not {"node_modules", ".venv"} & set(path.parts)
        )


def _shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_is_longer_than_a_reader_bears() -> None:
    long = {
        _shown(path): len(path.read_text().splitlines())
        for path in _sources(*PRODUCTION, "benchmarks", "tests")
    }
    assert {path: lines for path, lines in long.items() if lines > FILE_LINES_MAX} == {}


def test_no_function_is_longer_than_a_reader_bears() -> None:
    long = [
        f"{_shown(path)}:{node.lineno} {node.name}"
        for path in _sources(*PRODUCTION, "benchmarks", "tests")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_no_function_changes_a_module_s_list_dict_or_set() -> None:
    assert [found for path in _sources(*PRODUCTION) for found in _state_changes(path)] == []


def test_a_planted_change_of_module_state_is_seen(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text("seen = {}\nnames: list[str] = []\ndef f(x):\n    seen[x] = 1\n    names.append(x)\n")
    assert len(_state_changes(planted, tmp_path)) == 2


def _state_changes(path: Path, root: Path = ROOT) -> list[str]:
    tree = ast.parse(path.read_text())
    state = _collections(tree)
    found = []
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Global) or _changed(node) in state:
                    found.append(f"{path.relative_to(root)}: {ast.unparse(node)}")
    return found


def _collections(tree: ast.Module) -> set[str]:
    """Names of the module's own lists, dicts and sets."""
    names = set()
    for node in tree.body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        if isinstance(node.value, ast.List | ast.Dict | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names |= {target.id for target in targets if isinstance(target, ast.Name)}
    return names


def _changed(node: ast.AST) -> str | None:
    """The name that an expression stores into or calls a mutator of."""
    target: ast.AST | None = None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        target = node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
        target = node.func.value
    return target.id if isinstance(target, ast.Name) else None


def test_every_topic_is_named_after_its_one_publisher() -> None:
    names = [topic.name for topic in TOPICS]
    assert len(names) == len(set(names))
    for topic in TOPICS:
        assert topic.name.startswith(f"ansinh.{topic.publisher}."), topic.name
        assert topic.name.endswith(".v1")


def test_facts_flow_in_one_direction_unless_a_topic_says_why_not() -> None:
    against = [
        topic.name
        for topic in TOPICS
        for consumer in topic.consumers
        if ORDER.index(consumer) <= ORDER.index(topic.publisher) and not topic.feedback
    ]
    assert against == []


@pytest.mark.parametrize("module", ["domain", "usecases"])
def test_the_law_s_numbers_stand_in_policy_and_not_in_code(module: str) -> None:
    """Standards in đồng (270000 to 999999 in thousands) never stand in eligibility's Python."""
    numbers = [
        f"{_shown(path)}:{node.lineno} {node.value}"
        for path in _sources(f"services/eligibility/{module}")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, int)
        and 100_000 <= node.value < 100_000_000
        and node.value % 1_000 == 0
    ]
    assert numbers == []

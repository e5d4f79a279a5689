"""The generator is the other witness: it must not hear what the law's files or a service say."""

import ast
from pathlib import Path

import pytest

import scenarios
from scenarios import generator

_FOLDER = Path(generator.__file__).parent
_FORBIDDEN = ("services", "gateway", "cli", "simulators", "deploy")


def imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    return found


def test_no_module_imports_a_service_or_names_the_laws_folder() -> None:
    for file in sorted(_FOLDER.glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert not imported(tree) & set(_FORBIDDEN), file.name
        texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        documented = {_docstring(node) for node in ast.walk(tree)}
        named = [text for text in texts if isinstance(text, str) and text not in documented]
        assert not [text for text in named if "policy" in text.lower()], file.name


def test_a_population_is_made_without_opening_the_laws_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    real = Path.open

    def watching(self: Path, *args: object, **named: object) -> object:
        opened.append(str(self))
        return real(self, *args, **named)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", watching)
    scenarios.generate("can-tho-2020", tmp_path, people=600)
    assert opened, "nothing was seen: the watch is broken"
    assert not [path for path in opened if "policy" in Path(path).parts]


def _docstring(node: ast.AST) -> str | None:
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return ast.get_docstring(node, clean=False)
    return None

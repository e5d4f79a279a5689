"""What is tracked is the project's own: no link that leads out of it, nothing that a run made."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: Made on a machine, never the project's.
MADE = {".venv", "var"}
#: Made too, and not looked into where no git tells what is tracked.
_CACHES = {"node_modules", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"}
_LINK = "120000"


def tracked(root: Path) -> Iterator[tuple[str, bool]]:
    """Each tracked path, and whether it is a symbolic link; without git (a downloaded archive), of all that
    lies there but what a run makes."""
    if shutil.which("git") is None or not (root / ".git").exists():
        yield from _lying(root)
        return
    listed = subprocess.run(
        ["git", "ls-files", "--stage", "-z"], cwd=root, check=True, capture_output=True, text=True
    )
    for line in listed.stdout.split("\0")[:-1]:
        head, path = line.split("\t", 1)
        yield path, head.split()[0] == _LINK


def _lying(root: Path) -> Iterator[tuple[str, bool]]:
    for folder, folders, files in os.walk(root):
        apart = MADE | _CACHES if Path(folder) == root else _CACHES
        folders[:] = [name for name in folders if name not in apart]
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.is_symlink() or path.is_file():
                yield path.relative_to(root).as_posix(), path.is_symlink()


def _strangers(root: Path) -> list[str]:
    return [path for path, is_link in tracked(root) if is_link or path.split("/")[0] in MADE]


def test_no_tracked_path_is_a_link_or_was_made_by_a_run() -> None:
    assert sum(1 for _ in tracked(ROOT)) > 100
    assert _strangers(ROOT) == []


@pytest.mark.parametrize("with_git", [True, False], ids=["with git", "without git"])
def test_a_planted_link_is_seen(tmp_path: Path, with_git: bool) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text("a page")
    (tmp_path / "docs" / "elsewhere").symlink_to("/nowhere")
    expected = ["docs/elsewhere"]
    if with_git:
        (tmp_path / ".venv").symlink_to("/nowhere")
        expected = [".venv", *expected]
        for command in (["init", "--quiet"], ["add", "--force", "."]):
            subprocess.run(["git", *command], cwd=tmp_path, check=True, capture_output=True)
    assert _strangers(tmp_path) == expected

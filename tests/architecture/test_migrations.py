"""A service's migrations are one line: two changes that were made side by side never take one number."""

import re
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "services"
_REVISION = re.compile(r'^revision = "(\d{4})"$', re.MULTILINE)
_DOWN = re.compile(r'^down_revision(?:: [^=]+)? = (?:"(\d{4})"|None)$', re.MULTILINE)


@pytest.mark.parametrize("service", sorted(path.name for path in SERVICES.iterdir() if path.is_dir()))
def test_each_migration_follows_the_one_before(service: str) -> None:
    files = sorted((SERVICES / service / "store" / "migrations" / "versions").glob("[0-9]*.py"))
    if not files:
        assert not (SERVICES / service / "store").exists()
        return
    before = None
    for number, path in enumerate(files, 1):
        text = path.read_text()
        revision, down = _REVISION.search(text), _DOWN.search(text)
        assert revision and down, path.name
        assert (revision[1], path.name[:4]) == (f"{number:04d}", f"{number:04d}"), path.name
        assert down[1] == before, path.name
        before = revision[1]

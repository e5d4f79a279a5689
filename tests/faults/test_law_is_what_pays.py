"""The scenario's own table and the law must agree: a value that is off by 5% makes the demo fail."""

import asyncio
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from deploy.local.demo.options import Options
from deploy.local.demo.run import demo
from deploy.local.places import Places
from services.eligibility.settings import PACKAGED_POLICY
from tests.support.ports import free_port_base


@pytest.mark.parametrize(
    ("file", "value", "raised"),
    [
        ("standards/central.yaml", "dong: 270000", "dong: 283500"),
        ("monthly_allowance/k5c.yaml", "value: 1.0", "value: 1.05"),
    ],
    ids=["standard", "coefficient"],
)
def test_a_value_of_the_law_raised_by_5_percent_is_found(
    file: str, value: str, raised: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "policy"
    shutil.copytree(PACKAGED_POLICY, copy)
    text = (copy / file).read_text()
    assert value in text
    (copy / file).write_text(text.replace(value, raised))
    monkeypatch.setenv("ANSINH_POLICY_DIR", str(copy))
    screen = tmp_path / "screen.txt"
    with screen.open("w") as output:
        console = Console(file=output, width=160)
        places = Places(tmp_path / "var", free_port_base())
        options = Options("ninh-thuan-2019", people=2_000)
        assert not asyncio.run(demo(places, options, console, console.print))
    assert "the scenario's table says" in screen.read_text()

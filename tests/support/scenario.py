"""A whole scenario in a folder and on ports of its own, as `ansinh demo` runs it."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from deploy.local.demo.options import Options
from deploy.local.demo.run import demo
from deploy.local.places import Places
from tests.support.ports import free_port_base


def run_scenario(var: Path, options: Options) -> dict[str, Any]:
    """The scenario's summary; AssertionError with what was on the screen when anything was off."""
    var.mkdir(parents=True, exist_ok=True)
    screen = var / "screen.txt"
    with screen.open("w", encoding="utf-8") as output:
        console = Console(file=output, width=160)
        good = asyncio.run(demo(Places(var, free_port_base()), options, console, console.print))
    assert good, screen.read_text(encoding="utf-8")[-4000:]
    summary: dict[str, Any] = orjson.loads((var / "demo" / "summary.json").read_bytes())
    return summary

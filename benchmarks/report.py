"""What a run found, as a table and as JSON, with the machine it was found on."""

import json
import os
import platform
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.bench import Measured, growth

ROOT = Path(__file__).parent.parent
#: Committed: the last full run of each suite.
RESULTS = Path(__file__).parent / "results"
GROWTH_MAX = 1.3
#: A rate that fell by more than this share against the committed one is pointed at.
_WORSE = 0.15


def as_json(suite: str, measured: Sequence[Measured], peers: dict[str, str]) -> dict[str, Any]:
    return {
        "suite": suite,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": machine(),
        "versions": {"python": platform.python_version(), "numpy": version("numpy"), **peers},
        "lines": [one.as_json() for one in measured],
        "growth": growth(measured),
    }


def machine() -> dict[str, Any]:
    cpu = [
        line.split(":", 1)[1].strip()
        for line in _read("/proc/cpuinfo").splitlines()
        if line.startswith("model name")
    ]
    memory = next(
        (line.split()[1] for line in _read("/proc/meminfo").splitlines() if "MemTotal" in line), "0"
    )
    return {
        "cpu": cpu[0] if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(int(memory) / 2**20, 1),
        "os": platform.platform(),
        "load": round(os.getloadavg()[0], 1),
    }


def table(found: dict[str, Any], before: dict[str, Any] | None) -> str:
    """Markdown: a row a line, then growth and the machine."""
    of_before = {line["name"]: line["ours"]["rate"] for line in before["lines"]} if before else {}
    rows = [
        "| | ours | theirs | ratio | target | |",
        "|---|---:|---:|---:|---|---|",
    ]
    for line in found["lines"]:
        theirs, faster = line["theirs"], line["faster"]
        rows.append(
            f"| {line['name']} | {_rate(line['ours']['rate'])} | {_rate(theirs['rate']) if theirs else ''} "
            f"| {_ratio(faster, line['target'])} | {line['target_text']} "
            f"| {'✓' if line['met'] else '✗'}{_change(line, of_before)} |"
        )
    for family, times in found["growth"].items():
        met = "✓" if times <= GROWTH_MAX else "✗"
        rows.append(f"| {family}: cost growth | {times:.2f}× | | | ≤ {GROWTH_MAX}× | {met} |")
    machine_, versions = found["machine"], found["versions"]
    rows += [
        "",
        f"{machine_['cpu']}, {machine_['cores']} cores, {machine_['memory_gib']} GiB, load {machine_['load']}"
        f" at the end; {', '.join(f'{name} {number}' for name, number in versions.items())}; {found['at']}.",
        "",
        *(
            f"- {line['name']}: ours: {line['ours']['does']}."
            + (f" Theirs: {line['theirs']['does']}." if line["theirs"] else "")
            + _quoted(line)
            for line in found["lines"]
        ),
    ]
    return "\n".join(rows)


def good(found: dict[str, Any]) -> bool:
    grown = all(times <= GROWTH_MAX for times in found["growth"].values())
    return grown and all(line["met"] for line in found["lines"])


def last(suite: str) -> dict[str, Any] | None:
    """The committed result."""
    path = RESULTS / f"{suite}.json"
    found: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
    return found


def write(folder: Path, found: dict[str, Any], text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{found['suite']}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    (folder / f"{found['suite']}.md").write_text(f"# {found['suite']}\n\n{text}\n")


def _quoted(line: dict[str, Any]) -> str:
    if not line["quoted"]:
        return ""
    who, rate = line["quoted"]["who"], line["quoted"]["rate"]
    times = line["ours"]["rate"] / rate
    return f" Quoted, not run here: {who}, {rate:,}/s; ours is {times:,.0f} times that."


def _rate(rate: float) -> str:
    return f"{rate / 1e6:,.2f} M/s" if rate >= 1e6 else f"{rate:,.0f}/s"


def _ratio(faster: float | None, target: dict[str, Any]) -> str:
    if faster is None:
        return ""
    return f"{1 / faster:.2f}× its time" if target["times_max"] else f"{faster:,.1f}× faster"


def _change(line: dict[str, Any], before: dict[str, float]) -> str:
    was = before.get(line["name"])
    if was is None:
        return ""
    change = line["ours"]["rate"] / was - 1
    return f" {change:+.0%} since the last{': explain' if change < -_WORSE else ''}"


def _commit() -> str:
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip()


def _read(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""

"""`make test`: every test, in parts, with the time that each part took. An empty part fails.

Two parts run at once; those that time kills or run a scenario have the machine to themselves.
`python -m tests.run --real` runs tests marked `real` instead, which need more than Python.
"""

import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

_TESTS = Path(__file__).parent
_REPORTS = _TESTS.parent / "var" / "test"
_MINUTES_MAX = 12
#: The folders of each part, without what another part names inside of them. What is named nowhere belongs to
#: the first part, so none is forgotten.
_PARTS: dict[str, tuple[str, ...]] = {
    "unit and property": (),
    "eligibility": ("services/eligibility",),
    "payments": ("services/payments",),
    "architecture and contracts": ("architecture", "contracts"),
    "services": ("services", "gateway", "simulators", "local"),
    "journeys": ("journeys",),
    "faults": ("faults",),
}
_ALONE = frozenset({"journeys", "faults"})
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    part: str
    passed: int
    failed: int
    seconds: float

    @property
    def good(self) -> bool:
        return self.failed == 0 and self.passed > 0


def parts() -> dict[str, list[Path]]:
    """Every test folder in exactly one part."""
    named = {folder.split("/")[0] for folders in _PARTS.values() for folder in folders}
    rest = sorted(
        path
        for path in _TESTS.iterdir()
        if path.name not in named and (path.name.startswith("test_") or any(path.glob("**/test_*.py")))
    )
    first, *others = _PARTS
    found = {first: rest}
    for part in others:
        found[part] = [_TESTS / folder for folder in _PARTS[part] if (_TESTS / folder).exists()]
    return found


def _named() -> list[Path]:
    return [_TESTS / folder for folders in _PARTS.values() for folder in folders]


def run(part: str, paths: list[Path], marker: str) -> Outcome:
    """One pytest process for a part; what it printed is shown when it is over."""
    report = _REPORTS / f"{part.replace(' ', '-')}.xml"
    report.unlink(missing_ok=True)
    started = time.monotonic()
    print(f"── {part} …", flush=True)
    said = b""
    if paths:
        inside = [path for path in _named() if path.parent in paths and path not in paths]
        arguments = [
            *map(str, paths),
            *(f"--ignore={path}" for path in inside),
            "-m",
            marker,
            f"--junitxml={report}",
            "--no-header",
        ]
        command = [sys.executable, "-m", "pytest", *arguments]
        said = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    seconds = time.monotonic() - started
    print(f"── {part}\n{said.decode(errors='replace')}", end="", flush=True)
    if not report.exists():
        return Outcome(part, 0, 1 if paths else 0, seconds)
    suites = ET.parse(report).getroot().iter("testsuite")
    counted = [
        {name: int(suite.get(name, 0)) for name in ("tests", "failures", "errors")} for suite in suites
    ]
    failed = sum(count["failures"] + count["errors"] for count in counted)
    return Outcome(part, max(0, sum(count["tests"] for count in counted) - failed), failed, seconds)


def run_all() -> Iterator[Outcome]:
    """Every part, in the order of the list."""
    found = parts()
    with ThreadPoolExecutor(_AT_ONCE) as at_once:
        together = [part for part in found if part not in _ALONE]
        yield from at_once.map(lambda part: run(part, found[part], "not real"), together)
    yield from (run(part, found[part], "not real") for part in found if part in _ALONE)


def show(outcomes: list[Outcome], seconds: float) -> None:
    """The split of the time, then one plain line with the time that it took in all."""
    print(f"\n{'part':<28} {'passed':>7} {'failed':>7} {'seconds':>8}")
    for outcome in outcomes:
        empty = "" if outcome.passed or outcome.failed else "  EMPTY"
        counts = f"{outcome.passed:>7} {outcome.failed:>7} {outcome.seconds:>8.1f}"
        print(f"{outcome.part:<28} {counts}{empty}")
    passed, failed = (sum(getattr(o, name) for o in outcomes) for name in ("passed", "failed"))
    if seconds > _MINUTES_MAX * 60:
        print(f"over the budget of {_MINUTES_MAX} minutes")
    print(f"{passed} passed, {failed} failed in {seconds:.1f}s")


def main() -> int:
    _REPORTS.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    if "--real" in sys.argv[1:]:
        outcomes = [run("real", [path for paths in parts().values() for path in paths], "real")]
    else:
        outcomes = list(run_all())
    show(outcomes, time.monotonic() - started)
    return 0 if all(outcome.good for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())

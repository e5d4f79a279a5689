"""Where a platform on one machine lives: its folders and its ports. Two may run side by side."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
#: Name to shift from the port base, in the order in which they are shown.
PORT_SHIFTS = {
    "gateway": 0,
    "registry": 1,
    "eligibility": 2,
    "payments": 3,
    "facilities": 4,
    "issuer": 5,
    "postgres": 10,
    "broker": 11,
    "broker-controller": 12,
    "simulators": 13,
}
_PORT_BASE_DEFAULT = 8100
_PORT_BASE_MAX = 65_535 - max(PORT_SHIFTS.values())


@dataclass(frozen=True, slots=True)
class Places:
    """`var` holds everything that the platform writes; ports are `port_base` plus a fixed shift."""

    var: Path
    port_base: int

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Places":
        """`ANSINH_VAR` (default ./var of the repository) and `ANSINH_PORT_BASE` (default 8100)."""
        environment = os.environ if environment is None else environment
        base = int(environment.get("ANSINH_PORT_BASE", _PORT_BASE_DEFAULT))
        if not 1024 <= base <= _PORT_BASE_MAX:
            raise ValueError(f"ANSINH_PORT_BASE must be 1024 to {_PORT_BASE_MAX}")
        return cls(Path(environment.get("ANSINH_VAR", ROOT / "var")).resolve(), base)

    def port(self, name: str) -> int:
        return self.port_base + PORT_SHIFTS[name]

    def url(self, name: str) -> str:
        return f"http://{HOST}:{self.port(name)}"

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def log(self) -> Path:
        return self.var / "log"

    @property
    def data(self) -> Path:
        return self.var / "data"

    @property
    def postgres(self) -> Path:
        return self.var / "postgres"

    @property
    def pidfile(self) -> Path:
        return self.run / "supervisor.pid"

    @property
    def addresses(self) -> Path:
        return self.run / "addresses.json"

    def make(self) -> None:
        """Create the folders; they are the caller's alone, but for the database server's way through."""
        self.var.mkdir(parents=True, exist_ok=True)
        for folder in (self.run, self.log, self.data):
            folder.mkdir(mode=0o700, exist_ok=True)

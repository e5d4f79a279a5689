"""A broker for tests: the embedded one, on a free port, that a test may kill and start again."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import broker
from tests.support.postgres import free_port, running, wait_for_port


@dataclass
class TestBroker:
    """`bootstrap` stays the same when the broker is killed (everything in it is lost) and started again."""

    __test__ = False

    port: int
    log: Path
    _process: "subprocess.Popen[bytes] | None" = None
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self._process = self._running.enter_context(running(broker.command(self.port), self.log))
        wait_for_port(self.port, self._process, self.log)

    def kill(self) -> None:
        """kill -9: what it held is gone."""
        assert self._process, "start() first"
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self._running.close()


@contextmanager
def test_broker() -> Iterator[TestBroker]:
    folder = Path(tempfile.mkdtemp(prefix="ansinh-test-"))
    made = TestBroker(free_port(), folder / "broker.log")
    try:
        made.start()
        yield made
    finally:
        made.close()
        shutil.rmtree(folder, ignore_errors=True)

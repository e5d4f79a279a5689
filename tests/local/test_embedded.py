"""The embedded servers start, work, and refuse in words what they can't serve."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from deploy.local import keys, postgres
from deploy.local.failures import CannotStart
from tests.support.broker import TestBroker
from tests.support.postgres import TestCluster, free_port, running, wait_for_port


async def test_roles_are_what_the_house_says(postgres_cluster: TestCluster) -> None:
    connection = await asyncpg.connect(postgres_cluster.cluster.url())
    await postgres.create_roles(connection, "registry", postgres_cluster.secrets)
    rows = await connection.fetch("select * from pg_roles where rolname like 'registry\\_%'")
    await connection.close()
    found = {row["rolname"]: row for row in rows}
    assert set(found) == {"registry_migrator", "registry_app", "registry_bulk"}
    assert not any(row["rolsuper"] or row["rolcreatedb"] or row["rolcreaterole"] for row in rows)
    assert [name for name, row in found.items() if row["rolbypassrls"]] == ["registry_bulk"]


async def test_a_role_enters_no_other_services_database(postgres_cluster: TestCluster) -> None:
    secrets, cluster = postgres_cluster.secrets, postgres_cluster.cluster
    connection = await asyncpg.connect(cluster.url())
    for service in ("registry", "payments"):
        await postgres.create_roles(connection, service, secrets)
    await postgres.create_database(connection, "payments", "t_closed")
    await connection.close()
    url = postgres.service_url(cluster.port, "registry", "app", secrets.passwords["registry_app"], "t_closed")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(url)


async def test_a_broker_takes_an_event_and_is_empty_after_a_kill(own_broker: TestBroker) -> None:
    async def first_offset() -> int:
        producer = AIOKafkaProducer(bootstrap_servers=own_broker.bootstrap, acks="all")
        await producer.start()
        try:
            return int((await producer.send_and_wait("t", b"x", partition=0)).offset)
        finally:
            await producer.stop()

    assert [await first_offset(), await first_offset()] == [0, 1]
    own_broker.kill()
    own_broker.start()
    assert await first_offset() == 0


def test_data_of_another_version_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("15\n")
    with pytest.raises(CannotStart, match="PostgreSQL 15's"):
        postgres.prepare(postgres.Cluster(data, free_port(), "x"))


def test_a_folder_of_something_else_is_refused_and_kept(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    data.mkdir()
    (data / "letter.txt").write_text("mine")
    with pytest.raises(CannotStart, match="no PostgreSQL data"):
        postgres.prepare(postgres.Cluster(data, free_port(), "x"))
    assert (data / "letter.txt").read_text() == "mine"


def test_lost_keys_are_said_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18\n")
    with pytest.raises(CannotStart, match="keys of the data"):
        keys.load_or_make(tmp_path)
    assert not (tmp_path / "secrets.json").exists()


def test_secrets_are_their_owners_alone_and_stay_the_same(tmp_path: Path) -> None:
    made = keys.load_or_make(tmp_path)
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert keys.load_or_make(tmp_path) == made


def test_a_killed_server_starts_again_over_its_stale_pid(tmp_path: Path) -> None:
    cluster = postgres.Cluster(tmp_path / "postgres", free_port(), "test")
    log = tmp_path / "log"
    postgres.prepare(cluster)
    with running(postgres.command(cluster), log) as process:
        wait_for_port(cluster.port, process, log)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert (cluster.data / "postmaster.pid").exists()
    time.sleep(0.5)
    postgres.prepare(cluster)
    with running(postgres.command(cluster), log) as process:
        wait_for_port(cluster.port, process, log)


def test_data_in_use_is_refused(tmp_path: Path) -> None:
    cluster = postgres.Cluster(tmp_path / "postgres", free_port(), "test")
    log = tmp_path / "log"
    postgres.prepare(cluster)
    with running(postgres.command(cluster), log) as process:
        wait_for_port(cluster.port, process, log)
        with pytest.raises(CannotStart, match="Another PostgreSQL server"):
            postgres.prepare(cluster)


def test_a_child_dies_with_its_killed_parent(tmp_path: Path) -> None:
    log = str(tmp_path / "log")
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import asyncio, sys, pathlib\n"
            "from deploy.local.processes import Command, spawn\n"
            "async def main():\n"
            f"    child = await spawn(Command('c', ['sleep', '60']), pathlib.Path({log!r}))\n"
            "    print(child.pid, flush=True)\n"
            "    await asyncio.sleep(60)\n"
            "asyncio.run(main())\n",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    os.kill(child, 0)
    parent.kill()
    parent.wait()
    until = time.monotonic() + 5
    while time.monotonic() < until and Path(f"/proc/{child}").exists():
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists()

"""The supervisor keeps its children alive, gives up in words, and leaves nothing running."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from deploy.local import supervisor
from deploy.local.children import RESTARTS_MAX, Child, at_once, listens
from deploy.local.environment import Choice
from deploy.local.failures import CannotStart
from deploy.local.keys import Secrets
from deploy.local.places import Places
from deploy.local.plan import Plan
from deploy.local.processes import Command
from deploy.local.status import down, status, supervisor_pid
from tests.support.ports import free_port_base

_SERVER = """
import socket, sys, time
door = socket.socket()
door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
door.bind(("127.0.0.1", int(sys.argv[1])))
door.listen()
while True:
    door.accept()[0].close()
"""


def server(places: Places, name: str, port: int, program: str = _SERVER) -> Child:
    command = Command(name, [sys.executable, "-c", program, str(port)], dict(os.environ))
    return Child(name, lambda: command, listens(port), places.log / f"{name}.log")


class Told:
    """Collects what the supervisor says."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, vietnamese: str, english: str) -> None:
        self.lines.append(english)


def planner(*names: str, program: str = _SERVER) -> supervisor.Planner:
    def make(places: Places, _: Secrets, __: Choice) -> Plan:
        plan = Plan()
        for name in names:
            plan.ports[name] = places.port(name)
            plan.services.append(server(places, name, places.port(name), program))
        return plan

    return make


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "var", free_port_base())


def alive(pid: int | None) -> bool:
    return pid is not None and Path(f"/proc/{pid}").exists()


async def until(condition: object, seconds: float = 10.0) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.02)


async def test_a_platform_is_up_in_the_block_and_gone_after(places: Places) -> None:
    async with supervisor.running(places, Choice(), Told(), planner("registry", "gateway")) as platform:
        pids = [child.pid for child in platform.plan.children]
        assert all(alive(pid) for pid in pids)
        assert supervisor_pid(places) == os.getpid()
        found = await status(places)
        assert {child.name for child in found} == {"registry", "gateway"}
    assert not any(alive(pid) for pid in pids)
    assert supervisor_pid(places) is None
    assert not places.addresses.exists()


async def test_a_worker_without_a_door_is_seen_too(places: Places) -> None:
    def make(places: Places, _: Secrets, __: Choice) -> Plan:
        plan = planner("payments")(places, _, __)
        idle = Command("payments-worker-1", [sys.executable, "-c", "import time; time.sleep(60)"], {})
        plan.services.append(Child(idle.name, lambda: idle, at_once, places.log / "worker.log"))
        return plan

    async with supervisor.running(places, Choice(), Told(), make) as platform:
        worker = platform.plan.children[1]
        await until(lambda: alive(worker.pid))
        found = {child.name: child for child in await status(places)}
        assert (found[worker.name].pid, found[worker.name].port) == (worker.pid, None)
        assert found[worker.name].healthy
    assert not alive(worker.pid)


async def test_a_dead_child_is_started_again_and_it_is_said(places: Places) -> None:
    told = Told()
    async with supervisor.running(places, Choice(), told, planner("registry")) as platform:
        child = platform.plan.children[0]
        first = child.pid
        assert first
        os.kill(first, signal.SIGKILL)
        await until(lambda: child.pid not in (None, first))
        await until(lambda: child.restarts == 1)
    assert told.lines == [f"registry died (code -9); starting it again, 1 of {RESTARTS_MAX}"]


async def test_a_child_that_dies_too_often_ends_everything(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deploy.local.children._BACK_OFF_SECONDS_FIRST", 0.001)
    dying = _SERVER.replace("while True:\n", "while True:\n    time.sleep(0.2); break\n")
    with pytest.raises(CannotStart, match="more than 5 times in 60 seconds"):
        async with supervisor.running(
            places, Choice(), Told(), planner("registry", program=dying)
        ) as platform:
            await supervisor.while_alive(platform, asyncio.sleep(60))
    assert not any(alive(child.pid) for child in platform.plan.children)


async def test_a_child_that_cannot_start_ends_the_others(places: Places) -> None:
    seen: list[Child] = []

    def make(places: Places, secrets: Secrets, choice: Choice) -> Plan:
        plan = planner("registry")(places, secrets, choice)
        plan.services.append(server(places, "payments", 1, "import sys; sys.exit('no such key')"))
        seen.extend(plan.children)
        return plan

    with pytest.raises(CannotStart, match=r"(?s)payments .*no such key.*payments could not start"):
        async with supervisor.running(places, Choice(), Told(), make):
            raise AssertionError("it must not come up")
    assert not any(alive(child.pid) for child in seen)


async def test_a_taken_port_is_named_before_anything_starts(places: Places) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", places.port("registry")))
        taken.listen()
        with pytest.raises(CannotStart, match=rf"Port {places.port('registry')} \(registry\) is taken"):
            async with supervisor.running(places, Choice(), Told(), planner("registry")):
                raise AssertionError("it must not come up")


async def test_two_platforms_do_not_share_a_folder(places: Places) -> None:
    async with supervisor.running(places, Choice(), Told(), planner("registry")):
        with pytest.raises(CannotStart, match="up already"):
            async with supervisor.running(places, Choice(), Told(), planner("gateway")):
                raise AssertionError("it must not come up")


def _supervisor_process(places: Places) -> "subprocess.Popen[str]":
    program = f"""
    import asyncio
    from pathlib import Path
    from deploy.local import supervisor
    from deploy.local.environment import Choice
    from deploy.local.places import Places
    from tests.local.test_supervisor import Told, planner

    async def stay():
        places = Places(Path({str(places.var)!r}), {places.port_base})
        async with supervisor.running(places, Choice(), Told(), planner("registry", "gateway")) as platform:
            print(*(child.pid for child in platform.plan.children), flush=True)
            await supervisor.while_alive(platform, asyncio.Event().wait())

    try:
        supervisor.run(stay)
    except KeyboardInterrupt:
        print("ended in order", flush=True)
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_children_in_order(places: Places, number: int) -> None:
    process = _supervisor_process(places)
    assert process.stdout
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert len(pids) == 2
    process.send_signal(number)
    assert process.stdout.readline() == "ended in order\n"
    assert process.wait(10) == 0
    assert not any(alive(pid) for pid in pids)


def test_kill_9_of_the_supervisor_leaves_nothing(places: Places) -> None:
    process = _supervisor_process(places)
    assert process.stdout
    pids = [int(pid) for pid in process.stdout.readline().split()]
    process.kill()
    process.wait()
    end = time.monotonic() + 5
    while any(alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.02)
    assert not any(alive(pid) for pid in pids)
    assert supervisor_pid(places) is None


def test_down_ends_the_platform_of_the_folder(places: Places) -> None:
    process = _supervisor_process(places)
    assert process.stdout
    process.stdout.readline()
    assert down(places)
    assert process.wait(10) == 0
    assert not down(places)

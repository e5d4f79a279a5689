"""How a platform on this machine is, asked from outside of its supervisor; and its end."""

import asyncio
import fcntl
import os
import signal
import time
from dataclasses import dataclass

import orjson

from deploy.local.children import answers, listens
from deploy.local.places import Places
from deploy.local.processes import is_running

_DOWN_SECONDS_MAX = 60.0


@dataclass(frozen=True, slots=True)
class ChildStatus:
    name: str
    #: None: nobody calls it.
    port: int | None
    url: str | None
    pid: int | None
    restarts: int
    healthy: bool


def supervisor_pid(places: Places) -> int | None:
    """The process that holds the folder's lock, None when no platform is up."""
    try:
        with places.pidfile.open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return int(file.read().strip() or 0) or None
    except (FileNotFoundError, ValueError):
        return None
    return None


async def status(places: Places) -> list[ChildStatus]:
    """Every child of the platform that is up; empty when none is, or while it starts."""
    try:
        doors = orjson.loads(places.addresses.read_bytes())["doors"]
        children = orjson.loads((places.run / "pids.json").read_bytes())["children"]
    except FileNotFoundError:
        return []

    async def one(name: str, door: dict[str, str | int]) -> ChildStatus:
        url = door.get("url")
        port = int(door["port"])
        probe = answers(f"{url}/readyz") if url else listens(port)
        child = children.get(name, {})
        pid = child.get("pid")
        alive = pid is None or is_running(pid)
        healthy = alive and await probe()
        return ChildStatus(name, port, str(url) if url else None, pid, child.get("restarts", 0), healthy)

    workers = [
        ChildStatus(
            name, None, None, child["pid"], child["restarts"], child["pid"] and is_running(child["pid"])
        )
        for name, child in children.items()
        if name not in doors
    ]
    return [*await asyncio.gather(*(one(name, door) for name, door in doors.items())), *workers]


def down(places: Places) -> bool:
    """End the platform that is up and wait for it. False when none was; TimeoutError when it lingers."""
    pid = supervisor_pid(places)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + _DOWN_SECONDS_MAX
    while supervisor_pid(places) is not None:
        if time.monotonic() > until:
            raise TimeoutError(f"process {pid} still runs after {_DOWN_SECONDS_MAX:.0f} s")
        time.sleep(0.1)
    return True

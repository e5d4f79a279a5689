"""Child processes that never outlive their supervisor."""

import asyncio
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class Command:
    """How a child is run. `uid`, `gid`: whom to become, where the platform was started by root."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    uid: int | None = None
    gid: int | None = None
    #: Asks the child to end; what it gets as well when the supervisor is killed.
    stop_signal: int = signal.SIGTERM
    orphan_signal: int = signal.SIGKILL
    stop_seconds_max: float = 8.0


def die_with_parent(parent: int, orphan_signal: int) -> Callable[[], None]:
    """Runs in the child before exec: the kernel signals it when the parent goes, however that happens."""

    def ask_kernel() -> None:
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, orphan_signal, 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return ask_kernel


async def spawn(command: Command, log: Path) -> asyncio.subprocess.Process:
    """Start the child in its own process group, its output appended to `log`. OSError when it can't be."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *command.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(command.environment),
            cwd=command.folder,
            start_new_session=True,
            user=command.uid,
            group=command.gid,
            extra_groups=None if command.uid is None else [],
            preexec_fn=die_with_parent(os.getpid(), command.orphan_signal),
        )


async def end(command: Command, process: asyncio.subprocess.Process) -> None:
    """Ask the child to end, then make it end, with all of its process group."""
    if process.returncode is None:
        signal_group(process.pid, command.stop_signal, whole=False)
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), command.stop_seconds_max)
    signal_group(process.pid, signal.SIGKILL, whole=True)
    await process.wait()


def signal_group(pid: int, number: int, *, whole: bool) -> None:
    """Signal a child, or its whole process group; one that is gone is left alone."""
    try:
        if whole:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)
    except ProcessLookupError:
        return


def is_running(pid: int) -> bool:
    """Whether a process has this id (a zombie counts as gone)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    status = Path(f"/proc/{pid}/stat")
    if not status.exists():
        return sys.platform != "linux"
    return status.read_text().rpartition(")")[2].split()[0] != "Z"


def command_line(pid: int) -> str:
    """The command line of a process, empty where it can't be read."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""

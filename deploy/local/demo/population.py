"""The scenario's population, generated in a process of its own beside the start of the platform."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local import processes
from deploy.local.demo.options import Options
from deploy.local.failures import CannotStart
from deploy.local.places import ROOT
from deploy.local.processes import Command
from scenarios import Manifest

#: A population that can't be is found within it.
_SOON_SECONDS = 2.5


@asynccontextmanager
async def generating(options: Options, folder: Path) -> AsyncIterator["asyncio.Task[Manifest]"]:
    """Its files in `folder`; the task ends with their manifest, or with CannotStart.

    Most of what can't be generated is told at once, before anything is started.
    """
    task = asyncio.create_task(_generate(options, folder))
    try:
        await asyncio.wait({task}, timeout=_SOON_SECONDS)
        if task.done():
            await task
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _generate(options: Options, folder: Path) -> Manifest:
    log = folder / "generation.log"
    command = _command(options, folder, log)
    try:
        process = await processes.spawn(command, log)
    except OSError as error:
        raise _cannot(str(error)) from error
    try:
        failed = await process.wait()
    finally:
        await processes.end(command, process)
    if failed:
        raise _cannot(_last_line(log) or f"exit {failed}")
    return Manifest.read(folder)


def _cannot(problem: str) -> CannotStart:
    return CannotStart(f"Không sinh được dân số: {problem}", f"No population generated: {problem}")


def _command(options: Options, folder: Path, log: Path) -> Command:
    folder.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    asked = {"--people": options.people, "--seed": options.seed, "--gifts": options.gifts}
    more = [word for name, value in asked.items() if value is not None for word in (name, str(value))]
    argv = [sys.executable, "-m", "scenarios", options.scenario, "--out", str(folder.resolve()), *more]
    return Command("scenarios", argv, os.environ, folder=ROOT)


def _last_line(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]

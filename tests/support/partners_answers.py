"""What the simulators answer to a month's files: made first, so that handing it in can be timed alone."""

import asyncio
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from libs.common.kernel.ids import show
from services.payments.domain.files import PAIN_001
from simulators.answer import Answer
from simulators.bank import desk as bank_desk
from simulators.outcomes import Odds
from simulators.post import desk as post_desk
from tests.support.payroll import Payroll

_PROCESSES = 2
_FILES = "select file_id, agency_code, kind from payment_file where run_id = any($1) order by file_id"


@dataclass(frozen=True, slots=True)
class Answers:
    """`reports`: of each file its agency, and where what it sends is kept, in that order. `settled_dong`,
    `returned_dong`: as the partners' own books have it."""

    reports: Sequence[tuple[UUID, str, Path]]
    settled_dong: int
    returned_dong: int


async def answers_to(month: Payroll, ordered: Sequence[UUID], odds: Odds) -> Answers:
    """Of all partners to all files of these runs."""
    found: list[tuple[UUID, str, Path]] = []
    settled = returned = 0
    rows = iter(await month.look.fetch(_FILES, list(ordered)))
    loop = asyncio.get_running_loop()
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_PROCESSES, spawned) as processes:

        async def answer_files() -> None:
            nonlocal settled, returned
            for file_id, agency_code, kind in rows:
                held = await month.made.doors.reads.file_content(None, agency_code, file_id)
                assert held, "an instructed run has all its files"
                shown = show("fil", file_id)
                made = await loop.run_in_executor(processes, _answer, kind, held[1], shown, agency_code, odds)
                for number, report in enumerate(made.reports):
                    path = month.folder / f"{shown}-{number}"
                    path.write_bytes(report.content)
                    found.append((file_id, agency_code, path))
                settled += made.settled.dong
                returned += made.returned.dong

        await asyncio.gather(*(answer_files() for _ in range(2 * _PROCESSES)))
    return Answers(found, settled, returned)


async def hand_in(month: Payroll, answers: Answers) -> None:
    """Through the door that partners use; what was handed in is deleted."""
    for file_id, agency_code, path in answers.reports:
        await month.made.doors.receive_report(file_id, path.read_bytes(), "partner", None, agency_code)
        path.unlink()


def _answer(kind: str, content: bytes, shown: str, agency_code: str, odds: Odds) -> Answer:
    if kind == PAIN_001:
        return bank_desk.answer(content, shown, agency_code, odds)
    return post_desk.answer(content, shown, odds)

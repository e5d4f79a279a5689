"""National re-determination (xét lại hàng loạt): a job over all people of a scope, in parts for workers.

A month's ordinary determination is such a job, made when the month's facts are complete. Jobs of a part are
done in the order in which they were asked for, so two for the same month at once never meet: the second finds
what the first has left.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import numpy as np

from libs.common.kernel.byte_rows import Bytes
from libs.common.kernel.errors import Refusal
from libs.common.kernel.ids import new_id
from libs.common.kernel.months import Month
from services.eligibility.domain.bases import Bases
from services.eligibility.domain.changes import Changes
from services.eligibility.domain.policy import Policy
from services.eligibility.domain.standing_columns import People, Standings
from services.eligibility.usecases.ports import Outcome, Subject

NATION, PROVINCE, COMMUNE = "nation", "province", "commune"
SCOPES = (NATION, PROVINCE, COMMUNE)


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose decisions: the nation's, or those of people in a province (2 digits) or commune (`code`)."""

    kind: str
    code: str | None = None
    #: The province that whoever asked is bound to; None: the nation.
    territory: str | None = None

    def of(self, people: People) -> People:
        """Those of the people whom it is about."""
        places, inside = people.places, np.ones(len(people), np.bool_)
        if self.territory is not None:
            inside &= places.province == self.territory.encode()
        if self.kind == PROVINCE:
            inside &= places.province == str(self.code).encode()
        if self.kind == COMMUNE:
            inside &= places.commune == str(self.code).ljust(5).encode()
        return people if inside.all() else people.take(np.flatnonzero(inside))


@dataclass(frozen=True, slots=True)
class Job:
    """Decided whole by the law of `policy_hash`; None: by that of whoever begins it."""

    job_id: UUID
    month: Month
    scope: Scope
    policy_hash: str | None
    requested_by_sub: str


class Jobs(Protocol):
    async def latest_determined(self) -> Month | None:
        """The newest month that has an ordinary determination."""

    async def add(self, job: Job) -> None:
        """The job and its parts, none of them done."""

    async def progress(self, job_id: UUID, territory: str | None) -> dict[str, Any] | None:
        """How far it is; None where the caller sees no such job."""

    async def cancel(self, job_id: UUID, territory: str | None) -> bool | None:
        """True when parts were left undone, False when nothing was left to cancel; None as above."""

    async def recent(self, territory: str | None, limit: int) -> Sequence[dict[str, Any]]:
        """The newest jobs first."""


class Redetermine:
    """Ask for a re-determination of the newest determined month, of the whole nation or a slice."""

    def __init__(self, jobs: Jobs, policy_hash: str) -> None:
        self._jobs = jobs
        self._policy_hash = policy_hash

    async def __call__(self, month: Month, scope: Scope, requested_by_sub: str) -> UUID:
        """The job's id. Refusal `month_invalid` for any other month: decisions of an earlier one stand behind
        those of later ones, and a later one's facts are not complete."""
        latest = await self._jobs.latest_determined()
        if month != latest:
            raise Refusal(
                "month_invalid",
                f"Chỉ xét lại được tháng xét gần nhất ({latest or 'chưa có'}). Thay đổi của tháng trước được "
                "tính thành chênh lệch; tháng sau được xét khi dữ kiện đã chốt.",
                f"Only the newest determined month ({latest or 'none yet'}) can be determined again. Changes "
                "of earlier months become differences; a later one is determined when its facts are closed.",
            )
        job = Job(new_id(), month, scope, self._policy_hash, requested_by_sub)
        await self._jobs.add(job)
        return job.job_id


@dataclass(frozen=True, slots=True)
class Task:
    """A part of a job, held until its transaction ends."""

    job_id: UUID
    part: int
    month: Month
    scope: Scope
    policy_hash: str


@dataclass(frozen=True, slots=True)
class Counts:
    """People of a part: looked at, granted something, nothing, without an answer; and decisions written."""

    persons: int
    granted: int
    refused: int
    undetermined: int
    changed: int


class PartWork(Protocol):
    """One transaction on a part."""

    async def claim(self, part: int) -> Task | None:
        """The part's first task that is not done; None where there is none, or another worker holds it."""

    async def people(self, task: Task) -> People:
        """Everybody of the part whom the job is about, with their facts; that they were undetermined in the
        month is forgotten."""

    async def standings(self, task: Task) -> Standings:
        """What stands of their decisions."""

    async def write(self, task: Task, policy: Policy, people: People, changes: Changes, bases: Bases) -> None:
        """Changed decisions with their events."""

    async def subjects(self, task: Task, people: Bytes) -> Sequence[Subject]:
        """Those who are decided one by one, by their ids; their proposals are held."""

    async def record(self, task: Task, outcome: Outcome) -> None:
        """What was decided one by one, with its events."""

    async def done(self, task: Task, counts: Counts) -> None: ...


class PartWorks(Protocol):
    def __call__(self) -> AbstractAsyncContextManager[PartWork]: ...

"""The three ways to fail: a Refusal (the caller's to mend), an Outage (try again), a Bug (assert)."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: `path` as in `person.children[0].birth_date`. It never echoes the value sent."""

    path: str
    code: str
    message_vi: str
    message_en: str


@dataclass(eq=False)
class Refusal(Exception):
    """A coded no (HTTP 4xx): what, why, and what to do next, in Vietnamese and English.

    `code` is stable and stands in contracts/problems.py, which gives it its status and its page.
    `retry_after_seconds`: when the same may be asked again, where that is known.
    """

    code: str
    message_vi: str
    message_en: str
    errors: tuple[FieldError, ...] = field(default=())
    retry_after_seconds: int | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message_en}"


class Outage(Exception):
    """Something that we need is away; the same call may succeed later (HTTP 503)."""


class Contended(Outage):
    """Another transaction and ours waited for each other, and ours was undone: nothing of it was kept."""


class IllegalTransition(Exception):
    """A state machine was asked for an edge it does not have."""

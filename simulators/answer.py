"""What a partner makes of one payment file: its reports, and what it writes into its own books."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """`name`: pain.002, camt.054 or post-list."""

    name: str
    filename: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Sums:
    payments: int = 0
    dong: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """`reports` in the order in which they are sent. `rejected_because`: the file was not taken at all."""

    reports: tuple[Report, ...]
    received: Sums
    settled: Sums
    returned: Sums
    rejected_because: str | None = None

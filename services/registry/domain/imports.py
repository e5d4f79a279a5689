"""A bulk import of people, and how far it is; libs/common/kernel/row_files.py has its life."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

#: Rows of one part: one transaction of rows, events and progress.
PART_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Import:
    """An import and how far it is. Counts are rows; `rows_total` is None until the file was inspected."""

    import_id: UUID
    status: str
    as_of: date
    territory: str | None
    file_kind: str
    rows_total: int | None = None
    rows_read: int = 0
    rows_taken: int = 0
    rows_refused: int = 0
    problem_code: str | None = None
    problem_at: str | None = None

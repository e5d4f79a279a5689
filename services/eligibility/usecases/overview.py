"""What an office can see of its work and of the law's reach; the store implements it."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol
from uuid import UUID

#: The end of a page: due day, kind and id of its last item.
Place = tuple[date, str, UUID]


class WorklistReads(Protocol):
    """As a caller with `territory` may see it; rows carry the columns of the tables they come from."""

    async def page(
        self,
        territory: str | None,
        kind: str | None,
        province_code: str | None,
        commune_code: str | None,
        due_before: date | None,
        after: Place | None,
        limit: int,
    ) -> Sequence[dict[str, Any]]:
        """Items by the day they are due (`sort_day`), those without one last."""

    async def counts(
        self, territory: str | None, province_code: str | None, commune_code: str | None, today: date
    ) -> Sequence[dict[str, Any]]:
        """Items of each kind, how many are late, and how many have no term."""

    async def coverage(
        self,
        territory: str | None,
        by: str,
        programme: str | None,
        province_code: str | None,
        after: Sequence[str],
        limit: int,
    ) -> Sequence[dict[str, Any]]:
        """Of each programme and place: decided, in process, without. `after`: programme and codes of the last
        one of the page before, empty for the first page."""

    async def as_of(self) -> dict[str, Any] | None:
        """Day, month and completeness of the figures; None before the first round."""

    async def gaps(
        self,
        territory: str | None,
        programme: str,
        commune_code: str | None,
        after: UUID | None,
        limit: int,
    ) -> Sequence[dict[str, Any]]:
        """People without a decision, in the order of their ids."""

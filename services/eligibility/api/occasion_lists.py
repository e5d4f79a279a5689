"""Who is due a gift, as the list that a campaign takes: each by the id that the registry gave."""

from collections.abc import AsyncIterator, Iterable
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from libs.common.kernel.ids import show
from libs.common.kernel.months import Month
from libs.common.runtime.uploads import CSV_TYPE
from services.eligibility.api.occasions import (
    CommuneCode,
    MayRead,
    MonthText,
    ProvinceCode,
    months_between,
)
from services.eligibility.usecases.due import After, DueOccasions

#: The form of `POST /v1/campaigns/{id}/lists`. Who is named by `person_id` is paid as the registry last said,
#: so all else but the group stays empty.
COLUMNS = ("person_id", "personal_id", "full_name", "commune_code", "group", "channel", "agency_code")
_PAGE = 5_000
#: A person and their group in the campaign.
_Page = Iterable[tuple[UUID, str]]
Group = Annotated[
    str,
    Query(pattern=r"^[a-z][a-z0-9_]{2,40}$", description="The campaign's group of whoever is listed."),
]


def router(due: DueOccasions) -> APIRouter:
    made = APIRouter(tags=["occasions"])

    @made.get("/v1/occasions/longevity/people.csv", response_class=StreamingResponse)
    async def longevity(
        actor: MayRead,
        from_month: MonthText,
        until_month: MonthText,
        province_code: ProvinceCode = None,
        commune_code: CommuneCode = None,
    ) -> StreamingResponse:
        """Who completes an age of the law, as a campaign's list.

        Groups are age and former province, `age_90_58`: what is given may differ inside of a province that
        was merged. `age_90` where none is known.
        """
        months = months_between(from_month, until_month)

        async def pages() -> AsyncIterator[_Page]:
            after: After | None = None
            while rows := await due.people(
                actor.territory, months, province_code, commune_code, after, _PAGE
            ):
                yield ((row["person_id"], _group(row["age"], row["former_province_code"])) for row in rows)
                last = rows[-1]
                after = (Month.of(last["month"]), last["age"], last["birth_date"], last["person_id"])

        return _as_list(pages(), "an-sinh-mung-tho.csv")

    @made.get("/v1/occasions/campaigns/people.csv", response_class=StreamingResponse)
    async def members(
        actor: MayRead,
        occasion: Annotated[str, Query(max_length=100)],
        group: Group,
        province_code: ProvinceCode = None,
        commune_code: CommuneCode = None,
    ) -> StreamingResponse:
        """Who is given a campaign's gift, each once, as its list: all in one group."""
        place = (province_code, commune_code)
        # Asked first, so that what is no campaign is refused before the file begins.
        rows = await due.members(actor.territory, occasion, *place, None, _PAGE)

        async def pages() -> AsyncIterator[_Page]:
            page = rows
            while page:
                yield ((row["person_id"], group) for row in page)
                page = await due.members(actor.territory, occasion, *place, page[-1]["person_id"], _PAGE)

        return _as_list(pages(), "an-sinh-dot-tang-qua.csv")

    return made


def _group(age: int, former_province: str | None) -> str:
    return f"age_{age}_{former_province}" if former_province else f"age_{age}"


def _as_list(pages: AsyncIterator[_Page], filename: str) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingResponse(_csv(pages), media_type=CSV_TYPE, headers=headers)


async def _csv(pages: AsyncIterator[_Page]) -> AsyncIterator[bytes]:
    """Ids and codes alone: nothing in them needs quotes."""
    yield (",".join(COLUMNS) + "\r\n").encode()
    blank = dict.fromkeys(COLUMNS, "")
    async for page in pages:
        rows = (blank | {"person_id": show("per", person), "group": group} for person, group in page)
        yield "".join(",".join(row.values()) + "\r\n" for row in rows).encode()

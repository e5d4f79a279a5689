"""Campaigns as the doors show them, read in the caller's territory by the app role."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from libs.common.runtime.postgres import Database
from services.payments.store.campaign_rows import COLUMNS, campaign_of
from services.payments.usecases.campaigns import CampaignView, Progress
from services.payments.usecases.reading import Amounts

_VIEW = f"""
    select {COLUMNS}, f.unit, l.listed, l.listed_amount, r.instructions, r.instructed, r.settled, r.returned,
           r.unknown,
           coalesce((select sum(rows_refused) from campaign_list x where x.campaign_id = c.campaign_id),
                    0)::int as refused,
           array(select run_id from run where run.campaign_id = c.campaign_id order by opened_at) as runs,
           coalesce((select sum(v.amount) from voucher v where v.status = 'booked' and v.voucher_id in (
               select voucher_id from campaign_handed h where h.campaign_id = c.campaign_id)), 0)::bigint
             as handed_over
    from campaign c join fund f using (fund_id) cross join lateral (
        select coalesce(sum(people), 0)::int as listed, coalesce(sum(people * g.amount), 0)::bigint
          as listed_amount
        from campaign_listed p
        join campaign_group g on g.campaign_id = p.campaign_id and g.code = p.group_code
        where p.campaign_id = c.campaign_id
    ) as l cross join lateral (
        select coalesce(sum(t.instructions), 0)::int as instructions,
               coalesce(sum(t.instructed_dong), 0)::bigint as instructed,
               coalesce(sum(t.settled_dong), 0)::bigint as settled,
               coalesce(sum(t.returned_dong), 0)::bigint as returned,
               coalesce(sum(t.unknown_dong), 0)::bigint as unknown
        from run join run_total t using (run_id)
        where run.campaign_id = c.campaign_id and run.status <> 'withdrawn'
    ) as r
"""
#: What each grouping is called in the list's summary and in the runs'.
_KEYS = {
    "group": ("group_code", "category"),
    "commune": ("commune_code", "commune_code"),
    "channel": ("channel", "channel"),
}
_PROGRESS = """
    with listed as (
        select p.{of_list} as key, sum(p.people)::int as people, sum(p.people * g.amount)::bigint as amount
        from campaign_listed p
        join campaign_group g on g.campaign_id = p.campaign_id and g.code = p.group_code
        where p.campaign_id = $1 and p.{of_list} > $2 group by 1 order by 1 limit $3
    ), paid as (
        select t.{of_run} as key, sum(t.instructions)::int as instructions,
               sum(t.instructed_dong)::bigint as instructed, sum(t.settled_dong)::bigint as settled,
               sum(t.returned_dong)::bigint as returned, sum(t.unknown_dong)::bigint as unknown
        from run join run_total t using (run_id)
        where run.campaign_id = $1 and run.status <> 'withdrawn' group by 1
    )
    select l.*, coalesce(p.instructions, 0) as instructions, coalesce(p.instructed, 0) as instructed,
           coalesce(p.settled, 0) as settled, coalesce(p.returned, 0) as returned,
           coalesce(p.unknown, 0) as unknown
    from listed l left join paid p using (key) order by key
"""


class StoredCampaignReads:
    """Implements usecases.campaigns.CampaignReads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def campaign(self, territory: str | None, campaign_id: UUID) -> CampaignView | None:
        async with self._database.reading(territory) as connection:
            row = await connection.fetchrow(f"{_VIEW} where c.campaign_id = $1", campaign_id)
        return _view(row) if row else None

    async def campaigns(
        self, territory: str | None, status: str | None, after: UUID | None, limit: int
    ) -> list[CampaignView]:
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(
                f"{_VIEW} where ($1::text is null or c.status = $1)"
                " and ($2::uuid is null or c.campaign_id < $2) order by c.campaign_id desc limit $3",
                status,
                after,
                limit,
            )
        return [_view(row) for row in rows]

    async def progress(
        self, territory: str | None, campaign_id: UUID, by: str, after: str, limit: int
    ) -> Mapping[str, Progress]:
        of_list, of_run = _KEYS[by]
        statement = _PROGRESS.format(of_list=of_list, of_run=of_run)
        async with self._database.reading(territory) as connection:
            rows = await connection.fetch(statement, campaign_id, after, limit)
        return {row["key"]: Progress(row["people"], row["amount"], _amounts(row)) for row in rows}


def _view(row: Any) -> CampaignView:
    return CampaignView(
        campaign=campaign_of(row),
        unit=row["unit"],
        listed=row["listed"],
        listed_amount=row["listed_amount"],
        refused=row["refused"],
        amounts=_amounts(row),
        handed_over=row["handed_over"],
        runs=row["runs"],
    )


def _amounts(row: Any) -> Amounts:
    return Amounts(
        instructions=row["instructions"],
        instructed=row["instructed"],
        settled=row["settled"],
        returned=row["returned"],
        unknown=row["unknown"],
    )

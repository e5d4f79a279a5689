"""Campaigns, by requests inside their caller's territory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from libs.common.kernel.months import Month
from libs.common.runtime.postgres import Connection, Database
from services.payments.domain.campaigns import Campaign
from services.payments.domain.funds import Fund
from services.payments.domain.runs import Order
from services.payments.domain.vouchers import Voucher
from services.payments.store import funds, orders, vouchers
from services.payments.store.campaign_rows import COLUMNS, TERMS_COLUMNS, campaign_of, terms_values

_INSERT = f"""
    insert into campaign (campaign_id, status, maker_sub, {TERMS_COLUMNS})
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    on conflict (province_code, code) do nothing returning true
"""
_REPLACE = f"""
    update campaign set maker_sub = $2,
        ({TERMS_COLUMNS}) = row($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    where campaign_id = $1
"""
_MOVE = """
    update campaign set status = $2, maker_sub = $3, checker_sub = $4, content_hash = $5,
        approved_hash = case when $4::text is null then null else $5 end, changed_at = now()
    where campaign_id = $1
"""
#: Who of a commune was not given a month's: by no voucher that is not withdrawn.
_TO_HAND_OVER = """
    from campaign_recipient r join campaign_group g on g.campaign_id = r.campaign_id and g.code = r.group_code
    where r.campaign_id = $1 and r.commune_code = $2 and not exists (
        select from campaign_handed h join voucher v using (voucher_id)
        where h.campaign_id = r.campaign_id and h.person_key = r.person_key and h.month = $3
          and v.status <> 'withdrawn')
"""


class StoredCampaigns:
    """Implements usecases.campaigns.CampaignWorks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def __call__(self, territory: str | None) -> AsyncIterator["_Work"]:
        async with self._database.writing(territory) as connection:
            yield _Work(connection)


class _Work:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fund(self, fund_id: UUID) -> Fund | None:
        return await funds.find(self._connection, fund_id)

    async def add(self, campaign: Campaign) -> bool:
        added = await self._connection.fetchval(
            _INSERT, campaign.campaign_id, campaign.status, campaign.maker, *terms_values(campaign.terms)
        )
        if added:
            await self._add_groups(campaign)
        return bool(added)

    async def read(self, campaign_id: UUID) -> Campaign | None:
        row = await self._connection.fetchrow(
            f"select {COLUMNS} from campaign c where campaign_id = $1 for update", campaign_id
        )
        return campaign_of(row) if row else None

    async def replace_terms(self, campaign: Campaign) -> bool:
        try:
            async with self._connection.transaction():
                await self._connection.execute(
                    _REPLACE, campaign.campaign_id, campaign.maker, *terms_values(campaign.terms)
                )
        except asyncpg.UniqueViolationError:
            return False
        await self._connection.execute(
            "delete from campaign_group where campaign_id = $1", campaign.campaign_id
        )
        await self._add_groups(campaign)
        return True

    async def _add_groups(self, campaign: Campaign) -> None:
        groups = [(one.code, one.name, one.amount) for one in campaign.terms.groups]
        await self._connection.execute(
            "insert into campaign_group (campaign_id, code, name, amount)"
            " select $1, * from unnest($2::text[], $3::text[], $4::bigint[])",
            campaign.campaign_id,
            *(list(column) for column in zip(*groups, strict=True)),
        )

    async def move(self, campaign: Campaign) -> None:
        await self._connection.execute(
            _MOVE,
            campaign.campaign_id,
            campaign.status,
            campaign.maker,
            campaign.checker,
            campaign.content_hash,
        )

    async def to_hand_over(self, campaign_id: UUID, commune_code: str, month: Month) -> tuple[int, int]:
        row = await self._connection.fetchrow(
            f"select count(*), coalesce(sum(g.amount), 0)::bigint {_TO_HAND_OVER}",
            campaign_id,
            commune_code,
            month.first_day,
        )
        assert row
        return row[0], row[1]

    async def hand_over(self, campaign: Campaign, voucher: Voucher, month: Month) -> bool:
        if not await vouchers.propose(self._connection, voucher):
            return False
        await self._connection.execute(
            "insert into campaign_handed (campaign_id, person_key, month, voucher_id, province_code)"
            f" select r.campaign_id, r.person_key, $3, $4, r.province_code {_TO_HAND_OVER}",
            campaign.campaign_id,
            voucher.commune_code,
            month.first_day,
            voucher.voucher_id,
        )
        return True

    async def open_run(self, order: Order) -> UUID:
        return await orders.open_run(self._connection, order)

"""What is due by a campaign's list: whoever stands in it and was not paid a month of it yet."""

from collections.abc import Sequence

from libs.common.runtime.postgres import Connection
from services.payments.domain.runs import Run, Shard
from services.payments.store.due import Due

# A recipient is paid by the account that the list gives: of the key, in no version but this one. The group
# stands where a decision has its category; a campaign knows no standard.
_LISTED = """
    select r.person_id, c.programme, m.month, null::uuid, c.campaign_id, r.group_code, 0, 0, g.amount,
           r.commune_code, r.province_code, r.unit_province_code, r.commune_code, r.person_key, r.person_key,
           0, r.channel, r.agency_code, r.commune_code, r.problem, null::uuid, 0
    from campaign c join campaign_recipient r using (campaign_id)
    join campaign_group g on g.campaign_id = c.campaign_id and g.code = r.group_code
    cross join unnest($3::date[]) as m (month)
    left join instruction_line l on l.campaign_id = c.campaign_id and l.person_id = r.person_id
      and l.month = m.month and not l.returned
    where c.campaign_id = $2 and l.person_id is null
      and r.commune_code >= $4 and ($5::text is null or r.commune_code < $5)
"""


class CampaignLists:
    """Each month of a run that somebody listed was not paid by the campaign, or that came back."""

    async def communes(self, connection: Connection, run: Run) -> Sequence[tuple[str, int]]:
        rows = await connection.fetch(
            "select commune_code, sum(people)::bigint as people from campaign_listed where campaign_id = $1"
            " group by commune_code order by commune_code",
            run.campaign_id,
        )
        return [(row["commune_code"], row["people"]) for row in rows]

    def query(self, run: Run, shard: Shard) -> Due:
        months = [month.first_day for month in run.period.months]
        return Due(_LISTED, (run.campaign_id, months, shard.from_commune, shard.before_commune))

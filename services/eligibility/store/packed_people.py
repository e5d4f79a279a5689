"""Everybody of a part of the nation, from the rows of their packed facts."""

from uuid import UUID

import numpy as np

from libs.common.kernel.byte_rows import Bytes
from libs.common.kernel.months import Month
from libs.common.runtime.binary_copy import copy_out
from libs.common.runtime.postgres import Connection
from services.eligibility.domain import columns
from services.eligibility.domain.casework import OPEN
from services.eligibility.domain.columns import LAYOUT, PackedFacts
from services.eligibility.domain.standing_columns import People, Places, beginnings
from services.eligibility.store.facts import VERSION, facts_version
from services.eligibility.store.packed_facts import (
    ROW,
    UNREADABLE,
    Newest,
    Rows,
    keep_packed,
    with_children,
)

#: The partitions of decision, packed_facts and standing.
PARTS = 16
_AT_ONCE = 5_000
#: Of packed_facts: what is not as we would write it today.
_OUTDATED = (
    f"(octet_length(packed_facts.packed) <> {ROW.itemsize}"
    f" or get_byte(packed_facts.packed, 0) not in ({UNREADABLE}, {LAYOUT}))"
)
_LACKING = f"""
    select {VERSION}, chain, holds_from
    from person_facts left join packed_facts_{{part}} as packed_facts using (person_id)
    where person_id > $1 and {{mine}} and (packed_facts.packed is null or {_OUTDATED})
    order by person_id limit $2
"""


async def read_people(connection: Connection, part: int, month: Month) -> People:
    """Everybody of a part, as they live in the month."""
    return await in_month(connection, await newest_facts(connection, part), part, month)


async def newest_facts(connection: Connection, part: int) -> People:
    """Everybody of a part, as if nobody lived in a facility."""
    await _complete(connection, part)
    ids, told = await copy_out(
        connection, f"select person_id, packed from packed_facts_{part:d}", (16, ROW.itemsize)
    )
    # By id: what is written of them goes into neighbouring pages of indexes.
    order = np.argsort(beginnings(ids), kind="stable")
    return _unpack(ids[order], told[order].reshape(-1).view(ROW))


async def in_month(connection: Connection, people: People, part: int, month: Month) -> People:
    """With the facilities whose state-paid residents they are in the month; set apart whose benefit is
    held back in it."""
    residents, facilities = await copy_out(connection, _residents(part, month), (16, 16))
    [apart] = await copy_out(connection, _apart(part, month), (16,))
    return people.housed(residents, facilities).set_apart(apart)


def _unpack(ids: Bytes, rows: Rows) -> People:
    words = np.ascontiguousarray(rows["words"])
    children = rows["children"][with_children(words)]
    return People(
        ids=ids,
        plain=rows["layout"] == LAYOUT,
        facts_version=rows["version"].astype(np.int32),
        settled_on=rows["settled_on"].astype(np.int32),
        places=Places(rows["commune"], rows["province"], rows["former"]),
        facility=np.zeros((len(ids), 16), np.uint8),
        chain=rows["chain"],
        carer=rows["carer"],
        sex=columns.sex_of(words),
        facts=columns.unpack(PackedFacts(words, children)),
    )


def _residents(part: int, month: Month) -> str:
    """COPY takes no arguments; a part and days of the calendar are no danger."""
    return (
        "select distinct on (person_id) person_id, facility_id from residence where state_paid"
        f" and {in_part(part)}"
        f" and from_date <= '{month.last_day}' and (until_date is null or until_date >= '{month.first_day}')"
        " order by person_id, from_date"
    )


def _apart(part: int, month: Month) -> str:
    """Whose benefit is suspended or stopped in the month, and whose application nobody has decided."""
    states = ", ".join(f"'{state}'" for state in OPEN)
    return (
        f"select person_id from hold where {in_part(part)} and from_month <= '{month.first_day}'"
        f" and (until_month is null or until_month > '{month.first_day}')"
        f" union select person_id from case_file where {in_part(part)} and kind = 'application'"
        f" and state in ({states})"
    )


def in_part(part: int) -> str:
    """A condition of SQL: `person_id` belongs to the part."""
    return f"satisfies_hash_partition('packed_facts'::regclass, {PARTS}, {part:d}, person_id)"


async def _complete(connection: Connection, part: int) -> None:
    """Pack the facts that were kept before there were packed ones, or before they had today's layout: once
    for a part and layout. Whoever keeps newer facts meanwhile packs them too; that is left alone."""
    if await connection.fetchval("select layout from packed_part where part = $1", part) == LAYOUT:
        return
    lacking, last = _LACKING.format(part=part, mine=in_part(part)), UUID(int=0)
    while rows := await connection.fetch(lacking, last, _AT_ONCE):
        newest = [
            Newest(row["person_id"], facts_version(row), row["chain"], row["holds_from"]) for row in rows
        ]
        await keep_packed(connection, newest, where=_OUTDATED)
        last = newest[-1].person_id
    await connection.execute(
        "insert into packed_part (part, layout) values ($1, $2)"
        " on conflict (part) do update set layout = excluded.layout",
        part,
        LAYOUT,
    )

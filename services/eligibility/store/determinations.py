"""People who are decided one by one: all that is known of them, and their decisions."""

from collections.abc import Callable, Sequence
from uuid import UUID

import asyncpg

from libs.common.kernel.byte_rows import Bytes
from libs.common.kernel.id_columns import uuids
from libs.common.kernel.money import Coefficient, Dong
from libs.common.kernel.months import Month
from libs.common.runtime import outbox
from libs.common.runtime.binary_copy import copy_out
from libs.common.runtime.outbox import OutgoingEvent
from libs.common.runtime.postgres import Connection
from services.eligibility.domain.casework import OPEN
from services.eligibility.domain.decisions import Place, Standing, Terms
from services.eligibility.domain.standing_columns import NOT_THERE, find
from services.eligibility.store.facts import facts_version, histories
from services.eligibility.store.packed_people import in_part
from services.eligibility.usecases.ports import Application, Finding, Recorded, Subject, Undetermined

ToEvents = Callable[[Sequence[Recorded]], Sequence[OutgoingEvent]]

_PEOPLE = """
    select f.person_id, f.version, f.true_from, f.facts, f.commune_code, f.province_code,
           f.former_province_code, f.chain, r.facility_id
    from person_facts f
    left join lateral (
        select facility_id from residence
        where person_id = f.person_id and state_paid and from_date <= $3
          and (until_date is null or until_date >= $2)
        order by from_date limit 1
    ) r on true
    where f.person_id = any($1::uuid[])
    order by f.person_id
"""
_LOCK_PROPOSALS = """
    select from decision_{part} where person_id = any($1::uuid[]) and status = 'proposed'
    order by person_id, programme, version for update
"""
_STANDING = """
    select distinct on (person_id, programme) person_id, programme, version, status, outcome, category,
           coefficient_hundredths, standard_dong, amount_dong, payee, facility_id, payee_person_id,
           decided_on, commune_code, province_code, former_province_code, effective_from,
           bool_or(status <> 'proposed') over (partition by person_id, programme) as was_in_force
    from decision_{part} where person_id = any($1::uuid[])
    order by person_id, programme, version desc
"""
#: The last month whose determination is done, as a scalar of SQL; null before the first.
LAST_DETERMINED = """(
    select max(month) from redetermination j where ordinary
    and not exists (select from redetermination_part p where p.job_id = j.job_id and p.done_at is null)
)"""
COLUMNS = (
    ("decision_id", "uuid"),
    ("person_id", "uuid"),
    ("version", "integer"),
    ("programme", "text"),
    ("outcome", "text"),
    ("status", "text"),
    ("effective_from", "date"),
    ("pays_from", "date"),
    ("category", "text"),
    ("coefficient_hundredths", "integer"),
    ("standard_dong", "bigint"),
    ("amount_dong", "bigint"),
    ("payee", "text"),
    ("facility_id", "uuid"),
    ("payee_person_id", "uuid"),
    ("commune_code", "text"),
    ("province_code", "text"),
    ("former_province_code", "text"),
    ("decided_on", "date"),
    ("facts_version", "integer"),
    ("policy_version", "text"),
    ("policy_hash", "text"),
    ("determined_month", "date"),
    ("facts_month", "date"),
    ("resident_of", "uuid"),
    ("input_hash", "bytea"),
    ("trace", "bytea"),
)
_FOUND = """
    update case_file c set
        unchanged_decision_id = f.unchanged, found_on = f.found_on, facts_version = f.facts_version,
        policy_version = f.policy_version, policy_hash = f.policy_hash,
        determined_month = f.determined_month, facts_month = f.facts_month, resident_of = f.resident_of,
        input_hash = f.input_hash, trace = f.trace
    from unnest($1::uuid[], $2::uuid[], $3::date[], $4::integer[], $5::text[], $6::text[], $7::date[],
                $8::date[], $9::uuid[], $10::bytea[], $11::bytea[])
         as f (case_id, unchanged, found_on, facts_version, policy_version, policy_hash, determined_month,
               facts_month, resident_of, input_hash, trace)
    where c.case_id = f.case_id and c.state = any($12::text[])
"""
_INSERT = (
    f"insert into decision ({', '.join(name for name, _ in COLUMNS)})"
    f" select * from unnest({', '.join(f'${i}::{kind}[]' for i, (_, kind) in enumerate(COLUMNS, 1))})"
)


async def subjects(connection: Connection, part: int, people: Sequence[UUID], month: Month) -> list[Subject]:
    """These people of a part with all that is known of them; their proposals are locked until the
    transaction ends."""
    # Whoever signs waits, or has signed: what is decided here supersedes what was signed, not beside it.
    await connection.execute(_LOCK_PROPOSALS.format(part=part), people)
    rows = await connection.fetch(_PEOPLE, people, month.first_day, month.last_day)
    standing = await _standing(connection, part, people)
    held, asked = await holds(connection, people, month), await _applications(connection, people)
    earlier = await histories(connection, [row["person_id"] for row in rows if row["version"] > 1])
    return [
        Subject(
            person_id=row["person_id"],
            versions=(*earlier.get(row["person_id"], ()), facts_version(row)),
            facts_version=row["version"],
            chain=row["chain"],
            facility_id=row["facility_id"],
            standing=standing.get(row["person_id"], {}),
            held=held.get(row["person_id"], frozenset()),
            applications=asked.get(row["person_id"], ()),
        )
        for row in rows
    ]


async def insert(connection: Connection, recorded: Sequence[Recorded], to_events: ToEvents) -> None:
    """Decisions and their events."""
    if not recorded:
        return
    rows = [_values(one) for one in recorded]
    await connection.execute(_INSERT, *(list(column) for column in zip(*rows, strict=True)))
    await outbox.append(connection, to_events(recorded))


async def forget_undetermined(connection: Connection, part: int, month: Month, people: Bytes) -> None:
    """That these people of a part were undetermined in the month."""
    [were] = await copy_out(
        connection,
        f"select person_id from undetermined where month = '{month.first_day}' and {in_part(part)}",
        (16,),
    )
    gone = uuids(were[find(people, were) != NOT_THERE])
    if gone:
        await connection.execute(
            "delete from undetermined where month = $1 and person_id = any($2::uuid[])", month.first_day, gone
        )


async def insert_undetermined(connection: Connection, month: Month, found: Sequence[Undetermined]) -> None:
    await connection.execute(
        "insert into undetermined (month, person_id, code)"
        " select $1, * from unnest($2::uuid[], $3::text[]) on conflict do nothing",
        month.first_day,
        [one.person_id for one in found],
        [one.code for one in found],
    )


async def insert_findings(connection: Connection, found: Sequence[Finding]) -> None:
    """What was found of applications; one that was decided meanwhile stays as it is."""
    if not found:
        return
    rows = [
        (
            one.case_id,
            one.unchanged,
            one.found_on,
            one.basis.facts_version,
            one.basis.policy_version,
            one.basis.policy_hash,
            one.basis.determined_month.first_day,
            one.basis.facts_month.first_day,
            one.basis.resident_of,
            one.basis.input_hash,
            one.basis.trace,
        )
        for one in found
    ]
    await connection.execute(_FOUND, *(list(column) for column in zip(*rows, strict=True)), OPEN)


async def _applications(connection: Connection, people: Sequence[UUID]) -> dict[UUID, list[Application]]:
    found: dict[UUID, list[Application]] = {}
    for row in await connection.fetch(
        "select case_id, person_id, programmes from case_file where person_id = any($1::uuid[])"
        " and kind = 'application' and state = any($2::text[]) order by case_id",
        people,
        OPEN,
    ):
        found.setdefault(row["person_id"], []).append(Application(row["case_id"], tuple(row["programmes"])))
    return found


async def _standing(
    connection: Connection, part: int, people: Sequence[UUID]
) -> dict[UUID, dict[str, Standing]]:
    found: dict[UUID, dict[str, Standing]] = {}
    for row in await connection.fetch(_STANDING.format(part=part), people):
        standing = Standing(
            row["version"],
            row["status"],
            terms_of(row),
            row["decided_on"],
            Month.of(row["effective_from"]),
            row["was_in_force"],
        )
        found.setdefault(row["person_id"], {})[row["programme"]] = standing
    return found


async def holds(connection: Connection, people: Sequence[UUID], month: Month) -> dict[UUID, frozenset[str]]:
    """The programmes of each person that are suspended or stopped in the month."""
    rows = await connection.fetch(
        "select person_id, array_agg(programme) as programmes from hold where person_id = any($1::uuid[])"
        " and from_month <= $2 and (until_month is null or until_month > $2) group by person_id",
        people,
        month.first_day,
    )
    return {row["person_id"]: frozenset(row["programmes"]) for row in rows}


def terms_of(row: asyncpg.Record) -> Terms:
    """The terms that a row of `decision` holds."""
    return Terms(
        outcome=row["outcome"],
        category=row["category"],
        coefficient=Coefficient(row["coefficient_hundredths"]),
        standard=Dong(row["standard_dong"]),
        amount=Dong(row["amount_dong"]),
        payee=row["payee"],
        facility_id=row["facility_id"],
        place=Place(row["commune_code"], row["province_code"], row["former_province_code"]),
        payee_person_id=row["payee_person_id"],
    )


def _values(one: Recorded) -> tuple[object, ...]:
    decision, terms, basis = one.decision, one.decision.terms, one.basis
    return (
        decision.decision_id,
        decision.person_id,
        decision.version,
        decision.programme,
        terms.outcome,
        decision.status,
        decision.effective_from.first_day,
        decision.pays_from.first_day,
        terms.category,
        terms.coefficient.hundredths,
        terms.standard,
        terms.amount,
        terms.payee,
        terms.facility_id,
        terms.payee_person_id,
        terms.place.commune_code,
        terms.place.province_code,
        terms.place.former_province_code,
        decision.decided_on,
        basis.facts_version,
        basis.policy_version,
        basis.policy_hash,
        basis.determined_month.first_day,
        basis.facts_month.first_day,
        basis.resident_of,
        basis.input_hash,
        basis.trace,
    )

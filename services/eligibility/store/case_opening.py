"""Cases that begin with what the registry tells: an application, a person who moved while receiving."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.common.kernel.clock import Clock
from libs.common.kernel.months import Month
from libs.common.kernel.units import Units
from libs.common.runtime.postgres import Connection
from services.eligibility.domain import casework
from services.eligibility.domain.case_law import CaseLaw
from services.eligibility.domain.casework import CaseFile, measure_id
from services.eligibility.domain.decisions import Place
from services.eligibility.domain.history import facts_at
from services.eligibility.domain.records import PersonRecord
from services.eligibility.store.case_files import ToEvent, add
from services.eligibility.store.facts import VERSION, facts_version, histories

KeepPeople = Callable[[Connection, Sequence[PersonRecord]], Awaitable[None]]

#: Who is told of in another commune than was stated last: whether they moved, all versions say.
_ELSEWHERE = """
    select distinct f.person_id from unnest($1::uuid[], $2::text[]) as told (person_id, commune_code)
    join person_facts f using (person_id)
    where f.commune_code <> told.commune_code
       or exists (select from facts_history h where h.person_id = f.person_id and h.version > f.version)
"""
_CLOSED_MOVES = """
    select person_id, programmes[1] as programme, from_month, count(*) as closed from case_file
    where person_id = any($1::uuid[]) and kind = 'move' and state not in ('received', 'checked')
    group by person_id, programmes[1], from_month
"""
_GRANTED = """
    select person_id, programme from (
        select distinct on (person_id, programme) person_id, programme, outcome from decision
        where person_id = any($1::uuid[]) and status <> 'proposed'
        order by person_id, programme, version desc
    ) newest where outcome = 'granted'
"""
_FOLLOW = """
    update {table} c set commune_code = told.commune_code, province_code = told.province_code{former}
    from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
         as told (person_id, commune_code, province_code, former_province_code)
    where c.person_id = told.person_id and {still}
"""
_LIFT = """
    update hold h set until_month = greatest(h.from_month, date_trunc('month', told.received_on)::date)
    from unnest($1::uuid[], $2::text[], $3::date[]) as told (person_id, programmes, received_on)
    where h.person_id = told.person_id and h.kind = 'stop' and h.until_month is null
      and h.programme = any(string_to_array(told.programmes, ' ')) and told.received_on >= h.signed_on
"""


@dataclass(frozen=True)
class KeepPeopleAndCases:
    """Keeps what was told (`keep`), and opens the cases that it begins, in one transaction."""

    keep: KeepPeople
    law: CaseLaw
    clock: Clock
    units: Units
    to_event: ToEvent

    async def __call__(self, connection: Connection, rows: Sequence[PersonRecord]) -> None:
        newest = list(
            {row.person_id: row for row in sorted(rows, key=lambda row: row.facts.version)}.values()
        )
        elsewhere = [
            row["person_id"]
            for row in await connection.fetch(
                _ELSEWHERE,
                [row.person_id for row in rows],
                [row.facts.place.commune_code for row in rows],
            )
        ]
        lived = await self._places(connection, elsewhere)
        await self.keep(connection, rows)
        lives = await self._places(connection, elsewhere)
        moved = {
            person: lives[person]
            for person, place in lived.items()
            if place.commune_code != lives[person].commune_code and not self._merged(place, lives[person])
        }
        applications = [case for row in newest if (case := self._application(row))]
        await add(connection, applications, self.to_event)
        await _lift_stops(connection, applications)
        if moved:
            await _follow(connection, moved)
            await add(connection, await self._moves(connection, moved), self.to_event)

    def _application(self, row: PersonRecord) -> CaseFile | None:
        """The application that the facts speak of, unless it was decided before it came here."""
        dates, context = row.facts.case["dates"], row.facts.case["context"]
        received = dates.get("application_received_on")
        if received is None or dates.get("decision_signed_on") or context["already_receiving"]:
            return None
        programmes = context.get("applied_for") or casework.UNNAMED
        received_on = received if isinstance(received, date) else date.fromisoformat(received)
        due_on = self.law.due_on(programmes, received_on)
        return casework.application(row.person_id, programmes, row.facts.place, received_on, due_on)

    async def _places(self, connection: Connection, people: Sequence[UUID]) -> dict[UUID, Place]:
        """Where each lives this month, or will by what is told ahead, by every version that counts."""
        if not people:
            return {}
        counted = await connection.fetch(
            f"select {VERSION} from person_facts where person_id = any($1::uuid[])", people
        )
        earlier, today = await histories(connection, people), self.clock.business_date()
        found = {}
        for row in counted:
            versions = (*earlier.get(row["person_id"], ()), facts_version(row))
            last = max(today, *(each.since for each in versions if each.version <= row["version"]))
            found[row["person_id"]] = facts_at(versions, Month.of(last), row["version"]).place
        return found

    def _merged(self, old: Place, new: Place) -> bool:
        if old.former_province_code is None or new.former_province_code is not None:
            return False
        heirs = {each.new_code for each in self.units.successions_of(old.commune_code)}
        return new.commune_code in heirs

    async def _moves(self, connection: Connection, moved: Mapping[UUID, Place]) -> list[CaseFile]:
        """A case at the new place for each programme that is received; another one where the person moves
        again after that was closed."""
        today, people = self.clock.business_date(), list(moved)
        closed = {
            (row["person_id"], row["programme"], Month.of(row["from_month"])): row["closed"]
            for row in await connection.fetch(_CLOSED_MOVES, people)
        }
        found = []
        for row in await connection.fetch(_GRANTED, people):
            person_id, programme = row["person_id"], row["programme"]
            first = self.law.new_place_pays_from(programme, today)
            before = closed.get((person_id, programme, first), 0)
            found.append(
                CaseFile(
                    case_id=measure_id(casework.MOVE, person_id, programme, first, before),
                    kind=casework.MOVE,
                    person_id=person_id,
                    programmes=(programme,),
                    place=moved[person_id],
                    received_on=today,
                    due_on=self.law.due_on((programme,), today),
                    from_month=first,
                )
            )
        return found


async def _follow(connection: Connection, moved: Mapping[UUID, Place]) -> None:
    """What is open of somebody who moved goes to the new place."""
    people = list(moved)
    communes = [place.commune_code for place in moved.values()]
    provinces = [place.province_code for place in moved.values()]
    formers = [place.former_province_code for place in moved.values()]
    former = ", former_province_code = told.former_province_code"
    for table, still, more in (
        ("case_file", "c.state in ('received', 'checked')", former),
        ("hold", "c.until_month is null", ""),
    ):
        follow = _FOLLOW.format(table=table, still=still, former=more)
        await connection.execute(follow, people, communes, provinces, formers)


async def _lift_stops(connection: Connection, applications: Sequence[CaseFile]) -> None:
    """Whoever was stopped and applies again is determined again."""
    await connection.execute(
        _LIFT,
        [case.person_id for case in applications],
        [" ".join(case.programmes) for case in applications],
        [case.received_on for case in applications],
    )

"""Admitting and discharging many at once, each with its own answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.facilities.domain.residences import Admission, Discharge, Outcome, admit, discharge
from services.facilities.usecases.ports import Works

ITEMS_MAX = 1_000


@dataclass(frozen=True)
class Admit:
    works: Works

    async def __call__(
        self, wishes: Sequence[Admission], today: date, territory: str | None
    ) -> list[Outcome]:
        """One outcome for each wish, in order. Facilities are locked: no two requests share a place."""
        async with self.works.work(territory) as work:
            facilities = await work.recorded({wish.facility_id for wish in wishes})
            people = {wish.person_id for wish in wishes}
            stays = [*await work.stays_in(facilities), *await work.stays_of(people)]
            outcomes = admit(
                wishes,
                {found_id: one.facility.places for found_id, one in facilities.items()},
                await work.known_people(people),
                stays,
                today,
            )
            started = await work.start(
                [one.residence for one in outcomes if one.code == "admitted" and one.residence]
            )
        return [
            Outcome("already_resident", None)
            if one.code == "admitted" and one.residence and one.residence.residence_id not in started
            else one
            for one in outcomes
        ]


@dataclass(frozen=True)
class DischargePeople:
    works: Works

    async def __call__(
        self, wishes: Sequence[Discharge], today: date, territory: str | None
    ) -> list[Outcome]:
        """One outcome for each wish, in order."""
        async with self.works.work(territory) as work:
            stays = await work.locked_stays({wish.residence_id for wish in wishes})
            outcomes = []
            for wish in wishes:
                outcome = discharge(wish, stays.get(wish.residence_id), today)
                outcomes.append(outcome)
                if outcome.code == "discharged" and outcome.residence:
                    stays[wish.residence_id] = outcome.residence
            await work.end([one.residence for one in outcomes if one.code == "discharged" and one.residence])
        return outcomes

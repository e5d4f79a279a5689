"""Recording facilities: the province's list, as often as it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.common.kernel.cooling import cooled
from libs.common.kernel.errors import FieldError, Refusal
from services.facilities.domain.facilities import (
    Facility,
    FacilityRecorded,
    facility_id,
    goes_elsewhere,
    problems,
    wrong,
)
from services.facilities.domain.residences import House
from services.facilities.usecases.ports import Communes, Work, Works

FACILITIES_MAX = 500


@dataclass(frozen=True)
class RecordFacilities:
    works: Works
    communes: Communes
    #: Days before an account is paid that takes another one's place.
    cooling_days: int

    async def __call__(
        self, stated: Sequence[Facility], today: date, territory: str | None
    ) -> list[tuple[str, UUID]]:
        """(code, id) of each. All are recorded or none: Refusal `request_invalid` or `facility_full`."""
        self._check(stated, today, territory)
        wanted = {facility_id(one.province_code, one.code): one for one in stated}
        async with self.works.work(territory) as work:
            before = await work.recorded(wanted)
            changed = []
            for found_id, facility in wanted.items():
                known = before.get(found_id)
                if known is None or known.facility != facility:
                    changed.append(self._recorded(found_id, facility, known, today))
            await _require_places(work, changed, before)
            await work.record(changed)
        return [(one.code, found_id) for found_id, one in wanted.items()]

    def _recorded(
        self, found_id: UUID, facility: Facility, known: FacilityRecorded | None, today: date
    ) -> FacilityRecorded:
        if known is None:
            return FacilityRecorded(found_id, 1, facility)
        elsewhere = goes_elsewhere(known.facility, facility)
        term = cooled(known.term, today, self.cooling_days, elsewhere=elsewhere)
        return FacilityRecorded(found_id, known.version + 1, facility, term)

    def _check(self, stated: Sequence[Facility], today: date, territory: str | None) -> None:
        communes = self.communes.locations(today)
        found: list[FieldError] = []
        seen = set()
        for at, facility in enumerate(stated):
            found += problems(facility, f"[{at}]", communes, territory)
            if (facility.province_code, facility.code) in seen:
                found.append(wrong(f"[{at}].code", "duplicate_code"))
            seen.add((facility.province_code, facility.code))
        if found:
            raise Refusal(
                "request_invalid",
                "Danh sách cơ sở có trường chưa đúng; xem mục errors.",
                "The list of facilities has fields that are not valid; see errors.",
                tuple(found),
            )


async def _require_places(
    work: Work, changed: Sequence[FacilityRecorded], before: dict[UUID, FacilityRecorded]
) -> None:
    """A facility's places never fall below the people who live there."""
    fewer = {
        one.facility_id: one
        for one in changed
        if one.facility_id in before and one.facility.places < before[one.facility_id].facility.places
    }
    houses = {found_id: House(one.facility.places + 1) for found_id, one in fewer.items()}
    for stay in await work.stays_in(fewer):
        houses[stay.facility_id].take(stay)
    for house in houses.values():
        if not house.has_place_from(date.min):
            raise Refusal(
                "facility_full",
                "Số chỗ mới ít hơn số người đang ở. Hãy giải quyết cho ra trước.",
                "There would be fewer places than residents. Discharge first.",
            )

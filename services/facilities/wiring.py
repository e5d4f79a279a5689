"""Facilities put together: the only file that knows every room."""

from dataclasses import dataclass

from fastapi import FastAPI

from contracts import topics
from contracts.problems import PROBLEMS
from libs.common.kernel.clock import WallClock
from libs.common.runtime import service as shell
from libs.common.runtime.consumer import Handler
from libs.common.runtime.invariants import Invariant
from libs.common.runtime.postgres import Database
from libs.common.runtime.sealing import FieldCipher, Sealer
from libs.common.runtime.settings import required
from libs.common.runtime.units import administrative_units
from services.facilities.api import facilities as facilities_api
from services.facilities.api.facilities import Doors
from services.facilities.events.incoming import people_recorded
from services.facilities.events.outgoing import Outgoing
from services.facilities.settings import FacilitiesSettings
from services.facilities.store.invariants import (
    EVERY_STAY_TOLD,
    IN_TWO_PLACES,
    OVER_PLACES,
    PERSONAL_TABLES_OPEN,
)
from services.facilities.store.people import learn
from services.facilities.store.register import FacilityRegister
from services.facilities.store.work import FacilityWorks
from services.facilities.usecases.facilities import RecordFacilities
from services.facilities.usecases.residences import Admit, DischargePeople

INVARIANTS = (
    Invariant(7, "every residence stands in the log of events", EVERY_STAY_TOLD),
    Invariant(11, "no facility over its places", OVER_PLACES),
    Invariant(11, "nobody in two facilities at a time", IN_TWO_PLACES),
    Invariant(13, "row-level security is forced on every table with personal data", PERSONAL_TABLES_OPEN),
)


@dataclass(frozen=True)
class Parts:
    """What the service is made of, before a door is opened."""

    settings: FacilitiesSettings
    database: Database
    doors: Doors
    people_recorded: Handler


def app() -> FastAPI:
    """uvicorn's factory: the service as the environment describes it."""
    return service(parts(FacilitiesSettings.from_environment("facilities")))


def parts(settings: FacilitiesSettings) -> Parts:
    database = Database(settings)
    cipher = FieldCipher(required(settings.field_key, "field_key"))
    outgoing = Outgoing(Sealer(required(settings.seal_public_payments, "seal_public_payments")))
    works = FacilityWorks(database, cipher, outgoing.to_events)
    doors = Doors(
        record=RecordFacilities(works, administrative_units(), settings.account_cooling_days),
        admit=Admit(works),
        discharge=DischargePeople(works),
        register=FacilityRegister(database),
        clock=WallClock(settings.business_date),
    )
    return Parts(settings, database, doors, people_recorded(learn))


def service(made: Parts) -> FastAPI:
    upstream = tuple(topic.name for topic in topics.consumed_by("facilities"))
    application = shell.build(
        shell.Service(
            settings=made.settings,
            database=made.database,
            problems=PROBLEMS,
            title="An Sinh: facilities",
            routers=(facilities_api.router,),
            publishes=tuple(topic.name for topic in topics.published_by("facilities")),
            awaits=upstream,
            handlers={topics.PERSON.name: made.people_recorded},
            invariants=INVARIANTS,
        )
    )
    application.state.doors = made.doors
    return application

"""The registry put together: the only file that knows every room."""

from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI

from contracts import topics
from contracts.problems import PROBLEMS
from libs.common.kernel.clock import WallClock
from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from libs.common.runtime import service as shell
from libs.common.runtime.invariants import Invariant
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.sealing import BlindIndex, FieldCipher, Sealer
from libs.common.runtime.settings import required
from libs.common.runtime.units import administrative_units
from libs.common.runtime.worker import Worker
from services.registry.api import imports as imports_api
from services.registry.api import people as people_api
from services.registry.api.doors import Doors
from services.registry.events.outgoing import Outgoing
from services.registry.settings import RegistrySettings
from services.registry.store.batches import prepared
from services.registry.store.imports import ImportDesk, ImportQueueTable
from services.registry.store.invariants import EVERY_PERSON_TOLD, PERSONAL_TABLES_OPEN, unfinished_imports
from services.registry.store.people import PeopleTable
from services.registry.store.protection import Protection
from services.registry.store.units import CommunesTable
from services.registry.usecases.imports import TakeImports
from services.registry.usecases.people import ChangePerson, FindPeople, RegisterPerson

INVARIANTS = (
    Invariant(7, "every person's newest version stands in the log of events", EVERY_PERSON_TOLD),
    Invariant(13, "row-level security is forced on every table with personal data", PERSONAL_TABLES_OPEN),
)


@dataclass(frozen=True)
class Parts:
    """What the service is made of, before a door is opened."""

    settings: RegistrySettings
    database: Database
    take_imports: TakeImports
    doors: Doors


def app() -> FastAPI:
    """uvicorn's factory: the service as the environment describes it."""
    return service(parts(RegistrySettings.from_environment("registry")))


def parts(settings: RegistrySettings) -> Parts:
    database = Database(settings)
    protection = Protection(FieldCipher(required(settings.field_key, "field_key")))
    blind_indexes = BlindIndex(required(settings.blind_index_key, "blind_index_key"))
    units = CommunesTable(administrative_units())
    outgoing = Outgoing(
        to_eligibility=Sealer(required(settings.seal_public_eligibility, "seal_public_eligibility")),
        to_payments=Sealer(required(settings.seal_public_payments, "seal_public_payments")),
    )
    people = PeopleTable(database, protection, outgoing.to_events)
    prepare = partial(prepared, protection=protection, to_events=outgoing.to_events)
    take_imports = TakeImports(ImportQueueTable(database, protection), units, blind_indexes, prepare)
    doors = Doors(
        find=FindPeople(people, blind_indexes),
        register=RegisterPerson(people, units, blind_indexes),
        change=ChangePerson(people, units, blind_indexes, settings.account_cooling_days),
        imports=ImportDesk(database, protection),
        clock=WallClock(settings.business_date),
        csv_bytes_max=settings.import_csv_bytes_max,
        xlsx_bytes_max=settings.import_xlsx_bytes_max,
    )
    return Parts(settings, database, take_imports, doors)


def service(made: Parts) -> FastAPI:
    application = shell.build(
        shell.Service(
            settings=made.settings,
            database=made.database,
            problems=PROBLEMS,
            title="An Sinh: registry",
            routers=(imports_api.router, people_api.router),
            publishes=tuple(topic.name for topic in topics.published_by("registry")),
            workers=(Worker("imports", made.take_imports.step),),
            invariants=INVARIANTS,
            closing_guard=no_import_under_way,
        )
    )
    application.state.doors = made.doors
    return application


async def no_import_under_way(connection: Connection, month: Month) -> None:
    """A month's facts are not all in while a file is still being taken. Refusal `facts_not_settled`."""
    waiting = await unfinished_imports(connection)
    if waiting:
        raise Refusal(
            "facts_not_settled",
            f"Còn {waiting} tệp đang nhập; hãy chốt tháng {month} sau khi nhập xong.",
            f"{waiting} files are still being taken; close {month} when they are done.",
        )

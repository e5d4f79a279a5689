"""Who knows whom in eligibility: the engine alone, the service around it, and workers beside the service.

`python -m services.eligibility.wiring` is one more worker of determinations.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path

import uvloop
from fastapi import FastAPI

from contracts import topics
from contracts.problems import PROBLEMS
from libs.common.kernel.clock import Clock, WallClock
from libs.common.kernel.errors import Refusal
from libs.common.kernel.months import Month
from libs.common.runtime import process
from libs.common.runtime import service as shell
from libs.common.runtime.consumer import Handler
from libs.common.runtime.postgres import Connection, Database
from libs.common.runtime.sealing import Opener
from libs.common.runtime.settings import required
from libs.common.runtime.units import administrative_units
from libs.common.runtime.worker import Worker, repeating
from services.eligibility.api import (
    assessments,
    cases,
    decisions,
    determinations,
    foreign_lists,
    occasion_lists,
    occasions,
    recalculations,
    simulations,
    worklist,
)
from services.eligibility.api import receipts as receipts_api
from services.eligibility.domain.case_law import CaseLaw
from services.eligibility.domain.charts import Naming
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.foreign_decisions import TOLD
from services.eligibility.domain.foreign_lists import ForeignList, read_list
from services.eligibility.domain.naming import naming
from services.eligibility.domain.simulation import People, places_of
from services.eligibility.events import outgoing
from services.eligibility.events.incoming import Incoming
from services.eligibility.events.parts import claims, teller
from services.eligibility.settings import PACKAGED_POLICY, EligibilitySettings
from services.eligibility.store.case_files import CaseFiles, CaseReadings
from services.eligibility.store.case_opening import KeepPeopleAndCases
from services.eligibility.store.coverage import Coverage
from services.eligibility.store.decisions import Reads, Signings
from services.eligibility.store.drafts import read_draft
from services.eligibility.store.due import Due
from services.eligibility.store.facts import record_people, record_residences
from services.eligibility.store.foreign_lists import ForeignLists
from services.eligibility.store.invariants import INVARIANTS
from services.eligibility.store.jobs import StoredJobs, month_closed, unfinished_parts
from services.eligibility.store.measures import Measures, measures_to_carry_out
from services.eligibility.store.packed_people import PARTS
from services.eligibility.store.parts import Parts
from services.eligibility.store.policies import PolicyArchive
from services.eligibility.store.policy_files import load_files, policy_of, read_policy
from services.eligibility.store.policy_node import Findings
from services.eligibility.store.policy_register import register
from services.eligibility.store.population import KeptPopulation
from services.eligibility.store.population_files import Frame, read_population
from services.eligibility.store.recalculations import RecalculationsTable
from services.eligibility.store.simulations import SimulationRows
from services.eligibility.store.uncollected import SuspendUncollected
from services.eligibility.store.worklist import Worklist
from services.eligibility.usecases.assess import Assessor
from services.eligibility.usecases.carry_out import CarryOutMeasures
from services.eligibility.usecases.casework import Casework
from services.eligibility.usecases.cover import Cover
from services.eligibility.usecases.determine import DetermineParts
from services.eligibility.usecases.due import DueOccasions
from services.eligibility.usecases.foreign_lists import TakeForeignList
from services.eligibility.usecases.law import LawReader
from services.eligibility.usecases.recalculate import Recalculate
from services.eligibility.usecases.receipts import Engines, Receipts
from services.eligibility.usecases.redetermine import Redetermine
from services.eligibility.usecases.register_page import page
from services.eligibility.usecases.sign import SignDecisions
from services.eligibility.usecases.simulate import Simulations, Simulator

_COVERAGE_IDLE_SECONDS = 1.0
AWAITS = tuple(topic.name for topic in topics.awaited_by("eligibility"))


def engine(policy_dir: Path | None = None, overlay: Path | None = None) -> Engine:
    """The law engine over a policy folder (None: the packaged one), with the files of `overlay` over it.
    Refusal `policy_invalid`."""
    return Engine(read_policy(policy_dir or PACKAGED_POLICY, overlay))


def assessor(policy_dir: Path | None = None, overlay: Path | None = None) -> Assessor:
    """Assessments from policy files alone, without database or broker."""
    return Assessor(engine(policy_dir, overlay))


def law_reader(policy_dir: Path | None = None, overlay: Path | None = None) -> LawReader:
    """The law to be read: of a month, and what differs between two days. Refusal `policy_invalid`."""
    return LawReader(read_policy(policy_dir or PACKAGED_POLICY, overlay))


def coverage_page(policy_dir: Path | None = None) -> str:
    """docs/coverage-of-the-law.md, written from the register. Refusal `policy_invalid`."""
    files = load_files(policy_dir or PACKAGED_POLICY)
    return page(register(files), policy_of(files).version)


def simulator(
    policy_dir: Path | None = None, overlay: Path | None = None, today: Engine | None = None
) -> Simulator:
    """Drafts held against the law of policy files; `today`: the engine over these, where there is one."""
    read = partial(read_draft, policy_dir or PACKAGED_POLICY, overlay)
    return Simulator(today or engine(policy_dir, overlay), read, row_names())


def row_names() -> Naming:
    """What the rows of a simulation are called."""
    return naming(administrative_units())


def population_file(
    asked: Simulator, path: Path, month: Month, residents: Collection[str] = ()
) -> Iterator[People]:
    """The people of a file for `Simulator.answer`; `residents`: personal_ids of those in facilities."""
    policy = asked.today.policy
    frame = Frame(places_of(policy), administrative_units(), month, policy.successions, residents)
    return read_population(path, frame)


def foreign_list(text: str, as_of: date, policy_dir: Path | None = None) -> ForeignList:
    """A list of what another authority decided, checked row by row; only programmes that the register
    says others decide. Refusal `case_invalid` where it is no such table, `policy_invalid`."""
    return read_list(text, _elsewhere(load_files(policy_dir or PACKAGED_POLICY)), as_of)


def _elsewhere(files: Mapping[str, object]) -> frozenset[str]:
    return register(files).elsewhere & TOLD


def app() -> FastAPI:
    """`uvicorn services.eligibility.wiring:app --factory`."""
    return service(EligibilitySettings.from_environment("eligibility"))


def service(settings: EligibilitySettings) -> FastAPI:
    database = Database(settings)
    clock = WallClock(settings.business_date)
    findings = Findings()
    files = load_files(settings.policy_dir, settings.policy_overlay, findings)
    law = Engine(policy_of(files, findings))
    case_law, units = CaseLaw(law.policy), administrative_units()
    incoming = hearing(settings, case_law, clock)
    archive, jobs, reads = PolicyArchive(database), StoredJobs(database), Reads(database)
    engines = Engines(archive, law)
    determine = determiner(settings, database, engines)
    receipts = Receipts(reads, engines)
    recalculated = RecalculationsTable(database, outgoing.differences, topics.DECISION.name)
    recalculate = Recalculate(law, engines, recalculated, clock)
    compared = simulator(settings.policy_dir, settings.policy_overlay, law)
    simulate = simulating(compared, database)
    measures = Measures(database, outgoing.decisions, outgoing.signatures)
    carry_out = CarryOutMeasures(law, measures, clock)
    cover = Cover(law, Coverage(database), clock)
    sign = SignDecisions(Signings(database, outgoing.signatures, outgoing.case), clock)
    take_list = TakeForeignList(ForeignLists(database, outgoing.decided_elsewhere), _elsewhere(files), clock)
    case_reads, due = CaseReadings(database), DueOccasions(law.policy, Due(database))
    casework = Casework(CaseFiles(database, outgoing.case), case_reads, receipts, case_law, clock)
    return shell.build(
        shell.Service(
            settings=settings,
            database=database,
            problems=PROBLEMS,
            title="An Sinh: eligibility",
            routers=(
                # Before the next: its page of jobs would be taken for a month.
                determinations.router(Redetermine(jobs, law.policy.hash), jobs),
                decisions.router(reads, sign),
                cases.router(casework, case_reads, receipts, units),
                worklist.router(Worklist(database), case_law, clock),
                occasions.router(due),
                occasion_lists.router(due),
                receipts_api.router(receipts),
                foreign_lists.router(take_list),
                recalculations.router(recalculated, recalculate),
                assessments.router(Assessor(law)),
                simulations.router(simulate, compared.name),
            ),
            publishes=tuple(topic.name for topic in topics.published_by("eligibility")),
            awaits=AWAITS,
            handlers=handlers(incoming),
            workers=(
                repeating("part teller", teller(settings, jobs.tell).run),
                repeating("part claims", claims(settings, PARTS, determine).run),
                Worker("simulations", simulate.step, idle_seconds=0.5),
                Worker("measures", carry_out.step),
                Worker("coverage", cover.step, idle_seconds=_COVERAGE_IDLE_SECONDS),
                Worker("recalculations", recalculate.step),
            ),
            invariants=INVARIANTS,
            on_month_closed=on_month_closed,
            closing_guard=determination_done,
            on_start=partial(archive.keep, law.policy, files),
        )
    )


def simulating(compared: Simulator, database: Database) -> Simulations:
    """Questions about drafts, asked of the people whose facts are kept."""
    kept = KeptPopulation(database, places_of(compared.today.policy))
    return Simulations(compared, SimulationRows(database), kept)


def hearing(settings: EligibilitySettings, law: CaseLaw, clock: Clock) -> Incoming:
    """What is done with what other services tell."""
    opener = Opener(required(settings.seal_private, "seal_private"))
    keep_people = KeepPeopleAndCases(record_people, law, clock, administrative_units(), outgoing.case)
    suspend = SuspendUncollected(law, clock, outgoing.case)
    return Incoming(opener, keep_people, record_residences, suspend)


def handlers(incoming: Incoming) -> dict[str, Handler]:
    """Of each topic that is heard."""
    return {
        topics.PERSON.name: incoming.people,
        topics.RESIDENCE.name: incoming.residences,
        topics.UNCOLLECTED.name: incoming.uncollected,
    }


def determiner(settings: EligibilitySettings, database: Database, engines: Engines) -> DetermineParts:
    """Determines a part of the nation: in the service, and in each worker beside it."""
    parts = Parts(database, engines.in_use.policy.hash, outgoing.decisions, outgoing.alike)
    return DetermineParts(engines, parts, WallClock(settings.business_date))


async def work(settings: EligibilitySettings) -> None:
    """One more worker of determinations, a process of its own; any number may run, until they are killed."""
    process.begin("eligibility-worker")
    database = Database(settings)
    await database.open()
    try:
        findings = Findings()
        files = load_files(settings.policy_dir, settings.policy_overlay, findings)
        law, archive = Engine(policy_of(files, findings)), PolicyArchive(database)
        await archive.keep(law.policy, files)
        determine = determiner(settings, database, Engines(archive, law))
        await repeating("part claims", claims(settings, PARTS, determine).run).run()
    finally:
        await database.close()


async def on_month_closed(connection: Connection, _: str, __: int, month: Month) -> None:
    await month_closed(connection, AWAITS, month)


async def determination_done(connection: Connection, month: Month) -> None:
    """Refusal `determination_unfinished` while people of the month are still being determined."""
    waiting = await unfinished_parts(connection, month)
    if waiting:
        raise Refusal(
            "determination_unfinished",
            f"Còn {waiting} phần hồ sơ của tháng {month} đang được xét. Hãy thử lại sau ít phút.",
            f"{waiting} parts of {month} are still being determined. Try again in a few minutes.",
        )
    signed = await measures_to_carry_out(connection, month)
    if signed:
        raise Refusal(
            "determination_unfinished",
            f"Còn {signed} quyết định tạm dừng, thôi hưởng, hưởng lại của tháng {month} đang được ghi. "
            "Hãy thử lại sau ít phút.",
            f"{signed} suspensions, stops and resumptions of {month} are being written. Try again in a few "
            "minutes.",
        )


if __name__ == "__main__":
    uvloop.run(work(EligibilitySettings.from_environment("eligibility")))

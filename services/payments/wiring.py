"""Payments put together: the only file that knows every room."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import uvloop
from fastapi import FastAPI

from contracts import topics
from contracts.problems import PROBLEMS
from libs.common.kernel.clock import Clock, WallClock
from libs.common.runtime import process
from libs.common.runtime import service as shell
from libs.common.runtime.postgres import Database
from libs.common.runtime.sealing import BlindIndex, FieldCipher, Opener
from libs.common.runtime.settings import required
from libs.common.runtime.signatures import Signer, is_signed
from libs.common.runtime.units import administrative_units
from libs.common.runtime.worker import Worker, repeating
from services.payments.api import webhook_messages
from services.payments.api.doors import Doors
from services.payments.api.routes import ROUTERS
from services.payments.clients.account_names import AccountNames
from services.payments.clients.bank_files.pain001_writer import write_pain001
from services.payments.clients.partner_reports import read_report
from services.payments.clients.post_files.list_writer import write_post_list
from services.payments.clients.wallets.answers import read_wallet_answer
from services.payments.clients.wallets.batch_writer import write_wallet_batch
from services.payments.clients.wallets.operator import WalletOperators
from services.payments.clients.webhooks.guarded import GuardedNetwork, UrlRules
from services.payments.clients.webhooks.post import WebhookPost, new_secret
from services.payments.domain.files import PAIN_001, POST_LIST, WALLET_BATCH
from services.payments.domain.run_checks import Limits
from services.payments.events import run_work
from services.payments.events.incoming import Incoming
from services.payments.events.outgoing import payments_changed, to_event, uncollected
from services.payments.settings import PaymentsSettings
from services.payments.store.account_names import AskedNames
from services.payments.store.books import StoredBooks
from services.payments.store.building import Building
from services.payments.store.campaign_due import CampaignLists
from services.payments.store.campaign_intake import Intake, Preparing
from services.payments.store.campaign_lists import ListDesk
from services.payments.store.campaign_reads import StoredCampaignReads
from services.payments.store.campaigns import StoredCampaigns
from services.payments.store.changes import UNTOLD, Telling, ToldPayments
from services.payments.store.collections import Collecting, CollectionDesk
from services.payments.store.donations import StoredDonations
from services.payments.store.due import MonthlyDecisions, RunSources
from services.payments.store.heard import Accounts, keep_differences, keep_entitlements, keep_signatures
from services.payments.store.instructing import Instructing
from services.payments.store.invariants import INVARIANTS
from services.payments.store.month_calendar import read_calendar
from services.payments.store.once import KeptAnswers
from services.payments.store.orders import RunOrders
from services.payments.store.overpaying import Overpaying
from services.payments.store.overpayments import StoredOverpayments
from services.payments.store.partners import StoredPartners
from services.payments.store.reads import StoredReads
from services.payments.store.recoveries import StoredRecoveries
from services.payments.store.reports import Reconciling, ReportDesk
from services.payments.store.run_checks import Checking, StoredChecks
from services.payments.store.run_rows import RunsWithWork
from services.payments.store.sandbox import StoredSandboxes
from services.payments.store.silence import Silence
from services.payments.store.suspense import Resolutions
from services.payments.store.suspense_desk import SuspenseDesk
from services.payments.store.vouchers import Money
from services.payments.store.wallets import WalletCalls
from services.payments.store.webhook_queues import WebhookQueues
from services.payments.store.webhooks import StoredWebhooks
from services.payments.usecases.account_names import AskNames
from services.payments.usecases.campaign_lists import ReceiveList, TakeLists
from services.payments.usecases.campaigns import KeepCampaigns
from services.payments.usecases.collections import ReceiveCollections, TakeCollections
from services.payments.usecases.donations import TakeDonations
from services.payments.usecases.instruct import BookRuns, Payer, WriteFiles
from services.payments.usecases.once import Once
from services.payments.usecases.overpayments import FindOverpayments, KeepRecoveries
from services.payments.usecases.partners import Admit, Rate, RegisterPartners, RequireSigned, Streams
from services.payments.usecases.ports import FileWriter
from services.payments.usecases.reports import PayeeIndex, ReceiveReport, TakeReports
from services.payments.usecases.run_checks import AcceptFindings, CheckRuns
from services.payments.usecases.runs import ApproveRun, BuildRuns, OpenRun, WithdrawRun
from services.payments.usecases.sandbox import Sandbox
from services.payments.usecases.silence import FindSilent
from services.payments.usecases.statements import TakeStatements
from services.payments.usecases.suspense import CarryOutResolutions, ResolveSuspense
from services.payments.usecases.telling import TellPayments
from services.payments.usecases.vouchers import KeepFunds
from services.payments.usecases.wallets import CallWallets
from services.payments.usecases.webhooks import ManageWebhooks, SendWebhooks

_SENDER_IDLE_SECONDS = 1.0
_SILENCE_IDLE_SECONDS = 60.0
_WRITERS: Mapping[str, FileWriter] = {
    PAIN_001: write_pain001,
    POST_LIST: write_post_list,
    WALLET_BATCH: write_wallet_batch,
}
AWAITS = tuple(topic.name for topic in topics.consumed_by("payments"))


@dataclass(frozen=True)
class Parts:
    """What the service is made of, before a door is opened. `workers`: in the order of a run's life,
    and further hands.
    `run_workers` and `report_taker`: those of them that may work beside the service, in processes of their
    own, too.
    """

    settings: PaymentsSettings
    database: Database
    incoming: Incoming
    doors: Doors
    run_workers: tuple[Worker, ...]
    report_taker: Worker
    workers: tuple[Worker, ...]


def app() -> FastAPI:
    """uvicorn's factory: the service as the environment describes it."""
    return service(parts(PaymentsSettings.from_environment("payments")))


def parts(settings: PaymentsSettings) -> Parts:
    database = Database(settings)
    clock = WallClock(settings.business_date)
    cipher = FieldCipher(required(settings.field_key, "field_key"))
    accounts = Accounts(cipher, BlindIndex(required(settings.blind_index_key, "blind_index_key")))
    instructing = Instructing(database, cipher, accounts.open, to_event)
    payer = Payer(settings.payer_name, settings.payer_account)
    sources = RunSources(MonthlyDecisions(clock.business_date), CampaignLists())
    build = BuildRuns(Building(database, sources, to_event), clock, settings.run_shard_people)
    check = CheckRuns(Checking(database, tuple(settings.name_checks)), _limits(settings), clock)
    book = BookRuns(instructing, clock)
    write = WriteFiles(instructing, _WRITERS, payer, clock)
    reconciling = Reconciling(database, cipher, to_event, uncollected)
    take = TakeReports(reconciling, read_report, accounts.payee_index, clock)
    collect = TakeCollections(Collecting(database, cipher, to_event, uncollected), clock)
    statements = TakeStatements(
        reconciling,
        read_report,
        accounts.payee_index,
        lambda province: settings.payer_account.format(province=province),
        clock,
    )
    resolve = CarryOutResolutions(Resolutions(database, to_event), clock)
    overpaid = FindOverpayments(Overpaying(database), clock)
    tell = TellPayments(Telling(database, payments_changed))
    told = ToldPayments(database)
    manage, stored, senders = _webhooks(settings, database, cipher, told)
    builder, writer = Worker("run builder", build.step), Worker("file writer", write.step)
    report_taker = Worker("report taker", take.step)
    run_workers = (
        builder,
        _name_asker(settings, database, accounts, clock),
        Worker("run checker", check.step),
        Worker("run booker", book.step),
        writer,
    )
    return Parts(
        settings=settings,
        database=database,
        incoming=_incoming(settings, accounts),
        doors=_doors(settings, database, cipher, accounts.payee_index, told, manage, stored),
        run_workers=run_workers,
        report_taker=report_taker,
        workers=(
            _list_taker(database, cipher, accounts, clock),
            *run_workers,
            report_taker,
            *_more_hands(settings, builder, writer, report_taker),
            Worker("statement taker", statements.step),
            Worker("collection taker", collect.step),
            Worker("suspense resolver", resolve.step),
            _silence_finder(settings, database, clock),
            _wallet_caller(settings, database, cipher, clock),
            Worker("overpayment finder", overpaid.step),
            Worker("event teller", tell.step),
            *senders,
        ),
    )


def _more_hands(settings: PaymentsSettings, *workers: Worker) -> list[Worker]:
    """The same again beside them: while one waits for the database another has its turn."""
    return [
        replace(worker, name=f"{worker.name} {number}")
        for worker in workers
        for number in range(2, settings.hands + 1)
    ]


def _signer(settings: PaymentsSettings) -> Signer:
    return Signer(settings.signing_keys.get_secret_value() if settings.signing_keys else None)


def _name_asker(settings: PaymentsSettings, database: Database, accounts: Accounts, clock: Clock) -> Worker:
    ask = AskNames(
        AskedNames(database, accounts.open),
        AccountNames(settings.name_checks, _signer(settings)),
        RequireSigned(StoredPartners(database), is_signed),
        tuple(settings.name_checks),
        clock,
        settings.name_check_seconds,
    )
    return Worker("name asker", ask.step)


def _wallet_caller(
    settings: PaymentsSettings, database: Database, cipher: FieldCipher, clock: Clock
) -> Worker:
    call = CallWallets(
        WalletCalls(database, cipher),
        WalletOperators(settings.wallets, _signer(settings)),
        RequireSigned(StoredPartners(database), is_signed),
        read_wallet_answer,
        ReceiveReport(ReportDesk(database, cipher)),
        tuple(settings.wallets),
        clock,
        settings.wallet_seconds,
    )
    return Worker("wallet caller", call.step, _SENDER_IDLE_SECONDS)


def _silence_finder(settings: PaymentsSettings, database: Database, clock: Clock) -> Worker:
    terms = {
        PAIN_001: settings.silent_days_bank,
        POST_LIST: settings.silent_days_post,
        WALLET_BATCH: settings.silent_days_wallet,
    }
    return Worker("silence finder", FindSilent(Silence(database), terms, clock).step, _SILENCE_IDLE_SECONDS)


def _incoming(settings: PaymentsSettings, accounts: Accounts) -> Incoming:
    return Incoming(
        Opener(required(settings.seal_private, "seal_private")),
        keep_entitlements,
        keep_signatures,
        keep_differences,
        accounts.keep,
        accounts.keep_facilities,
    )


def _limits(settings: PaymentsSettings) -> Limits:
    return Limits(
        settings.check_jump_percent, settings.check_account_people_max, settings.check_alone_dong_max
    )


def _list_taker(database: Database, cipher: FieldCipher, accounts: Accounts, clock: Clock) -> Worker:
    preparing = Preparing(accounts)
    intake = Intake(database, cipher, preparing, clock.business_date)
    return Worker("list taker", TakeLists(intake, administrative_units().locations, preparing).step)


def _doors(
    settings: PaymentsSettings,
    database: Database,
    cipher: FieldCipher,
    payee_index: PayeeIndex,
    told: ToldPayments,
    manage: ManageWebhooks,
    stored: StoredWebhooks,
) -> Doors:
    clock = WallClock(settings.business_date)
    orders, register = RunOrders(database, AWAITS, to_event), StoredPartners(database)
    gifts, lines = StoredDonations(database, cipher), SuspenseDesk(database)
    funds = KeepFunds(Money(database), clock)
    lists = ListDesk(database, cipher)
    return Doors(
        open_run=OpenRun(orders, clock),
        approve_run=ApproveRun(orders, clock),
        withdraw_run=WithdrawRun(orders, clock),
        accept_findings=AcceptFindings(orders, clock),
        check_reads=StoredChecks(database),
        receive_report=ReceiveReport(ReportDesk(database, cipher)),
        collections=ReceiveCollections(CollectionDesk(database)),
        reads=StoredReads(database, cipher, read_calendar(settings.policy_terms)),
        books=StoredBooks(database),
        funds=funds,
        suspense=ResolveSuspense(lines),
        suspense_reads=lines,
        recoveries=KeepRecoveries(StoredRecoveries(database), clock),
        overpayment_reads=StoredOverpayments(database),
        donations=TakeDonations(gifts, funds, clock),
        donation_reads=gifts,
        campaigns=KeepCampaigns(StoredCampaigns(database), clock),
        campaign_reads=StoredCampaignReads(database),
        receive_list=ReceiveList(lists),
        lists=lists,
        today=clock.business_date,
        events=told,
        webhooks=manage,
        webhook_reads=stored,
        partners=RegisterPartners(register),
        partner_register=register,
        admit=Admit(register, Rate(settings.partner_requests_per_second, settings.partner_requests_burst)),
        require_signed=RequireSigned(register, is_signed),
        signer=_signer(settings),
        streams=Streams(settings.streams_of_one_max),
        sandbox=Sandbox(StoredSandboxes(database), register, _WRITERS, read_report, payee_index, clock),
        once=Once(KeptAnswers(database, cipher), clock),
        report_bytes_max=settings.report_bytes_max,
        list_csv_bytes_max=settings.list_csv_bytes_max,
        list_xlsx_bytes_max=settings.list_xlsx_bytes_max,
        token_check_seconds=settings.token_check_seconds,
        stream_seconds=settings.stream_seconds,
    )


def _webhooks(
    settings: PaymentsSettings, database: Database, cipher: FieldCipher, told: ToldPayments
) -> tuple[ManageWebhooks, StoredWebhooks, Sequence[Worker]]:
    clock, loopback = WallClock(settings.business_date), settings.webhook_loopback
    stored = StoredWebhooks(database, cipher)
    post = WebhookPost(GuardedNetwork(loopback=loopback))
    send = SendWebhooks(WebhookQueues(database, cipher), told, post, clock, settings.webhook_seconds)
    senders = [
        Worker(f"webhook sender {number}", send.beside if number else send.step, _SENDER_IDLE_SECONDS)
        for number in range(settings.webhook_senders)
    ]
    return ManageWebhooks(stored, told, post, UrlRules(loopback=loopback), new_secret, clock), stored, senders


def service(made: Parts) -> FastAPI:
    teller = run_work.teller(made.settings, RunsWithWork(made.database).due)
    application = shell.build(
        shell.Service(
            settings=made.settings,
            database=made.database,
            problems=PROBLEMS,
            title="An Sinh: payments",
            routers=ROUTERS,
            closes_months=False,
            publishes=tuple(topic.name for topic in topics.published_by("payments")),
            awaits=AWAITS,
            handlers={
                topics.DECISION.name: made.incoming.decisions,
                topics.DIFFERENCE.name: made.incoming.differences,
                topics.PAYOUT_ACCOUNT.name: made.incoming.accounts,
                topics.FACILITY.name: made.incoming.facilities,
            },
            workers=(*made.workers, repeating("run teller", teller.run)),
            invariants=INVARIANTS,
            untold=UNTOLD,
        )
    )
    application.state.doors = made.doors
    webhook_messages.describe(application)
    return application


async def work(settings: PaymentsSettings, names: Sequence[str] = ()) -> None:
    """One more worker of runs and reports, a process of its own; any number may run, until they are killed.

    `names`: of those of the run's workers that it is; none: all, and it takes reports too.
    """
    process.begin("payments-worker")
    made = parts(settings)
    await made.database.open()
    try:
        chosen = [worker for worker in made.run_workers if not names or worker.name in names]
        run = repeating("run work", run_work.listener(settings, chosen).run)
        await asyncio.gather(*(worker.run() for worker in ([run] if names else [run, made.report_taker])))
    finally:
        await made.database.close()


if __name__ == "__main__":
    uvloop.run(work(PaymentsSettings.from_environment("payments")))

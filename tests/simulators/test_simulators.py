"""Partners at work: every file answered once, the same way, through outages and kills."""

import io
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid5

import httpx
import pytest

from libs.common.kernel import ids
from libs.common.runtime.signatures import Signer, new_signing_keys
from services.payments.clients.bank_files.pain001_writer import write_pain001
from services.payments.clients.partner_reports import read_report
from services.payments.clients.post_files.list_writer import write_post_list
from services.payments.domain.partner_lines import FileHeader, LineStatus, PaymentOrder
from simulators import agency, door
from simulators.answer import Answer, Sums
from simulators.books import Books, BooksUnreadable
from simulators.door import Addresses, Door
from simulators.main import AGENCIES, choose, start
from simulators.outcomes import Odds
from simulators.switches import Switches
from tests.services.payments.partner_files import BANK, NAMESPACE, POST, header, order
from tests.simulators.platform import SECRET, File, Platform

ROOT = Path(__file__).parents[2]
ODDS = Odds(seed=3, failing_per_10_000=3_000)


def _header(orders: list[PaymentOrder], agency_code: str, number: int) -> FileHeader:
    made = header(orders, agency_code)
    file_id = uuid5(NAMESPACE, f"{agency_code}.{number}")
    return FileHeader(**{name: getattr(made, name) for name in made.__slots__} | {"file_id": file_id})


def put_files(platform: Platform, agency_code: str, files: int, payments: int = 30) -> None:
    for number in range(files):
        orders = [order(number * 1_000 + n, agency=agency_code) for n in range(payments)]
        head, target = _header(orders, agency_code, number), io.BytesIO()
        (write_post_list if agency_code == POST else write_pain001)(target, head, orders)
        expected = 1 if agency_code == POST else 2
        platform.files[ids.show("fil", head.file_id)] = File(
            agency_code, target.getvalue(), reports_expected=expected
        )


@pytest.fixture
def platform() -> Iterator[Platform]:
    made = Platform()
    made.start()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of milliseconds."""
    for module, name in (
        (door, "_PAUSE_SECONDS_FIRST"),
        (door, "_PAUSE_SECONDS_MAX"),
        (agency, "_IDLE_SECONDS_FIRST"),
        (agency, "_IDLE_SECONDS_MAX"),
    ):
        monkeypatch.setattr(module, name, 0.01)


class Partner:
    """A clerk on a thread of its own, that can be stopped dead and replaced."""

    def __init__(self, platform: Platform, folder: Path, agency_code: str = BANK) -> None:
        self.stop = threading.Event()
        self.books = Books(folder, agency_code)
        addresses = Addresses(platform.url, platform.url, SECRET)
        self.clerk = agency.Clerk(agency_code, Door(addresses, agency_code, self.stop), self.books, ODDS)
        self.thread = threading.Thread(target=self.clerk.work, daemon=True)
        self.thread.start()

    def end(self) -> None:
        self.stop.set()
        self.thread.join(10)
        assert not self.thread.is_alive()


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


def answered(platform: Platform) -> bool:
    return not any(file.ready for file in platform.files.values())


def outcomes(platform: Platform) -> dict[str, LineStatus | None]:
    return {
        line.end_to_end_id: line.status
        for file in platform.files.values()
        for report in file.reports
        for line in read_report(report).lines
    }


@pytest.mark.parametrize("agency_code", [BANK, POST])
def test_every_file_is_answered_and_the_books_agree(
    agency_code: str, platform: Platform, tmp_path: Path
) -> None:
    put_files(platform, agency_code, files=5)
    partner = Partner(platform, tmp_path, agency_code)
    until(lambda: answered(platform))
    until(lambda: partner.books.totals()["settled"] > 0)
    partner.end()
    told = outcomes(platform)
    assert len(told) == 150
    totals = partner.books.totals()
    settled = sum(status is LineStatus.SETTLED for status in told.values())
    assert totals == {
        "payments": 150,
        "received_dong": 150 * 540_000,
        "settled": settled,
        "settled_dong": settled * 540_000,
        "returned": 150 - settled,
        "returned_dong": (150 - settled) * 540_000,
    }
    assert 0 < settled < 150
    assert "Nguyễn" not in partner.books.path.read_text()


def test_a_bank_rejects_first_and_books_then(platform: Platform, tmp_path: Path) -> None:
    put_files(platform, BANK, files=1)
    partner = Partner(platform, tmp_path)
    until(lambda: answered(platform))
    partner.end()
    (file,) = platform.files.values()
    assert [read_report(report).kind for report in file.reports] == ["pain.002", "camt.054"]


def test_a_file_rests_for_the_delay_before_it_is_answered(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_files(platform, BANK, 1)
    seconds = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: seconds)
    addresses = Addresses(platform.url, platform.url, SECRET)
    switches = Switches(delay_seconds=30)
    own = Door(addresses, BANK, threading.Event())
    clerk = agency.Clerk(BANK, own, Books(tmp_path, BANK), ODDS, switches=switches)
    for now, answered in ((100.0, 0), (129.9, 0), (130.0, 1), (131.0, 0)):
        seconds = now
        assert clerk.once() == answered, now
    [file] = platform.files.values()
    assert len(file.reports) == 2


def test_outcomes_hang_on_who_is_paid_and_not_on_ids(platform: Platform) -> None:
    assert [ODDS.at_bank(f"{n}") for n in range(99)] == [ODDS.at_bank(f"{n}") for n in range(99)]
    failing = sum(Odds().at_bank(f"{n:010d}") is not None for n in range(20_000))
    assert 150 < failing < 250
    reasons = {Odds().at_post(f"{n:012d}") for n in range(20_000)}
    assert reasons == {None, "not_met", "deceased"}
    assert [Odds(2).at_bank(f"{n}") for n in range(999)] != [Odds(1).at_bank(f"{n}") for n in range(999)]


def test_outages_and_an_expired_token_are_ridden_out(platform: Platform, tmp_path: Path) -> None:
    put_files(platform, BANK, files=3)
    platform.failures = [503, 500, 401, 429, 502, 401, 503, 504, 408]
    partner = Partner(platform, tmp_path)
    until(lambda: answered(platform))
    partner.end()
    assert platform.failures == []
    assert len(platform.tokens) == 3
    assert len(outcomes(platform)) == 90


def test_a_platform_that_is_away_is_waited_for(tmp_path: Path) -> None:
    platform = Platform()
    platform.start()
    assert platform.server is not None
    port = platform.server.server_port
    put_files(platform, BANK, files=2)
    platform.reports_max = 1
    partner = Partner(platform, tmp_path)
    until(lambda: platform.reported() == 1)
    platform.stop()
    time.sleep(0.1)
    platform.reports_max = None
    platform.start(port)
    until(lambda: answered(platform))
    partner.end()
    platform.stop()


@pytest.mark.parametrize("books_kept", [True, False])
@pytest.mark.parametrize("killed_after", range(4))
def test_a_partner_killed_at_any_point_goes_on_where_it_was(
    killed_after: int, books_kept: bool, platform: Platform, tmp_path: Path
) -> None:
    put_files(platform, BANK, files=2)
    platform.reports_max = killed_after
    first = Partner(platform, tmp_path)
    until(lambda: platform.reported() == killed_after)
    first.end()
    platform.reports_max = None
    second = Partner(platform, tmp_path if books_kept else tmp_path / "new")
    until(lambda: answered(platform))
    second.end()
    # Two reports per file and no more: what was sent twice was the same, byte for byte.
    assert [len(file.reports) for file in platform.files.values()] == [2, 2]
    assert len(outcomes(platform)) == 60


def test_a_file_whose_report_is_refused_does_not_hold_up_the_others(
    platform: Platform, tmp_path: Path
) -> None:
    put_files(platform, BANK, files=3)
    refused = next(iter(platform.files))
    platform.refuse_reports_of[refused] = 422
    partner = Partner(platform, tmp_path)
    others = [file for file_id, file in platform.files.items() if file_id != refused]
    until(lambda: not any(file.ready for file in others))
    asked = platform.asked
    platform.refuse_reports_of.clear()
    until(lambda: answered(platform))
    partner.end()
    assert asked < 200


def test_what_the_platform_has_lost_is_reported_anew(
    platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agency, "_DONE_SECONDS", 0.05)
    put_files(platform, BANK, files=1)
    partner = Partner(platform, tmp_path)
    until(lambda: answered(platform))
    (file,) = platform.files.values()
    before = list(file.reports)
    file.reports.clear()
    until(lambda: answered(platform))
    partner.end()
    assert file.reports == before


def test_a_file_that_is_cut_off_is_rejected_as_a_whole(platform: Platform, tmp_path: Path) -> None:
    put_files(platform, BANK, files=1)
    (file,) = platform.files.values()
    file.content, file.reports_expected = file.content[:-300], 1
    partner = Partner(platform, tmp_path)
    until(lambda: answered(platform))
    partner.end()
    assert read_report(file.reports[0]).file_rejected_reason == "FF01"


def test_a_file_that_the_platform_did_not_sign_is_left_alone_and_changed_keys_are_asked_for(
    platform: Platform, tmp_path: Path
) -> None:
    put_files(platform, BANK, files=1)
    ours, theirs = Signer(new_signing_keys()), Signer(new_signing_keys())
    platform.signer, platform.published = theirs, ours.public()
    partner = Partner(platform, tmp_path)
    until(lambda: bool(partner.clerk._resting))
    assert platform.reported() == 0
    platform.published = theirs.public()
    until(lambda: answered(platform))
    partner.end()


def test_books_that_are_none_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / f"{BANK}.jsonl").write_text("{}\n")
    with pytest.raises(BooksUnreadable):
        Books(tmp_path, BANK)


def test_a_line_that_a_kill_tore_is_as_if_never_begun(tmp_path: Path) -> None:
    answer = Answer((), Sums(2, 300), Sums(1, 100), Sums(1, 200))
    books = Books(tmp_path, BANK)
    books.enter("fil_1", "run_1", answer)
    with books.path.open("a") as file:
        file.write('{"payment_file_id": "fil_2", "run')
    after = Books(tmp_path, BANK)
    assert after.totals() == books.totals()
    after.enter("fil_2", "run_1", answer)
    assert Books(tmp_path, BANK).totals()["settled_dong"] == 200


def test_clerks_share_the_post_s_lists(platform: Platform, tmp_path: Path) -> None:
    put_files(platform, POST, files=12, payments=2)
    environment = {
        "ANSINH_PAYMENTS_URL": platform.url,
        "ANSINH_OIDC_ISSUER": platform.url,
        "ANSINH_LOCAL_ISSUER_SECRET": SECRET,
        "ANSINH_DATA_DIR": str(tmp_path),
    }
    stop = threading.Event()
    threads = start(choose(["--agencies", POST, "--wallets", ""], environment), stop).threads
    until(lambda: answered(platform))
    stop.set()
    for thread in threads:
        thread.join(10)
    assert len(threads) == 4
    assert [len(file.reports) for file in platform.files.values()] == [1] * 12


def test_choices_come_from_the_line_then_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    environment = {
        "ANSINH_LOCAL_ISSUER_SECRET": "x",
        "ANSINH_PORT_BASE": "9000",
        "ANSINH_SIMULATORS_SEED": "5",
    }
    choice = choose(["--agencies", "970405, VNPOST"], environment)
    assert choice.agencies == ("970405", "VNPOST")
    assert (choice.addresses.payments, choice.addresses.issuer) == (
        "http://127.0.0.1:9003",
        "http://127.0.0.1:9005",
    )
    assert (choice.port, choice.odds) == (9013, Odds(5, 100))
    assert choose([], environment).agencies == AGENCIES
    with pytest.raises(SystemExit):
        choose([], {})
    assert "ANSINH_LOCAL_ISSUER_SECRET" in capsys.readouterr().err


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _process(platform: Platform, folder: Path, port: int) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "ANSINH_PAYMENTS_URL": platform.url,
        "ANSINH_OIDC_ISSUER": platform.url,
        "ANSINH_LOCAL_ISSUER_SECRET": SECRET,
        "ANSINH_DATA_DIR": str(folder),
    }
    command = [sys.executable, "-m", "simulators.main", "--port", str(port), "--agencies", f"{BANK},{POST}"]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def test_the_process_killed_and_started_again_answers_everything_once(
    platform: Platform, tmp_path: Path
) -> None:
    put_files(platform, BANK, files=3)
    put_files(platform, POST, files=3)
    platform.reports_max = 4
    port = _free_port()
    process = _process(platform, tmp_path, port)
    until(lambda: _ready(port) and platform.reported() >= 4)
    process.kill()
    process.wait(10)
    platform.reports_max = None
    process = _process(platform, tmp_path, port)
    until(lambda: answered(platform))
    assert _ready(port)
    process.terminate()
    assert process.wait(10) == 0
    assert [len(file.reports) for file in platform.files.values()] == [2, 2, 2, 1, 1, 1]
    for agency_code in (BANK, POST):
        assert Books(tmp_path / "simulators", agency_code).totals()["payments"] == 90

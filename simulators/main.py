"""Banks, post office and wallet operator in one process: partners of the payments service, by its API alone.

python -m simulators.main --help
"""

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from simulators.agency import Clerk, Share
from simulators.bank.names import NameDesk
from simulators.books import Books, BooksUnreadable
from simulators.door import Addresses, Door
from simulators.keys import load_or_make
from simulators.outcomes import Odds
from simulators.ready import serve
from simulators.switches import Switches, read_switches
from simulators.wallet.g2p_connect import G2pOperator
from simulators.wallet.operator import Operator

HOST = "127.0.0.1"
POST = "VNPOST"
#: VBSP, Agribank, VietinBank, Vietcombank, BIDV by their BIN, and the post office.
AGENCIES = ("999888", "970405", "970415", "970436", "970418", POST)
#: Viettel Money and VNPT Money, by their BIN; the second speaks G2P Connect.
WALLETS = ("971005", "971011")
_SPEAK_G2P_CONNECT = frozenset({"971011"})
_PORT_BASE_DEFAULT = 8100
_PAYMENTS_SHIFT, _ISSUER_SHIFT, _OWN_SHIFT = 3, 5, 13
#: A post office gets one small list per commune, and so hundreds of them.
_POST_CLERKS = 4
_END_SECONDS = 2.0


@dataclass(frozen=True)
class Choice:
    agencies: tuple[str, ...]
    wallets: tuple[str, ...]
    addresses: Addresses
    folder: Path
    port: int
    odds: Odds
    switches: Switches


def choose(arguments: Sequence[str], environment: Mapping[str, str]) -> Choice:
    """From the command line, then the environment, then defaults; SystemExit with a message if wrong."""
    base = int(environment.get("ANSINH_PORT_BASE", _PORT_BASE_DEFAULT))
    parser = argparse.ArgumentParser(
        prog="python -m simulators.main",
        description="Partners that take payments and report what became of each.",
    )
    known = environment.get("ANSINH_SIMULATORS_AGENCIES", ",".join(AGENCIES))
    parser.add_argument("--agencies", default=known, help="codes, separated by commas (default: %(default)s)")
    operators = environment.get("ANSINH_SIMULATORS_WALLETS", ",".join(WALLETS))
    parser.add_argument("--wallets", default=operators, help="wallet operators' codes (default: %(default)s)")
    payments = environment.get("ANSINH_PAYMENTS_URL", f"http://{HOST}:{base + _PAYMENTS_SHIFT}")
    parser.add_argument("--payments-url", default=payments, help="(default: %(default)s)")
    issuer = environment.get("ANSINH_OIDC_ISSUER", f"http://{HOST}:{base + _ISSUER_SHIFT}")
    parser.add_argument("--issuer-url", default=issuer, help="(default: %(default)s)")
    data = Path(environment.get("ANSINH_DATA_DIR", "var/data"))
    parser.add_argument("--data-dir", type=Path, default=data, help="the partners' books go below it")
    parser.add_argument("--port", type=int, default=base + _OWN_SHIFT, help="for /readyz (%(default)s)")
    seed = int(environment.get("ANSINH_SIMULATORS_SEED", "1"))
    parser.add_argument("--seed", type=int, default=seed, help="another seed, other failures (%(default)s)")
    failing = int(environment.get("ANSINH_SIMULATORS_FAILING_PER_10_000", "100"))
    parser.add_argument(
        "--failing-per-10000", type=int, default=failing, help="payments that fail (default: %(default)s)"
    )
    switched = environment.get("ANSINH_SIMULATORS_SWITCHES", "")
    parser.add_argument(
        "--switches", default=switched, help="how they misbehave, e.g. duplicate,silent_per_10_000=500"
    )
    given = parser.parse_args(arguments)
    secret = environment.get("ANSINH_LOCAL_ISSUER_SECRET", "")
    if not secret:
        parser.error("ANSINH_LOCAL_ISSUER_SECRET is not set: the local issuer gives no token without it")
    agencies = _codes(given.agencies)
    if not agencies:
        parser.error("--agencies names none")
    try:
        switches = read_switches(given.switches)
    except ValueError as wrong:
        parser.error(f"--switches: {wrong}")
    return Choice(
        agencies=agencies,
        wallets=_codes(given.wallets),
        addresses=Addresses(given.payments_url.rstrip("/"), given.issuer_url.rstrip("/"), secret),
        folder=given.data_dir / "simulators",
        port=given.port,
        odds=Odds(given.seed, given.failing_per_10000),
        switches=switches,
    )


def _codes(line: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code.strip() for code in line.split(",") if code.strip()))


@dataclass(frozen=True)
class Partners:
    """Clerks, all running; wallet operators and banks' desks for account names, by their codes."""

    threads: list[threading.Thread]
    wallets: dict[str, Operator]
    banks: dict[str, NameDesk]


def start(choice: Choice, stop: threading.Event) -> Partners:
    """One thread per clerk; they end when `stop` is set. BooksUnreadable."""
    threads: list[threading.Thread] = []
    wallets: dict[str, Operator] = {}
    banks: dict[str, NameDesk] = {}
    for code in choice.wallets:
        door = _door(choice, code, stop)
        made = G2pOperator if code in _SPEAK_G2P_CONNECT else Operator
        operator = made(code, choice.folder, choice.odds, choice.switches, door.trusts, door.signer)
        wallets[code] = operator
        work = _guarded(partial(operator.work, door), stop)
        threads.append(threading.Thread(target=work, name=code, daemon=True))
    for agency in choice.agencies:
        door, books = _door(choice, agency, stop), Books(choice.folder, agency)
        if agency != POST:
            banks[agency] = NameDesk(choice.odds, door.trusts, door.signer)
        clerks = _POST_CLERKS if agency == POST else 1
        for number in range(clerks):
            clerk = Clerk(agency, door, books, choice.odds, Share(number, clerks), choice.switches)
            name = f"{agency}.{number}"
            threads.append(threading.Thread(target=_guarded(clerk.work, stop), name=name, daemon=True))
    for thread in threads:
        thread.start()
    return Partners(threads, wallets, banks)


def _door(choice: Choice, agency_code: str, stop: threading.Event) -> Door:
    return Door(choice.addresses, agency_code, stop, load_or_make(choice.folder / "keys", agency_code))


def _guarded(work: Callable[[], None], stop: threading.Event) -> Callable[[], None]:
    def guarded() -> None:
        try:
            work()
        finally:
            # A clerk that falls takes the process with it: the supervisor starts a whole one.
            stop.set()

    return guarded


def main() -> None:
    logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="%(name)s %(levelname)s %(message)s")
    choice = choose(sys.argv[1:], os.environ)
    stop = threading.Event()
    asked = threading.Event()

    def end(*_: object) -> None:
        asked.set()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        partners = start(choice, stop)
        server = serve(HOST, choice.port, partners.wallets, partners.banks)
    except (BooksUnreadable, OSError) as error:
        sys.exit(f"the simulators can't start: {error}")
    stop.wait()
    for thread in partners.threads:
        thread.join(_END_SECONDS / len(partners.threads))
    server.shutdown()
    sys.exit(0 if asked.is_set() else 1)


if __name__ == "__main__":
    main()

"""What a subscriber names is called only where it is public, whether named by number or by name."""

from collections.abc import Iterable, Sequence

import httpcore
import pytest

from services.payments.clients.webhooks.guarded import AddressRefused, GuardedNetwork, UrlRules, is_open
from tests.services.payments.world import BANK, Payments

ME = f"bank:{BANK}"
PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8")
PRIVATE = (
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "64:ff9b:1::808:808",
    "fec0::1",
    "2002:a00:1::",
    "::a00:1",
    "::10.0.0.1",
    "::808:808",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_open(address: str) -> None:
    assert is_open(address, loopback=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_no_other_is(address: str) -> None:
    assert not is_open(address, loopback=False)


def test_a_developers_own_machine_is_open_where_that_is_allowed_and_nothing_else_with_it() -> None:
    allowed = {address for address in PRIVATE if is_open(address, loopback=True)}
    assert allowed == {"127.0.0.1", "127.8.8.8", "::1"}


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://bank.example/", "not_https"),
        ("ftp://bank.example/", "not_https"),
        ("https://", "not_a_url"),
        ("bank.example", "not_a_url"),
        ("https://bank.example:port/", "not_a_url"),
        ("https://ngân-hàng.example/", "not_a_url"),
        ("https://a..example/", "not_a_url"),
        (f"https://{'a' * 64}.example/", "not_a_url"),
        ("https://me:secret@bank.example/", "url_not_plain"),
        ("https://bank.example/#here", "url_not_plain"),
        ("https://10.0.0.1/", "address_private"),
        ("https://[::1]/", "address_private"),
        ("https://169.254.169.254/latest/meta-data", "address_private"),
    ],
)
async def test_a_url_that_shows_it_is_refused_at_once(payments: Payments, url: str, code: str) -> None:
    answer = await payments.post("/v1/webhooks", {"url": url}, ME)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "webhook_url_refused"
    assert answer.json()["errors"][0]["code"] == code
    assert url not in answer.text


async def test_a_name_that_leads_to_this_machine_is_not_called(payments: Payments) -> None:
    made = (await payments.post("/v1/webhooks", {"url": "https://localhost:9/"}, ME)).json()
    told = (await payments.post(f"/v1/webhooks/{made['webhook_id']}/test", {}, ME)).json()
    assert (told["delivered"], told["fault"]) == (False, "address_private")


@pytest.mark.parametrize("host", ["a..example", f"{'a' * 64}.example"])
async def test_a_host_that_is_no_name_has_no_address(host: str) -> None:
    with pytest.raises(OSError, match="not a name"):
        await GuardedNetwork().connect_tcp(host, 443)


class Network(httpcore.AsyncMockBackend):
    """Remembers where it was told to connect to."""

    def __init__(self) -> None:
        super().__init__([])
        self.to: list[str] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.to.append(host)
        return await super().connect_tcp(host, port)


def guarded(*answers: Sequence[str]) -> tuple[GuardedNetwork, Network]:
    """Over a resolver that gives these answers, one after another."""
    told = iter(answers)

    async def resolve(_: str, __: int) -> Sequence[str]:
        return next(told)

    network = GuardedNetwork(resolve)
    network._network = below = Network()
    return network, below


async def test_what_is_connected_to_is_what_was_checked() -> None:
    """A name that changes between check and connection (rebinding) is asked for once."""
    network, below = guarded(["93.184.216.34"], ["127.0.0.1"])
    await network.connect_tcp("rebinding.example", 443)
    assert below.to == ["93.184.216.34"]
    with pytest.raises(AddressRefused):
        await network.connect_tcp("rebinding.example", 443)
    assert below.to == ["93.184.216.34"]


@pytest.mark.parametrize("addresses", [["8.8.8.8", "10.0.0.1"], ["10.0.0.1"], []])
async def test_a_name_with_one_private_address_is_refused_whole(addresses: Sequence[str]) -> None:
    network, below = guarded(addresses)
    with pytest.raises(AddressRefused):
        await network.connect_tcp("mixed.example", 443)
    assert below.to == []


def test_rules_name_what_is_wrong_in_both_languages() -> None:
    wrong = UrlRules(loopback=False)("http://bank.example")
    assert wrong and all(wrong)

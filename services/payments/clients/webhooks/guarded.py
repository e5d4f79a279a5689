"""Connections to addresses that subscribers name: checked after the name is resolved, and then used as they
were checked, so that a name that changes in between (DNS rebinding) leads nowhere else.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from urllib.parse import urlsplit

import httpcore
from httpcore import SOCKET_OPTION

URL_CHARACTERS_MAX = 2_000
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
#: What Python calls global and a network may lead to its own: translated within it (RFC 8215), a site's, IPv4
#: addresses as they were once written in IPv6.
_CLOSED = tuple(ipaddress.IPv6Network(one) for one in ("64:ff9b:1::/48", "fec0::/10", "::/96"))
_LABEL_MAX = 63

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
#: Addresses of a name, as texts; OSError where it has none.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


class AddressRefused(Exception):
    """The name leads to an address that no subscriber may have us call."""


async def resolved(host: str, port: int) -> Sequence[str]:
    """By this machine's resolver."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError("not a name that can be resolved") from error
    return [str(address[4][0]) for address in found]


def is_open(text: str, *, loopback: bool) -> bool:
    """Whether it is an address of the public network. `loopback`: this machine's own may be called too."""
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inside = _inside(address)
        if inside is not None:
            return is_open(str(inside), loopback=loopback)
    if loopback and address.is_loopback:
        return True
    closed = any(address in network for network in _CLOSED)
    return address.is_global and not address.is_multicast and not closed


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1]) or None


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves, checks every address, and connects to the first that was checked."""

    def __init__(self, resolve: Resolve = resolved, *, loopback: bool = False) -> None:
        self._network: httpcore.AsyncNetworkBackend = httpcore.AnyIOBackend()
        self._resolve = resolve
        self._loopback = loopback

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """AddressRefused where any of the name's addresses is not open; OSError without one."""
        addresses = await self._resolve(host, port)
        if not addresses or not all(is_open(text, loopback=self._loopback) for text in addresses):
            raise AddressRefused
        return await self._network.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


def _can_be_resolved(host: str) -> bool:
    return all(0 < len(label) <= _LABEL_MAX for label in host.removesuffix(".").split("."))


class UrlRules:
    """What a webhook's URL must be, as far as it shows before its name is resolved."""

    def __init__(self, *, loopback: bool) -> None:
        self._loopback = loopback

    def __call__(self, url: str) -> tuple[str, str, str] | None:
        """Why not, as (code, Vietnamese, English), or None."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        if (
            not host
            or not _can_be_resolved(host)
            or len(url) > URL_CHARACTERS_MAX
            or not url.isascii()
            or not url.isprintable()
        ):
            return ("not_a_url", "Không phải địa chỉ URL.", "Not a URL.")
        if parts.username or parts.password or parts.fragment or " " in url:
            return (
                "url_not_plain",
                "URL không được có tên đăng nhập hay phần #.",
                "A URL has no login and no fragment.",
            )
        if parts.scheme != "https" and not (self._loopback and parts.scheme == "http"):
            return ("not_https", "URL phải bắt đầu bằng https.", "The URL must be https.")
        try:
            opened = is_open(host, loopback=self._loopback)
        except ValueError:
            opened = True  # a name: checked whenever it is called
        return (
            None if opened else ("address_private", "Địa chỉ không công khai.", "The address is not public.")
        )

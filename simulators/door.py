"""The platform's door for one partner: signs in, asks again while nobody answers, gives up never."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from libs.common.runtime.signatures import HEADER, Signer, is_signed
from simulators.answer import Report

_TIMEOUT_SECONDS = 60.0
_PAUSE_SECONDS_FIRST = 0.2
_PAUSE_SECONDS_MAX = 5.0
#: A token is renewed so long before it ends.
_TOKEN_MARGIN_SECONDS = 60
_PAGE_ITEMS = 200
#: Of a partner that signs nothing.
UNSIGNED = Signer(None)


class Stopped(Exception):
    """The simulator was told to end while it waited."""


@dataclass(eq=False)
class Refused(Exception):
    """The platform said no (4xx); asking again the same would not help."""

    status: int
    code: str

    def __str__(self) -> str:
        return f"{self.status} {self.code}"


@dataclass(frozen=True, slots=True)
class Addresses:
    payments: str
    issuer: str
    secret: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that waits for us. `sha256`: of its content, where the platform tells it.

    `asked`: the platform heard nothing of some of its payments for too long.
    """

    payment_file_id: str
    run_id: str
    sha256: str | None
    asked: bool = False


class Door:
    """One partner's way in. Safe to be used by several clerks."""

    def __init__(
        self, addresses: Addresses, agency_code: str, stop: threading.Event, signer: Signer = UNSIGNED
    ) -> None:
        self._addresses = addresses
        self._agency_code = agency_code
        self._stop = stop
        self._http = httpx.Client(timeout=_TIMEOUT_SECONDS, trust_env=False)
        self._lock = threading.Lock()
        self.signer = signer
        self._keys: list[Any] = []
        self._token = ""
        self._token_until = 0.0

    def close(self) -> None:
        self._http.close()

    def waiting(self) -> Iterator[Waiting]:
        """Our files that wait, page by page."""
        cursor: str | None = None
        while True:
            params = {"status": "ready", "limit": str(_PAGE_ITEMS)} | ({"cursor": cursor} if cursor else {})
            page = self._ask("GET", "/v1/payment-files", params=params).json()
            for item in page["items"]:
                if item["agency_code"] == self._agency_code:
                    asked = item.get("asked_on") is not None
                    yield Waiting(item["payment_file_id"], item["run_id"], item.get("sha256"), asked)
            cursor = page.get("next_cursor")
            if not cursor:
                return

    def content(self, payment_file_id: str) -> bytes:
        """Refused for a file that the platform did not sign."""
        answer = self._ask("GET", f"/v1/payment-files/{payment_file_id}/content")
        if not self.trusts(answer.content, answer.headers.get(HEADER)):
            raise Refused(answer.status_code, "not_signed_by_the_platform")
        return answer.content

    def trusts(self, content: bytes, signature: str | None) -> bool:
        """Whether the platform signed it, by the keys that it publishes; one that has none signs nothing.

        Its keys are asked for anew where those that we know do not fit: it may have changed them.
        """
        if is_signed(content, signature, self._keys):
            return True
        self._keys = self._ask("GET", "/.well-known/jwks.json").json()["keys"]
        return not self._keys or is_signed(content, signature, self._keys)

    def report(self, payment_file_id: str, report: Report) -> None:
        """Hand a report in; it returns once the platform has accepted it. Refused for a 4xx."""
        files = {"file": (report.filename, report.content, report.media_type)}
        params = {"payment_file_id": payment_file_id}
        self._ask("POST", "/v1/partner-reports", params=params, files=files, signed=report.content)

    def states(self, path: str, content: bytes) -> None:
        """Tell the states of a wallet's batch. Refused for a 4xx."""
        self._ask("POST", path, content=content, signed=content)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        content: bytes | None = None,
        signed: bytes | None = None,
    ) -> httpx.Response:
        pause = _PAUSE_SECONDS_FIRST
        signature = self.signer.sign(signed) if signed is not None else None
        while True:
            try:
                headers = {"Authorization": f"Bearer {self._signed_in()}", "Accept-Language": "en"}
                if signature:
                    headers[HEADER] = signature
                if content is not None:
                    headers["Content-Type"] = "application/json"
                url = f"{self._addresses.payments}{path}"
                answer = self._http.request(
                    method, url, params=params, files=files, content=content, headers=headers
                )
            except httpx.TransportError:
                answer = None
            if answer is not None:
                if answer.is_success:
                    return answer
                if answer.status_code == 401:
                    self._forget_token()
                elif answer.status_code < 500 and answer.status_code not in (408, 429):
                    raise Refused(answer.status_code, _code(answer))
            self.rest(pause)
            pause = min(pause * 2, _PAUSE_SECONDS_MAX)

    def rest(self, seconds: float) -> None:
        """Wait; Stopped when we are to end."""
        if self._stop.wait(seconds):
            raise Stopped

    def _signed_in(self) -> str:
        """A token that holds for a while yet. httpx.TransportError when the issuer has none for us now."""
        with self._lock:
            if time.monotonic() < self._token_until:
                return self._token
            body = {"as": f"bank:{self._agency_code}", "territory": None, "secret": self._addresses.secret}
            answer = self._http.post(f"{self._addresses.issuer}/token", json=body)
            if not answer.is_success:
                raise httpx.TransportError(f"issuer {answer.status_code}")
            given: dict[str, Any] = answer.json()
            lifetime = float(given.get("expires_in", 0)) - _TOKEN_MARGIN_SECONDS
            self._token = str(given["access_token"])
            self._token_until = time.monotonic() + max(lifetime, 0.0)
            return self._token

    def _forget_token(self) -> None:
        with self._lock:
            self._token_until = 0.0


def _code(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("code", ""))
    except (ValueError, AttributeError):
        return ""

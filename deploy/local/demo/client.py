"""The platform's doors as the scenario's driver uses them: patient with an outage, deaf to nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

import httpx

from deploy.local import tokens
from deploy.local.keys import Secrets
from deploy.local.places import Places

OUTAGE_SECONDS_MAX = 60.0
_PAUSE_SECONDS_FIRST = 0.1
_PAUSE_SECONDS_MAX = 2.0
_TIMEOUT_SECONDS = 60.0
_TOKEN_SECONDS = 1_800.0
#: Who sees the nation; everybody else here works for the scenario's province.
_NATIONAL = frozenset({"auditor", "ministry"})
T = TypeVar("T")


@dataclass(eq=False)
class Refused(Exception):
    """A door said no (4xx)."""

    where: str
    status: int
    code: str
    detail: str

    def __str__(self) -> str:
        return f"{self.where}: {self.status} {self.code}: {self.detail}"


@dataclass(eq=False)
class Away(Exception):
    """A door gave no answer for longer than an outage may last."""

    where: str
    cause: str

    def __str__(self) -> str:
        return f"{self.where}: no answer for {OUTAGE_SECONDS_MAX:.0f} s ({self.cause})"


@dataclass
class Client:
    """`who` in every call is an identity of the local issuer; `territory` is the scenario's province."""

    places: Places
    secrets: Secrets
    territory: str
    _http: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False)
    )
    _tokens: dict[str, tuple[float, str]] = field(default_factory=dict)

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, who: str, service: str, path: str, **params: Any) -> Any:
        """The JSON answer. Refused for a 4xx, Away after a minute without an answer."""
        return await self._call(who, service, "GET", path, params=params)

    async def post(self, who: str, service: str, path: str, body: object, **params: Any) -> Any:
        return await self._call(who, service, "POST", path, params=params, json=body)

    async def upload(self, who: str, service: str, path: str, file: Path, kind: str, **params: Any) -> Any:
        """Send a file; it is read again for each attempt."""
        return await self._call(who, service, "POST", path, params=params, file=(file, kind))

    async def query(self, who: str, text: str, variables: Mapping[str, Any]) -> Any:
        """The `data` of a GraphQL answer; Refused when it holds errors."""
        body = {"query": text, "variables": dict(variables)}
        answer = await self._call(who, "gateway", "POST", "/graphql", params={}, json=body)
        if answer.get("errors"):
            first = answer["errors"][0]
            code = first.get("extensions", {}).get("code", "graphql")
            raise Refused("gateway /graphql", 200, code, first["message"])
        return answer["data"]

    async def _call(
        self,
        who: str,
        service: str,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any],
        json: object = None,
        file: tuple[Path, str] | None = None,
    ) -> Any:
        where = f"{service} {path}"
        given = {name: value for name, value in params.items() if value is not None}

        async def once() -> httpx.Response:
            headers = {"Authorization": f"Bearer {await self._token(who)}", "Accept-Language": "en"}
            url = f"{self.places.url(service)}{path}"
            if file is None:
                return await self._http.request(method, url, params=given, json=json, headers=headers)
            with file[0].open("rb") as content:
                files = {"file": (file[0].name, content, file[1])}
                return await self._http.request(method, url, params=given, files=files, headers=headers)

        answer = await patiently(where, once)
        if answer.status_code >= 400:
            raise _refusal(where, answer)
        return answer.json()

    async def _token(self, who: str) -> str:
        known = self._tokens.get(who)
        if known and monotonic() - known[0] < _TOKEN_SECONDS:
            return known[1]
        territory = None if who in _NATIONAL or who.startswith("bank:") else self.territory
        made = await tokens.token(self.places, self.secrets, who, territory)
        self._tokens[who] = (monotonic(), made)
        return made


async def patiently(where: str, once: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """The answer of `once`, asked again while nobody answers or the answer is a 5xx. Away after a minute."""
    pause = _PAUSE_SECONDS_FIRST
    since = monotonic()
    while True:
        try:
            answer = await once()
            if answer.status_code < 500:
                return answer
            cause = f"{answer.status_code}"
        except httpx.TransportError as error:
            cause = type(error).__name__
        except httpx.HTTPStatusError as error:
            cause = f"issuer {error.response.status_code}"
        if monotonic() - since > OUTAGE_SECONDS_MAX:
            raise Away(where, cause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _PAUSE_SECONDS_MAX)


def _refusal(where: str, answer: httpx.Response) -> Refused:
    try:
        problem = answer.json()
    except ValueError:
        problem = {}
    detail = str(problem.get("detail") or problem.get("title") or answer.reason_phrase)
    paths = "; ".join(f"{e.get('path')}: {e.get('code')}" for e in problem.get("errors", [])[:3])
    return Refused(where, answer.status_code, str(problem.get("code", "")), f"{detail} {paths}".strip())

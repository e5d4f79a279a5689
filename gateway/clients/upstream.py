"""Calls to one service over HTTP, in the caller's name: pooled, timed, and mapped to our three failures."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import msgspec

from libs.common.kernel.errors import FieldError, Outage, Refusal

Answer = TypeVar("Answer")

_AWAY = frozenset({502, 503, 504})


class UpstreamBug(Exception):
    """A service answered what it never should: a 500, or a body that is not what its contract says."""


@dataclass(frozen=True, slots=True)
class Caller:
    """In whose name a call is made: the `Authorization` header as it came in, and the language (vi, en)."""

    authorization: str | None
    language: str


class _Item(msgspec.Struct):
    path: str = ""
    code: str = ""
    message: str = ""


class _Problem(msgspec.Struct):
    code: str
    title: str = ""
    detail: str = ""
    errors: list[_Item] = []


@dataclass(frozen=True, slots=True)
class Upstream:
    """One service. `name` stands in outages; `url` has no slash at its end."""

    http: httpx.AsyncClient
    name: str
    url: str

    async def get(
        self,
        path: str,
        caller: Caller,
        kind: type[Answer],
        params: Mapping[str, str | int | list[str] | None] | None = None,
    ) -> Answer:
        """The answer, decoded to `kind`. Refusal as the service says; Outage when it is away.

        A connection that broke is tried once more: reading twice does no harm.
        """
        request = self._request("GET", path, caller, params=_without_none(params or {}))
        try:
            response = await self.http.send(request)
        except httpx.TimeoutException as error:
            raise Outage(self.name) from error
        except httpx.TransportError:
            response = await self._send(request)
        return self._decode(response, kind)

    async def post(self, path: str, caller: Caller, kind: type[Answer], body: object) -> Answer:
        """As `get`, for what changes something: never sent twice."""
        return self._decode(await self._send(self._request("POST", path, caller, json=body)), kind)

    def _request(self, method: str, path: str, caller: Caller, **parts: Any) -> httpx.Request:
        headers = {"Accept-Language": caller.language}
        if caller.authorization:
            headers["Authorization"] = caller.authorization
        return self.http.build_request(method, self.url + path, headers=headers, **parts)

    async def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self.http.send(request)
        except httpx.TransportError as error:
            raise Outage(self.name) from error

    def _decode(self, response: httpx.Response, kind: type[Answer]) -> Answer:
        if response.status_code in _AWAY:
            raise Outage(self.name)
        try:
            if response.is_success:
                return msgspec.json.decode(response.content, type=kind)
            if 400 <= response.status_code < 500:
                raise _refusal(msgspec.json.decode(response.content, type=_Problem))
        except msgspec.MsgspecError as error:
            raise UpstreamBug(f"{self.name} {response.status_code}: not its contract") from error
        raise UpstreamBug(f"{self.name} {response.status_code}")


def _refusal(problem: _Problem) -> Refusal:
    """The service already spoke the caller's language, so both of ours say the same."""
    said = problem.detail or problem.title
    errors = tuple(FieldError(item.path, item.code, item.message, item.message) for item in problem.errors)
    return Refusal(problem.code, said, said, errors)


def _without_none(params: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}

"""Failures as RFC 9457 problem+json, in the caller's language, without a word of what was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import asyncpg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from libs.common.kernel.errors import FieldError, Outage, Refusal
from libs.common.runtime.logs import fault_name, logger

_MEDIA_TYPE = "application/problem+json"
#: The database went away in the middle of a request: the pool lent a connection that was good.
_DATABASE_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of failure: its stable code, HTTP status and title. docs/problems/<code>.md explains it."""

    code: str
    status: int
    title_vi: str
    title_en: str


def wants_english(accept_language: str | None) -> bool:
    """Vietnamese unless English is asked for before it (RFC 9110, Accept-Language)."""
    best, english = 0.0, False
    for part in (accept_language or "").split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight) if weight else 1.0
        except ValueError:
            continue
        if tag[:2].lower() in ("vi", "en") and quality > best:
            best, english = quality, tag[:2].lower() == "en"
    return english


def body(problem: Problem, refusal: Refusal, *, english: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "type": f"docs/problems/{problem.code}.md",
        "code": problem.code,
        "status": problem.status,
        "title": problem.title_en if english else problem.title_vi,
        "detail": refusal.message_en if english else refusal.message_vi,
    }
    if refusal.errors:
        answer["errors"] = [
            {"path": e.path, "code": e.code, "message": e.message_en if english else e.message_vi}
            for e in refusal.errors
        ]
    return answer


def install(app: FastAPI, problems: Mapping[str, Problem]) -> None:
    """Answer every failure of `app` as a problem. A Refusal whose code is not listed is a bug."""

    def answer(request: Request, refusal: Refusal, headers: Mapping[str, str] | None = None) -> JSONResponse:
        problem = problems[refusal.code]
        english = wants_english(request.headers.get("accept-language"))
        return JSONResponse(
            body(problem, refusal, english=english),
            problem.status,
            media_type=_MEDIA_TYPE,
            headers={**(headers or {}), "Content-Language": "en" if english else "vi"},
        )

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refusal)
        headers = {"WWW-Authenticate": "Bearer"} if problems[error.code].status == 401 else {}
        if error.retry_after_seconds is not None:
            headers["Retry-After"] = str(error.retry_after_seconds)
        return answer(request, error, headers)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        return answer(request, _invalid_request(error))

    async def away(request: Request, error: Exception) -> JSONResponse:
        logger().error("outage", fault=fault_name(error))
        return answer(request, _OUTAGE, {"Retry-After": "2"})

    async def http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code = {404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}.get(error.status_code)
        return answer(request, _HTTP[code or "request_invalid"])

    async def bug(request: Request, error: Exception) -> JSONResponse:
        logger().error("bug", fault=fault_name(error), route=request.url.path.split("/")[:3])
        return answer(request, _BUG)

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    for kind in (Outage, OSError, *_DATABASE_GONE):
        app.add_exception_handler(kind, away)
    app.add_exception_handler(Exception, bug)


def _invalid_request(error: RequestValidationError) -> Refusal:
    found = []
    for item in error.errors()[:100]:
        path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in item["loc"][1:]).lstrip(".")
        kind = str(item["type"])
        found.append(
            FieldError(
                path or str(item["loc"][0]), kind, f"Giá trị không hợp lệ ({kind}).", f"Not valid ({kind})."
            )
        )
    return Refusal(
        "request_invalid",
        "Yêu cầu có trường không hợp lệ; xem mục errors để biết trường nào.",
        "The request has fields that are not valid; see errors for which.",
        tuple(found),
    )


_OUTAGE = Refusal(
    "outage",
    "Một thành phần hệ thống tạm thời chưa sẵn sàng. Hãy gửi lại yêu cầu sau ít giây.",
    "A part of the system is away for the moment. Send the same request again in a few seconds.",
)
_BUG = Refusal(
    "internal_error",
    "Hệ thống gặp lỗi ngoài dự kiến và đã ghi lại. Hãy thử lại; nếu vẫn lỗi, báo cho người quản trị.",
    "Something unforeseen went wrong and was logged. Try again; if it stays, tell the administrator.",
)
_HTTP = {
    "not_found": Refusal(
        "not_found",
        "Không tìm thấy. Hãy kiểm tra địa chỉ hoặc mã định danh.",
        "Not found. Check the address or the identifier.",
    ),
    "method_not_allowed": Refusal(
        "method_not_allowed",
        "Địa chỉ này không nhận phương thức đó. Xem trang mô tả API tại /docs.",
        "This address does not take that method. See the API page at /docs.",
    ),
    "body_too_large": Refusal(
        "body_too_large",
        "Nội dung gửi lên vượt quá giới hạn. Hãy chia nhỏ.",
        "The body is over the limit. Send it in parts.",
    ),
    "request_invalid": Refusal(
        "request_invalid",
        "Yêu cầu không đọc được. Hãy kiểm tra định dạng.",
        "The request can't be read. Check its format.",
    ),
}


def not_found(what_vi: str, what_en: str) -> Refusal:
    """For an id that names nothing the caller may see."""
    return Refusal("not_found", f"Không tìm thấy {what_vi}.", f"No such {what_en}.")

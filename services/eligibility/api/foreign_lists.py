"""Lists of what other authorities decided, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.ids import show
from libs.common.runtime.access import Actor, requires
from services.eligibility.api.bodies import limited_body
from services.eligibility.usecases.foreign_lists import TakeForeignList

#: A full list has some 150 bytes a row.
BODY_BYTES_MAX = 16 << 20
_CSV = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


class RowError(BaseModel):
    """`path`: `rows[2].amount_dong`, counted from 1 without the header."""

    path: str
    code: str
    message_vi: str
    message_en: str


class ListAnswer(BaseModel):
    list_hash: str = Field(description="SHA-256 of the file, in hex.")
    rows: int
    recorded: int = Field(description="Rows that no earlier list had.")
    decision_ids: list[str] = Field(description="Of each row without an error, in their order.")
    errors: list[RowError]


def router(take: TakeForeignList) -> APIRouter:
    made = APIRouter(tags=["decided elsewhere"])

    @made.post("/v1/foreign-lists", openapi_extra=_CSV)
    async def foreign_list(
        request: Request, actor: Annotated[Actor, requires("eligibility.foreign_lists.write")]
    ) -> ListAnswer:
        """Take in a CSV of what another authority decided (policy/README.md has its columns). Rows that are
        right become confirmed decisions of a programme of their own; each wrong one is told. A row that was
        taken in before stays what it is. 422 `case_invalid` for what is no such table."""
        taken = await take(_text(await limited_body(request, BODY_BYTES_MAX)), actor.sub, actor.territory)
        return ListAnswer(
            list_hash=taken.list_hash,
            rows=taken.rows,
            recorded=taken.recorded,
            decision_ids=[show("dec", one) for one in taken.decision_ids],
            errors=[
                RowError(path=one.path, code=one.code, message_vi=one.message_vi, message_en=one.message_en)
                for one in taken.errors
            ],
        )

    return made


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        vi, en = "Không đọc được tệp: cần CSV mã hóa UTF-8.", "Not readable: a CSV in UTF-8 is needed."
        raise Refusal("case_invalid", vi, en, (FieldError("file", "wrong_type", vi, en),)) from None

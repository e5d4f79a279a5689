"""An uploaded file of rows: who sends it has signed in, how large it may be, and its content in pieces."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile

from libs.common.kernel.errors import FieldError, Refusal
from libs.common.runtime.row_files import XLSX

_PIECE_BYTES = 2**20
_FORM_BYTES = 2**16
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: `openapi_extra` of a route that reads its form itself.
UPLOAD: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@dataclass(frozen=True)
class Upload:
    """`kind`: xlsx or csv. `digest`: SHA-256 of the content."""

    kind: str
    digest: bytes
    file: UploadFile

    async def pieces(self) -> AsyncIterator[bytes]:
        """The content from its beginning, however often it is asked for."""
        await self.file.seek(0)
        while piece := await self.file.read(_PIECE_BYTES):
            yield piece


@asynccontextmanager
async def uploaded(request: Request, csv_bytes_max: int, xlsx_bytes_max: int) -> AsyncIterator[Upload]:
    """The form's file. It is read by no parameter of the route: nobody uploads before they have signed in.

    Refusal `request_invalid` without a file, `import_file_too_large`.
    """
    _length_within(request, csv_bytes_max + _FORM_BYTES)
    async with request.form(max_files=1, max_fields=4) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise _no_file()
        kind = _kind_of(file.filename, await file.read(4))
        if kind == XLSX and (file.size or 0) > xlsx_bytes_max:
            raise _too_large(xlsx_bytes_max)
        yield Upload(kind, await _digest(file), file)


def _kind_of(filename: str | None, beginning: bytes) -> str:
    """`xlsx` by its name or its first bytes, else `csv`."""
    packed = beginning.startswith((b"PK", _OLD_EXCEL))
    return XLSX if packed or (filename or "").lower().endswith((".xlsx", ".xls")) else "csv"


async def _digest(file: UploadFile) -> bytes:
    digest = hashlib.sha256()
    await file.seek(0)
    while piece := await file.read(_PIECE_BYTES):
        digest.update(piece)
    return digest.digest()


def _length_within(request: Request, bytes_max: int) -> None:
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise _no_file()
    if int(length) > bytes_max:
        raise _too_large(bytes_max)


def _no_file() -> Refusal:
    return Refusal(
        "request_invalid",
        "Hãy gửi tệp trong trường file (multipart/form-data), kèm Content-Length.",
        "Send the file in the field file (multipart/form-data), with a Content-Length.",
        (FieldError("file", "required", "Thiếu tệp.", "The file is missing."),),
    )


def _too_large(bytes_max: int) -> Refusal:
    megabytes = bytes_max // 2**20
    return Refusal(
        "import_file_too_large",
        f"Tệp lớn hơn {megabytes} MB. Hãy chia nhỏ, hoặc gửi dạng CSV.",
        f"The file is over {megabytes} MB. Split it, or send CSV.",
    )

"""Looks at a workbook before it is opened: its reader holds the used range as one dense block.

A few kilobytes could ask for gigabytes in three ways: by compression, by one cell in the sheet's farthest
corner, by one long shared string that many cells name. All three are measured first.
"""

import io
import re
import struct
import zipfile
import zlib

from libs.common.kernel.errors import Refusal
from services.payments.clients.refusing import unreadable

UNPACKED_BYTES_MAX = 48 * 1024 * 1024
MEMBERS_MAX = 64
ROWS_MAX = 100_000
COLUMNS_MAX = 40
CELLS_MAX = 1_000_000
TEXT_BYTES_MAX = 256 * 1024 * 1024
_CHUNK_BYTES = 1 << 20
_PLACE = re.compile(rb"\sr\s*=\s*[\"']\s*([A-Za-z]*)([0-9]+)")
_DIGITS_MAX = 7
_LETTERS_MAX = 3
#: All that `zipfile` is known to raise for bytes that are no proper archive.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
    ValueError,
    LookupError,
)


def check_workbook(content: bytes) -> None:
    """Refusal `report_unreadable` when it is no workbook or unfolds beyond measure."""
    unpacked = cells = 0
    longest_text = 1
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            members = packed.infolist()
            if len(members) > MEMBERS_MAX:
                raise _too_large()
            for member in members:
                data = _unpack(packed, member, UNPACKED_BYTES_MAX - unpacked)
                unpacked += len(data)
                cells += _count_cells(data)
                if b"sst" in data:
                    longest_text = max(longest_text, _longest_text(data))
    except _BROKEN:
        raise _no_workbook() from None
    if cells * longest_text > TEXT_BYTES_MAX:
        raise _too_large()


def _unpack(packed: zipfile.ZipFile, member: zipfile.ZipInfo, bytes_max: int) -> bytes:
    """A member's content; read to its end, so that its checksum and its declared size are proven true."""
    if member.file_size > bytes_max:
        raise _too_large()
    with packed.open(member) as source:
        data = b"".join(iter(lambda: source.read(_CHUNK_BYTES), b""))
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise unreadable(
            "Bảng tính có DOCTYPE hoặc thực thể (entity), là thứ không được nhận.",
            "The workbook has a DOCTYPE or an entity, which is not taken.",
        )
    return data


def _count_cells(data: bytes) -> int:
    """How many cells it places; refused when one lies outside of what a list may span."""
    cells = 0
    for place in _PLACE.finditer(data):
        letters, digits = place.groups()
        cells += bool(letters)
        far = len(digits) > _DIGITS_MAX or int(digits) > ROWS_MAX
        if far or len(letters) > _LETTERS_MAX or _column(letters) > COLUMNS_MAX:
            raise _too_large()
        if cells > CELLS_MAX:
            raise _too_large()
    return cells


def _longest_text(data: bytes) -> int:
    """Bytes of the longest shared string, at most; `<si>` and `</si>` of any prefix end in `si>`."""
    longest = start = 0
    for number, mark in enumerate(re.finditer(b"si>", data)):
        longest, start = max(longest, mark.start() - start), mark.end()
        if number > 2 * CELLS_MAX:
            raise _too_large()
    return max(longest, len(data) - start)


def _column(letters: bytes) -> int:
    """A is 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _no_workbook() -> Refusal:
    return unreadable("Tệp không phải bảng tính XLSX.", "The file is no XLSX workbook.")


def _too_large() -> Refusal:
    return unreadable(
        "Bảng tính quá lớn khi giải nén hoặc có ô ở quá xa.",
        "The workbook unfolds too far, or has a cell too far out.",
    )

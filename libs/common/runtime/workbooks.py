"""Looks at an XLSX workbook before it is opened: what unpacks, spreads or multiplies too far is refused.

The reader behind it holds a sheet's used range as one dense block and copies every shared string into its
cells. So a few kilobytes could ask for terabytes: by plain compression, by one cell in the last corner of
the sheet, or by one long string that a million cells name. The scan reads the packed file once, in pieces,
to its end, so that each part's checksum and declared size are proven true.
"""

import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO

_PIECE_BYTES = 2**20
_OVERLAP_BYTES = 64
_PLACE = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]{0,7})([0-9]{1,12})""")
#: The shared strings begin, under any prefix.
_STRINGS = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?sst[\s/>]")
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


@dataclass(frozen=True, slots=True)
class WorkbookLimits:
    """What a workbook may ask for. `strings_bytes_max`: its cells times its longest shared string."""

    members_max: int
    unpacked_bytes_max: int
    rows_max: int
    columns_max: int
    cells_max: int
    strings_bytes_max: int


class NotAWorkbook(Exception):
    """No XLSX archive, a damaged one, or one with a DOCTYPE or an entity."""


class WorkbookTooLarge(Exception):
    """It unfolds beyond its limits."""


class _Scan:
    """What was seen of the whole workbook so far."""

    def __init__(self, limits: WorkbookLimits) -> None:
        self._limits = limits
        self._unpacked = 0
        self._cells = 0
        self._longest_string = 1

    def member(self, source: IO[bytes]) -> None:
        strings, gap, tail = False, 0, b""
        while piece := source.read(_PIECE_BYTES):
            self._unpacked += len(piece)
            if self._unpacked > self._limits.unpacked_bytes_max:
                raise WorkbookTooLarge
            window = tail + piece
            if b"<!DOCTYPE" in window or b"<!ENTITY" in window:
                raise NotAWorkbook
            self._places(window, len(tail))
            strings = strings or _STRINGS.search(window) is not None
            if strings:
                if b"<!" in window:  # a comment or CDATA would hide where a string ends
                    raise NotAWorkbook
                gap = self._gaps(piece, gap)
            tail = window[-_OVERLAP_BYTES:]
        if self._cells * self._longest_string > self._limits.strings_bytes_max:
            raise WorkbookTooLarge

    def _places(self, window: bytes, seen_bytes: int) -> None:
        limits = self._limits
        for place in _PLACE.finditer(window):
            letters, digits = place.groups()
            if letters and place.end() > seen_bytes:
                self._cells += 1
            if int(digits) > limits.rows_max or (letters and _column(letters) > limits.columns_max):
                raise WorkbookTooLarge
        if self._cells > limits.cells_max:
            raise WorkbookTooLarge

    def _gaps(self, piece: bytes, gap: int) -> int:
        """Longest distance between two string items; a tag cut by the piece's edge only lengthens it."""
        first, *others = piece.split(b"si>")
        self._longest_string = max(self._longest_string, gap + len(first), *(len(part) for part in others))
        return len(others[-1]) if others else gap + len(first)


def inspect(file: IO[bytes], limits: WorkbookLimits) -> None:
    """NotAWorkbook or WorkbookTooLarge; leaves a good file at its start."""
    scan = _Scan(limits)
    try:
        with zipfile.ZipFile(file) as packed:
            members = packed.infolist()
            if len(members) > limits.members_max:
                raise WorkbookTooLarge
            for member in members:
                with packed.open(member) as source:
                    scan.member(source)
    except _BROKEN as error:
        raise NotAWorkbook from error
    file.seek(0)


def _column(letters: bytes) -> int:
    """A is 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number

"""Looks at a workbook before it is opened: what unpacks, spreads or multiplies beyond measure is refused.

The reader behind it holds a sheet's used range as one dense block and copies every shared string into its
cells. So a few kilobytes could ask for terabytes: by plain compression, by one cell in the last corner of
the sheet, or by one long string that a million cells name. The scan reads the packed file once, in pieces.
"""

import re
import zipfile
import zlib
from typing import IO

from services.registry.domain.imports import FileRefused

MEMBERS_MAX = 1_000
UNPACKED_BYTES_MAX = 256 * 2**20
ROWS_MAX = 100_001
COLUMNS_MAX = 128
STRINGS_BYTES_MAX = 2**30
_PIECE_BYTES = 2**20
_OVERLAP_BYTES = 64
_PLACE = re.compile(rb"""\sr\s*=\s*["']\s*([A-Za-z]{0,7})([0-9]{1,12})""")


class _Scan:
    """What was seen of the whole workbook so far."""

    def __init__(self) -> None:
        self.unpacked = 0
        self.cells = 0
        self.longest_string = 1

    def member(self, source: IO[bytes]) -> None:
        strings, gap, tail = False, 0, b""
        while piece := source.read(_PIECE_BYTES):
            self.unpacked += len(piece)
            if self.unpacked > UNPACKED_BYTES_MAX:
                raise FileRefused("file_too_large")
            window = tail + piece
            self._places(window)
            strings = strings or b"<sst" in window
            if strings:
                if b"<!" in window:
                    raise FileRefused("file_not_xlsx")
                gap = self._gaps(piece, gap)
            tail = window[-_OVERLAP_BYTES:]
        if self.cells * self.longest_string > STRINGS_BYTES_MAX:
            raise FileRefused("file_too_large")

    def _places(self, window: bytes) -> None:
        for letters, digits in _PLACE.findall(window):
            if letters:
                self.cells += 1
                if len(letters) > 1 and _column(letters) > COLUMNS_MAX:
                    raise FileRefused("file_too_large")
            if len(digits) > 5 and int(digits) > ROWS_MAX:
                raise FileRefused("file_too_large")

    def _gaps(self, piece: bytes, gap: int) -> int:
        """Longest distance between two string items; a tag cut by the piece's edge only lengthens it."""
        first, *others = piece.split(b"<si")
        self.longest_string = max(self.longest_string, gap + len(first), *(len(part) for part in others))
        return len(others[-1]) if others else gap + len(first)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def inspect(file: IO[bytes]) -> None:
    """FileRefused `file_not_xlsx` or `file_too_large`; leaves the file at its start."""
    scan = _Scan()
    try:
        with zipfile.ZipFile(file) as packed:
            members = packed.infolist()
            if len(members) > MEMBERS_MAX:
                raise FileRefused("file_too_large")
            for member in members:
                with packed.open(member) as source:
                    scan.member(source)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, EOFError) as error:
        raise FileRefused("file_not_xlsx") from error
    file.seek(0)

"""What is wrong with an uploaded file or its rows, as a door shows it."""

from collections.abc import Iterable, Mapping
from typing import Self

from pydantic import BaseModel

from libs.common.kernel.row_files import FILE_MESSAGES, Message, RowProblem

#: The problem's code, as contracts/problems.py has it, for each reason to refuse a file.
_CODE_OF_REASON = {
    "file_empty": "import_file_empty",
    "file_not_utf8": "import_file_unreadable",
    "file_broken_csv": "import_file_unreadable",
    "file_not_xlsx": "import_file_unreadable",
    "file_too_large": "import_file_too_large",
    "file_unknown_column": "import_columns_wrong",
    "file_missing_column": "import_columns_wrong",
    "file_duplicate_column": "import_columns_wrong",
}


class ImportProblem(BaseModel):
    """Why a whole file was refused: `code` as in docs/problems, `reason` the exact cause."""

    code: str
    reason: str
    at: str | None
    message_vi: str
    message_en: str

    @classmethod
    def of(cls, reason: str | None, at: str | None) -> Self | None:
        """None where no file was refused."""
        if reason is None:
            return None
        message = FILE_MESSAGES[reason]
        return cls(
            code=_CODE_OF_REASON[reason],
            reason=reason,
            at=at,
            message_vi=message.vi.format(at=at or ""),
            message_en=message.en.format(at=at or ""),
        )


class RowProblemShown(BaseModel):
    """A wrong cell: the row as a spreadsheet counts it, the column, what is wrong. Never the value."""

    row_number: int
    column: str
    code: str
    message_vi: str
    message_en: str


class RowProblemsPage(BaseModel):
    items: list[RowProblemShown]
    next_cursor: str | None

    @classmethod
    def of(
        cls, problems: Iterable[RowProblem], messages: Mapping[str, Message], next_cursor: str | None
    ) -> Self:
        items = [
            RowProblemShown(
                row_number=one.row_number,
                column=one.column,
                code=one.code,
                message_vi=messages[one.code].vi,
                message_en=messages[one.code].en,
            )
            for one in problems
        ]
        return cls(items=items, next_cursor=next_cursor)

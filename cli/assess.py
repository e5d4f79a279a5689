"""`ansinh assess`: a list of cases, each answered by the law engine, with no server."""

import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NamedTuple, Protocol

import orjson
import typer

from libs.common.kernel.errors import Refusal

#: Exit codes: a line that could not be answered; a file or policy that could not be read.
BAD_LINE, UNREADABLE = 2, 1
Cases = Annotated[
    str, typer.Option("--cases", help="Tệp JSONL, mỗi dòng một trường hợp; - là đầu vào chuẩn · - for stdin.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Mỗi dòng một câu trả lời JSON · one JSON a line.")]


class Answerer(Protocol):
    """The use case behind the door; both raise Refusal."""

    def parse(self, text: bytes) -> object: ...

    def assess(self, case: object) -> dict[str, Any]: ...


class Line(NamedTuple):
    """What is printed for one input line."""

    shown: dict[str, Any]
    good: bool


def assess(cases: Cases, as_json: AsJson = False) -> None:
    """Trả lời từng trường hợp theo luật của tháng · Answer each case by the law of its month."""
    from services.eligibility.wiring import assessor

    try:
        answerer = assessor(folder_of("ANSINH_POLICY_DIR"), folder_of("ANSINH_POLICY_OVERLAY"))
        source = _opened(cases)
    except Refusal as refusal:
        typer.echo(f"{refusal.code}: {refusal.message_vi}\n{refusal.message_en}", err=True)
        raise typer.Exit(UNREADABLE) from None
    except OSError as error:
        typer.echo(f"Không đọc được · Can't read {cases}: {error.strerror}", err=True)
        raise typer.Exit(UNREADABLE) from None
    with source:
        good = _print_all(answer_lines(source, answerer), as_json)
    if not good:
        raise typer.Exit(BAD_LINE)


def folder_of(variable: str) -> Path | None:
    """The folder that an environment variable names, if it is set."""
    named = os.environ.get(variable)
    return Path(named) if named else None


def answer_lines(source: Iterable[bytes], answerer: Answerer) -> Iterator[Line]:
    """One Line per input line, in order; blank lines at the very end are none."""
    blank: list[int] = []
    for number, text in enumerate(source, start=1):
        if not text.strip():
            blank.append(number)
            continue
        yield from (_answer(b"", before, answerer) for before in blank)
        blank.clear()
        yield _answer(text, number, answerer)


def _answer(text: bytes, number: int, answerer: Answerer) -> Line:
    case: object = None
    try:
        case = answerer.parse(text)
        return Line(answerer.assess(case), True)
    except Refusal as refusal:
        name = case.get("id") if isinstance(case, dict) else None
        shown = {"id": name if isinstance(name, str) else None, "line": number, "error": _error(refusal)}
        return Line(shown, False)


def _error(refusal: Refusal) -> dict[str, str]:
    """The first thing that is wrong: its code, path and what would be right."""
    if not refusal.errors:
        first = (refusal.code, "", refusal.message_vi, refusal.message_en)
    else:
        field = refusal.errors[0]
        first = (field.code, field.path, field.message_vi, field.message_en)
    return dict(zip(("code", "path", "message_vi", "message_en"), first, strict=True))


def _opened(cases: str) -> BinaryIO:
    return sys.stdin.buffer if cases == "-" else Path(cases).open("rb")


def _print_all(lines: Iterable[Line], as_json: bool) -> bool:
    """Print as they come; True when every line was good."""
    good = True
    for line in lines:
        good &= line.good
        if as_json:
            sys.stdout.buffer.write(orjson.dumps(line.shown) + b"\n")
        else:
            typer.echo(_readable(line))
    sys.stdout.flush()
    return good


def _readable(line: Line) -> str:
    if not line.good:
        error = line.shown["error"]
        where = f"dòng {line.shown['line']}" + (f", {error['path']}" if error["path"] else "")
        return f"✗ {line.shown['id'] or '?'} ({where}): {error['message_vi']} · {error['message_en']}"
    answer = line.shown
    rows = [f"✓ {answer['id']}  {answer['month']}  {_dong(answer['monthly_dong'])} một tháng"]
    for name, label in (
        ("carer_monthly_dong", "người chăm sóc"),
        ("household_monthly_dong", "cả hộ"),
        ("one_off_dong", "một lần"),
        ("arrears_dong", "truy lĩnh"),
    ):
        if answer.get(name):
            rows.append(f"    {label}: {_dong(answer[name])}")
    for one in answer["benefits"]:
        cited = "; ".join(dict.fromkeys(one["citations"]))
        rows.append(
            f"    {one['category']} {one['coefficient']} × {_dong(one['standard_dong'])}"
            f" = {_dong(one['amount_dong'])}  ({cited})"
        )
    return "\n".join(rows)


def _dong(amount: int) -> str:
    return f"{amount:,}".replace(",", ".") + " đ"

"""`ansinh policy`: check a folder of law, show the law of a month, and what differs between two days."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.assess import folder_of
from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.months import Month

#: Exit codes: the folder has mistakes; the question can't be answered.
MISTAKES, NO_ANSWER = 2, 1
#: Where output is no terminal there is no width to keep to; tables are then as wide as this.
_WIDTH_ELSEWHERE = 160

app = typer.Typer(help="Luật, dưới dạng dữ liệu · The law, as data.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Một tài liệu JSON · one JSON document.")]
Province = Annotated[
    str | None,
    typer.Option(help="Mã tỉnh 2 chữ số, nay hoặc cũ · 2-digit code of a province, of today or old."),
]
Day = Annotated[str, typer.Argument(help="Ngày, ví dụ 2026-10-05 · a day.")]


@app.command()
def check(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="Thư mục luật, hoặc thư mục tệp của tỉnh đặt lên luật có sẵn · "
            "a whole folder of law, or one of a province's files over the packaged law."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Kiểm tra một thư mục, nêu mọi lỗi · Check a folder, tell all mistakes."""
    from services.eligibility.wiring import law_reader

    whole = folder is None or (folder / "policy.yaml").is_file()
    base, overlay = (folder, None) if whole else (None, folder)
    try:
        read = law_reader(
            base or folder_of("ANSINH_POLICY_DIR"), overlay or folder_of("ANSINH_POLICY_OVERLAY")
        )
    except Refusal as refusal:
        _tell_mistakes(refusal, as_json)
        raise typer.Exit(MISTAKES) from None
    policy = read.policy
    if as_json:
        _print_json({"good": True, "version": policy.version, "hash": policy.hash, "errors": []})
        return
    _console().print(f"✓ Không có lỗi · No mistakes. {escape(policy.version)}  {policy.hash[:12]}")


@app.command()
def show(
    month: Annotated[
        str | None, typer.Option(help="Tháng hưởng, mặc định tháng này · benefit month, default this one.")
    ] = None,
    province: Province = None,
    rule: Annotated[str | None, typer.Option(help="Chỉ quy tắc này, ví dụ k6 · only this rule.")] = None,
    as_json: AsJson = False,
) -> None:
    """Luật của một tháng: mức, đối tượng, hệ số, thời hạn, điều khoản · The law of a month."""
    with _answering(as_json) as law:
        day = _month(month).last_day if month else date.today()
        found = law.month(day, province, rule)
    if as_json:
        _print_json(found)
        return
    console = _console()
    console.print(f"{found['month']}  {found['policy_version']}  {found['policy_hash'][:12]}")
    table = Table("", "Về · About", "Nội dung · Text", "Căn cứ · Article", "Mức tin · Mark")
    for line in found["lines"]:
        about = f"{escape(line['about'])}\n[dim]{escape(line['title'])}[/dim]"
        table.add_row(line["kind"], about, escape(line["text"]), line["citation"], line["mark"])
    console.print(table)
    questions = Table("Công tắc · Switch", "Đang dùng · In use", "Câu hỏi · Question")
    for switch in found["switches"]:
        questions.add_row(switch["name"], switch["chosen"], escape(switch["question"]))
    console.print(questions)


@app.command()
def diff(before: Day, after: Day, province: Province = None, as_json: AsJson = False) -> None:
    """Điều gì đổi, với ai, theo điều nào, giữa hai ngày · What changed for whom, by article."""
    with _answering(as_json) as law:
        found = law.changes(_day(before), _day(after), province)
    if as_json:
        _print_json(found)
        return
    if not found:
        _console().print("Không có gì đổi · Nothing changed.")
        return
    table = Table("", "Về · About", before, after)
    for change in found:
        about = f"{escape(change['about'])}\n[dim]{escape(change['title'])}[/dim]"
        table.add_row(change["kind"], about, _side(change["before"]), _side(change["after"]))
    _console().print(table)


@app.command()
def occasions(
    on: Annotated[str, typer.Option(help="Ngày hỏi · the day that is asked about.")],
    born: Annotated[str | None, typer.Option(help="Ngày sinh · birth date.")] = None,
    member: Annotated[
        list[str] | None,
        typer.Option(help="Đang hưởng, lặp lại được · a programme that pays them; can be repeated."),
    ] = None,
    province: Province = None,
    as_json: AsJson = False,
) -> None:
    """Mừng thọ, quà Tết: được gì, theo điều nào · Gifts at an age or in a campaign."""
    day, birth = _day(on), _day(born) if born else None
    with _answering(as_json) as law:
        found = law.occasions(day, birth, province, frozenset(member or ()))
    if as_json:
        _print_json(found)
        return
    table = Table("Dịp · Occasion", "Ngày · Day", "Đồng", "Hiện vật · In kind", "Căn cứ · Article")
    for one in found:
        money = f"{one['dong']:,}" if one["covered"] else "chưa rõ · not known"
        table.add_row(escape(one["title"]), one["on"], money, escape(one["in_kind"] or ""), one["citation"])
    _console().print(table)


@app.command()
def coverage() -> None:
    """Luật nào đã có, luật nào chưa và vì sao (Markdown) · What of the law is covered."""
    from services.eligibility.wiring import coverage_page

    try:
        text = coverage_page(folder_of("ANSINH_POLICY_DIR"))
    except Refusal as refusal:
        _tell_mistakes(refusal, as_json=False)
        raise typer.Exit(MISTAKES) from None
    sys.stdout.write(text)


@app.command("foreign-list")
def foreign_list(
    file: Annotated[Path, typer.Argument(help="Tệp CSV · a CSV file.")],
    on: Annotated[str | None, typer.Option(help="Ngày nhập, mặc định hôm nay · day of the import.")] = None,
    as_json: AsJson = False,
) -> None:
    """Kiểm tra danh sách do cơ quan khác quyết định · Check a list that others decided (exit 2)."""
    from services.eligibility import wiring

    try:
        text = file.read_text(encoding="utf-8")
        found = wiring.foreign_list(text, _day(on) if on else date.today(), folder_of("ANSINH_POLICY_DIR"))
    except Refusal as refusal:
        _tell_mistakes(refusal, as_json)
        raise typer.Exit(NO_ANSWER) from None
    except (OSError, UnicodeDecodeError):
        typer.echo("Không đọc được tệp (cần UTF-8) · The file can't be read (UTF-8 is needed).", err=True)
        raise typer.Exit(NO_ANSWER) from None
    if as_json:
        errors = [_error(one) for one in found.errors]
        _print_json({"rows": found.rows, "good": len(found.decisions), "errors": errors})
    else:
        for one in found.errors:
            typer.echo(f"✗ {one.path}  {one.code}: {one.message_vi} · {one.message_en}", err=True)
        _console().print(f"{len(found.decisions)}/{found.rows} dòng đúng · rows are right")
    if found.errors:
        raise typer.Exit(MISTAKES)


@contextmanager
def _answering(as_json: bool) -> Iterator[Any]:
    """The law in use; a refusal ends the command with exit 1 and says what would be right."""
    from services.eligibility.wiring import law_reader

    try:
        yield law_reader(folder_of("ANSINH_POLICY_DIR"), folder_of("ANSINH_POLICY_OVERLAY"))
    except Refusal as refusal:
        _tell_mistakes(refusal, as_json)
        raise typer.Exit(NO_ANSWER) from None


def _tell_mistakes(refusal: Refusal, as_json: bool) -> None:
    errors = [_error(one) for one in refusal.errors]
    if as_json:
        _print_json({"good": False, "errors": errors})
        return
    for one in errors:
        typer.echo(f"✗ {one['path']}\n    {one['message_vi']}\n    {one['message_en']}", err=True)


def _error(one: FieldError) -> dict[str, str]:
    return {
        "path": one.path,
        "code": one.code,
        "message_vi": one.message_vi,
        "message_en": one.message_en,
    }


def _side(side: dict[str, str] | None) -> str:
    return f"{escape(side['text'])}\n[dim]{side['citation']}[/dim]" if side else "–"


def _month(text: str) -> Month:
    try:
        return Month.parse(text)
    except ValueError:
        raise typer.BadParameter("cần tháng dạng 2026-10 · a month such as 2026-10 is needed") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("cần ngày dạng 2026-10-05 · a date such as 2026-10-05 is needed") from None


def _print_json(value: Any) -> None:
    sys.stdout.buffer.write(orjson.dumps(value) + b"\n")
    sys.stdout.flush()


def _console() -> Console:
    return Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_ELSEWHERE)

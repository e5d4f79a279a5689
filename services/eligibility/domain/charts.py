"""A simulation as a picture: SVG text with its figures in it, readable by a screen reader, alone in a file.

Vietnamese first, then English; figures as Vietnam writes them. No font, script or picture is fetched from
anywhere. Winners and losers differ by side and sign besides their colours, which the colour-blind tell
apart. Lengths are user units of the drawing; a character is reckoned wide, as viewers have different fonts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from services.eligibility.domain.simulation import FULL

#: (dimension, key) in Vietnamese.
Naming = Callable[[str, str], str]

_WIDTH, _MARGIN, _LINE, _ROW = 960, 32, 18, 28
_RIGHT = _WIDTH - _MARGIN
#: Characters of a line: of the title, of a row's label, of small text.
_TITLE_MAX, _LABEL_MAX, _SMALL_MAX = 66, 38, 125
_TILES, _TILE_HEIGHT = 4, 66
_GAIN, _LOSS, _INK, _FAINT, _RULE = "#0072b2", "#d55e00", "#1c1c1c", "#595959", "#e4e4e4"
_MILLION = 10**6
_DIMENSIONS = (
    ("category", "Theo nhóm đối tượng", "By category"),
    ("province", "Theo tỉnh, thành phố", "By province"),
    ("age", "Theo tuổi", "By age"),
    ("sex", "Theo giới tính", "By sex"),
)
_HEADLINES = (
    ("change_dong", "Chi thêm mỗi tháng", "More a month"),
    ("change_year_dong", "Chi thêm mỗi năm", "More a year"),
    ("today_dong", "Luật hiện hành, mỗi tháng", "Today's law, a month"),
    ("draft_dong", "Dự thảo, mỗi tháng", "The draft, a month"),
    ("winners", "Người được nhiều hơn", "Winners"),
    ("losers", "Người bị giảm", "Losers"),
    ("newly_entitled", "Trong đó mới được hưởng", "Of these newly entitled"),
    ("no_longer_entitled", "Trong đó thôi được hưởng", "Of these no longer entitled"),
)
_APPLIED = (
    ("theo hồ sơ đã nộp", "as they applied"),
    ("như thể ai cũng nộp hồ sơ", "as if everybody had applied"),
)
_APART = (
    ("held", "Tạm dừng hoặc thôi hưởng, theo cả hai luật", "Suspended or stopped, under both laws"),
    ("undetermined", "Chưa xác định được", "Undetermined"),
    ("unreadable", "Dữ kiện không đọc được, không tính", "Facts that can't be read, not counted"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """Whose facts were counted, in both languages, and the draft by its hash."""

    vi: str
    en: str
    draft_hash: str


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where the bars of all panels begin, how far they reach to either side, and the unit of money."""

    middle: int
    reach: int
    losers: bool
    millions: bool


def chart(answer: Mapping[str, Any], title: str, source: Source, name: Naming) -> str:
    """One month's answer, as domain/simulation_answers.py gives it. `title`: what the draft calls itself."""
    told, total = _basis(answer, name), answer["total"]
    drawn, y = _lines(_MARGIN, 44, wrap(title, _TITLE_MAX), step=26, size=20, bold=True)
    basis, y = _lines(_MARGIN, y, told, size=13, fill=_FAINT)
    tiles, y = _tiles(total, y + 14)
    panels = [
        (dimension, f"{vi} · {en}", [row for row in answer[f"by_{dimension}"] if _changes(row)])
        for dimension, vi, en in _DIMENSIONS
    ]
    scale = _scale([row for _, _, rows in panels for row in rows])
    legend, y = _legend(scale, y + 8)
    drawn += basis + tiles + legend
    for dimension, heading, rows in panels:
        if rows:
            panel, y = _panel(heading, [(name(dimension, row["key"]), row) for row in rows], scale, y)
            drawn += panel
    if not any(rows for _, _, rows in panels):
        drawn.append(_text(_MARGIN, y, "Dự thảo không làm thay đổi gì. · The draft changes nothing."))
        y += _ROW
    footer, y = _footer(source, y)
    described = [*told, *(f"{vi} · {en}: {_shown(total, figure)}." for figure, vi, en in _HEADLINES)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y}" '
            f'viewBox="0 0 {_WIDTH} {y}" role="img" aria-labelledby="title desc" lang="vi" '
            'font-family="sans-serif" font-size="14">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="desc">{escape(" ".join(described))}</desc>',
            f'<rect width="{_WIDTH}" height="{y}" fill="#ffffff"/>',
            *drawn,
            *footer,
            "</svg>",
            "",
        ]
    )


def _basis(answer: Mapping[str, Any], name: Naming) -> list[str]:
    """Whose figures these are, and whom they leave out, in lines."""
    on, (year, month) = answer["rests_on"], answer["month"].split("-")
    where = name("province", on["province"]) if on["province"] else f"{on['provinces']} tỉnh, thành phố"
    how = _APPLIED[on["take_up"] == FULL]
    people = count_text(on["people"])
    vi = [f"Tháng {month}/{year}, {people} người có dữ kiện ở {where}, {how[0]}."]
    en = [f"Month {answer['month']}, {people} people with facts, {how[1]}."]
    for figure, in_vi, in_en in _APART:
        if on[figure] != 0:
            vi.append(f"{in_vi}: {count_text(on[figure])}.")
            en.append(f"{in_en}: {count_text(on[figure])}.")
    return [line for said in (vi, en) for line in wrap(" ".join(said), _SMALL_MAX)]


def count_text(figure: object) -> str:
    """A count as Vietnamese writes it; `<10` as it is, a dash for what is not shown."""
    if isinstance(figure, int):
        return f"{figure:,}".replace(",", ".")
    return "–" if figure is None else str(figure)


def money_text(dong: object, *, signed: bool = True) -> str:
    """Đồng, a change with its sign; from a thousand million on in tỷ, to the million."""
    if not isinstance(dong, int):
        return "–"
    sign = "" if not signed or dong == 0 else "+" if dong > 0 else "−"
    if abs(dong) < 10**9:
        return f"{sign}{count_text(abs(dong))} đ"
    whole, rest = divmod((abs(dong) + _MILLION // 2) // _MILLION, 1_000)
    return f"{sign}{count_text(whole)},{rest:03d} tỷ đ"


def _row_money(dong: object, millions: bool) -> str:
    """A change without its unit; in millions to a tenth."""
    if not isinstance(dong, int) or not millions:
        return money_text(dong).removesuffix(" đ")
    whole, tenth = divmod((abs(dong) * 10 + _MILLION // 2) // _MILLION, 10)
    sign = "+" if dong > 0 else "−" if dong < 0 else ""
    return f"{sign}{count_text(whole)},{tenth}"


def _shown(total: Mapping[str, Any], figure: str) -> str:
    if not figure.endswith("_dong"):
        return count_text(total[figure])
    return money_text(total[figure], signed=figure.startswith("change"))


def _changes(row: Mapping[str, Any]) -> bool:
    return any(row[name] != 0 for name in ("winners", "losers", "change_dong"))


def _tiles(total: Mapping[str, Any], y: int) -> tuple[list[str], int]:
    step = (_WIDTH - 2 * _MARGIN) // _TILES
    drawn = []
    for at, (figure, vi, en) in enumerate(_HEADLINES):
        x, top = _MARGIN + at % _TILES * step, y + at // _TILES * _TILE_HEIGHT
        drawn.append(_text(x, top, vi, size=13))
        drawn.append(_text(x, top + 15, en, size=12, fill=_FAINT))
        drawn.append(_text(x, top + 38, _shown(total, figure), size=18, bold=True))
    return drawn, y + -(-len(_HEADLINES) // _TILES) * _TILE_HEIGHT


def _scale(rows: Sequence[Mapping[str, Any]]) -> _Scale:
    """Where nobody loses, the bars have the losers' side too. A hidden count may be a loser."""
    losers = any(row["losers"] != 0 for row in rows)
    most = max((abs(row["change_dong"]) for row in rows if row["change_dong"] is not None), default=0)
    middle, reach = (560, 110) if losers else (350, 320)
    return _Scale(middle, reach, losers, millions=most >= 10 * _MILLION)


def _legend(scale: _Scale, y: int) -> tuple[list[str], int]:
    winners = "Người được nhiều hơn, bên phải · winners, to the right"
    if not scale.losers:
        winners = "Người được nhiều hơn; không ai bị giảm · winners; nobody loses"
    entries = [(_MARGIN, _GAIN, winners)]
    if scale.losers:
        entries.append((500, _LOSS, "Người bị giảm, bên trái · losers, to the left"))
    drawn = []
    for x, fill, said in entries:
        drawn.append(f'<rect x="{x}" y="{y - 11}" width="14" height="14" fill="{fill}"/>')
        drawn.append(_text(x + 22, y, said, size=13))
    return drawn, y + 34


def _panel(
    heading: str, rows: Sequence[tuple[str, Mapping[str, Any]]], scale: _Scale, y: int
) -> tuple[list[str], int]:
    """A heading and a line a row: bars of people, and the change of money."""
    most = max((_bar(row[figure]) for _, row in rows for figure in ("winners", "losers")), default=0)
    unit = "triệu đồng một tháng · million đồng a month" if scale.millions else "đồng một tháng · a month"
    drawn = [
        _text(_MARGIN, y, heading, size=16, bold=True),
        _text(_RIGHT, y, unit, anchor="end", size=12, fill=_FAINT),
    ]
    y += 10
    top = y
    for label, row in rows:
        label_lines = wrap(label, _LABEL_MAX) or [label]
        height = _ROW + (len(label_lines) - 1) * _LINE
        drawn.append(f'<path d="M{_MARGIN} {y}H{_RIGHT}" stroke="{_RULE}"/>')
        drawn += _lines(_MARGIN, y + 19, label_lines)[0]
        drawn += _bars(row, scale, most, y + (height - _ROW) // 2)
        y += height
    drawn.append(f'<path d="M{scale.middle} {top}V{y}" stroke="{_FAINT}"/>')
    return drawn, y + 40


def _bars(row: Mapping[str, Any], scale: _Scale, most: int, y: int) -> list[str]:
    drawn = [_text(_RIGHT, y + 19, _row_money(row["change_dong"], scale.millions), anchor="end")]
    for figure, side, fill in (("losers", -1, _LOSS), ("winners", 1, _GAIN)):
        if side < 0 and not scale.losers:
            continue
        length = round(_bar(row[figure]) * scale.reach / most) if most else 0
        x = scale.middle - length if side < 0 else scale.middle
        if length:
            drawn.append(f'<rect x="{x}" y="{y + 5}" width="{length}" height="18" fill="{fill}"/>')
        anchor = "end" if side < 0 else "start"
        said = count_text(row[figure])
        drawn.append(_text(scale.middle + side * (length + 6), y + 19, said, anchor=anchor))
    return drawn


def _bar(figure: object) -> int:
    """What is hidden has no length."""
    return figure if isinstance(figure, int) else 0


def _footer(source: Source, y: int) -> tuple[list[str], int]:
    told = (
        f"Nguồn: An Sinh; {source.vi}; dự thảo {source.draft_hash[:12]}. Đếm từng người theo hai luật, không "
        "suy rộng. Dòng không có gì đổi thì không vẽ; – là số không hiện.",
        f"Source: An Sinh; {source.en}; draft {source.draft_hash[:12]}. Counted person by person, never "
        "extrapolated. Rows without a change are not drawn; – is not shown; 1.234,5 is over a thousand.",
    )
    lines = [line for each in told for line in wrap(each, _SMALL_MAX)]
    drawn, y = _lines(_MARGIN, y, lines, step=16, size=12, fill=_FAINT)
    return drawn, y + 8


def _lines(
    x: int,
    y: int,
    said: Sequence[str],
    *,
    step: int = _LINE,
    size: int = 14,
    bold: bool = False,
    fill: str = _INK,
) -> tuple[list[str], int]:
    """Lines under one another, and where the next one would stand."""
    drawn = [_text(x, y + at * step, line, size=size, bold=bold, fill=fill) for at, line in enumerate(said)]
    return drawn, y + len(said) * step


def _text(
    x: int, y: int, said: str, *, size: int = 14, bold: bool = False, anchor: str = "start", fill: str = _INK
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    place = f'x="{x}" y="{y}" font-size="{size}" text-anchor={quoteattr(anchor)} fill="{fill}"{weight}'
    return f"<text {place}>{escape(said)}</text>"

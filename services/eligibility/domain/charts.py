"""A simulation as a picture: SVG text with its figures in it, readable by a screen reader, alone in a file.

Vietnamese first, then English. No font, script or picture is fetched from anywhere. Winners and losers
differ by side and sign besides their colour.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from services.eligibility.domain.simulation import FULL

#: (dimension, key) in Vietnamese.
Naming = Callable[[str, str], str]

_WIDTH, _MARGIN, _ROW = 960, 32, 26
_LABEL_END, _MIDDLE, _REACH = 440, 610, 90
_MONEY_END = _WIDTH - _MARGIN
_GAIN, _LOSS, _INK, _FAINT = "#1b5e9b", "#b34700", "#1c1c1c", "#5c5c5c"
_DIMENSIONS = (
    ("category", "Theo nhóm đối tượng", "By category"),
    ("province", "Theo tỉnh, thành phố", "By province"),
    ("age", "Theo tuổi", "By age"),
    ("sex", "Theo giới tính", "By sex"),
)
_HEADLINES = (
    ("change_dong", "Chi thêm mỗi tháng", "More a month", True),
    ("change_year_dong", "Chi thêm mỗi năm", "More a year", True),
    ("winners", "Người được nhiều hơn", "Winners", False),
    ("losers", "Người bị giảm", "Losers", False),
    ("newly_entitled", "Người mới được hưởng", "Newly entitled", False),
    ("no_longer_entitled", "Người thôi được hưởng", "No longer entitled", False),
)


def chart(answer: Mapping[str, Any], title: str, name: Naming) -> str:
    """One month's answer, as domain/simulation_answers.py gives it. `title`: what the draft calls itself."""
    total, basis = answer["total"], _basis(answer)
    drawn = [
        _text(_MARGIN, 44, title, size=22, bold=True),
        _text(_MARGIN, 68, basis, fill=_FAINT),
        *_headlines(total),
    ]
    y = 196
    for dimension, vi, en in _DIMENSIONS:
        rows = [row for row in answer[f"by_{dimension}"] if _changes(row)]
        if rows:
            panel, y = _panel(f"{vi} · {en}", dimension, rows, name, y)
            drawn += panel
    if y == 196:
        drawn.append(_text(_MARGIN, y, "Dự thảo không làm thay đổi gì. · The draft changes nothing."))
        y += _ROW
    described = ". ".join(
        f"{vi} · {en}: {_shown(total[figure], money)}" for figure, vi, en, money in _HEADLINES
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y}" '
            f'viewBox="0 0 {_WIDTH} {y}" role="img" aria-labelledby="title desc" lang="vi" '
            'font-family="sans-serif" font-size="14">',
            f'<title id="title">{escape(title)}</title>',
            f'<desc id="desc">{escape(f"{basis}. {described}.")}</desc>',
            f'<rect width="{_WIDTH}" height="{y}" fill="#ffffff"/>',
            *drawn,
            "</svg>",
            "",
        ]
    )


def _basis(answer: Mapping[str, Any]) -> str:
    """Whose figures these are."""
    rests_on = answer["rests_on"]
    people = count_text(rests_on["people"])
    vi, en = f"trên {people} người có dữ kiện", f"of {people} people with facts"
    if rests_on["take_up"] == FULL:
        vi, en = f"{vi}, như thể ai cũng nộp hồ sơ", f"{en}, as if everybody had applied"
    return f"Tháng {answer['month']}: {vi} · {en}"


def count_text(figure: object) -> str:
    """A count as Vietnamese writes it; `<10` as it is, a dash for what is not shown."""
    if isinstance(figure, int):
        return f"{figure:,}".replace(",", ".")
    return "–" if figure is None else str(figure)


def money_text(dong: object) -> str:
    """A change in đồng with its sign; from a thousand million on in tỷ, to the million."""
    if not isinstance(dong, int):
        return "–"
    sign = "+" if dong > 0 else "−" if dong < 0 else ""
    if abs(dong) < 10**9:
        return f"{sign}{count_text(abs(dong))} đ"
    whole, rest = divmod(round(abs(dong) / 10**6), 1_000)
    return f"{sign}{count_text(whole)},{rest:03d} tỷ đ"


def _shown(figure: object, money: bool) -> str:
    return money_text(figure) if money else count_text(figure)


def _changes(row: Mapping[str, Any]) -> bool:
    return any(row[name] != 0 for name in ("winners", "losers", "change_dong"))


def _headlines(total: Mapping[str, Any]) -> list[str]:
    step = (_WIDTH - 2 * _MARGIN) // 3
    drawn = []
    for at, (figure, vi, en, money) in enumerate(_HEADLINES):
        x, y = _MARGIN + at % 3 * step, 100 + at // 3 * 44
        drawn.append(_text(x, y, f"{vi} · {en}", size=12, fill=_FAINT))
        drawn.append(_text(x, y + 20, _shown(total[figure], money), size=18, bold=True))
    return drawn


def _panel(
    heading: str, dimension: str, rows: Sequence[Mapping[str, Any]], name: Naming, y: int
) -> tuple[list[str], int]:
    """A heading and a line a row: losers to the left, winners to the right, the change of money."""
    most = max((each for row in rows for each in (_bar(row["winners"]), _bar(row["losers"]))), default=0)
    drawn = [
        _text(_MARGIN, y + 16, heading, size=16, bold=True),
        _text(_MIDDLE - 8, y + 16, "− giảm · losers", anchor="end", size=12, fill=_LOSS),
        _text(_MIDDLE + 8, y + 16, "+ tăng · winners", size=12, fill=_GAIN),
        _text(_MONEY_END, y + 16, "đồng một tháng · a month", anchor="end", size=12, fill=_FAINT),
    ]
    y += 28
    for row in rows:
        base, reach = y + 17, _REACH / most if most else 0
        drawn.append(_text(_LABEL_END, base, name(dimension, row["key"]), anchor="end"))
        for figure, side, fill in (("losers", -1, _LOSS), ("winners", 1, _GAIN)):
            length = round(_bar(row[figure]) * reach)
            x = _MIDDLE - length if side < 0 else _MIDDLE
            drawn.append(f'<rect x="{x}" y="{y + 4}" width="{length}" height="18" fill="{fill}"/>')
            anchor = "end" if side < 0 else "start"
            drawn.append(_text(_MIDDLE + side * (length + 6), base, count_text(row[figure]), anchor=anchor))
        drawn.append(_text(_MONEY_END, base, money_text(row["change_dong"]), anchor="end"))
        y += _ROW
    drawn.append(f'<path d="M{_MIDDLE} {y - len(rows) * _ROW}V{y}" stroke="{_FAINT}"/>')
    return drawn, y + 24


def _bar(figure: object) -> int:
    """What is hidden has no length."""
    return figure if isinstance(figure, int) else 0


def _text(
    x: int, y: int, said: str, *, size: int = 14, bold: bool = False, anchor: str = "start", fill: str = _INK
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    place = f'x="{x}" y="{y}" font-size="{size}" text-anchor={quoteattr(anchor)} fill="{fill}"{weight}'
    return f"<text {place}>{escape(said)}</text>"

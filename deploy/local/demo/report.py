"""The result of a scenario as a report to read."""

from rich.console import Console
from rich.table import Table

from deploy.local.demo.case import Case
from deploy.local.demo.figures import Figures, GiftFigures, deviation
from scenarios.manifest import Gifts, Manifest

_COMMUNES_SHOWN = 8
_CATEGORIES = {
    "k1": "Trẻ em không có nguồn nuôi dưỡng · children without support",
    "k2": "Trẻ em thuộc khoản 1 đang đi học · former such children, studying",
    "k4": "Người đơn thân nghèo nuôi con · poor single parents",
    "k5": "Người cao tuổi · elders",
    "k6": "Người khuyết tật · disabled people",
    "k7": "Trẻ em dưới 3 tuổi hộ nghèo · children under 3 of poor households",
    "health_condition": "Tình trạng sức khỏe · health condition",
    "social_pension": "Hưu trí xã hội · social pension",
    "nurture": "Nuôi dưỡng tại cơ sở · in facilities",
    "care": "Kinh phí chăm sóc · care money",
    "other": "Khác · other",
}
_CHANNELS = {
    "bank_account": "Tài khoản ngân hàng · bank account",
    "post_office": "Bưu điện · post office",
    "home_delivery": "Chi tại nhà · home delivery",
    "e_wallet": "Ví điện tử · e-wallet",
}


def show(console: Console, manifest: Manifest, figures: Figures, case: Case | None) -> None:
    """Print the report."""
    months = ", ".join(manifest.benefit_months)
    console.print()
    console.rule(f"[bold]{manifest.scenario}[/]  {months}")
    console.print(_compared(manifest, figures))
    console.print(_money(figures))
    if figures.gifts and manifest.gifts:
        console.print(_gifts(manifest.gifts, figures.gifts))
    console.print(_groups("Nhóm đối tượng · Category", figures, _CATEGORIES))
    console.print(_channels(figures))
    console.print(_communes(figures))
    if case:
        console.print(_case(case))
    console.print(_checks(figures))


def _compared(manifest: Manifest, figures: Figures) -> Table:
    table = Table(
        "", "An Sinh", "Báo cáo · Report", "Lệch · Deviation", title="So với báo cáo · Against the report"
    )
    published = manifest.published
    rows = (
        ("Người hưởng · beneficiaries", figures.beneficiaries, published.beneficiaries, ""),
        ("Tiền trợ cấp · allowances", figures.amounts["instructed_dong"], published.dong, " đ"),
        ("Tiền nuôi dưỡng · nurture", figures.nurture_dong, published.nurture_dong, " đ"),
    )
    for name, ours, theirs, unit in rows:
        off = deviation(ours, theirs)
        table.add_row(
            name,
            f"{ours:,}{unit}",
            "không có · silent" if theirs is None else f"{theirs:,}{unit}",
            "" if off is None else f"{off:+.3%}",
        )
    table.add_row("Người đăng ký · registered", f"{figures.people:,}", "", "")
    table.add_row("Có quyết định · decided", f"{figures.decided:,}", "", "")
    table.add_row("Không đủ điều kiện · refused", f"{figures.refused:,}", "", "")
    table.add_row("Người ở cơ sở · residents", f"{figures.residents:,}", "", "")
    table.add_row("Người nhận kinh phí chăm sóc · carers", f"{figures.carers:,}", "", "")
    table.add_row("Kinh phí chăm sóc · care money", f"{figures.care_dong:,} đ", "", "")
    table.add_row("Hệ số bình quân · average coefficient", f"{figures.average_coefficient:.3f}", "", "")
    return _right(table, 1, 2, 3)


def _money(figures: Figures) -> Table:
    amounts = figures.amounts
    table = Table("", "Đồng", title="Trợ cấp cộng đồng · Community allowances")
    table.add_row("Đã lập lệnh · instructed", f"{amounts['instructed_dong']:,}")
    table.add_row("Đã chi · settled", f"{amounts['settled_dong']:,}")
    table.add_row("Trả lại · returned", f"{amounts['returned_dong']:,}")
    table.add_row("Đang chờ · pending", f"{amounts['pending_dong']:,}")
    table.add_row("Lệnh chi · instructions", f"{amounts['instructions']:,}")
    return _right(table, 1)


def _gifts(expected: Gifts, gifts: GiftFigures) -> Table:
    table = Table(
        "", "An Sinh", "Báo cáo · Report", "Lệch · Deviation", title=f"{expected.campaign['name']} · Gifts"
    )
    rows = (
        ("Suất quà · gifts", gifts.listed, expected.published_recipients, ""),
        ("Tiền · money", gifts.amounts["instructed_dong"], expected.published_dong, " đ"),
    )
    for name, ours, theirs, unit in rows:
        off = deviation(ours, theirs)
        shown = "không có · silent" if theirs is None else f"{theirs:,}{unit}"
        table.add_row(name, f"{ours:,}{unit}", shown, "" if off is None else f"{off:+.3%}")
    for name, part in (("Đã chi · settled", "settled_dong"), ("Trả lại · returned", "returned_dong")):
        table.add_row(name, f"{gifts.amounts[part]:,} đ", "", "")
    return _right(table, 1, 2, 3)


def _groups(title: str, figures: Figures, names: dict[str, str]) -> Table:
    table = Table("", "Người · People", "Đồng", title=title)
    for group in sorted(figures.categories, key=lambda group: -group.instructed_dong):
        name = names.get(group.key, group.name)
        table.add_row(f"{group.key}  {name}", f"{group.people:,}", f"{group.instructed_dong:,}")
    return _right(table, 1, 2)


def _channels(figures: Figures) -> Table:
    table = Table(
        "",
        "Người · People",
        "Đồng",
        "Trả lại · Returned",
        title="Hình thức chi trả · Channel",
    )
    for group in figures.channels:
        cells = (group.people, group.instructed_dong, group.amounts["returned_dong"])
        table.add_row(_CHANNELS.get(group.key, group.name), *(f"{cell:,}" for cell in cells))
    return _right(table, 1, 2, 3)


def _communes(figures: Figures) -> Table:
    count = len({group.key for group in figures.communes})
    table = Table("", "Người · People", "Đồng", title=f"{_COMMUNES_SHOWN} / {count} xã, phường · communes")
    largest = sorted(figures.communes, key=lambda group: -group.instructed_dong)[:_COMMUNES_SHOWN]
    for group in largest:
        table.add_row(f"{group.key} {group.name}", f"{group.people:,}", f"{group.instructed_dong:,}")
    return _right(table, 1, 2)


def _case(case: Case) -> Table:
    table = Table("", "", title="Một hồ sơ · One case", show_header=False)
    for label, text in case.lines:
        table.add_row(label, text)
    return _right(table)


def _checks(figures: Figures) -> Table:
    counts = figures.counts
    table = Table("", "", title="Kiểm tra · Checks", show_header=False)
    table.add_row("Sự kiện đã phát · events published", f"{counts.published:,}")
    table.add_row("Đã nhận / phải nhận · consumed / expected", f"{counts.consumed:,} / {counts.expected:,}")
    table.add_row("Bất biến đã kiểm · invariants checked", f"{len(figures.findings)}")
    table.add_row("Vi phạm · violations", f"{figures.violations}")
    return _right(table, 1)


def _right(table: Table, *columns: int) -> Table:
    table.title_justify = "left"
    for column in columns:
        table.columns[column].justify = "right"
    return table

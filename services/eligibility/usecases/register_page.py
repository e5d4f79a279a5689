"""The register as the page that a lawyer reads (docs/coverage-of-the-law.md), Vietnamese first."""

from collections.abc import Mapping

from services.eligibility.domain.register import Entry, Register

_COVERED = {"yes": "có · yes", "partly": "một phần · partly", "no": "chưa · no"}
_DECIDED = {"here": "xét ở đây · decided here", "elsewhere": "cơ quan khác quyết định · decided elsewhere"}


def page(register: Register, version: str) -> str:
    """Markdown; the same register gives the same text."""
    lines = [
        "# Luật đã có trong máy · What of the law is covered",
        "",
        "Trang này viết từ policy/programmes.yaml bằng lệnh `ansinh policy coverage`; đừng sửa tay. "
        "This page is written from that file by that command; don't edit it by hand.",
        "",
        f"Phiên bản luật · policy version: {version}. "
        f"Giá trị có căn cứ trong cả thư mục · cited values of the whole folder: {_counted(register.marks)}.",
        "",
        "Mức tin · marks: *verified* đã đọc văn bản · the text was read; *memory* theo trí nhớ hoặc nguồn "
        "thứ cấp, phải xác nhận · to be confirmed; *open* luật sư phải trả lời · counsel must answer "
        "([công tắc · switches](interpretation-switches.md)).",
        "",
        "## Chương trình · Programmes",
    ]
    for programme in register.programmes:
        lines += ["", f"### {programme.title} (`{programme.code}`), {_DECIDED[programme.decided]}", ""]
        lines += _table("Thời kỳ · Period", programme.periods)
    lines += ["", "## Địa phương · Provinces", ""]
    lines += _table("Địa phương · Province", register.provinces)
    lines += [
        "",
        "Tỉnh không có trong bảng tính theo mức trung ương, chưa tìm nghị quyết riêng. "
        "Provinces that are not in the table stand at the central level; no resolution was looked for.",
    ]
    return "\n".join(lines) + "\n"


def _table(heading: str, entries: tuple[Entry, ...]) -> list[str]:
    rows = [
        f"| {heading} | Có · Covered | Tệp · Files | Mức tin của tệp · Marks of the files "
        "| Còn thiếu, vì sao · Missing, why |",
        "|---|---|---|---|---|",
    ]
    for entry in entries:
        files = ", ".join(f"`{path}`" for path in entry.files) or "–"
        marks = _counted(entry.marks) if entry.files else "–"
        rows.append(
            f"| {entry.heading} | {_COVERED[entry.covered]} | {files} | {marks} | {entry.why or '–'} |"
        )
    return rows


def _counted(marks: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {mark}" for mark, count in marks.items() if count)

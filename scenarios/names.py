"""Invented names. Every one holds the words "Giả Lập" (simulated), so nobody takes it for a real person's."""

import unicodedata
from functools import lru_cache

MARK = "Giả Lập"


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FAMILY = _words(
    "Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đinh Lương Mai Trịnh Đoàn Tạ Chu"
)
_WOMEN = _words(
    "An Bình Chi Cúc Dung Duyên Đào Giang Hà Hạnh Hiền Hoa Hồng Huệ Hương Lan Liên Loan Ly Mai Minh My Nga"
    " Ngân Ngọc Nguyệt Nhung Oanh Phương Quyên Quỳnh Sen Tâm Thanh Thảo Thơm Thu Thủy Trang Trinh Tuyết Vân"
)
_MEN = _words(
    "An Ân Bảo Bình Chiến Công Cường Dũng Duy Đạt Đông Đức Giang Hải Hào Hậu Hiếu Hòa Hoàng Hùng Huy Khang"
    " Khánh Khoa Kiên Lâm Long Lộc Minh Nam Nghĩa Nhân Phong Phúc Quang Quân Sơn Tài Tâm Thắng Thành Tín"
)
_WOMEN_MIDDLE = _words("Thị Ngọc Thu Thanh Kim Mỹ Bích")
_MEN_MIDDLE = _words("Văn Hữu Đức Công Minh Quốc Xuân")


@lru_cache(maxsize=2)
def pool(female: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """All names of one sex, and the same as a bank writes them: capitals without marks."""
    middles, givens = (_WOMEN_MIDDLE, _WOMEN) if female else (_MEN_MIDDLE, _MEN)
    names = tuple(
        f"{family} {middle} {MARK} {given}" for family in _FAMILY for middle in middles for given in givens
    )
    return names, tuple(plain(name) for name in names)


def plain(name: str) -> str:
    """`Đỗ Thị Giả Lập Yến` as `DO THI GIA LAP YEN`."""
    spread = unicodedata.normalize("NFD", name.replace("Đ", "D").replace("đ", "d"))
    return "".join(sign for sign in spread if not unicodedata.combining(sign)).upper()

"""The match key of names."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain.names import match_key


def test_old_and_new_places_of_the_tone_mark_meet() -> None:
    assert match_key("Hoà") == match_key("Hòa") == "hoa"
    assert match_key("Thuỷ") == match_key("Thủy") == "thuy"


def test_every_d_with_a_stroke_meets() -> None:
    assert {match_key(name) for name in ("Đặng", "đặng", "Ðặng", "ðặng", "Ɖặng", "Dang")} == {"dang"}


def test_blanks_are_one_and_none_at_the_ends() -> None:
    assert match_key("  Lê   Thị\tNgọc ") == "le thi ngoc"


@given(st.text(alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyAĂÂĐÊÔƠƯàáảãạằắẳẵặ ", max_size=40))
def test_composed_and_decomposed_names_meet(name: str) -> None:
    assert match_key(unicodedata.normalize("NFC", name)) == match_key(unicodedata.normalize("NFD", name))


@given(st.text(max_size=60))
def test_a_key_is_its_own_key(name: str) -> None:
    assert match_key(match_key(name)) == match_key(name)

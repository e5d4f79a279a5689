"""The match key of a Vietnamese name: what two spellings of one name have in common."""

import unicodedata
from functools import lru_cache

#: Letters that no Unicode decomposition turns into a plain d: đ (U+0111), Đ (U+0110), and the Icelandic
#: and African look-alikes that old fonts and keyboards leave in their place.
_D_LETTERS = str.maketrans({"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ɖ": "d", "Ɖ": "d"})


def match_key(name: str) -> str:
    """Lower case, no tone or vowel marks, one blank between words: "Đặng Thị Hoà" gives "dang thi hoa".

    NFC and NFD, `oà` and `òa`, and every d with a stroke meet in the same key. It serves for finding
    only; the name itself is kept as given (NFC).
    """
    return " ".join(filter(None, map(_bare, name.split())))


@lru_cache(maxsize=16_384)
def _bare(word: str) -> str:
    """The same of one word: a nation's names are made of some thousands of them."""
    decomposed = unicodedata.normalize("NFD", word.translate(_D_LETTERS).lower())
    return "".join([character for character in decomposed if not unicodedata.combining(character)])

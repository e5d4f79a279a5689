"""The match key of a Vietnamese name: what two spellings of one name have in common."""

import unicodedata

#: Letters that no Unicode decomposition turns into a plain d: đ (U+0111), Đ (U+0110), and the Icelandic
#: and African look-alikes that old fonts and keyboards leave in their place.
_D_LETTERS = str.maketrans({"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ɖ": "d", "Ɖ": "d"})


def match_key(name: str) -> str:
    """Lower case, no tone or vowel marks, one blank between words: "Đặng Thị Hoà" gives "dang thi hoa".

    NFC and NFD, `oà` and `òa`, and every d with a stroke meet in the same key. It serves for finding
    only; the name itself is kept as given (NFC).
    """
    if name.isascii():
        return " ".join(name.lower().split())
    decomposed = unicodedata.normalize("NFD", name.translate(_D_LETTERS).lower())
    bare = "".join([character for character in decomposed if not unicodedata.combining(character)])
    return " ".join(bare.split())

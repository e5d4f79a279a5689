"""The first look at a query: on its text alone, before any parser recurses into it."""

import re

#: Strings and comments are skipped whole; an unfinished one runs to its end, so that the scan stays linear.
_MARKS = re.compile(
    r'"""(?:\\"""|[^"]|"(?!""))*(?:""")?'
    r'|"(?:\\.|[^"\\\n])*"?'
    r"|#[^\n\r]*"
    r"|[{}\[\]()]"
)
_OPENING = frozenset("{[(")
_CLOSING = frozenset("}])")


def nesting(query: str) -> int:
    """The most brackets that are open at once, of any kind. One pass."""
    depth = deepest = 0
    for mark in _MARKS.finditer(query):
        sign = mark[0]
        if sign in _OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif sign in _CLOSING:
            depth -= 1
    return deepest

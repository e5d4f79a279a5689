"""The register of what the policy holds of the law: policy/programmes.yaml as types."""

from collections.abc import Mapping
from dataclasses import dataclass

COVERED = ("yes", "partly", "no")
DECIDED = ("here", "elsewhere")


@dataclass(frozen=True, slots=True)
class Entry:
    """A programme's period, or a province: how far it is covered, by which files, and what is not and why.
    `marks` counts the values of the files by how sure they are."""

    heading: str
    covered: str
    files: tuple[str, ...]
    why: str
    marks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Programme:
    code: str
    title: str
    decided: str
    periods: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Register:
    programmes: tuple[Programme, ...]
    provinces: tuple[Entry, ...]
    marks: Mapping[str, int]

    @property
    def elsewhere(self) -> frozenset[str]:
        """Programmes that another authority decides."""
        return frozenset(one.code for one in self.programmes if one.decided == "elsewhere")

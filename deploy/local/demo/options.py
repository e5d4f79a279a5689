"""What a demo run is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`people`: a smaller population than the report's, for quick runs; its figures are then not compared."""

    scenario: str
    kafka: str = "embedded"
    people: int | None = None
    seed: int | None = None
    #: So many gifts instead of the report's, or as many as people; 0 for none.
    gifts: int | None = None
    #: Go on with the data of the last run instead of beginning from nothing.
    keep: bool = False

"""Assess a case: one question in, one answer with its reasons out. Stores nothing."""

from dataclasses import dataclass
from typing import Any

from services.eligibility.domain.answers import answer
from services.eligibility.domain.case_reading import read_case
from services.eligibility.domain.engine import Engine
from services.eligibility.domain.json_text import parse


@dataclass(frozen=True)
class Assessor:
    engine: Engine

    def assess(self, case: object) -> dict[str, Any]:
        """The answer to a case, a JSON value as it came in. Refusal `case_invalid` with each wrong
        field's path, or `not_covered_yet`."""
        return answer(self.engine, read_case(case, self.engine.policy.successions))

    def parse(self, text: bytes) -> object:
        """The JSON value of a case's text; Refusal `case_invalid` where it is none."""
        return parse(text)

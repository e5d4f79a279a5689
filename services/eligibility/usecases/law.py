"""Read the law that the engine decides by: of a month, and what differs between two days."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from libs.common.kernel.errors import FieldError, Refusal
from libs.common.kernel.months import Month
from services.eligibility.domain.law_text import lines_of
from services.eligibility.domain.occasions import of_person
from services.eligibility.domain.packs import Place, not_covered
from services.eligibility.domain.policy import Policy


@dataclass(frozen=True)
class LawReader:
    policy: Policy

    def month(self, day: date, province: str | None = None, rule: str | None = None) -> dict[str, Any]:
        """The law of the benefit month of `day`, JSON-able; `rule` keeps the lines about that rule.

        Refusal `not_covered_yet` before the policy begins, `case_invalid` for a province or rule that
        is not known.
        """
        self._covered(day)
        lines = lines_of(self.policy, day, self._place(province))
        if rule is not None:
            lines = [line for line in lines if line.about == rule]
            if not lines:
                raise _unknown("rule", "Tháng này không có quy tắc đó.", "The month has no such rule.")
        return {
            "month": str(Month.of(day)),
            "province": province,
            "policy_version": self.policy.version,
            "policy_hash": self.policy.hash,
            "lines": [line.as_json() for line in lines],
            "switches": [
                {
                    "name": switch.name,
                    "question": switch.question,
                    "chosen": switch.chosen,
                    "options": list(switch.options),
                    "citation": str(switch.citation),
                }
                for switch in self.policy.switches.values()
            ],
        }

    def changes(self, before: date, after: date, province: str | None = None) -> list[dict[str, Any]]:
        """What the law says otherwise on `after` than on `before`: each line that is new, gone or
        changed in its text, with both articles. Refusals as of `month`."""
        self._covered(before)
        self._covered(after)
        place = self._place(province)
        old = {(line.kind, line.about): line for line in lines_of(self.policy, before, place)}
        new = {(line.kind, line.about): line for line in lines_of(self.policy, after, place)}
        found = []
        for key in [*old, *(key for key in new if key not in old)]:
            was, now = old.get(key), new.get(key)
            if was is not None and now is not None and was.text == now.text:
                continue
            shown = now or was
            assert shown is not None
            found.append(
                {
                    "kind": shown.kind,
                    "about": shown.about,
                    "title": shown.title,
                    "before": was and {"text": was.text, "citation": str(was.citation)},
                    "after": now and {"text": now.text, "citation": str(now.citation)},
                }
            )
        return found

    def occasions(
        self,
        day: date,
        born: date | None = None,
        province: str | None = None,
        memberships: frozenset[str] = frozenset(),
    ) -> list[dict[str, Any]]:
        """What somebody is given once, for an age of the year of `day` or in a campaign open on it. An
        amount that the province fixes and nobody has read is `covered: false`, never 0."""
        place = self._place(province)
        local = [
            milestone
            for levels in self.policy.local
            if levels.territory.covers(place.province, place.former_province)
            for milestone in levels.longevity
        ]
        rules = self.policy.occasions
        found = of_person(rules, local, born, memberships, day) if rules else []
        return [occasion.as_json() for occasion in found]

    def _place(self, province: str | None) -> Place:
        """A code of today, or an old one whose territory keeps its own rules."""
        successions = self.policy.successions
        if province is None or province in successions.values():
            return Place(province)
        if province in successions:
            return Place(successions[province], province)
        raise _unknown(
            "province",
            "Cần mã tỉnh 2 chữ số, ví dụ 01.",
            "Needed: a 2-digit province code such as 01.",
        )

    def _covered(self, day: date) -> None:
        first = self.policy.coverage.from_month
        if Month.of(day) < first:
            raise not_covered("month", str(first))


def _unknown(path: str, vi: str, en: str) -> Refusal:
    return Refusal("case_invalid", vi, en, (FieldError(path, "not_one_of", vi, en),))

"""One person as the gateway shows them: found by commune, decided with reasons, paid."""

from dataclasses import dataclass
from typing import Any

from deploy.local.demo.stages import Journey

_LOOKED_AT = 20
_REASONS_SHOWN = 6
_QUERY = """
query Case($commune: String!, $first: Int!) {
  searchPeople(communeCode: $commune, first: $first) {
    edges {
      node {
        id fullName birthDate commune { name }
        decisions {
          outcome programme category coefficient standardDong amountDong effectiveFrom
          reasons { rule held citation }
        }
        payments { programme status amountDong channel settledOn }
      }
    }
  }
}
"""


@dataclass(frozen=True, slots=True)
class Case:
    """Lines to print, label and text."""

    lines: tuple[tuple[str, str], ...]


async def read(journey: Journey, commune_code: str) -> Case | None:
    """The first person of the commune with a decision that was paid; None when there is none among a few."""
    asked = {"commune": commune_code, "first": _LOOKED_AT}
    answer = await journey.client.query("auditor", _QUERY, asked)
    for edge in answer["searchPeople"]["edges"]:
        person = edge["node"]
        granted = [one for one in person["decisions"] or [] if one["outcome"] == "GRANTED"]
        if granted and person["payments"]:
            return _case(person, granted[0])
    return None


def _case(person: dict[str, Any], decision: dict[str, Any]) -> Case:
    held = [reason for reason in decision["reasons"] or [] if reason["held"]]
    formula = f"{decision['coefficient']} × {decision['standardDong']:,} đ = {decision['amountDong']:,} đ"
    lines = [
        ("Người · person", f"{person['fullName']}, {person['birthDate']}, {person['commune']['name']}"),
        ("Quyết định · decision", f"{decision['category']}  {formula}  {decision['effectiveFrom']}"),
    ]
    for reason in held[:_REASONS_SHOWN]:
        lines.append(("Căn cứ · reason", f"{reason['rule']}  {reason['citation'] or ''}"))
    for paid in person["payments"]:
        words = (f"{paid['amountDong']:,} đ", paid["channel"], paid["status"], paid["settledOn"])
        lines.append(("Chi trả · payment", "  ".join(str(word) for word in words if word)))
    return Case(tuple(lines))

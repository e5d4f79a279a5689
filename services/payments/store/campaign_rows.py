"""A campaign's row as the domain knows it."""

from typing import Any

from services.payments.domain.campaigns import Campaign, Group, Terms

_TERMS = (
    "code",
    "name",
    "programme",
    "province_code",
    "legal_basis",
    "article",
    "opens_on",
    "closes_on",
    "months",
    "fund_id",
    "only_one_of",
)
COLUMNS = (
    ", ".join(f"c.{name}" for name in ("campaign_id", *_TERMS, "status", "maker_sub", "checker_sub"))
    + ", c.content_hash, (select array_agg(row(g.code, g.name, g.amount) order by g.code)"
    " from campaign_group g where g.campaign_id = c.campaign_id) as groups"
)


def campaign_of(row: Any) -> Campaign:
    groups = tuple(Group(*group) for group in row["groups"])
    return Campaign(
        campaign_id=row["campaign_id"],
        terms=Terms(**{name: row[name] for name in _TERMS}, groups=groups),
        status=row["status"],
        maker=row["maker_sub"],
        checker=row["checker_sub"],
        content_hash=row["content_hash"],
    )


def terms_values(terms: Terms) -> tuple[Any, ...]:
    """In the order of TERMS_COLUMNS."""
    return tuple(getattr(terms, name) for name in _TERMS)


TERMS_COLUMNS = ", ".join(_TERMS)

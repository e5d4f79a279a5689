"""Tokens of the local issuer, for the command line and the scenario's driver."""

import httpx

from deploy.local.keys import Secrets
from deploy.local.places import Places


async def token(places: Places, secrets: Secrets, who: str, territory: str | None = None) -> str:
    """An access token of an hour. httpx.HTTPError when the issuer is away; ValueError for nobody's name."""
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        answer = await client.post(
            f"{places.url('issuer')}/token",
            json={"as": who, "territory": territory, "secret": secrets.issuer_secret},
        )
    if answer.status_code == 400:
        raise ValueError(f"the local issuer knows nobody called {who!r}")
    answer.raise_for_status()
    return str(answer.json()["access_token"])

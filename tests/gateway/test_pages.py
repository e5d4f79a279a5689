"""The playground and the API page: whole without any other host."""

import re
from pathlib import Path

import httpx
import pytest

from gateway.export import sdl
from gateway.schema.door import STATIC
from libs.common.runtime import api_pages

#: What a browser would fetch by itself.
_LOADS = re.compile(r"""(?:src|href)\s*=\s*["']([^"']+)["']|url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")


def loaded(text: str) -> list[str]:
    return [next(filter(None, found)) for found in _LOADS.findall(text)]


@pytest.mark.parametrize("path", ["/graphql", "/docs"])
async def test_a_page_loads_from_its_own_host_alone(client: httpx.AsyncClient, path: str) -> None:
    del client.headers["authorization"]
    page = await client.get(path, headers={"Accept": "text/html"})
    assert page.status_code == 200
    addresses = loaded(page.text)
    assert len(addresses) >= 3
    for address in addresses:
        if address.startswith("data:"):
            continue
        assert "//" not in address
        found = await client.get("/" + address)
        assert found.status_code == 200, address
        if address.endswith(".css"):
            for inner in loaded(found.text):
                assert inner.startswith(("data:", "#")), inner


@pytest.mark.parametrize("path", ["/graphql", "/docs"])
async def test_the_browser_is_told_to_ask_no_other_host(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path, headers={"Accept": "text/html"})
    policy = page.headers["content-security-policy"]
    for directive in ("default-src 'self'", "script-src 'self'", "connect-src 'self'", "object-src 'none'"):
        assert directive in policy
    assert not re.search(r"https?:|\*", policy)
    assert "<script>" not in page.text


def test_vendored_files_come_with_their_licences() -> None:
    swagger = Path(api_pages.__file__).parent / "static" / "swagger"
    for folder in (STATIC, swagger):
        names = {file.name for file in folder.iterdir()}
        assert "README.md" in names
        assert any(name.startswith("LICENSE") for name in names)
        assert sum(file.stat().st_size for file in folder.iterdir()) < 2_500_000


async def test_the_front_door_leads_to_the_playground(client: httpx.AsyncClient) -> None:
    assert (await client.get("/")).headers["location"] == "graphql"
    for path in ("/livez", "/readyz", "/metrics"):
        assert (await client.get(path)).status_code == 200


def test_the_schema_is_exported_the_same_each_time() -> None:
    assert sdl() == sdl()
    assert "scalar Dong" in sdl()
    assert "runProgress(runId: ID!): Run!" in sdl()

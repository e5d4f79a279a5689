"""The page that shows a service's API: Swagger UI from our own files, for offices without internet."""

from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from libs.common.runtime.access import open_to_all

_FILES = Path(__file__).parent / "static" / "swagger"
_PAGE = """<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/files/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="docs/files/swagger-ui-bundle.js"></script>
<script src="docs/files/start.js"></script>
</body>
</html>
"""


def offline(script_source: str = "'self'") -> dict[str, str]:
    """Headers that let a page load from this host alone, whatever its scripts try."""
    policy = (
        f"default-src 'self'; script-src {script_source}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }


def mount(app: FastAPI) -> None:
    """Serve `/docs` and its files. The page reads `/openapi.json` of the same host."""

    @app.get("/docs", dependencies=[open_to_all()], include_in_schema=False, response_class=HTMLResponse)
    async def docs() -> HTMLResponse:
        """The API page."""
        return HTMLResponse(_PAGE, headers=offline())

    app.mount("/docs/files", StaticFiles(directory=_FILES), name="docs-files")

"""A plain Quart view that returns bytes which are ready."""

import os
from pathlib import Path

from quart import Quart, Response


def create_app() -> Quart:
    app = Quart(__name__)
    body = Path(os.environ["BENCHMARK_BODY"]).read_bytes()

    @app.get("/api/v1/elections/<election>/results")
    async def results(election: str) -> Response:
        return Response(body, content_type="application/json")

    return app

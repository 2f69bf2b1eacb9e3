"""FastAPI returning bytes which are ready."""

from typing import Annotated

from fastapi import FastAPI, Header, Response

from benchmarks.peers.ready import ready


def create_app() -> FastAPI:
    app = FastAPI()
    answer = ready()
    unchanged = answer.without_body()

    @app.get("/api/v1/elections/{election}/results")
    async def results(election: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
        if if_none_match == answer.etag:
            return Response(b"", 304, headers=unchanged)
        return Response(answer.body, headers=answer.headers)

    return app

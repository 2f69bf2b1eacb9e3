"""Starlette returning bytes which are ready."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.peers.ready import ready


def create_app() -> Starlette:
    answer = ready()
    unchanged = answer.without_body()

    async def results(request: Request) -> Response:
        if request.headers.get("if-none-match") == answer.etag:
            return Response(b"", 304, headers=unchanged)
        return Response(answer.body, headers=answer.headers)

    return Starlette(routes=[Route("/api/v1/elections/{election}/results", results)])

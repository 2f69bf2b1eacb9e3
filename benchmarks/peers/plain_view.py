"""A plain Quart view that returns bytes which are ready, with the very headers that ours sends."""

from quart import Quart, Response, request

from benchmarks.peers.ready import ready


def create_app() -> Quart:
    app = Quart(__name__)
    answer = ready()
    unchanged = answer.without_body()

    @app.get("/api/v1/elections/<election>/results")
    async def results(election: str) -> Response:
        if request.headers.get("If-None-Match") == answer.etag:
            return Response(b"", 304, headers=unchanged)
        return Response(answer.body, headers=answer.headers)

    return app

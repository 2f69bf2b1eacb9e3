"""A plain Flask view that returns bytes which are ready: `gunicorn -w 1 'flask_view:create_app()'`."""

from flask import Flask, Response, request

from benchmarks.peers.ready import ready


def create_app() -> Flask:
    app = Flask(__name__)
    answer = ready()
    unchanged = answer.without_body()

    @app.get("/api/v1/elections/<election>/results")
    def results(election: str) -> Response:
        if request.headers.get("If-None-Match") == answer.etag:
            return Response(b"", 304, headers=unchanged)
        return Response(answer.body, headers=answer.headers)

    return app

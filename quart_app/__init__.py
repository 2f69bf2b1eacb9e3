"""Everything that knows HTTP. `create_app` is the table of contents."""

from quart import Quart

from quart_app.access import enforce_access
from quart_app.api import (
    audit,
    ballot_design,
    candidates,
    canvass_settings,
    certification,
    complaint_desk,
    complaints,
    drafting,
    elections,
    entries,
    exports,
    health,
    history,
    log,
    members,
    metrics,
    observing,
    places,
    results,
    results_ws,
    reviewing,
    sessions,
    tallies,
    tallies_ws,
    tokens,
    voters,
)
from quart_app.auth import install_sessions
from quart_app.door.compression import install_compression
from quart_app.door.cors import install_cors
from quart_app.door.headers import install_headers
from quart_app.door.limits import install_limits
from quart_app.door.proxies import behind_proxies
from quart_app.door.shedding import Shedding
from quart_app.door.sizes import install_sizes
from quart_app.errors import install_error_handlers
from quart_app.front import FrontDoor
from quart_app.live import LiveConnection
from quart_app.metrics.answers import Answers, install_answers
from quart_app.metrics.exposition import EXTENSION, Metrics
from quart_app.openapi import describe
from quart_app.pages import install_pages
from quart_app.pages.forms import install_forms
from quart_app.settings import ROOT, Settings, load_settings
from quart_app.sockets import BoundedWebsocketConnection
from quart_app.wiring import Services

APIS = (
    elections,
    drafting,
    ballot_design,
    candidates,
    complaints,
    complaint_desk,
    voters,
    canvass_settings,
    certification,
    results,
    places,
    exports,
    history,
    observing,
    log,
    entries,
    tallies,
    tallies_ws,
    results_ws,
    reviewing,
    sessions,
    tokens,
    members,
    audit,
    health,
    metrics,
)


def create_app(settings: Settings | None = None) -> Quart:
    """The application. Engines and services are made when it starts serving, and closed after."""
    settings = settings or load_settings()
    app = Quart("quart_app", template_folder=str(ROOT / "templates"), static_folder=None)
    install_headers(app)
    answers = install_answers(app)
    install_compression(app)
    install_cors(app, settings.requests.origins)
    install_sizes(app, settings.requests.max_body)
    app.config["QUART_SCHEMA_CONVERSION_PREFERENCE"] = "msgspec"
    app.asgi_http_class = LiveConnection
    app.asgi_websocket_class = BoundedWebsocketConnection
    for part in APIS:
        app.register_blueprint(part.api)
    install_sessions(app, settings.sessions.hours)
    install_error_handlers(app)
    install_pages(app)
    describe(app)
    install_limits(app, settings.redis_url, enabled=settings.requests.limits)
    enforce_access(app)
    install_forms(app, [part.api for part in APIS])
    _serve_services(app, settings, answers)
    app.asgi_app = answers.front = FrontDoor(app.asgi_app, lambda: app.extensions.get("tallystream"))  # type: ignore[method-assign]
    app.asgi_app = Shedding(app.asgi_app, lambda: app.extensions.get("tallystream"))  # type: ignore[method-assign]
    if hops := settings.requests.proxies:
        # Only then: without them, whoever asks could call itself anybody.
        app.asgi_app = behind_proxies(app.asgi_app, hops)  # type: ignore[method-assign]
    return app


def _serve_services(app: Quart, settings: Settings, answers: Answers) -> None:
    @app.before_serving
    async def start() -> None:
        app.extensions["tallystream"] = house = Services(settings)
        app.secret_key = house.keys.cookies
        house.start()
        app.extensions[EXTENSION] = measured = Metrics(house, answers)
        measured.start()

    @app.after_serving
    async def stop() -> None:
        house: Services = app.extensions.pop("tallystream")
        await app.extensions.pop(EXTENSION).close()
        await house.drain()
        await house.close()

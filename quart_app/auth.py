"""Who is asking: the member behind a bearer token or a session cookie, looked up once a request.

A token is sent as `Authorization: Bearer`. A session is kept by the database; its cookie, signed and
set by Quart-Auth, holds only the secret that finds it, so that ending a session on the server ends it
everywhere. A browser sends its cookie by itself, so with one the request must come from our own pages.
"""

import datetime
from typing import cast

from quart import Quart, Request, Websocket, g, request
from quart_auth import AuthUser, QuartAuth, current_user, login_user, logout_user

from models.errors import ForeignOrigin, NotFresh, NotSignedIn
from models.rights import Actor, Identity
from models.wording import say
from quart_app.wiring import services
from services.clock import utc_now

COOKIE = "__Host-tallystream"

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def install_sessions(app: Quart, hours: float) -> None:
    """Cookies that only this site's servers can make, that scripts cannot read nor other sites send.

    One lasts as long as its session, `hours`, also where the browser is closed in between: an officer's
    telephone that died at midnight goes on where it was.
    """
    app.config.update(
        QUART_AUTH_COOKIE_NAME=COOKIE,
        QUART_AUTH_DURATION=int(hours * 3600),
        QUART_AUTH_COOKIE_HTTP_ONLY=True,
        QUART_AUTH_COOKIE_SECURE=True,
        QUART_AUTH_COOKIE_SAMESITE="Lax",
        # Quart's own session carries the CSRF token of forms and what was just done, and nothing else.
        SESSION_COOKIE_NAME="__Host-tallystream-form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    QuartAuth(app)


async def identity(carrier: Request | Websocket) -> Identity | None:
    """Whoever is asking, None for the public.

    Raises NotSignedIn for a token that is not good, and ForeignOrigin where a page of another site
    changes something with a session, or opens a WebSocket. A cookie whose session has ended counts for
    nothing.
    """
    if not hasattr(g, "identity"):
        g.identity = await _identify(carrier)
    return cast(Identity | None, g.identity)


async def _identify(carrier: Request | Websocket) -> Identity | None:
    header = carrier.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise NotSignedIn(say("Send the token as: Authorization: Bearer TOKEN"))
        return await services().credentials.by_token(token.strip())
    secret = current_user.auth_id
    if secret is None:
        return None
    found = await services().credentials.by_session(secret)
    if found is not None and (isinstance(carrier, Websocket) or carrier.method not in SAFE):
        check_origin(carrier)
    return found


def check_origin(carrier: Request | Websocket) -> None:
    """Raises ForeignOrigin where a page of another site sends.

    Browsers name the page's site; who names none is no browser and chose to send the cookie. A page that
    came without TLS may be anybody's, and uses no session that has it.
    """
    origin = carrier.headers.get("Origin")
    if origin is None:
        return
    ours = {f"https://{carrier.host}"}
    if carrier.scheme in ("http", "ws"):
        ours.add(f"http://{carrier.host}")
    if origin not in ours:
        raise ForeignOrigin


async def signed_in(carrier: Request | Websocket) -> Identity:
    """Whoever is asking. Raises NotSignedIn."""
    found = await identity(carrier)
    if found is None:
        raise NotSignedIn(say("This needs a token (Authorization: Bearer TOKEN) or a session."))
    return found


async def staff_asking(carrier: Request | Websocket) -> Identity | None:
    """Whoever is asking, where they may see results before their release; nobody else counts as staff."""
    found = await identity(carrier)
    return found if found is not None and found.sees_withheld_results else None


async def is_staff(carrier: Request | Websocket) -> bool:
    """Whether whoever asks may see results before their release."""
    return await staff_asking(carrier) is not None


def is_fresh(who: Identity) -> bool:
    """Whether this is a session whose password was given just now."""
    confirmed_at = who.credential.confirmed_at
    lasts = datetime.timedelta(seconds=services().settings.sessions.fresh)
    return confirmed_at is not None and utc_now() - confirmed_at <= lasts


def require_fresh(who: Identity) -> None:
    """Raises NotFresh."""
    if not is_fresh(who):
        raise NotFresh


async def actor() -> Actor:
    """Who makes the change that this request asks for, and from where."""
    who = await identity(request)
    channel = "web" if who is not None and who.credential.kind == "session" else "api"
    address = request.remote_addr or ""
    return Actor(who.member_id, who.username, address, channel) if who else public_actor()


def public_actor() -> Actor:
    return Actor(None, "", request.remote_addr or "", "api")


def begin_session(secret: str) -> None:
    """The answer sets the cookie."""
    login_user(AuthUser(secret), remember=True)


def end_session() -> None:
    """The answer takes the cookie away."""
    logout_user()

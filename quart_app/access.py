"""Who may enter: every route says so, and so does every message and every command.

`create_app` fails where one does not. The rule of a route is looked at before anything of the request
is read, so that nobody learns more from an error than that they may not enter.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from quart import Quart, Request, current_app, g, request
from werkzeug.routing.rules import Rule

from models.errors import NotAllowed
from models.rights import PUBLIC, SIGNED_IN, Access, Identity, Role, role_word
from models.wording import either, listed, say
from quart_app.auth import require_fresh, signed_in

_RULE = "_tallystream_access"
_MESSAGES = "_tallystream_messages"
_OPENED = "_tallystream_opened_by"

T = TypeVar("T", bound=Callable[..., Any])


class UndeclaredAccess(RuntimeError):
    """Something can be entered and does not say by whom."""


def public(view: T) -> T:
    """Everybody may enter."""
    return declare(view, PUBLIC)


def members(view: T) -> T:
    """Whoever has signed in may enter."""
    return declare(view, SIGNED_IN)


def fresh_members(view: T) -> T:
    """Whoever has signed in and gave the password just now may enter."""
    return declare(view, Access(fresh=True))


def only(*roles: Role, fresh: bool = False) -> Callable[[T], T]:
    """One of these roles is needed; `fresh` asks for a session whose password was given just now."""
    return lambda view: declare(view, Access(roles=frozenset(roles), fresh=fresh))


def opened_by(key: Callable[[Request], bool]) -> Callable[[T], T]:
    """Whoever brings this key may enter as well, whether the rule would let them or not."""

    def mark(view: T) -> T:
        setattr(view, _OPENED, key)
        return view

    return mark


def takes(messages: Mapping[type, Access]) -> Callable[[T], T]:
    """Who may send each message of a WebSocket."""

    def mark(view: T) -> T:
        setattr(view, _MESSAGES, dict(messages))
        return view

    return mark


def declare(view: T, access: Access) -> T:
    setattr(view, _RULE, access)
    return view


def access_of(view: Callable[..., Any]) -> Access:
    """Raises UndeclaredAccess."""
    found: Access | None = getattr(view, _RULE, None)
    if found is None:
        raise UndeclaredAccess(f"{view.__module__}.{view.__name__} does not declare who may enter")
    return found


def messages_of(view: Callable[..., Any]) -> dict[type, Access]:
    """Raises UndeclaredAccess."""
    found: dict[type, Access] | None = getattr(view, _MESSAGES, None)
    if found is None:
        raise UndeclaredAccess(f"{view.__module__}.{view.__name__} does not declare who may send what")
    return found


def every_rule(app: Quart) -> Iterator[tuple[Rule, Access]]:
    """Every route with who may enter. Raises UndeclaredAccess."""
    for rule in app.url_map.iter_rules():
        yield rule, access_of(app.view_functions[rule.endpoint])
        if rule.websocket:
            messages_of(app.view_functions[rule.endpoint])


def enforce_access(app: Quart) -> None:
    """Raises UndeclaredAccess, so that the program does not start."""
    list(every_rule(app))

    @app.before_request
    async def admit() -> None:
        # A preflight carries no credentials, and nothing is done for it.
        if request.endpoint is None or request.method == "OPTIONS":
            return
        view = app.view_functions[request.endpoint]
        access = access_of(view)
        if not access.public and not _has_key(view):
            require(access, await signed_in(request))


def _has_key(view: Callable[..., Any]) -> bool:
    key: Callable[[Request], bool] | None = getattr(view, _OPENED, None)
    return key is not None and key(request)


async def still_admitted() -> None:
    """Asks again, once a body is there that took its time: what somebody may do can end while they send.

    Raises NotSignedIn and NotAllowed.
    """
    access = access_of(current_app.view_functions[request.endpoint or ""])
    if not access.public:
        g.pop("identity", None)
        require(access, await signed_in(request))


def require(access: Access, who: Identity) -> None:
    """Raises NotAllowed, and NotFresh where the password is asked for again."""
    if not access.admits(who):
        raise NotAllowed(
            say(
                "This is for %(roles)s; you are signed in as %(username)s (%(own)s).",
                roles=either(map(role_word, sorted(access.roles))),
                username=who.username,
                own=listed(map(role_word, sorted(who.roles))) or say("no role"),
            )
        )
    if access.fresh:
        require_fresh(who)

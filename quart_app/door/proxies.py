"""Behind proxies that are trusted: who asks, by which scheme and at which host, is what they say."""

from typing import Any

from hypercorn.middleware import ProxyFixMiddleware


def behind_proxies(app: Any, hops: int) -> Any:
    """Believes the entry of X-Forwarded-For, -Proto and -Host that the outermost of `hops` proxies made."""

    async def schemed(scope: Any, receive: Any, send: Any) -> None:
        # The middleware calls the scheme of a WebSocket what it is for requests, and Quart finds no route.
        if scope["type"] == "websocket" and scope["scheme"].startswith("http"):
            scope["scheme"] = scope["scheme"].replace("http", "ws", 1)
        await app(scope, receive, send)

    return ProxyFixMiddleware(schemed, trusted_hops=hops)

"""Who is asking: a bearer token, looked up once a request or connection."""

from quart import Request, Websocket

from models.errors import NotSignedIn
from models.rights import Identity
from quart_app.wiring import services


async def identity(carrier: Request | Websocket) -> Identity | None:
    """The official whose token came with the request. Raises NotSignedIn for a token that is not good."""
    header = carrier.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("Send the token as: Authorization: Bearer TOKEN")
    return await services().officials.identify(token.strip())


async def signed_in(carrier: Request | Websocket) -> Identity:
    """The official who is asking. Raises NotSignedIn."""
    found = await identity(carrier)
    if found is None:
        raise NotSignedIn("This needs a token: Authorization: Bearer TOKEN")
    return found


async def is_staff(carrier: Request | Websocket) -> bool:
    """Whether whoever asks may see results before their release."""
    found = await identity(carrier)
    return found is not None and found.sees_withheld_results

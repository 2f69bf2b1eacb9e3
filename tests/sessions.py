"""Sessions as a browser has them."""

import datetime
import secrets

from quart import Quart

from models.rights import Identity
from quart_app.auth import COOKIE
from services.clock import utc_now
from services.credentials import secret_hash
from tests.desk import Desk

JUST_NOW = datetime.timedelta(0)
LONG_AGO = datetime.timedelta(hours=1)


async def cookie(
    app: Quart, desk: Desk, who: Identity, *, confirmed: datetime.timedelta = JUST_NOW
) -> dict[str, str]:
    """The headers of a new session whose password was given so long ago."""
    secret, now = f"ss_{secrets.token_urlsafe(32)}", utc_now()
    async with desk.house.database.transaction() as repos:
        await repos.credentials.add_session(
            token_hash=secret_hash(secret),
            member_id=who.member_id,
            created_at=now,
            confirmed_at=now - confirmed,
            last_used_at=now,
            expires_at=now + datetime.timedelta(hours=1),
            address="",
            agent="",
        )
    return {"Cookie": f"{COOKIE}={app.extensions['QUART_AUTH'][0].dump_token(secret, app)}"}

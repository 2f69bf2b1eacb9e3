"""What members sign in with: sessions, tokens and one-time tokens."""

import datetime
from collections.abc import Collection
from typing import Any

from sqlalchemy import ARRAY, BigInteger, any_, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from models.members import SessionInfo, TokenInfo
from models.people import Login, Member, MemberUnit, PasswordReset, Session, Token
from models.rights import Credential, Identity

# When a credential was last used is written down no more often than this.
_USED = datetime.timedelta(minutes=1)

# PostgreSQL's bigint. A larger number, which an address can hold, is the id of nothing.
_MAX_ID = 2**63 - 1


class Credentials:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    # ---- sessions ----

    async def add_session(self, **values: Any) -> int:
        """Keeps a new session, and forgets the member's sessions that have expired; returns its id."""
        await self._session.execute(
            delete(Session).where(
                Session.member_id == values["member_id"], Session.expires_at < values["created_at"]
            )
        )
        added = await self._session.scalar(insert(Session).values(values).returning(Session.id))
        return int(added or 0)

    async def by_session(self, token_hash: bytes, at: datetime.datetime) -> Identity | None:
        """Whose session this is, unless it is unknown, ended, expired, or its member was disabled."""
        query = (
            select(
                Member.id,
                Login.username,
                Member.roles,
                Session.id,
                Session.confirmed_at,
                Session.last_used_at,
            )
            .join(Session, Session.member_id == Member.id)
            .join(Login, Login.member_id == Member.id)
            .where(Session.token_hash == token_hash, Session.expires_at > at, Member.disabled_at.is_(None))
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            return None
        member, username, roles, session, confirmed_at, used_at = row
        if at - used_at > _USED:
            await self._session.execute(update(Session).where(Session.id == session).values(last_used_at=at))
        credential = Credential("session", session, confirmed_at)
        return Identity(member, username, frozenset(roles), await self._units(member), credential)

    async def confirm(self, session_id: int, at: datetime.datetime) -> None:
        await self._session.execute(update(Session).where(Session.id == session_id).values(confirmed_at=at))

    async def sessions(self, member_id: int, current: int | None, at: datetime.datetime) -> list[SessionInfo]:
        """A member's sessions, the newest first."""
        query = (
            select(Session)
            .where(Session.member_id == member_id, Session.expires_at > at)
            .order_by(Session.created_at.desc())
        )
        return [
            SessionInfo(
                id=session.id,
                created_at=session.created_at,
                last_used_at=session.last_used_at,
                expires_at=session.expires_at,
                address=session.address,
                agent=session.agent,
                current=session.id == current,
            )
            for session in await self._session.scalars(query)
        ]

    async def end_session(self, member_id: int, session_id: int) -> bool:
        """Whether the member had this session."""
        if session_id > _MAX_ID:
            return False
        query = delete(Session).where(Session.member_id == member_id, Session.id == session_id)
        return await self._session.scalar(query.returning(Session.id)) is not None

    async def end_sessions(self, member_id: int, but: int | None = None) -> None:
        query = delete(Session).where(Session.member_id == member_id, Session.id.is_distinct_from(but))
        await self._session.execute(query)

    # ---- tokens ----

    async def add_token(self, **values: Any) -> int:
        """Keeps a new token's hash, and forgets the member's tokens that have expired; returns its id."""
        await self._session.execute(
            delete(Token).where(
                Token.member_id == values["member_id"], Token.expires_at < values["created_at"]
            )
        )
        return int(await self._session.scalar(insert(Token).values(values).returning(Token.id)) or 0)

    async def by_token(self, token_hash: bytes, at: datetime.datetime) -> Identity | None:
        """Whose token this is, unless it is unknown, revoked, expired, or its member was disabled."""
        query = (
            select(Member.id, Login.username, Member.roles, Token.id, Token.scopes, Token.last_used_at)
            .join(Token, Token.member_id == Member.id)
            .join(Login, Login.member_id == Member.id)
            .where(Token.token_hash == token_hash, Token.expires_at > at, Member.disabled_at.is_(None))
        )
        row = (await self._session.execute(query)).one_or_none()
        if row is None:
            return None
        member, username, roles, token, scopes, used_at = row
        if used_at is None or at - used_at > _USED:
            await self._session.execute(update(Token).where(Token.id == token).values(last_used_at=at))
        acting = frozenset(roles) & frozenset(scopes)
        return Identity(member, username, acting, await self._units(member), Credential("token", token))

    async def tokens(self, member_id: int, at: datetime.datetime) -> list[TokenInfo]:
        """A member's tokens, the newest first."""
        query = (
            select(Token)
            .where(Token.member_id == member_id, Token.expires_at > at)
            .order_by(Token.created_at.desc(), Token.id.desc())
        )
        return [
            TokenInfo(
                id=token.id,
                name=token.name,
                scopes=token.scopes,
                created_at=token.created_at,
                expires_at=token.expires_at,
                last_used_at=token.last_used_at,
            )
            for token in await self._session.scalars(query)
        ]

    async def revoke_token(self, member_id: int, token_id: int) -> str | None:
        """The name of the token that the member had, or None."""
        if token_id > _MAX_ID:
            return None
        query = delete(Token).where(Token.member_id == member_id, Token.id == token_id)
        found: str | None = await self._session.scalar(query.returning(Token.name))
        return found

    async def revoke_tokens(self, member_id: int) -> None:
        await self._session.execute(delete(Token).where(Token.member_id == member_id))

    # ---- both ----

    async def rights(
        self, credentials: Collection[Credential], at: datetime.datetime
    ) -> dict[tuple[str, int], tuple[frozenset[str], frozenset[int]]]:
        """Roles and units that each of these gives now, by kind and id; ended ones are left out."""
        found: dict[tuple[str, int], tuple[frozenset[str], frozenset[int]]] = {}
        units = select(MemberUnit.unit_id).where(MemberUnit.member_id == Member.id).correlate(Member)
        for kind, table, scopes in (("session", Session, Member.roles), ("token", Token, Token.scopes)):
            ids = [credential.id for credential in credentials if credential.kind == kind]
            query = (
                select(table.id, Member.roles, scopes, func.array(units.scalar_subquery()))
                .join(Member, Member.id == table.member_id)
                .where(
                    table.id == any_(literal(ids, ARRAY(BigInteger))),
                    table.expires_at > at,
                    Member.disabled_at.is_(None),
                )
            )
            for credential, roles, acting, places in await self._session.execute(query) if ids else ():
                found[kind, credential] = frozenset(roles) & frozenset(acting), frozenset(places)
        return found

    async def _units(self, member_id: int) -> frozenset[int]:
        query = select(MemberUnit.unit_id).where(MemberUnit.member_id == member_id)
        return frozenset(await self._session.scalars(query))

    # ---- one-time tokens ----

    async def put_reset(self, member_id: int, token_hash: bytes, expires_at: datetime.datetime) -> None:
        """The member's one-time token; an earlier one is no longer good."""
        values = {"token_hash": token_hash, "expires_at": expires_at}
        query = upsert(PasswordReset).values(member_id=member_id, **values)
        await self._session.execute(query.on_conflict_do_update(index_elements=["member_id"], set_=values))

    async def reset_of(self, token_hash: bytes, at: datetime.datetime) -> int | None:
        """Whose one-time token this is, or None where it is not good."""
        query = select(PasswordReset.member_id).where(
            PasswordReset.token_hash == token_hash, PasswordReset.expires_at > at
        )
        found: int | None = await self._session.scalar(query)
        return found

    async def take_reset(self, token_hash: bytes, at: datetime.datetime) -> bool:
        """Uses a one-time token up; whether it was good."""
        query = delete(PasswordReset).where(
            PasswordReset.token_hash == token_hash, PasswordReset.expires_at > at
        )
        return await self._session.scalar(query.returning(PasswordReset.member_id)) is not None

    async def drop_reset(self, member_id: int) -> None:
        await self._session.execute(delete(PasswordReset).where(PasswordReset.member_id == member_id))

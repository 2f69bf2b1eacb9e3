"""The book's design: no pool, so a new connection, session and commit for each message."""

from quart import Quart
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from benchmarks.peers.one_by_one import CONNECT_ARGS, DATABASE_URL, serving


def make_engine() -> AsyncEngine:
    return create_async_engine(DATABASE_URL, poolclass=NullPool, connect_args=CONNECT_ARGS)


def create_app() -> Quart:
    return serving(make_engine)

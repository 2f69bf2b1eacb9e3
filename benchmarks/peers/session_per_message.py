"""A session and commit for each message, from a pool of 20 connections."""

from quart import Quart
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from benchmarks.peers.one_by_one import CONNECT_ARGS, DATABASE_URL, serving


def make_engine() -> AsyncEngine:
    return create_async_engine(DATABASE_URL, pool_size=20, max_overflow=0, connect_args=CONNECT_ARGS)


def create_app() -> Quart:
    return serving(make_engine)

"""The command `tallystream`, run in this process on the engines of the test run."""

import asyncio

from click.testing import CliRunner, Result

from quart_app.cli import commands
from quart_app.settings import Settings


class Tallystream:
    def __init__(self, settings: Settings) -> None:
        self._environ = {
            "DATABASE_URL": settings.database_url,
            "REDIS_URL": settings.redis_url,
            "TALLYSTREAM_DATA": str(settings.data),
        }

    def __call__(self, *words: object, stdin: str | None = None, **environ: str) -> Result:
        """`stdin` is what standard input holds, which is no terminal here."""
        given = [str(word) for word in words]
        return CliRunner().invoke(commands, given, input=stdin, env={**self._environ, **environ})

    async def beside(self, *words: object, stdin: str | None = None, **environ: str) -> Result:
        """The same where an event loop runs already: a command has one of its own."""
        return await asyncio.to_thread(self, *words, stdin=stdin, **environ)

"""The command `tallystream`, run in this process on the engines of the test run."""

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

    def __call__(self, *words: object, **environ: str) -> Result:
        return CliRunner().invoke(commands, [str(word) for word in words], env={**self._environ, **environ})

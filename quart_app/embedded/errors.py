"""What the launcher says when it cannot give an engine."""


class EngineUnavailable(Exception):
    """No PostgreSQL or Redis to be had here; one line that says why and what to do."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{reason}; set DATABASE_URL and REDIS_URL, or run: sudo apt-get install postgresql redis-server"
        )

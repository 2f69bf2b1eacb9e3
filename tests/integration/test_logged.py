"""What is logged when something fails: where and why, and nothing of what was sent."""

import logging
from typing import Any

import msgspec
import pytest
from quart.typing import TestClientProtocol as Client
from sqlalchemy import text

from quart_app.serve import hypercorn_config
from quart_app.settings import Settings
from quart_app.wiring import Services
from tests.desk import Desk

PASSWORD = "words that nobody may read in a log"
JSON = {"Content-Type": "application/json"}


async def test_a_view_that_fails_over_a_password_does_not_log_it(
    client: Client, desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("something is broken")

    monkeypatch.setattr(desk.house.sign_in, "sign_in", fail)
    body = msgspec.json.encode({"username": "olga", "password": PASSWORD})
    headers = {**JSON, "Cookie": "__Host-tallystream=secret-cookie", "Referer": "https://x/?secret-referer"}
    response = await client.post("/api/v1/sessions?secret-query", data=body, headers=headers)
    answer = await response.get_data(as_text=True)
    assert (response.status_code, "something is broken" in answer) == (500, False)
    assert "something is broken" in caplog.text
    assert PASSWORD not in caplog.text + answer
    assert "secret-" not in caplog.text + answer


async def test_a_statement_that_fails_does_not_log_its_values(house: Services) -> None:
    with pytest.raises(Exception, match="no_such_function") as raised:
        async with house.database.transaction() as repos:
            await repos.people._session.execute(text("SELECT no_such_function(:x)"), {"x": PASSWORD})
    assert PASSWORD not in str(raised.value)


def test_requests_are_not_logged_unless_somebody_asks_for_it(settings: Settings) -> None:
    config = hypercorn_config(settings)
    assert config.accesslog is None
    assert logging.getLogger("quart_app").level <= logging.WARNING
    # What stands behind the ? would not be in it either.
    assert "%(Uq)s" not in config.access_log_format and "%(R)s" not in config.access_log_format

"""What a request is for, read off its address, its method and what it brings; and what the refused read."""

import asyncio
import json
import re
from types import SimpleNamespace
from typing import Any, cast

import pytest

from quart_app import create_app
from quart_app.auth import COOKIE
from quart_app.door.refusals import LONGEST_SECONDS, Refusals
from quart_app.door.shedding import LATER, Shedding, kind_of
from quart_app.languages.catalogues import load
from quart_app.wiring import Services
from services.overload import Overload
from services.pressure import Kind

API = "/api/v1/elections/tiny"
TOKEN = {"authorization": "Bearer x"}
SESSION = {"cookie": f"language=fr; {COOKIE}=x"}


def asked(path: str, method: str = "GET", scheme: str = "http", **headers: str) -> dict[str, Any]:
    """An ASGI scope."""
    path, _, query = path.partition("?")
    return {
        "type": "http",
        "method": method,
        "scheme": scheme,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }


@pytest.mark.parametrize(
    ("kind", "method", "path", "headers"),
    [
        (Kind.READ, "GET", "/", {}),
        (Kind.READ, "HEAD", "/elections/tiny/contests/president/map", {"cookie": "language=fr"}),
        (Kind.READ, "GET", f"{API}/log.csv", {}),
        (Kind.READ, "GET", f"{API}/contests/president/results?unit=north", {}),
        (Kind.READ, "GET", "/elections/tiny/tally", {}),
        (Kind.READ, "OPTIONS", f"{API}/log", {}),
        (Kind.TALLY, "OPTIONS", f"{API}/tallies", {}),
        (Kind.FILE, "GET", "/static/0123456789ab/style.css", {"cookie": "language=fr"}),
        (Kind.FILE, "HEAD", "/static/0123456789ab/fr/results.js", {}),
        (Kind.STAFF, "GET", "/static/0123456789ab/style.css", SESSION),
        (Kind.STREAM, "GET", f"{API}/results/stream", {}),
        (Kind.STREAM, "GET", f"{API}/log/stream", {}),
        (Kind.STAFF, "GET", f"{API}/review/stream", SESSION),
        (Kind.STAFF, "GET", f"{API}/results", TOKEN),
        (Kind.STAFF, "GET", "/admin/elections", SESSION),
        (Kind.STAFF, "POST", f"{API}/complaints", {}),
        (Kind.STAFF, "POST", f"{API}/tallies", {}),
        (Kind.STAFF, "PUT", f"{API}/canvass-settings", TOKEN),
        (Kind.STAFF, "GET", f"{API}/units/north-1/tallies", TOKEN),
        (Kind.SIGN_IN, "GET", "/login", {}),
        (Kind.SIGN_IN, "POST", "/login", {}),
        (Kind.SIGN_IN, "POST", "/api/v1/sessions", {}),
        (Kind.SIGN_IN, "GET", "/elections/tiny/tally/north-1/president", SESSION),
        (Kind.RESULTS, "GET", f"{API}/results", {}),
        (Kind.RESULTS, "GET", f"{API}/contests/president/results", {"cookie": "language=fr"}),
        (Kind.TALLY, "POST", f"{API}/tallies", TOKEN),
        (Kind.TALLY, "POST", "/elections/tiny/tally/north-1/president", SESSION),
    ],
    ids=str,
)
def test_what_a_request_is_for(kind: Kind, method: str, path: str, headers: dict[str, str]) -> None:
    assert kind_of(asked(path, method, **headers)) is kind


def test_whatever_takes_tallies_is_known_as_that() -> None:
    """Whoever adds a way for them adds it here."""
    rules = [rule for rule in create_app().url_map.iter_rules() if "tall" in rule.rule and not rule.websocket]
    taking = {
        rule.rule
        for rule in rules
        if "POST" in (rule.methods or ()) and kind_of(asked(rule.rule, "POST", **TOKEN)) is Kind.TALLY
    }
    assert taking == {rule.rule for rule in rules if "POST" in (rule.methods or ())}
    assert taking == {
        "/api/v1/elections/<election>/tallies",
        "/elections/<election>/tally/<precinct>/<contest>",
    }


def test_every_stream_is_known_by_its_address() -> None:
    streams = {rule.rule for rule in create_app().url_map.iter_rules() if "stream" in rule.rule}
    assert len(streams) == 4 and all(rule.endswith("/stream") for rule in streams)


def answer(scope: dict[str, Any], seconds: int = 7) -> tuple[dict[str, str], bytes]:
    refusal = Refusals().to(scope, seconds)
    start, body = refusal.start("http"), refusal.body("http")
    assert (start["status"], body["more_body"]) == (503, False)
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    assert headers["content-length"] == str(len(body["body"]))
    assert headers["retry-after"] == str(seconds) and headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    return headers, body["body"]


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/html"])
def test_programs_read_a_problem(accept: str) -> None:
    headers, body = answer(asked(f"{API}/log", accept=accept))
    assert headers["content-type"] == "application/problem+json"
    assert headers["access-control-allow-origin"] == "*"
    problem = json.loads(body)
    assert (problem["type"], problem["status"], problem["code"]) == ("about:blank", 503, "overloaded")
    assert problem["retry_after"] == 7 and "7" in problem["title"]


@pytest.mark.parametrize(
    ("languages", "code", "direction"),
    [("", "en", "ltr"), ("fr-CA,fr;q=0.9,en;q=0.8", "fr", "ltr"), ("xx, ar;q=0.1, en;q=0", "ar", "rtl")],
)
def test_people_read_a_small_page_in_their_language(languages: str, code: str, direction: str) -> None:
    headers, body = answer(asked("/elections/tiny", accept="text/html,*/*;q=0.8", accept_language=languages))
    assert (headers["content-type"], headers["content-language"]) == ("text/html; charset=utf-8", code)
    assert "access-control-allow-origin" not in headers
    assert f'<html lang="{code}" dir="{direction}">' in body.decode()
    assert not re.search(rb"<script|<style|style=|src=|href=", body)


def test_browsers_are_told_to_use_https_only_where_they_do() -> None:
    assert "strict-transport-security" in answer(asked("/", scheme="https", host="example.org"))[0]
    assert "strict-transport-security" not in answer(asked("/", scheme="https", host="localhost:8443"))[0]
    assert "strict-transport-security" not in answer(asked("/", host="example.org"))[0]


def test_every_refusal_that_can_be_given_is_ready() -> None:
    refusals = Refusals()
    for seconds in range(1, LONGEST_SECONDS + 1):
        for language in load():
            assert refusals.to(asked("/", accept_language=language.code), seconds)
    assert all(max(later) <= LONGEST_SECONDS and min(later) >= 2 for later in LATER.values())


# ---- readers take turns ----


class Pages:
    """An application whose answers begin and end when they are told to."""

    def __init__(self, readers: int) -> None:
        self.overload = Overload(late=0.1, requests=400, officers=1, readers=readers)
        house = cast(Services, SimpleNamespace(overload=self.overload))
        self.door = Shedding(self._answer, lambda: house)
        self.begun: list[str] = []
        self.may_answer, self.may_end = asyncio.Event(), asyncio.Event()

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        self.begun.append(scope["path"])
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await self.may_end.wait()
        if scope["path"] == "/broken":
            raise ValueError

    def ask(self, path: str, **headers: str) -> asyncio.Task[None]:
        async def send(_: Any) -> None:
            """Takes everything."""

        return asyncio.create_task(self.door(asked(path, **headers), None, send))


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_readers_who_were_let_in_take_turns_and_nobody_else_waits_for_them() -> None:
    pages = Pages(readers=2)
    tasks = [pages.ask(address) for address in ("/0", "/1", "/2", "/static/0/style.css")]
    tasks += [pages.ask(f"{API}/results"), pages.ask("/admin", **SESSION), pages.ask("/health/ready")]
    await turns()
    assert set(pages.begun) == {"/0", "/1", f"{API}/results", "/admin", "/health/ready"}
    assert (pages.overload.under_way, pages.overload.waiting) == (3, 2)
    pages.may_answer.set()
    pages.may_end.set()
    await asyncio.gather(*tasks)
    assert {"/2", "/static/0/style.css"} <= set(pages.begun)
    assert (pages.overload.under_way, pages.overload.waiting) == (0, 0)


async def test_who_leaves_the_line_makes_room_in_it() -> None:
    pages = Pages(readers=1)
    tasks = [pages.ask(f"/{number}") for number in range(3)]
    await turns()
    tasks[1].cancel()
    await turns()
    assert (pages.overload.under_way, pages.overload.waiting) == (1, 1)
    pages.may_answer.set()
    pages.may_end.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert pages.begun == ["/0", "/2"] and pages.overload.waiting == 0


async def test_all_who_come_in_the_same_moment_find_a_place_in_the_line_and_a_flood_does_not() -> None:
    pages = Pages(readers=16)
    crowd = [pages.ask(f"/{number}") for number in range(300)]
    crowd += [pages.ask("/static/0/style.css") for _ in range(300)]
    await turns()
    assert (pages.overload.under_way, pages.overload.waiting) == (16, 584)
    refused = [pages.ask(f"/{number}") for number in range(300)]
    others = [pages.ask("/admin", **SESSION), pages.ask(f"{API}/tallies", **TOKEN)]
    await turns()
    assert all(task.done() for task in refused)
    assert {"/admin", f"{API}/tallies"} <= set(pages.begun)
    pages.may_answer.set()
    pages.may_end.set()
    await asyncio.gather(*crowd, *refused, *others)
    assert len(pages.begun) == 602


async def test_who_takes_an_answer_slowly_or_gets_none_keeps_no_reader_waiting() -> None:
    pages = Pages(readers=1)
    pages.may_answer.set()
    slow = [pages.ask("/slow"), pages.ask("/broken"), pages.ask("/next")]
    await turns()
    assert pages.begun == ["/slow", "/broken", "/next"]
    leaving = pages.ask("/leaving")
    await turns()
    leaving.cancel()
    pages.may_end.set()
    await asyncio.gather(*slow, leaving, return_exceptions=True)
    assert pages.overload.under_way == 0 and not pages.overload.readers.locked()

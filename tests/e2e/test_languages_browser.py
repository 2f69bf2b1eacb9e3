"""The browser writes what the server writes: figures, shares, times and plurals, in every language."""

import contextlib
import datetime
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, Route
from quart import Quart

from quart_app.languages import Language, load
from quart_app.languages.figures import figure, moment, percent
from quart_app.pages.assets import FOLDER, MESSAGES

LANGUAGES = load()
SITE = "http://site.test/"
NUMBERS = [0, 1, 2, 11, 99, 100, 999, 1_000, 1_001, 9_999, 10_000, 123_456, 1_000_000, 2**53 - 1]
SHARES = [0.0, 0.0005, 0.001, 0.0625, 0.125, 0.3335, 0.6605, 0.6615, 0.999, 0.9995, 1.0, 1.125, 12.5]
SHARES += [number / 1_000 for number in range(1, 1_000, 7)]
TIMES = [
    datetime.datetime(2026, 11, 3, 20, 0, 0, tzinfo=datetime.UTC),
    datetime.datetime(2026, 11, 4, 4, 59, 59, tzinfo=datetime.UTC),
    datetime.datetime(2026, 1, 2, 9, 5, 7, tzinfo=datetime.UTC),
    datetime.datetime(2027, 3, 14, 7, 30, 0, tzinfo=datetime.UTC),
    datetime.datetime(2026, 12, 31, 23, 59, 59, tzinfo=datetime.UTC),
]
TIMEZONES = ["America/New_York", "Europe/Rome", "Asia/Kathmandu", "UTC"]

each_language = pytest.mark.parametrize("language", list(LANGUAGES), ids=lambda one: one.code)


async def on_a_site_of(page: Page, language: Language) -> Page:
    """The page on an empty site whose modules speak the language."""

    async def answer(route: Route) -> None:
        name = route.request.url.removeprefix(SITE)
        if not name:
            await route.fulfill(content_type="text/html", body="<!doctype html><title>empty</title>")
        else:
            body = language.script() if name == MESSAGES else (FOLDER / name).read_bytes()
            await route.fulfill(content_type="text/javascript", body=body)

    await page.route(f"{SITE}**", answer)
    await page.goto(SITE)
    return page


@contextlib.asynccontextmanager
async def asking_in(language: Language) -> AsyncIterator[None]:
    """Somebody asks the server in this language."""
    app = Quart(__name__)
    app.extensions["tallystream.languages"] = LANGUAGES
    async with app.test_request_context(f"/?lang={language.code}"):
        yield


@each_language
async def test_figures_and_shares_are_the_same_in_the_browser(page: Page, language: Language) -> None:
    await on_a_site_of(page, language)
    said: list[list[str]] = await page.evaluate(
        """async ([numbers, shares]) => {
             const { figure, percent } = await import("/figures.js");
             return [numbers.map(figure), shares.map(percent), [figure(null), percent(null)]];
           }""",
        [NUMBERS, SHARES],
    )
    async with asking_in(language):
        assert said[0] == [figure(number) for number in NUMBERS]
        assert said[1] == [percent(share) for share in SHARES]
        assert said[2] == [figure(None), percent(None)]


@each_language
async def test_times_are_the_same_in_the_browser(page: Page, language: Language) -> None:
    await on_a_site_of(page, language)
    said: list[list[str]] = await page.evaluate(
        """async ([times, timezones]) => {
             const { clockOf } = await import("/figures.js");
             return timezones.map((timezone) => times.map(clockOf(timezone)));
           }""",
        [[at.isoformat() for at in TIMES], TIMEZONES],
    )
    async with asking_in(language):
        assert said == [[moment(at, timezone) for at in TIMES] for timezone in TIMEZONES]


FORMS = {0: "zero", 1: "one", 2: "two", 3: "few", 11: "many", 100: "other", 1_000_000: "other"}


async def test_a_browser_chooses_among_all_six_arabic_forms(page: Page) -> None:
    texts: dict[str, Any] = {"%(count)s vote": {name: f"{name} %(count)s" for name in FORMS.values()}}
    arabic = LANGUAGES.get("ar")
    assert arabic
    await on_a_site_of(page, Language("ar", arabic.texts, texts))
    said = await page.evaluate(
        """async (counts) => {
             const { n } = await import("/texts.js");
             return counts.map((count) => n("%(count)s vote", "%(count)s votes", count));
           }""",
        list(FORMS),
    )
    assert said == [f"{form} {number}" for number, form in FORMS.items()]

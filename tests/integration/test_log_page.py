"""The log for people: what was decided on tallies, what was certified, and how the canvass was set."""

import re
from html import unescape

from quart.typing import TestClientProtocol as Client

from models.canvass import Decision, Resolution, Verdict
from models.check_settings import CheckSetting, CheckSettings
from models.rights import Actor
from quart_app.wiring import Services
from tests.building import FIGURES, a_tally, every_tally, tiny_election, unbalanced
from tests.desk import Desk, certify, define

HTML = {"Accept": "text/html"}


async def entries(client: Client, query: str = "") -> dict[int, str]:
    """The words of each entry on the page, by its anchor."""
    answer = await client.get(f"/elections/tiny/log{query}", headers=HTML)
    assert answer.status_code == 200
    page = await answer.get_data(as_text=True)
    assert len(page.encode()) < 100_000
    found = re.findall(r'<li id="entry-(\d+)">(.*?)<p class="hash">', page, re.DOTALL)
    return {int(seq): plain(part) for seq, part in found}


def plain(html: str) -> str:
    apart = re.sub(r"</(?:td|th|p|span|li)>", " ", html)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", apart)).split())


async def reviewer(house: Services, username: str) -> Actor:
    official = await Desk(house, "").official(username, roles=["reviewer"], units=[])
    return Actor(official.identity.member_id, username, "192.0.2.1", "api")


async def decide(desk: Desk, seq: int, decision: Decision, by: Actor, reason: str) -> int:
    decided = await desk.house.canvass.decide("tiny", seq, Verdict(decision=decision, reason=reason), by)
    return decided.seq


async def test_each_decision_says_what_it_was_on_and_why(desk: Desk, client: Client) -> None:
    rita, rob = await reviewer(desk.house, "rita"), await reviewer(desk.house, "rob")
    held, other = await desk.receipts(unbalanced("north-1"), unbalanced("north-2"))
    asked = await decide(desk, other.seq, Decision.ASK_AGAIN, rita, "one sheet is missing")
    rejected = await decide(desk, other.seq, Decision.REJECT, rita, "not this precinct's")
    accepted = await decide(desk, held.seq, Decision.ACCEPT, rita, "seen on paper")
    recall = await decide(desk, held.seq, Decision.ASK_RECALL, rita, "a second look")
    refused = await decide(desk, held.seq, Decision.REFUSE_RECALL, rob, "it was right")
    await decide(desk, held.seq, Decision.ASK_RECALL, rita, "a third look")
    recalled = await decide(desk, held.seq, Decision.RECALL, rob, "it was another box")
    shown = await entries(client)
    for seq, words, tally, reason in (
        (asked, "Asked again: the officer is to enter", other.seq, "one sheet is missing"),
        (rejected, "Rejected: the tally is not counted", other.seq, "not this precinct's"),
        (accepted, "Accepted: the tally counts from here on", held.seq, "seen on paper"),
        (recall, "A recall is asked for", held.seq, "a second look"),
        (refused, "The recall is refused", held.seq, "it was right"),
        (recalled, "Recalled: the tally counts no more", held.seq, "it was another box"),
    ):
        assert words in shown[seq]
        assert f"The tally of President in north-{1 if tally == held.seq else 2}: entry {tally}" in shown[seq]
        assert f"Reason given: {reason}" in shown[seq]
        assert "rita" not in shown[seq]


async def test_what_a_reviewer_resolves_is_counted_although_a_check_failed(
    desk: Desk, client: Client
) -> None:
    rita = await reviewer(desk.house, "rita")
    (held,) = await desk.receipts(unbalanced("north-1"))
    figures = {**FIGURES["president"], "undervotes": 9}
    resolution = Resolution(**figures, reason="read from the sheet")
    receipt = await desk.house.canvass.resolve("tiny", held.seq, resolution, rita)
    shown = (await entries(client))[receipt.seq]
    assert "Counted by a reviewer's decision, although votes, write-ins, overvotes" in shown
    assert f"Takes the place of: entry {held.seq}" in shown
    assert "Held for review" not in shown


async def test_of_two_entries_the_first_is_hidden_until_the_second_has_come(
    house: Services, client: Client
) -> None:
    desk = await define(house, tiny_election(double_entry=True))
    (first,) = await desk.receipts(a_tally("north-1"), by=await desk.official("olga"))
    assert "A first entry; its figures are hidden" in (await entries(client))[first.seq]
    (second,) = await desk.receipts(a_tally("north-1"), by=await desk.official("otto"))
    shown = await entries(client)
    assert "Awaiting second entry" in shown[first.seq]
    assert f"The second person's entry; the first one's: entry {first.seq}" in shown[second.seq]
    assert "From here on two people enter each tally." in " ".join(shown.values())


async def test_before_release_nothing_is_told_but_what_kind_of_entry_it_is(
    house: Services, client: Client
) -> None:
    desk = await define(house, tiny_election(), released=False)
    (held,) = await desk.receipts(unbalanced("north-1"))
    decided = await decide(desk, held.seq, Decision.REJECT, await reviewer(house, "rita"), "a secret reason")
    shown = await entries(client)
    assert "A tally; its figures are withheld." in shown[held.seq]
    assert shown[decided].endswith("A decision on a tally; it is withheld.")


async def test_a_certificate_has_its_totals_folded_beside_what_it_was_certified_in_spite_of(
    desk: Desk, client: Client
) -> None:
    await desk.receipts(*every_tally())
    await desk.house.elections.move("tiny", "close")
    await certify(desk.house)
    certificate = next(words for words in (await entries(client)).values() if "Certificate" in words)
    assert "They are those that everything up to entry " in certificate
    assert "President 4 of 4 Ada 160 Ben 120 Cy 20 4 320 4 12 0" in certificate
    assert "The results are certified" in " ".join((await entries(client)).values())


async def test_what_was_set_about_the_canvass_is_told_as_it_is_from_then_on(
    house: Services, client: Client
) -> None:
    checks = CheckSettings(turnout=CheckSetting(tolerance=12), outlier=CheckSetting(on=False))
    await define(house, tiny_election(checks=checks, recount_threshold=25))
    told = " ".join((await entries(client)).values())
    assert "Turnout: tolerates 12 (ballots)" in told
    assert "Outlier: off" in told
    assert "A recount is due where the margin is within 0.25%." in told


async def test_a_recount_names_its_contest_and_its_reason(desk: Desk, client: Client) -> None:
    ada = Actor(None, "ada", "192.0.2.1", "api")
    await desk.house.recounts.begin("tiny", "president", "a margin of three", ada)
    await desk.house.recounts.end("tiny", "president", "it was right", ada)
    shown = await entries(client)
    ended, begun = list(shown.values())[:2]
    assert "A recount is ordered: the contest is counted again President Reason given: a margin of" in begun
    assert "The recount is over: what is counted now holds President Reason given: it was right" in ended

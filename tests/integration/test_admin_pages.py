"""Pages for people who sign in: tokens on every form, ways in and back, and nothing private kept."""

import re
from collections.abc import Iterator

import pytest
from quart import Quart
from quart.typing import TestClientProtocol as Client

from models.rights import Role
from quart_app.access import every_rule
from quart_app.auth import COOKIE
from quart_app.pages.forms import PageForm, local
from quart_app.settings import ROOT
from services.officials import RESET_PREFIX
from tests.desk import Desk
from tests.integration.test_access import address
from tests.office import Office
from tests.sessions import JUST_NOW, LONG_AGO, cookie
from tests.visitor import HTML, PASSWORD, Visitor, squeezed

TEMPLATES = ROOT / "templates"


async def everything(desk: Desk) -> list[tuple[object, ...]]:
    """What a change would show in: whatever is recorded of it, and whatever can be signed in with."""
    found: list[tuple[object, ...]] = []
    for table in ("audit_entries", "members", "logins", "sessions", "tokens", "elections", "log_entries"):
        found += [tuple(row) for row in await desk.sql(f"SELECT count(*) FROM {table}")]
    return found


def forms(app: Quart) -> Iterator[str]:
    for rule, _ in every_rule(app):
        if "POST" in (rule.methods or ()) and not rule.rule.startswith("/api/"):
            yield address(rule.rule)


# ---- tokens of forms ----


async def test_every_form_is_refused_without_its_token_and_changes_nothing(
    app: Quart, client: Client, visitor: Visitor, desk: Desk
) -> None:
    ann = await desk.official("ann", roles=list(Role))
    mine = await cookie(app, desk, ann.identity, confirmed=JUST_NOW)
    before = await everything(desk)
    posted = list(forms(app))
    assert len(posted) >= 10
    for path in posted:
        for form in ({}, {"csrf_token": ""}, {"csrf_token": "made-up"}):
            answer = await client.post(path, form=form, headers={**HTML, **mine}, scheme="https")
            page = await answer.get_data(as_text=True)
            assert (answer.status_code, "load the page again" in page) == (400, True), path
    assert await everything(desk) == before


async def test_a_token_is_good_only_with_the_cookie_it_was_made_for(visitor: Visitor, app: Quart) -> None:
    await visitor.get("/login")
    stranger = Visitor(app.test_client())
    await stranger.get("/login")
    stranger.token = visitor.token
    await stranger.post("/login", username="ann", password=PASSWORD)
    assert stranger.status == 400


async def test_what_programs_send_needs_no_token_of_a_form(client: Client, desk: Desk) -> None:
    answer = await client.post(f"{desk.path}/tallies", json=[], headers=(await desk.official()).bearer)
    assert answer.status_code != 400


CRAFTED = (
    "",
    "\x00",
    "x" * 5_000,
    "-1",
    "9" * 40,
    "\ud800".encode("utf-8", "surrogatepass").hex(),
    "é\u202e\n",
)


def names(app: Quart) -> set[str]:
    """The names of all fields that templates and forms know."""
    found = set(re.findall(r'name="(\w+)"', "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))))
    for form in every_subclass(PageForm):
        found |= {name for name in dir(form) if not name.startswith("_")}
    return found - {"csrf_token"}


def every_subclass(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from every_subclass(one)


async def test_no_form_however_it_was_crafted_breaks_anything(
    app: Quart, client: Client, visitor: Visitor, draft: Office
) -> None:
    """Nobody's browser sends these; whoever else does gets an answer that is no fault of ours."""
    wrong = []
    fields = names(app)
    await visitor.sign_in()
    for path in forms(app):
        if path == "/logout":
            continue
        for value in CRAFTED:
            for place in (path, path.replace("tiny", "made")):
                form = dict.fromkeys(fields, value) if value else {}
                await visitor.post(place, follow=False, **form)
                if visitor.status >= 500:
                    wrong.append((place, value[:20], visitor.text[-200:]))
    assert wrong == []


async def test_no_address_however_it_was_crafted_breaks_anything(app: Quart, visitor: Visitor) -> None:
    wrong = []
    await visitor.sign_in()
    for rule, _ in every_rule(app):
        if "GET" not in (rule.methods or ()) or rule.websocket or rule.rule.startswith(("/api/", "/static/")):
            continue
        for odd in ("%00", "%F0%9F%98%80", "..", "x" * 3000, "9" * 40, "%ff"):
            path = re.sub(r"<(?:\w+:)?\w+>", odd, rule.rule)
            for query in (
                "",
                f"?after={odd}&before={odd}&username={odd}&precinct={odd}&election={odd}&next={odd}",
            ):
                await visitor.get(path + query)
                if visitor.status >= 500:
                    wrong.append((path + query)[:200])
    assert wrong == []


# ---- in and out ----


async def test_whoever_has_not_signed_in_is_led_to_it_and_back(visitor: Visitor) -> None:
    await visitor.get("/admin/audit?election=tiny")
    assert (visitor.status, visitor.location) == (303, "/login?next=%2Fadmin%2Faudit%3Felection%3Dtiny")
    await visitor.get(visitor.location)
    await visitor.post("/login", username="ann", password=PASSWORD, next="/admin/audit?election=tiny")
    assert "Audit trail" in visitor.text


async def test_a_program_gets_the_problem_and_is_not_led_anywhere(client: Client, desk: Desk) -> None:
    answer = await client.get("/account", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.content_type) == (401, "application/problem+json")


@pytest.mark.parametrize(
    "foreign",
    [
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/%0a/evil.example\n",
        "javascript:alert(1)",
        "evil.example",
        "/x\r\nSet-Cookie: a=b",
        "",
    ],
)
async def test_signing_in_leads_nowhere_but_to_our_own_pages(visitor: Visitor, foreign: str) -> None:
    assert local(foreign) == "/account"
    await visitor.get("/login")
    await visitor.post("/login", username="ann", password=PASSWORD, next=foreign, follow=False)
    assert (visitor.status, visitor.location) == (303, "/account")


async def test_a_wrong_password_and_an_unknown_name_are_told_the_same(visitor: Visitor) -> None:
    await visitor.sign_in(password="not it at all")
    wrong = (visitor.status, visitor.text.replace("ann", ""))
    assert f"{COOKIE}=" not in visitor.headers.get("set-cookie", "")
    assert "do not belong together" in visitor.text
    await visitor.sign_in(username="nobody", password="not it at all")
    assert (visitor.status, visitor.text.replace("nobody", "")) == wrong
    assert wrong[0] == 401


async def test_too_many_tries_are_told_when_to_come_back(visitor: Visitor) -> None:
    for _ in range(12):
        if visitor.status != 429:
            await visitor.sign_in(password="not it at all")
    assert visitor.status == 429
    assert int(visitor.headers["retry-after"]) >= 1
    assert "wait" in visitor.text


async def test_signing_out_ends_the_session_on_the_server(visitor: Visitor, desk: Desk) -> None:
    await visitor.sign_in()
    assert "Signed in as ann" in visitor.text
    await visitor.post("/logout")
    assert "You are signed out." in visitor.text
    await visitor.get("/account")
    assert visitor.location.startswith("/login")
    assert await desk.sql("SELECT 1 FROM sessions") == []


async def test_a_notice_is_shown_once(visitor: Visitor) -> None:
    await visitor.sign_in()
    await visitor.post("/logout")
    await visitor.get("/login")
    assert "You are signed out." not in visitor.text


async def test_a_post_after_the_session_has_ended_comes_back_to_its_form(
    visitor: Visitor, desk: Desk
) -> None:
    await visitor.sign_in()
    await visitor.get("/admin/new-member")
    await desk.sql("DELETE FROM sessions")
    await visitor.post("/admin/new-member", frm="/admin/new-member", username="bob", name="Bob")
    assert "so nothing was changed" in visitor.text
    assert 'value="/admin/new-member"' in visitor.page
    await visitor.post("/login", username="ann", password=PASSWORD, next="/admin/new-member")
    assert "Add a member" in visitor.text


# ---- the password again ----


async def test_the_password_is_asked_again_and_whoever_gives_it_goes_on(visitor: Visitor, desk: Desk) -> None:
    await visitor.sign_in()
    await desk.sql("UPDATE sessions SET confirmed_at = confirmed_at - interval '1 hour'")
    await visitor.get("/confirm?next=/admin")
    await visitor.post("/confirm", password="not it at all", next="/admin")
    assert visitor.status == 401
    assert "This is not your password." in visitor.text
    await visitor.post("/confirm", password=PASSWORD, next="/admin")
    assert "Your password is confirmed" in visitor.text
    ((fresh,),) = await desk.sql("SELECT confirmed_at > now() - interval '1 minute' FROM sessions")
    assert fresh


async def test_a_token_cannot_stand_for_the_password(client: Client, desk: Desk) -> None:
    official = await desk.official()
    answer = await client.get("/confirm", headers={**HTML, **official.bearer}, scheme="https")
    assert answer.status_code == 403


# ---- one's own account ----


async def test_a_session_elsewhere_is_ended_from_the_account(
    visitor: Visitor, app: Quart, desk: Desk
) -> None:
    elsewhere = Visitor(app.test_client())
    await elsewhere.sign_in()
    await visitor.sign_in()
    ends = re.search(r'action="(/account/sessions/\d+/end)"', visitor.page)
    assert ends
    await visitor.post(ends[1])
    assert "That session has ended." in visitor.text
    await elsewhere.get("/account")
    assert elsewhere.location.startswith("/login")


async def test_a_token_is_shown_once_works_and_is_revoked(
    visitor: Visitor, client: Client, desk: Desk
) -> None:
    await visitor.sign_in()
    await visitor.get("/account/tokens/new")
    await visitor.post("/account/tokens/new", name="the desk", days="7", scopes=["auditor"])
    found = re.search(r"ts_[\w-]+", visitor.page)
    assert found and visitor.status == 201
    assert visitor.headers["cache-control"] == "private, no-store"
    who = await desk.house.credentials.by_token(found[0])
    assert who.roles == {"auditor"}
    await visitor.get("/account")
    assert found[0] not in visitor.page
    assert "the desk" in visitor.text
    revokes = re.search(r'action="(/account/tokens/\d+/revoke)"', visitor.page)
    assert revokes
    await visitor.post(revokes[1])
    assert "the desk" not in visitor.text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"days": "7", "scopes": ["auditor"]}, "What it is for: Fill this in."),
        ({"name": "x", "days": "4000", "scopes": ["auditor"]}, "A whole number from 1 to 3,650."),
        (
            {"name": "x", "days": "soon", "scopes": ["auditor"]},
            "Days until it expires: Write a whole number in digits.",
        ),
        ({"name": "x", "days": "7"}, "Choose at least one."),
        ({"name": "x", "days": "7", "scopes": ["king"]}, "What it may act as:"),
    ],
)
async def test_a_token_that_cannot_be_made_is_refused_at_its_field(
    visitor: Visitor, form: dict[str, object], said: str
) -> None:
    await visitor.sign_in()
    await visitor.get("/account/tokens/new")
    await visitor.post("/account/tokens/new", **form)
    assert visitor.status == 422
    assert said in visitor.text
    assert 'aria-invalid="true"' in visitor.page or "aria-describedby" in visitor.page


async def test_changing_the_password_ends_the_other_sessions(visitor: Visitor, app: Quart) -> None:
    elsewhere = Visitor(app.test_client())
    await elsewhere.sign_in()
    await visitor.sign_in()
    await visitor.post("/account/password", old_password="wrong", new_password="quite another phrase")
    assert "This is not your password." in visitor.text
    await visitor.post("/account/password", old_password=PASSWORD, new_password="short")
    assert "has 5 characters; use 12 or more" in visitor.text.replace("Has", "has")
    await visitor.post("/account/password", old_password=PASSWORD, new_password="quite another phrase")
    assert "Your password is changed" in visitor.text
    await elsewhere.get("/account")
    assert elsewhere.status == 303


# ---- members ----


BOB = {
    "username": "bob",
    "name": "Bob Bell",
    "roles": ["officer", "auditor"],
    "precincts": "tiny/north-1\r\n tiny/south \r\n",
    "email": "bob@example.org",
    "mobile": "",
}


async def test_a_member_is_added_sets_a_password_and_signs_in(visitor: Visitor, app: Quart) -> None:
    await visitor.sign_in()
    await visitor.get("/admin/new-member")
    await visitor.post("/admin/new-member", **BOB)
    assert "Added." in visitor.text
    assert "tiny/north-1 tiny/south" in visitor.text
    await visitor.post("/admin/members/bob/reset")
    found = re.search(rf"{RESET_PREFIX}[\w-]+", visitor.page)
    assert found and visitor.status == 201
    bob = Visitor(app.test_client())
    await bob.get("/reset")
    await bob.post("/reset", token=found[0], new_password="short")
    assert bob.status == 422
    await bob.post("/reset", token=f" {found[0]} ", new_password="a phrase of mine")
    assert "Your password is set." in bob.text
    await bob.get("/reset")
    await bob.post("/reset", token=found[0], new_password="a phrase of mine")
    assert "was used already" in bob.text
    await bob.sign_in("bob", "a phrase of mine")
    assert "Signed in as bob" in bob.text
    await bob.get("/admin/members")
    assert (bob.status, "This is not for you" in bob.text) == (403, True)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"username": "Bob!"}, "Username: Must be 1 to 64 lower-case letters"),
        ({"username": "ann"}, "There is already a member 'ann'."),
        ({"name": ""}, "Name: Fill this in."),
        ({"precincts": "tiny/nowhere"}, "There is no unit 'tiny/nowhere'; write ELECTION/UNIT."),
        ({"roles": ["king"]}, "Roles: Choose only what is offered; 'king' is not."),
        ({"name": "x" * 201}, "Name: At most 200 characters."),
    ],
)
async def test_a_member_that_cannot_be_added_is_refused_at_its_field(
    visitor: Visitor, desk: Desk, changes: dict[str, object], said: str
) -> None:
    await visitor.sign_in()
    before = await everything(desk)
    await visitor.get("/admin/new-member")
    await visitor.post("/admin/new-member", **{**BOB, **changes})
    assert visitor.status in (409, 422)
    assert said in visitor.text
    # What was typed is still there.
    assert "bob@example.org" in visitor.page
    assert await everything(desk) == before


async def test_two_who_edit_a_member_do_not_overwrite_each_other(visitor: Visitor, desk: Desk) -> None:
    await visitor.sign_in()
    await visitor.post("/admin/new-member", **BOB)
    edition = re.search(r'name="edition" value="(\w+)"', visitor.page)
    assert edition
    first = {**BOB, "name": "Robert", "edition": edition[1]}
    await visitor.post("/admin/members/bob", **first)
    assert "Saved; their rights have changed at once." in visitor.text
    await visitor.post("/admin/members/bob", **{**first, "name": "Bobby"})
    assert visitor.status == 412
    assert "changed by somebody else meanwhile" in visitor.text
    assert (await desk.house.officials.get("bob")).name == "Robert"


async def test_the_last_administrator_stays(visitor: Visitor, desk: Desk) -> None:
    await visitor.sign_in()
    await visitor.get("/admin/members/ann")
    edition = re.search(r'name="edition" value="(\w+)"', visitor.page)
    assert edition
    await visitor.post("/admin/members/ann", name="Ann", roles=["auditor"], edition=edition[1])
    assert visitor.status == 409
    assert "No administrator would be left" in visitor.text


async def test_members_are_found_by_how_their_username_begins(visitor: Visitor, desk: Desk) -> None:
    for name in ("bob", "bo_b", "carl"):
        await desk.house.officials.add(name, [], [])
    await visitor.sign_in()
    await visitor.get("/admin/members?username=bo_")
    assert re.findall(r'href="/admin/members/(\w+)"><strong>', visitor.page) == ["bo_b"]
    await visitor.get("/admin/members?after=bob")
    assert re.findall(r'href="/admin/members/(\w+)"><strong>', visitor.page) == ["carl"]
    await visitor.get("/admin/members?username=zz")
    assert "No username begins with zz" in visitor.text


# ---- the audit trail ----


async def test_the_audit_trail_says_what_moved_from_what_to_what(visitor: Visitor) -> None:
    await visitor.sign_in()
    await visitor.post("/admin/new-member", **BOB)
    await visitor.get("/admin/audit")
    assert "Member added: bob by ann, in a browser" in visitor.text
    assert "Roles auditor, officer" in visitor.text
    assert "bob@example.org" not in visitor.page
    await visitor.get("/admin/audit?election=tiny")
    assert "Member added" not in visitor.text


# ---- what is kept ----


async def test_nothing_private_is_cached_and_nothing_public_is_personal(
    app: Quart, client: Client, visitor: Visitor, desk: Desk
) -> None:
    ann = await desk.official("ann", roles=list(Role))
    mine = await cookie(app, desk, ann.identity, confirmed=LONG_AGO)
    for rule, access in every_rule(app):
        if "GET" not in (rule.methods or ()) or rule.websocket or rule.rule.startswith(("/api/", "/static/")):
            continue
        answer = await client.get(address(rule.rule), headers={**HTML, **mine}, scheme="https")
        page = (await answer.get_data(as_text=False)).decode(errors="replace")
        kept = answer.headers["Cache-Control"]
        if not access.public:
            assert "no-store" in kept, rule.rule
        if "public" in kept:
            assert "ann" not in squeezed(page).split(), rule.rule
            assert "csrf_token" not in page and "Set-Cookie" not in answer.headers, rule.rule

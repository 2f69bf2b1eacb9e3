"""Members as administrators see them: finding, adding and editing them, and one-time tokens."""

from typing import Annotated, Any

import msgspec
from quart import Blueprint, Response, request
from quart.typing import ResponseReturnValue
from quart_schema import hide, validate_querystring
from wtforms import BooleanField, SelectMultipleField
from wtforms.widgets import CheckboxInput

from models.editions import edition as edition_of
from models.members import MemberEdit, MemberInfo
from models.rights import ROLES, Role, role_word
from models.wording import say
from quart_app.access import only
from quart_app.auth import actor
from quart_app.languages import gettext
from quart_app.pages.fields import PLAIN, edition, email, lines, mobile, text
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page, private_page, see
from quart_app.wiring import services

pages = Blueprint("members", __name__, url_prefix="/admin")

SHOWN = 50
USERNAME_WORDS = say("Lower-case letters, digits, dots, hyphens and underscores. It stays for good.")


class MembersQuery(msgspec.Struct):
    """Members whose username begins with `username`, those behind `after`."""

    username: Annotated[str, msgspec.Meta(max_length=64)] = ""
    after: Annotated[str, msgspec.Meta(max_length=64)] = ""


class UsernameForm(PageForm):
    username = text(say("Username"), USERNAME_WORDS, most=64, **PLAIN)


class MemberForm(PageForm):
    edition = edition()
    name = text(say("Name"))
    roles = SelectMultipleField(
        say("Roles"),
        choices={role: role_word(role) for role in ROLES},
        option_widget=CheckboxInput(),
    )
    precincts = lines(
        say("Precincts that they report for"),
        say("One to a line, as ELECTION/UNIT. A unit above precincts stands for all of them."),
    )
    email = email()
    mobile = mobile()

    def edit(self) -> MemberEdit:
        """Raises Invalid."""
        return self.read(MemberEdit, precincts=self.precincts.data.split())


class NewMemberForm(UsernameForm, MemberForm):
    pass


class OldMemberForm(MemberForm):
    disabled = BooleanField(
        say("May not sign in"),
        description=say("Ends their sessions and tokens at once; what they did stays recorded."),
    )


@pages.get("/members")
@only(Role.ADMINISTRATOR)
@hide
@validate_querystring(MembersQuery)
async def members(query_args: MembersQuery) -> ResponseReturnValue:
    prefix = query_args.username.strip().lower()
    found = await services().officials.page(after=query_args.after, prefix=prefix, limit=SHOWN + 1)
    return await private_page(
        "members/members.html",
        members=found[:SHOWN],
        prefix=prefix,
        after=query_args.after,
        following=found[SHOWN - 1].username if len(found) > SHOWN else None,
    )


@pages.route("/new-member", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR, fresh=True)
@hide
async def add() -> ResponseReturnValue:
    form = await NewMemberForm.create_form()
    if await form.validate_on_submit():
        with form.refusing():
            username = form.username.data
            await services().officials.create(username, form.edit(), await actor())
            return await see(
                f"/admin/members/{username}",
                gettext("Added. To let them in, give them a one-time token for a password."),
            )
    return await form_page("members/new.html", form)


@pages.get("/members/<username>")
@only(Role.ADMINISTRATOR)
@hide
async def member(username: str) -> ResponseReturnValue:
    found = await services().officials.get(username)
    return await _member(found, await OldMemberForm.create_form(data=_written(found)))


@pages.post("/members/<username>")
@only(Role.ADMINISTRATOR, fresh=True)
@hide
async def edit(username: str) -> ResponseReturnValue:
    form = await OldMemberForm.create_form()
    if await form.validate_on_submit():
        with form.refusing():
            await services().officials.edit(username, form.edit(), form.edition.data, await actor())
            return await see(
                f"/admin/members/{username}", gettext("Saved; their rights have changed at once.")
            )
    return await _member(await services().officials.get(username), form)


@pages.post("/members/<username>/reset")
@only(Role.ADMINISTRATOR, fresh=True)
@hide
async def reset(username: str) -> ResponseReturnValue:
    issued = await services().officials.reset(username, await actor())
    # Shown in the answer itself: nothing that is kept may hold it.
    return await private_page("members/reset.html", 201, reset=issued, host=request.host_url)


@pages.post("/members/<username>/sessions/<int:session>/end")
@only(Role.ADMINISTRATOR)
@hide
async def end(username: str, session: int) -> ResponseReturnValue:
    await services().credentials.end_session_of(username, session, await actor())
    return await see(f"/admin/members/{username}#sessions", gettext("That session has ended."))


@pages.post("/members/<username>/tokens/<int:token>/revoke")
@only(Role.ADMINISTRATOR)
@hide
async def revoke(username: str, token: int) -> ResponseReturnValue:
    await services().credentials.revoke_token_of(username, token, await actor())
    return await see(f"/admin/members/{username}#tokens", gettext("That token is revoked."))


async def _member(found: MemberInfo, form: OldMemberForm) -> Response:
    return await form_page(
        "members/member.html",
        form,
        member=found,
        signed_in=await services().credentials.sessions_of(found.username),
        given=await services().credentials.tokens_of(found.username),
    )


def _written(member: MemberInfo) -> dict[str, Any]:
    """A member as the form shows one."""
    return {
        **msgspec.structs.asdict(member),
        "precincts": "\n".join(member.precincts),
        "edition": edition_of(member),
    }

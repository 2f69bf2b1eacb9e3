"""Members as administrators see them: finding, adding and editing them, and one-time tokens."""

from typing import Annotated, Any

import msgspec
from quart import Blueprint, request
from quart.typing import ResponseReturnValue
from quart_schema import hide, validate_querystring
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    SelectMultipleField,
    StringField,
    TelField,
    TextAreaField,
)
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput

from models.editions import edition
from models.errors import DomainError
from models.members import MemberEdit, MemberInfo
from models.rights import ROLES, Role
from quart_app.access import only
from quart_app.auth import actor
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page, private_page, see
from quart_app.pages.sign_in import GIVE
from quart_app.wiring import services

pages = Blueprint("members", __name__, url_prefix="/admin/members")

SHOWN = 50
CONTACT = {"autocomplete": "off"}


class MembersQuery(msgspec.Struct):
    """Members whose username begins with `username`, those behind `after`."""

    username: Annotated[str, msgspec.Meta(max_length=64)] = ""
    after: Annotated[str, msgspec.Meta(max_length=64)] = ""


class UsernameForm(PageForm):
    username = StringField(
        "Username",
        [GIVE, Length(max=64, message="At most 64 characters.")],
        description="Lower-case letters, digits, dots, hyphens and underscores. It stays for good.",
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )


class MemberForm(PageForm):
    edition = HiddenField()
    name = StringField(
        "Name", [GIVE, Length(max=200, message="At most 200 characters.")], render_kw={"autocomplete": "off"}
    )
    roles = SelectMultipleField(
        "Roles",
        choices={role: role.capitalize() for role in ROLES},
        option_widget=CheckboxInput(),
    )
    precincts = TextAreaField(
        "Precincts that they report for",
        [Length(max=100_000, message="At most 100,000 characters.")],
        description="One to a line, as ELECTION/UNIT. A unit above precincts stands for all of them.",
        render_kw={"rows": 4, "spellcheck": "false", "autocapitalize": "none"},
    )
    email = EmailField("E-mail", [Length(max=254, message="At most 254 characters.")], render_kw=CONTACT)
    mobile = TelField("Mobile", [Length(max=32, message="At most 32 characters.")], render_kw=CONTACT)

    def edit(self) -> MemberEdit:
        return MemberEdit(
            name=self.name.data.strip(),
            roles=self.roles.data or [],
            precincts=self.precincts.data.split(),
            email=self.email.data.strip(),
            mobile=self.mobile.data.strip(),
        )


class NewMemberForm(UsernameForm, MemberForm):
    pass


class OldMemberForm(MemberForm):
    disabled = BooleanField(
        "May not sign in", description="Ends their sessions and tokens at once; what they did stays recorded."
    )

    def edit(self) -> MemberEdit:
        return msgspec.structs.replace(super().edit(), disabled=self.disabled.data)


@pages.get("")
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


@pages.route("/new", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR)
@hide
async def add() -> ResponseReturnValue:
    form = await NewMemberForm.create_form()
    if await form.validate_on_submit():
        try:
            username = form.username.data.strip()
            await services().officials.create(username, form.edit(), await actor())
        except DomainError as error:
            form.refuse(error)
        else:
            return await see(
                f"/admin/members/{username}",
                "Added. To let them in, give them a one-time token for a password.",
            )
    return await form_page("members/new.html", form)


@pages.route("/<username>", methods=["GET", "POST"])
@only(Role.ADMINISTRATOR)
@hide
async def member(username: str) -> ResponseReturnValue:
    found = await services().officials.get(username)
    form = await OldMemberForm.create_form(data=_written(found))
    if await form.validate_on_submit():
        try:
            await services().officials.edit(username, form.edit(), form.edition.data, await actor())
        except DomainError as error:
            form.refuse(error)
        else:
            return await see(f"/admin/members/{username}", "Saved; their rights have changed at once.")
    return await form_page("members/member.html", form, member=found)


@pages.post("/<username>/reset")
@only(Role.ADMINISTRATOR)
@hide
async def reset(username: str) -> ResponseReturnValue:
    issued = await services().officials.reset(username, await actor())
    # Shown in the answer itself: nothing that is kept may hold it.
    return await private_page("members/reset.html", 201, reset=issued, host=request.host_url)


def _written(member: MemberInfo) -> dict[str, Any]:
    """A member as the form shows one."""
    return {
        **msgspec.structs.asdict(member),
        "precincts": "\n".join(member.precincts),
        "edition": edition(member),
    }

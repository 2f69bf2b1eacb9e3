"""One's own account: who one is here, where one is signed in, one's tokens and password."""

import datetime

from quart import Blueprint, request
from quart.typing import ResponseReturnValue
from quart_schema import hide
from wtforms import SelectMultipleField
from wtforms.validators import Length
from wtforms.widgets import CheckboxInput

from models.rights import role_word
from models.wording import say
from quart_app.access import fresh_members, members
from quart_app.api.tokens import TokenRequest
from quart_app.auth import actor, signed_in
from quart_app.door.limits import SIGN_IN, limited
from quart_app.languages import gettext
from quart_app.pages.fields import NEW_PASSWORD, number, text
from quart_app.pages.fields import password as given
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page, private_page, see
from quart_app.wiring import services
from services.credentials import MAX_TOKEN_DAYS

pages = Blueprint("account", __name__, url_prefix="/account")

TOKEN_DAYS = 90


class PasswordForm(PageForm):
    old_password = given(say("Current password"), autocomplete="current-password")
    new_password = given(say("New password"), NEW_PASSWORD, autocomplete="new-password")


class TokenForm(PageForm):
    name = text(
        say("What it is for"),
        say("So that you know it again in the list: the program or the machine that will use it."),
        most=100,
    )
    days = number(say("Days until it expires"), least=1, most=MAX_TOKEN_DAYS, default=TOKEN_DAYS)
    scopes = SelectMultipleField(
        say("What it may act as"),
        [Length(min=1, message=say("Choose at least one."))],
        description=say("No more than its program needs."),
        option_widget=CheckboxInput(),
    )


@pages.get("")
@members
@hide
async def account() -> ResponseReturnValue:
    who = await signed_in(request)
    return await private_page(
        "account/account.html",
        member=await services().officials.get(who.username),
        signed_in=await services().credentials.sessions(who),
        given=await services().credentials.tokens(who),
    )


@pages.post("/sessions/<int:session>/end")
@members
@hide
async def end(session: int) -> ResponseReturnValue:
    await services().credentials.end_session(await signed_in(request), session, await actor())
    return await see("/account#sessions", gettext("That session has ended."))


@pages.route("/tokens/new", methods=["GET", "POST"])
@fresh_members
@hide
async def new_token() -> ResponseReturnValue:
    who = await signed_in(request)
    form = await TokenForm.create_form()
    form.scopes.choices = {role: role_word(role) for role in sorted(who.roles)}
    if await form.validate_on_submit():
        with form.refusing():
            wanted = form.read(TokenRequest)
            token = await services().credentials.issue_token(
                who.username,
                datetime.timedelta(days=wanted.days),
                name=wanted.name,
                scopes=wanted.scopes,
                by=await actor(),
            )
            # Shown in the answer itself: nothing that is kept may hold it.
            return await private_page("account/token.html", 201, token=token)
    return await form_page("account/new_token.html", form)


@pages.post("/tokens/<int:token>/revoke")
@members
@hide
async def revoke(token: int) -> ResponseReturnValue:
    await services().credentials.revoke_token(await signed_in(request), token, await actor())
    return await see("/account#tokens", gettext("That token is revoked."))


@pages.route("/password", methods=["GET", "POST"])
@members
@limited(SIGN_IN)
@hide
async def password() -> ResponseReturnValue:
    who = await signed_in(request)
    form = await PasswordForm.create_form()
    if await form.validate_on_submit():
        with form.refusing():
            await services().sign_in.change_password(
                who, form.old_password.data, form.new_password.data, await actor()
            )
            return await see(
                "/account", gettext("Your password is changed, and your other sessions have ended.")
            )
    return await form_page("account/password.html", form)

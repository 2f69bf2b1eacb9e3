"""One's own account: who one is here, where one is signed in, one's tokens and password."""

import datetime

from quart import Blueprint, request
from quart.typing import ResponseReturnValue
from quart_schema import hide
from wtforms import IntegerField, PasswordField, SelectMultipleField, StringField
from wtforms.validators import InputRequired, Length, NumberRange
from wtforms.widgets import CheckboxInput

from models.errors import DomainError, WrongPassword
from quart_app.access import members
from quart_app.auth import actor, signed_in
from quart_app.limits import SIGN_IN, limited
from quart_app.pages.forms import PageForm
from quart_app.pages.private import form_page, private_page, see
from quart_app.pages.sign_in import GIVE, NEW_PASSWORD
from quart_app.wiring import services
from services.credentials import MAX_TOKEN_DAYS
from services.passwords import MAX_LENGTH

pages = Blueprint("account", __name__, url_prefix="/account")

TOKEN_DAYS = 90


class PasswordForm(PageForm):
    old_password = PasswordField(
        "Present password",
        [GIVE, Length(max=MAX_LENGTH, message=f"At most {MAX_LENGTH} characters.")],
        render_kw={"autocomplete": "current-password"},
    )
    new_password = PasswordField(
        "New password",
        [GIVE, Length(max=MAX_LENGTH, message=f"At most {MAX_LENGTH} characters.")],
        description=NEW_PASSWORD,
        render_kw={"autocomplete": "new-password"},
    )


class TokenForm(PageForm):
    name = StringField(
        "What it is for",
        [GIVE, Length(max=100, message="At most 100 characters.")],
        description="So that you know it again in the list: the program or the machine that will use it.",
        render_kw={"autocomplete": "off"},
    )
    days = IntegerField(
        "Days until it expires",
        [
            InputRequired("Give a number of days."),
            NumberRange(1, MAX_TOKEN_DAYS, f"From 1 to {MAX_TOKEN_DAYS:,} days."),
        ],
        default=TOKEN_DAYS,
        render_kw={"autocomplete": "off"},
    )
    scopes = SelectMultipleField(
        "What it may act as",
        [Length(min=1, message="Choose at least one.")],
        description="No more than its program needs.",
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
        sessions=await services().credentials.sessions(who),
        tokens=await services().credentials.tokens(who),
    )


@pages.post("/sessions/<int:session>/end")
@members
@hide
async def end(session: int) -> ResponseReturnValue:
    await services().credentials.end_session(await signed_in(request), session, await actor())
    return await see("/account#sessions", "That session has ended.")


@pages.route("/tokens/new", methods=["GET", "POST"])
@members
@hide
async def new_token() -> ResponseReturnValue:
    who = await signed_in(request)
    form = await TokenForm.create_form()
    form.scopes.choices = {role: role.capitalize() for role in sorted(who.roles)}
    if await form.validate_on_submit():
        try:
            token = await services().credentials.issue_token(
                who.username,
                datetime.timedelta(days=form.days.data),
                name=form.name.data.strip(),
                scopes=form.scopes.data,
                by=await actor(),
            )
        except DomainError as error:
            form.refuse(error)
        else:
            # Shown in the answer itself: nothing that is kept may hold it.
            return await private_page("account/token.html", 201, token=token)
    return await form_page("account/new_token.html", form)


@pages.post("/tokens/<int:token>/revoke")
@members
@hide
async def revoke(token: int) -> ResponseReturnValue:
    await services().credentials.revoke_token(await signed_in(request), token, await actor())
    return await see("/account#tokens", "That token is revoked.")


@pages.route("/password", methods=["GET", "POST"])
@members
@limited(SIGN_IN)
@hide
async def password() -> ResponseReturnValue:
    who = await signed_in(request)
    form = await PasswordForm.create_form()
    if await form.validate_on_submit():
        try:
            await services().sign_in.change_password(
                who, form.old_password.data, form.new_password.data, await actor()
            )
        except WrongPassword:
            form.old_password.errors = ["This is not your present password."]
        except DomainError as error:
            form.refuse(error)
        else:
            return await see("/account", "Your password is changed, and your other sessions have ended.")
    return await form_page("account/password.html", form)

"""Signing in and out, giving the password again, and setting one with a one-time token."""

import msgspec
from quart import Blueprint, request
from quart.typing import ResponseReturnValue
from quart_schema import hide
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from models.errors import DomainError, NotFresh, WrongPassword
from models.rights import Actor
from quart_app.access import members, public
from quart_app.auth import actor, begin_session, end_session, identity, public_actor, signed_in
from quart_app.limits import SIGN_IN, limited
from quart_app.pages.forms import PageForm, local
from quart_app.pages.private import form_page, see
from quart_app.wiring import services
from services.passwords import MAX_LENGTH, MIN_LENGTH

pages = Blueprint("sign_in", __name__)

GIVE = InputRequired("Fill this in.")
NEW_PASSWORD = (
    f"At least {MIN_LENGTH} characters. Several words that do not belong together are good, and easy to keep."
)


class SignInForm(PageForm):
    next = HiddenField()
    username = StringField(
        "Username",
        [GIVE, Length(max=64, message="At most 64 characters.")],
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"},
    )
    password = PasswordField(
        "Password",
        [GIVE, Length(max=MAX_LENGTH, message=f"At most {MAX_LENGTH} characters.")],
        render_kw={"autocomplete": "current-password"},
    )


class ConfirmForm(PageForm):
    next = HiddenField()
    password = PasswordField(
        "Your password",
        [GIVE, Length(max=MAX_LENGTH, message=f"At most {MAX_LENGTH} characters.")],
        render_kw={"autocomplete": "current-password"},
    )


class ResetForm(PageForm):
    token = StringField(
        "One-time token",
        [GIVE, Length(max=200, message="At most 200 characters.")],
        description="An administrator gave it to you; it begins with tr_.",
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )
    new_password = PasswordField(
        "New password",
        [GIVE, Length(max=MAX_LENGTH, message=f"At most {MAX_LENGTH} characters.")],
        description=NEW_PASSWORD,
        render_kw={"autocomplete": "new-password"},
    )


@pages.route("/login", methods=["GET", "POST"])
@public
@limited(SIGN_IN)
@hide
async def login() -> ResponseReturnValue:
    form = await SignInForm.create_form(data={"next": request.args.get("next")})
    who = await identity(request)
    if request.method == "GET" and who is not None:
        return await see(local(form.next.data))
    if await form.validate_on_submit():
        try:
            session = await services().sign_in.sign_in(
                form.username.data, form.password.data, _visitor(), agent=_agent(), replacing=who
            )
        except DomainError as error:
            form.refuse(error)
        else:
            begin_session(session.secret)
            return await see(local(form.next.data))
    return await form_page("sign_in/login.html", form)


@pages.post("/logout")
@members
@hide
async def logout() -> ResponseReturnValue:
    who = await signed_in(request)
    await services().sign_in.sign_out(who, await actor())
    end_session()
    return await see("/login", "You are signed out.")


@pages.route("/confirm", methods=["GET", "POST"])
@members
@limited(SIGN_IN)
@hide
async def confirm() -> ResponseReturnValue:
    """The password again, before something of weight."""
    who = await signed_in(request)
    if who.credential.kind != "session":
        raise NotFresh
    form = await ConfirmForm.create_form(data={"next": request.args.get("next")})
    if await form.validate_on_submit():
        try:
            await services().sign_in.confirm(who, form.password.data)
        except WrongPassword:
            form.password.errors = ["This is not your password."]
        except DomainError as error:
            form.refuse(error)
        else:
            return await see(local(form.next.data), "Your password is confirmed for the next minutes.")
    return await form_page("sign_in/confirm.html", form)


@pages.route("/reset", methods=["GET", "POST"])
@public
@limited(SIGN_IN)
@hide
async def reset() -> ResponseReturnValue:
    """The token comes in the form, or behind the `#` of the address, which no server ever sees."""
    form = await ResetForm.create_form()
    if await form.validate_on_submit():
        try:
            await services().sign_in.set_password(form.token.data.strip(), form.new_password.data, _visitor())
        except DomainError as error:
            form.refuse(error)
        else:
            return await see("/login", "Your password is set. Sign in with it.")
    return await form_page("sign_in/reset.html", form)


def _visitor() -> Actor:
    return msgspec.structs.replace(public_actor(), channel="web")


def _agent() -> str:
    return request.headers.get("User-Agent", "")

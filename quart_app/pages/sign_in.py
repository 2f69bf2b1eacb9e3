"""Signing in and out, giving the password again, and setting one with a one-time token."""

from quart import Blueprint, request
from quart.typing import ResponseReturnValue
from quart_schema import hide
from wtforms import HiddenField

from models.errors import NotFresh
from models.wording import say
from quart_app.access import members, public
from quart_app.auth import actor, begin_session, end_session, identity, signed_in
from quart_app.door.limits import SIGN_IN, limited
from quart_app.languages import gettext
from quart_app.pages.fields import NEW_PASSWORD, PLAIN, password, text
from quart_app.pages.forms import PageForm, forget_token, local
from quart_app.pages.private import form_page, see, visitor
from quart_app.wiring import services

pages = Blueprint("sign_in", __name__)


class SignInForm(PageForm):
    next = HiddenField()
    username = text(say("Username"), most=64, **{**PLAIN, "autocomplete": "username"})
    password = password(say("Password"), autocomplete="current-password")


class ConfirmForm(PageForm):
    next = HiddenField()
    password = password(say("Your password"), autocomplete="current-password")


class ResetForm(PageForm):
    token = text(say("One-time token"), say("An administrator gave it to you; it begins with tr_."), **PLAIN)
    new_password = password(say("New password"), NEW_PASSWORD, autocomplete="new-password")


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
        with form.refusing():
            session = await services().sign_in.sign_in(
                form.username.data, form.password.data, await visitor(), agent=_agent(), replacing=who
            )
            begin_session(session.secret)
            forget_token()
            return await see(local(form.next.data))
    return await form_page("sign_in/login.html", form)


@pages.post("/logout")
@members
@hide
async def logout() -> ResponseReturnValue:
    who = await signed_in(request)
    await services().sign_in.sign_out(who, await actor())
    end_session()
    forget_token()
    return await see("/login", gettext("You are signed out."))


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
        with form.refusing():
            await services().sign_in.confirm(who, form.password.data)
            notice = gettext("Your password is confirmed for the next minutes.")
            return await see(local(form.next.data), notice)
    return await form_page("sign_in/confirm.html", form)


@pages.route("/reset", methods=["GET", "POST"])
@public
@limited(SIGN_IN)
@hide
async def reset() -> ResponseReturnValue:
    """The token comes in the form, or behind the `#` of the address, which no server ever sees."""
    form = await ResetForm.create_form()
    if await form.validate_on_submit():
        with form.refusing():
            await services().sign_in.set_password(form.token.data, form.new_password.data, await visitor())
            return await see("/login", gettext("Your password is set. Sign in with it."))
    return await form_page("sign_in/reset.html", form)


def _agent() -> str:
    return request.headers.get("User-Agent", "")

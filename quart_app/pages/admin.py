"""The dashboard: what each role can do here, and where."""

from quart import Blueprint
from quart.typing import ResponseReturnValue
from quart_schema import hide

from quart_app.access import only
from quart_app.pages.private import STAFF, private_page
from quart_app.wiring import services

pages = Blueprint("admin", __name__, url_prefix="/admin")


@pages.get("")
@only(*STAFF)
@hide
async def admin() -> ResponseReturnValue:
    return await private_page("admin/admin.html", elections=await services().elections.all())

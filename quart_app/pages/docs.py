"""The API's documentation, made from the application's own OpenAPI document."""

from quart import Blueprint, Response, current_app
from quart_schema import hide

from quart_app.answers import SETTLED
from quart_app.pages.rendering import page

pages = Blueprint("docs", __name__)


@pages.get("/docs")
@hide
async def docs() -> Response:
    document = current_app.extensions["QUART_SCHEMA"].openapi_provider.schema()
    return await page("docs/docs.html", cache=SETTLED, document=document)

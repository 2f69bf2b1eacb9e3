"""HTML routes, by subject: rendered by Jinja, kept live by the modules in `static/`."""

from quart import Quart

from quart_app.languages import load
from quart_app.languages.in_templates import install_languages
from quart_app.pages import (
    account,
    admin,
    assets,
    audit,
    board,
    candidates,
    certification,
    checks,
    choice,
    complaint_desk,
    complaints,
    design,
    docs,
    draft_ballots,
    draft_units,
    drafts,
    elections,
    filing,
    log,
    maps,
    members,
    meta,
    observers,
    pictures,
    places,
    reviewing,
    share,
    sign_in,
    tally,
    tally_offline,
    text,
    voters,
)
from quart_app.pages.assets import Assets
from quart_app.pages.errors import install_error_pages
from quart_app.pages.pictures import install_pictures
from quart_app.pages.words import FILTERS

PAGES = (
    text,
    pictures,
    share,
    elections,
    board,
    places,
    maps,
    observers,
    filing,
    complaints,
    complaint_desk,
    log,
    tally,
    tally_offline,
    reviewing,
    certification,
    choice,
    design,
    docs,
    assets,
    sign_in,
    account,
    admin,
    members,
    audit,
    drafts,
    draft_units,
    draft_ballots,
    checks,
    candidates,
    voters,
)


def install_pages(app: Quart) -> None:
    """Adds the pages, the files they load and the HTML form of problems."""
    install_languages(app)
    app.extensions["tallystream.maps"] = maps.DrawnMaps()
    app.extensions["tallystream.assets"] = files = Assets(load())
    app.jinja_env.globals["asset"] = files.address
    app.jinja_env.globals.update(meta.GLOBALS)
    app.jinja_env.filters.update(FILTERS)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for part in PAGES:
        app.register_blueprint(part.pages)
    install_pictures(app)
    install_error_pages(app)

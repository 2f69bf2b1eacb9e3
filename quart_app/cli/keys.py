"""`tallystream keys`: fresh secret keys for the environment of the server's processes."""

import click

from quart_app.cli.access import anyone
from quart_app.keys import fresh_key, variable
from quart_app.settings import SECRETS


@anyone
@click.command()
def keys() -> None:
    """Print fresh keys, as lines for a shell; they are kept nowhere.

    All processes of one database need the same keys. What other keys have sealed these do not open.
    """
    for name in SECRETS:
        click.echo(f"export {variable(name)}={fresh_key()}")

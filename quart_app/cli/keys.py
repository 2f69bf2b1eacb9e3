"""Secret keys: fresh ones for the environment, and putting what is stored under a new one."""

import click

from quart_app.cli.access import anyone, operator
from quart_app.cli.running import counted, progress_bar, with_services
from quart_app.keys import fresh_key, variable
from quart_app.settings import SECRETS
from quart_app.wiring import Services


@anyone
@click.command()
def keys() -> None:
    """Print fresh keys, as lines for a shell; they are kept nowhere.

    All processes of one database need the same keys. What other keys have sealed these do not open.
    """
    for name in SECRETS:
        click.echo(f"export {variable(name)}={fresh_key()}")


@operator
@click.command()
def reseal() -> None:
    """Put all personal data under the first of TALLYSTREAM_PERSONAL_KEYS.

    Every server must know that key before. It can be broken off and given again, also while they serve.
    """
    resealed = with_services(_reseal)
    click.echo(f"{counted(resealed, 'value')} put under the newest key; no other key is needed any more.")


async def _reseal(house: Services) -> int:
    resealed = 0
    with progress_bar() as progress:
        task = progress.add_task("sealed values", total=None)
        async for resealed, total in house.resealing.reseal():
            progress.update(task, completed=resealed, total=total)
    return resealed

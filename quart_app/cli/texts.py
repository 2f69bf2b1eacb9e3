"""Message catalogues: finding the texts in the sources, and compiling what translators wrote."""

import click

from quart_app.cli.access import anyone
from quart_app.cli.running import counted
from quart_app.languages.extraction import compiled, update


@anyone
@click.group()
def texts() -> None:
    """Work on the message catalogues of a checkout."""


@anyone
@texts.command()
def extract() -> None:
    """Find every text in the sources and bring the catalogues up to date; tells what is untranslated."""
    for name, (all_texts, missing) in update().items():
        click.echo(f"{name}: {counted(all_texts, 'text')}, {missing:,} without a translation")


@anyone
@texts.command("compile")
def compile_() -> None:
    """Compile the catalogues, so that servers start a little sooner."""
    for path in compiled():
        click.echo(str(path))

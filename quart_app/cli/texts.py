"""Message catalogues: finding the texts in the sources, and compiling what translators wrote."""

from pathlib import Path

import click

from quart_app.cli.access import anyone
from quart_app.cli.running import counted
from quart_app.languages.catalogues import TEXTS
from quart_app.languages.extraction import compiled, update

_folder = click.argument(
    "folder", default=TEXTS, type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path)
)


@anyone
@click.group()
def texts() -> None:
    """Work on message catalogues: those of the checkout, or of a FOLDER with one folder a language."""


@anyone
@texts.command()
@_folder
def extract(folder: Path) -> None:
    """Find every text in the sources and bring the catalogues up to date; tells what is untranslated."""
    found = update(folder)
    for name, (all_texts, missing) in found.items():
        click.echo(f"{name}: {counted(all_texts, 'text')}, {missing:,} without a translation")
    if not found:
        click.echo(
            f"{folder} has no language yet: make a folder there that is named by its code, such as it."
        )


@anyone
@texts.command("compile")
@_folder
def compile_(folder: Path) -> None:
    """Compile the catalogues, so that servers start a little sooner."""
    for path in compiled(folder):
        click.echo(str(path))

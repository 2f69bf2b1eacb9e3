"""`tallystream import-shapes`: the shapes of an election's units, which its maps are drawn of."""

from pathlib import Path

import click

from models.geojson import MAX_BYTES, ShapesFileError, read_features
from quart_app.cli.access import operator
from quart_app.cli.running import Failure, counted, with_services
from quart_app.wiring import Services
from services.shapes import ShapesReport

NAMES_SHOWN = 100


@operator
@click.command("import-shapes")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--election", "code", required=True, help="Code of the election.")
@click.option(
    "--property",
    "named_by",
    help="The features' property that holds codes or names of units; found if not given.",
)
@click.option(
    "--skip-unknown", is_flag=True, help="Leave out features of no unit rather than import nothing."
)
def import_shapes(file: Path, code: str, named_by: str | None, skip_unknown: bool) -> None:
    """Give an election's units the shapes of the GeoJSON FILE; its maps are drawn of them from then on."""
    try:
        if file.stat().st_size <= MAX_BYTES:
            features = read_features(file.read_bytes())
        else:
            raise ShapesFileError(f"The file is larger than {MAX_BYTES:,} bytes; simplify the shapes first.")

        async def work(house: Services) -> ShapesReport:
            return await house.shapes.replace(code, features, named_by=named_by, skip_unknown=skip_unknown)

        report = with_services(work)
    except ShapesFileError as error:
        raise Failure(f"{file.name}: {error.message}") from error
    _tell(file, code, report)


def _tell(file: Path, code: str, report: ShapesReport) -> None:
    """Raises Failure where nothing was stored."""
    _list([f"feature {one.number}: {one.reason}" for one in report.unknown], "feature")
    if not report.stored:
        raise Failure(
            f"Nothing was imported: {counted(len(report.unknown), 'feature')} of {file.name} matched no unit "
            f"by {report.property!r}; correct the file, name another --property, or use --skip-unknown."
        )
    _list([f"no shape: {unit.name} ({unit.code})" for unit in report.missing], "unit")
    click.echo(
        f"{code} has shapes: {counted(report.units, 'unit')} of the file, named by {report.property!r}, "
        f"and {report.joined:,} put together of those below; {len(report.missing):,} without."
    )


def _list(lines: list[str], noun: str) -> None:
    for line in lines[:NAMES_SHOWN]:
        click.echo(line, err=True)
    if (more := len(lines) - NAMES_SHOWN) > 0:
        click.echo(f"and {counted(more, f'more {noun}')}", err=True)

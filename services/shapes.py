"""Importing the shapes of units, and reading those that a map draws."""

from collections.abc import Sequence

import msgspec

from models.geojson import Feature, UnknownFeature, match_features
from models.places import UnitInfo
from models.rights import OPERATOR, Actor
from models.shapes import UnitOutline, draw
from repositories.database import Database
from services.clock import Clock
from services.places import Level

# More than any election has.
_ALL_UNITS = 1_000_000


class ShapesReport(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an import. Nothing was stored where features are `unknown` and were not to be skipped."""

    stored: bool
    property: str
    units: int
    """That have a shape of their own in the file."""
    joined: int
    """That were put together out of those below them."""
    unknown: list[UnknownFeature]
    missing: list[UnitInfo]
    """Units that a map will not show."""


class ShapeService:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def replace(
        self,
        election: str,
        features: Sequence[Feature],
        *,
        named_by: str | None = None,
        skip_unknown: bool = False,
        by: Actor = OPERATOR,
    ) -> ShapesReport:
        """Gives the units of an election the shapes of a file, in the place of all that they had.

        Neither results nor the log know of shapes, so they can come at any time; the audit trail tells it.
        Raises UnknownElection, and ShapesFileError where no feature is of this election.
        """
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            units = await repos.elections.units(state.id, after="", limit=_ALL_UNITS)
        matches = match_features(features, units, named_by=named_by)
        outlines = draw(matches.shapes, {unit.code: unit.parent for unit in units})
        report = ShapesReport(
            stored=skip_unknown or not matches.unknown,
            property=matches.property,
            units=len(matches.shapes),
            joined=len(outlines) - len(matches.shapes),
            unknown=matches.unknown,
            missing=[unit for unit in units if unit.code not in outlines],
        )
        if report.stored:
            changes = {"units": [None, len(outlines)], "property": [None, matches.property]}
            async with self._database.transaction() as repos:
                await repos.shapes.replace(state.id, outlines)
                await repos.audit.add(
                    by, self._clock(), "shapes-imported", election, election=state.id, changes=changes
                )
        return report

    async def below(self, election: str, unit: str, level: Level) -> list[UnitOutline]:
        """The outlines of the units below one; none where the election has no shapes.

        Raises UnknownElection and UnknownUnit.
        """
        async with self._database.snapshot() as repos:
            state = await repos.elections.get(election)
            unit_id, _ = await repos.elections.unit(state.id, unit)
            return await repos.shapes.below(unit_id, level)

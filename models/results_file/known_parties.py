"""Names and colours for the party codes that American results files use.

Files give no more than a code, and not always the same one for the same party.
"""

import colorsys
import zlib

from models.definitions import PartyDefinition

_DEMOCRATIC = ("Democratic", "#1f5fbf")
_REPUBLICAN = ("Republican", "#c62828")
_LIBERTARIAN = ("Libertarian", "#8a6d00")
_GREEN = ("Green", "#1b8043")
_CONSTITUTION = ("Constitution", "#7b3fa0")
_SOLIDARITY = ("American Solidarity", "#b8541a")

_KNOWN = {
    "DEM": _DEMOCRATIC,
    "D": _DEMOCRATIC,
    "REP": _REPUBLICAN,
    "R": _REPUBLICAN,
    "D/R": ("Democratic and Republican", "#6b4c8a"),
    "LIB": _LIBERTARIAN,
    "GRN": _GREEN,
    "GRE": _GREEN,
    "GNP": _GREEN,
    "CST": _CONSTITUTION,
    "CON": _CONSTITUTION,
    "ASP": _SOLIDARITY,
    "ASO": _SOLIDARITY,
    "FWD": ("Forward", "#007f8c"),
    "WFP": ("Working Families", "#a3336f"),
    "IND": ("Independent", "#5c5c5c"),
    "NON": ("Nonpartisan", "#707070"),
}


def party_definition(code: str) -> PartyDefinition:
    """The party as known by its code; an unknown code is its own name and decides its own colour."""
    name, colour = _KNOWN.get(code.upper()) or (code, _colour_of(code))
    return PartyDefinition(code=code, name=name, colour=colour)


def _colour_of(code: str) -> str:
    # This lightness and saturation keep a contrast above 3:1 with white at every hue.
    hue = zlib.crc32(code.encode()) % 360 / 360
    red, green, blue = colorsys.hls_to_rgb(hue, 0.35, 0.5)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"

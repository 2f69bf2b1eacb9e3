"""Rows of a JSON array that comes in pieces, through ijson's parser; its values are never held together."""

from typing import Any

import ijson
from ijson.common import ObjectBuilder

from models.errors import FieldError
from models.wording import Figure, say
from services.bulk import MAX_ROW, Broken, BrokenOff, Raw


class JsonRows:
    """Objects of the one array. A field that is null is an absent one, like an empty cell of CSV."""

    def __init__(self) -> None:
        self.rows: list[Raw] = []
        self.count = 0
        self._events = ijson.sendable_list()
        self._parser = ijson.basic_parse_coro(self._events, use_float=True)
        self._unfinished = 0
        self._begun = False
        self._row: dict[str, Any] | None = None
        self._name = ""
        self._nested = _Nested()

    def feed(self, piece: bytes) -> None:
        before = self.count
        try:
            self._parser.send(piece)
        except ijson.JSONError:
            self._take()
            raise BrokenOff(say("This is not valid JSON.")) from None
        self._take()
        self._unfinished = self._unfinished + len(piece) if self.count == before else len(piece)
        if self._unfinished > MAX_ROW:
            raise BrokenOff(say("A row has more than %(most)s bytes.", most=Figure(MAX_ROW)))

    def end(self) -> None:
        try:
            self._parser.close()
        except ijson.JSONError:
            raise BrokenOff(say("The JSON ends too early.")) from None

    def _take(self) -> None:
        for kind, value in self._events:
            if self._nested.open:
                if self._nested.add(kind, value):
                    self._put(self._nested.value)
            elif kind == "map_key":
                self._name = value
            elif kind == "end_map":
                self._give(self._row or {})
                self._row = None
            elif kind == "start_map" and self._row is None:
                self._row = {}
            elif kind == "start_array" and not self._begun:
                self._begun = True
            elif kind in ("start_map", "start_array"):
                self._nested.add(kind, value)
            elif kind != "end_array":
                self._put(value)
        self._events.clear()

    def _put(self, value: Any) -> None:
        if self._row is None:
            self._give(Broken(FieldError("", say("a row must be a JSON object"), "not-an-object")))
        elif value is not None:
            self._row[self._name] = value

    def _give(self, row: dict[str, Any]) -> None:
        self.count += 1
        self.rows.append((self.count, row))


class _Nested:
    """A list or an object within a row."""

    def __init__(self) -> None:
        self.open = 0
        self._builder = ObjectBuilder()

    def add(self, kind: str, value: Any) -> bool:
        """Whether it is complete now."""
        if not self.open:
            self._builder = ObjectBuilder()
        self.open += kind.startswith("start_")
        self.open -= kind.startswith("end_")
        self._builder.event(kind, value)
        return not self.open

    @property
    def value(self) -> Any:
        return self._builder.value

"""The OpenAPI document: quart-schema's, with the types it leaves out, media types and examples."""

import inspect
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, TypeVar

import msgspec
from quart import Quart
from quart_schema import APIKeySecurityScheme, HttpSecurityScheme, Info, QuartSchema, Tag
from quart_schema.openapi import OpenAPIProvider
from quart_schema.validation import DataSource
from werkzeug.routing.rules import Rule

from models.rights import Access
from quart_app.access import access_of
from quart_app.answers import Nothing
from quart_app.auth import COOKIE
from quart_app.errors import PROBLEM_JSON, Problem
from quart_app.openapi_examples import EXAMPLES, PROBLEMS

DESCRIPTION = """Election night: tallies in, live results out.

Answers are JSON; a problem is `application/problem+json` (RFC 9457) with a stable `code`. Lists come in
pages: `next`, and the same in a `Link` header, leads on. Results need no token. Officers send theirs as
`Authorization: Bearer TOKEN`."""

TAGS = [
    Tag("elections", "Elections and what they consist of."),
    Tag("results", "Results as they stand, and as they change."),
    Tag("log", "The public record of all that happened, in order."),
    Tag("tallies", "What precinct officers send."),
    Tag("canvass", "The checks, recounts, and two people who certify."),
    Tag("review", "The reviewers' desk: what waits for a person, and what is decided."),
    Tag("sessions", "Signing in, and what programs sign in with."),
    Tag("members", "People and what they may do; the audit trail."),
    Tag("candidates", "Filings, and the ballot that comes of them."),
    Tag("voters", "The register of voters."),
    Tag("complaints", "Complaints of voters and observers, and the desk that sees to them."),
    Tag("health", "For those who run the server."),
]

_REF = "#/components/schemas/{name}"
_DESCRIBED = ("/api/v1/", "/health/")
_SAFE = ("get", "head")
_MEDIA = "_tallystream_media"
_ROWS = "_tallystream_rows"
_FORM = "_tallystream_form"
_PARAMETER = re.compile(r"<(?:[^:>]*:)?([^>]+)>")

# What an edit is held against (`quart_app/answers.py`).
_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of what was read and is changed now; * for whatever is there",
    "schema": {"type": "string", "minLength": 1},
    "example": "*",
}

F = TypeVar("F", bound=Callable[..., Any])


def describe(app: Quart) -> None:
    """Makes the document that is served at /openapi.json."""
    QuartSchema(
        app,
        # Served by pages/docs.py, which says who may read it.
        openapi_path=None,
        swagger_ui_path=None,
        redoc_ui_path=None,
        scalar_ui_path=None,
        conversion_preference="msgspec",
        openapi_provider_class=Document,
        security_schemes={
            "token": HttpSecurityScheme(scheme="bearer"),
            "session": APIKeySecurityScheme(in_="cookie", name=COOKIE),
        },
        tags=list(TAGS),
        info=Info(title="Tallystream", version="1", description=DESCRIPTION),
    )


def also_answers(media: str, example: str) -> Callable[[F], F]:
    """The route's 200 comes as text of this media type too, or alone as that of one or several such types."""

    def mark(view: F) -> F:
        setattr(view, _MEDIA, {media: example, **getattr(view, _MEDIA, {})})
        return view

    return mark


def takes_rows(kind: type[msgspec.Struct], csv: str) -> Callable[[F], F]:
    """The route takes an array of `kind`, or CSV. A row that is none is answered, and fails no other."""

    def mark(view: F) -> F:
        setattr(view, _ROWS, (kind, csv))
        return view

    return mark


def takes_form(kind: type[msgspec.Struct]) -> Callable[[F], F]:
    """The route takes a `kind` as JSON, or as a multipart form that may carry `attachments`."""

    def mark(view: F) -> F:
        setattr(view, _FORM, kind)
        return view

    return mark


class Document(OpenAPIProvider):
    """Types stand once, under `components`; quart-schema 0.25 inlines the first and drops the others.

    It also leaves out WebSockets, which OpenAPI can only tell as a GET that switches protocols.
    """

    def generate_rules(self) -> Iterable[Rule]:
        return [rule for rule in self._app.url_map.iter_rules() if rule.rule.startswith(_DESCRIBED)]

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        paths, components = super().build_paths(rule)
        # quart-schema 0.25 drops what lies between a plain parameter and one with a converter.
        paths = {_PARAMETER.sub(r"{\1}", rule.rule): operations for operations in paths.values()}
        rows = getattr(self._app.view_functions[rule.endpoint], _ROWS, None)
        form = getattr(self._app.view_functions[rule.endpoint], _FORM, None)
        for path in paths.values():
            for method, operation in path.items():
                if rows:
                    operation["requestBody"] = _rows_body(*rows)
                    components.update(_described(rows[0])[1])
                if form:
                    operation["requestBody"], described = _form_body(form)
                    components.update(described)
                operation["description"] = operation["description"].strip()
                if rule.rule.startswith("/api/"):
                    self._guard(rule, method, operation)
                self._complete(operation["responses"], rule)
        return paths, components

    def _guard(self, rule: Rule, method: str, operation: dict[str, Any]) -> None:
        """What follows for every route from who may enter it, and from what it takes."""
        access = access_of(self._app.view_functions[rule.endpoint])
        if not access.public:
            operation["security"] = [{"token": []}, {"session": []}]
        if rule.websocket:
            return
        if 412 in operation["responses"]:
            operation["parameters"].append(_IF_MATCH)
        for status in _statuses(access, method, operation):
            operation["responses"].setdefault(status, self.build_response_object(Problem, None)[0])

    def _complete(self, responses: dict[int, Any], rule: Rule) -> None:
        """What quart-schema has no words for: other media types, and which problem a status means."""
        if rule.websocket:
            responses[101] = {"description": "The connection is a WebSocket from here on."}
        for media, example in getattr(self._app.view_functions[rule.endpoint], _MEDIA, {}).items():
            answer = responses.setdefault(200, {"content": {}})
            answer["content"][media] = {"schema": {"type": "string"}, "example": example}
        for status, response in responses.items():
            response.setdefault("description", HTTPStatus(status).phrase)
            for content in response.get("content", {}).values():
                if content["schema"] == {"$ref": _REF.format(name=Problem.__name__)}:
                    response["description"] = HTTPStatus(status).phrase
                    content["example"] = PROBLEMS[status]

    def build_request_body(self, model: Any, source: DataSource) -> tuple[dict[str, Any], dict[str, Any]]:
        schema, components = _described(model)
        return {"required": True, "content": {"application/json": _content(model, schema)}}, components

    def build_response_object(
        self, model: Any, headers_model: type[Any] | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        if model is Nothing:
            return {"description": inspect.getdoc(Nothing)}, {}
        schema, components = _described(model)
        media = PROBLEM_JSON if model is Problem else "application/json"
        answer: dict[str, Any] = {"content": {media: _content(model, schema)}}
        if isinstance(model, type) and model.__doc__:
            answer["description"] = " ".join(inspect.getdoc(model).split("\n\n")[0].split())  # type: ignore[union-attr]
        return answer, components


def _statuses(access: Access, method: str, operation: dict[str, Any]) -> Iterable[int]:
    """Statuses of problems that any such operation may answer with."""
    yield from (401, 503)
    if not access.public or method not in _SAFE:
        yield 403
    if method not in _SAFE:
        yield 429
    if "requestBody" in operation:
        yield from (400, 413, 415, 422)
    places = {parameter["in"] for parameter in operation["parameters"]}
    if "path" in places:
        yield 404
    if "query" in places:
        yield from (414, 422)


def _rows_body(kind: type[msgspec.Struct], csv: str) -> dict[str, Any]:
    # A row of any kind is taken, and answered for itself.
    items = {"anyOf": [{"$ref": _REF.format(name=kind.__name__)}, {}]}
    array = {"schema": {"type": "array", "items": items}, "example": [EXAMPLES[kind.__name__]]}
    text = {"schema": {"type": "string"}, "example": csv}
    return {"required": True, "content": {"application/json": array, "text/csv": text}}


def _form_body(kind: type[msgspec.Struct]) -> tuple[dict[str, Any], dict[str, Any]]:
    schema, components = _described(kind)
    content = _content(kind, schema)
    whole = components[kind.__name__]
    files = {"type": "array", "items": {"type": "string", "contentMediaType": "application/octet-stream"}}
    fields = {**whole["properties"], "attachments": files}
    form = {"schema": {**whole, "title": f"{kind.__name__}Form", "properties": fields}}
    form["example"] = content["example"]
    bodies = {"application/json": content, "multipart/form-data": form}
    return {"required": True, "content": bodies}, components


def _described(model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    (schema,), components = msgspec.json.schema_components([model], ref_template=_REF)
    for name, component in components.items():
        if name in EXAMPLES:
            component["examples"] = [EXAMPLES[name]]
    return schema, components


def _content(model: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """One type with its example; of several types, which may come alike, each with its own."""
    if isinstance(model, type):
        return {"schema": schema, "example": EXAMPLES[model.__name__]}
    names = [part["$ref"].rpartition("/")[2] for part in schema["anyOf"] if "$ref" in part]
    examples = {name: {"value": EXAMPLES[name]} for name in names}
    if any(part.get("type") == "array" for part in schema["anyOf"]):
        examples |= {f"{name} array": {"value": [EXAMPLES[name]]} for name in names}
    return {"schema": schema, "examples": examples}

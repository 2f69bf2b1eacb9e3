"""The OpenAPI document: quart-schema's, with the types it leaves out, media types and examples."""

import inspect
from typing import Any

import msgspec
from quart_schema.openapi import OpenAPIProvider
from quart_schema.validation import DataSource
from werkzeug.routing.rules import Rule

from quart_app.errors import PROBLEM_JSON, Problem
from quart_app.openapi_examples import EXAMPLES, LOG_STREAM, RESULTS_STREAM

_REF = "#/components/schemas/{name}"
_STREAMS = {"/results/stream": RESULTS_STREAM, "/log/stream": LOG_STREAM}


class Document(OpenAPIProvider):
    """Types stand once, under `components`; quart-schema 0.25 inlines the first and drops the others."""

    def build_request_body(
        self, model: type[Any], source: DataSource
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        schema, components = _described(model)
        return {"required": True, "content": {"application/json": _content(model, schema)}}, components

    def build_response_object(
        self, model: type[Any], headers_model: type[Any] | None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        schema, components = _described(model)
        media = PROBLEM_JSON if model is Problem else "application/json"
        description = (inspect.getdoc(model) or "").partition("\n")[0]
        return {"description": description, "content": {media: _content(model, schema)}}, components

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        paths, components = super().build_paths(rule)
        for path, operations in paths.items():
            for ending, example in _STREAMS.items():
                if path.endswith(ending):
                    _add_stream(operations["get"], example)
        return paths, components

    def operation_id(self, method: str, path: str, func: Any) -> str:
        return f"{method.lower()}_{func.__name__}"


def _described(model: type[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    (schema,), components = msgspec.json.schema_components([model], ref_template=_REF)
    for name, component in components.items():
        if name in EXAMPLES:
            component["examples"] = [EXAMPLES[name]]
    return schema, components


def _content(model: type[Any], schema: dict[str, Any]) -> dict[str, Any]:
    example = EXAMPLES.get(model.__name__)
    return {"schema": schema} if example is None else {"schema": schema, "example": example}


def _add_stream(operation: dict[str, Any], example: str) -> None:
    stream = {"schema": {"type": "string"}, "example": example}
    answer = {"description": "Server-sent events, for ever.", "content": {"text/event-stream": stream}}
    operation["responses"] = {200: answer, **operation["responses"]}

"""The API's documentation, made from the application's own OpenAPI document."""

from collections import defaultdict
from typing import Any

import msgspec
from quart import Blueprint, Response, abort, current_app
from quart_schema import hide

from quart_app.access import public
from quart_app.answers import SETTLED, json_response
from quart_app.pages.rendering import page

pages = Blueprint("docs", __name__)


@pages.get("/docs")
@public
@hide
async def docs() -> Response:
    """What all of it has in common, and a list of all there is."""
    document = _document()
    return await page(
        "docs/docs.html",
        cache=SETTLED,
        info=document["info"],
        tags=_abouts(document),
        sections=_by_tag(document["paths"]),
        types=document["components"]["schemas"],
        written=_written,
    )


@pages.get("/docs/<tag>")
@public
@hide
async def section(tag: str) -> Response:
    """Every operation of one subject, with the types that it speaks of."""
    document = _document()
    operations = _by_tag(document["paths"]).get(tag)
    if operations is None:
        abort(404)
    return await page(
        "docs/section.html",
        cache=SETTLED,
        info=document["info"],
        tag=tag,
        about=_abouts(document)[tag],
        operations=operations,
        types=_spoken_of(operations, document["components"]["schemas"]),
        examples_of=_examples_of,
        written=_written,
        type_of=_type_of,
    )


@pages.get("/openapi.json")
@public
@hide
async def openapi() -> Response:
    return json_response(_document(), cache=SETTLED)


def _document() -> dict[str, Any]:
    found: dict[str, Any] = current_app.extensions["QUART_SCHEMA"].openapi_provider.schema()
    return found


def _abouts(document: dict[str, Any]) -> dict[str, str]:
    """What each tag is about."""
    return {tag["name"]: tag["description"] for tag in document["tags"]}


def _spoken_of(part: Any, types: dict[str, Any]) -> dict[str, Any]:
    """The types that a part of the document leads to, by name."""
    found: dict[str, Any] = {}
    waiting = [part]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
            name = str(value.get("$ref", "")).rpartition("/")[2]
            if name in types and name not in found:
                found[name] = types[name]
                waiting.append(types[name])
    return dict(sorted(found.items()))


def _by_tag(paths: dict[str, dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Operations with their method and path, under their first tag, in the order of the routes."""
    sections: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for path, operations in paths.items():
        for method, operation in operations.items():
            tag = next(iter(operation.get("tags", ())), "other")
            sections[tag].append({"method": method.upper(), "path": path, **operation})
    return dict(sections)


def _examples_of(body: dict[str, Any]) -> list[Any]:
    """The examples of one body, where it has any."""
    if "example" in body:
        return [body["example"]]
    return [example["value"] for example in body.get("examples", {}).values()]


def _written(example: Any) -> str:
    """An example as it is sent, laid out for reading."""
    if isinstance(example, str):
        return example.rstrip()
    return msgspec.json.format(msgspec.json.encode(example), indent=2).decode()


def _type_of(schema: dict[str, Any]) -> list[tuple[str, str]]:
    """A schema in words: pieces of text, each with the name of the type it leads to or nothing."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [(name, name)]
    if "anyOf" in schema:
        pieces = [_type_of(part) for part in schema["anyOf"]]
        return [piece for part in pieces[:-1] for piece in (*part, (" or ", ""))] + pieces[-1]
    if "enum" in schema:
        return [(", ".join(map(str, schema["enum"])), "")]
    if schema.get("type") == "array":
        return [("list of ", ""), *_type_of(schema.get("items", {}))]
    if isinstance(schema.get("additionalProperties"), dict):
        return [("object of ", ""), *_type_of(schema["additionalProperties"])]
    return [(_plain(schema), "")]


def _plain(schema: dict[str, Any]) -> str:
    words = [str(schema.get("const", schema.get("format", schema.get("type", "anything"))))]
    for bound, name in (("minimum", "from"), ("maximum", "to"), ("maxLength", "at most")):
        if bound in schema:
            words.append(f"{name} {schema[bound]:,}")
    if "maxLength" in schema:
        words.append("characters")
    if "default" in schema and schema["default"] not in ("", None):
        words.append(f"(default {schema['default']})")
    return " ".join(words)

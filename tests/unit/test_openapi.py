"""/openapi.json is whole: every route is described, every reference leads somewhere, examples are true."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from quart import Quart

from models.batch import Receipt
from models.errors import DomainError
from models.submissions import TallySubmission
from quart_app import APIS, create_app
from quart_app.access import access_of
from quart_app.auth import COOKIE
from quart_app.errors import Problem, ProblemFrame, problem_of
from quart_app.openapi import TAGS
from quart_app.openapi_examples import EXAMPLES, PROBLEMS
from quart_app.settings import load_settings

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def made() -> Quart:
    return create_app(load_settings({}))


@pytest.fixture(scope="module")
async def document(made: Quart) -> dict[str, Any]:
    response = await made.test_client().get("/openapi.json")
    assert response.status_code == 200
    found: dict[str, Any] = await response.get_json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def everything(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(value, dict):
        yield value
        for part in value.values():
            yield from everything(part)
    elif isinstance(value, list):
        for part in value:
            yield from everything(part)


def api_rules(made: Quart) -> list[Any]:
    return [rule for rule in made.url_map.iter_rules() if rule.rule.startswith(("/api/", "/health/"))]


def test_every_route_of_the_api_has_a_docstring(made: Quart) -> None:
    for rule in api_rules(made):
        assert made.view_functions[rule.endpoint].__doc__, rule.rule


def test_every_route_of_the_api_is_described(made: Quart, document: dict[str, Any]) -> None:
    for rule in api_rules(made):
        path = re.sub(r"<(?:[^:>]*:)?([^>]+)>", r"{\1}", rule.rule)
        wanted = {"get"} if rule.websocket else {m.lower() for m in rule.methods} & METHODS
        assert wanted <= document["paths"][path].keys(), path


def test_nothing_but_the_api_is_described(document: dict[str, Any]) -> None:
    assert all(path.startswith(("/api/v1/", "/health/")) for path in document["paths"])


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    references = {part["$ref"] for part in everything(document) if "$ref" in part}
    assert references
    for reference in references:
        home, _, name = reference.rpartition("/")
        assert home == "#/components/schemas"
        assert name in document["components"]["schemas"]


def test_the_document_has_the_form_of_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"].keys() >= {"title", "version", "description"}
    for path, _method, operation in operations(document):
        named = set(re.findall(r"{(\w+)}", path))
        assert {p["name"] for p in operation["parameters"] if p["in"] == "path"} == named
        assert all(p["required"] for p in operation["parameters"] if p["in"] == "path")
        assert operation["responses"], path
        for status, response in operation["responses"].items():
            assert re.fullmatch("[1-5][0-9][0-9]", status)
            assert response["description"], (path, status)


def test_every_operation_has_a_summary_a_tag_and_an_id_of_its_own(document: dict[str, Any]) -> None:
    known = {tag.name for tag in TAGS}
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    for path, _, operation in operations(document):
        assert operation["summary"].endswith("."), path
        assert operation["tags"], path
        assert set(operation["tags"]) <= known


def test_the_token_is_a_bearer_token_and_sending_tallies_needs_it(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["token"] == {"type": "http", "scheme": "bearer"}
    assert schemes["session"] == {"type": "apiKey", "in": "cookie", "name": COOKIE}
    secured = {path for path, _, operation in operations(document) if operation.get("security")}
    assert secured >= {
        "/api/v1/elections/{election}/tallies",
        "/api/v1/elections/{election}/tallies/ws",
    }
    assert "/api/v1/elections/{election}/results" not in secured


def test_every_operation_that_is_not_public_may_answer_401_and_403(
    made: Quart, document: dict[str, Any]
) -> None:
    for rule in [rule for rule in api_rules(made) if rule.rule.startswith("/api/") and not rule.websocket]:
        path = re.sub(r"<(?:[^:>]*:)?([^>]+)>", r"{\1}", rule.rule)
        public = access_of(made.view_functions[rule.endpoint]).public
        for method in {m.lower() for m in rule.methods} & METHODS:
            operation = document["paths"][path][method]
            assert bool(operation.get("security")) is not public, (path, method)
            assert {"401"} <= operation["responses"].keys(), (path, method)
            assert public or {"403"} <= operation["responses"].keys(), (path, method)


def test_problems_are_problem_json_with_an_example_of_their_own_status(document: dict[str, Any]) -> None:
    for path, _, operation in operations(document):
        for status, response in operation["responses"].items():
            if int(status) < 400 or path.startswith("/health"):
                continue
            assert list(response["content"]) == ["application/problem+json"]
            assert response["content"]["application/problem+json"]["example"]["status"] == int(status)


def test_every_route_that_asks_for_a_query_may_refuse_it(document: dict[str, Any]) -> None:
    for path, _, operation in operations(document):
        if any(parameter["in"] == "query" for parameter in operation["parameters"]):
            assert "422" in operation["responses"], path


def test_streams_are_event_streams(document: dict[str, Any]) -> None:
    streams = [(path, op) for path, _, op in operations(document) if path.endswith("/stream")]
    assert len(streams) >= 3
    for _, operation in streams:
        assert list(operation["responses"]["200"]["content"]) == ["text/event-stream"]


def test_every_body_has_an_example(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        bodies = [*operation["responses"].values(), operation.get("requestBody", {})]
        for content in [c for body in bodies for c in body.get("content", {}).values()]:
            assert content.get("example") or content.get("examples"), (path, method)


TYPES: dict[str, Any] = {
    kind.__name__: kind
    for module in APIS
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
} | {kind.__name__: kind for kind in (Problem, ProblemFrame, Receipt, TallySubmission)}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_reads_as_its_type_and_leaves_nothing_out_that_answers_have(name: str) -> None:
    kind = TYPES[name]
    value = msgspec.convert(EXAMPLES[name], kind)
    assert msgspec.to_builtins(value).keys() <= EXAMPLES[name].keys() | {"revision", "reason", "retry_after"}
    assert EXAMPLES[name].keys() <= {*kind.__struct_fields__, "type"}


@pytest.mark.parametrize("status", PROBLEMS)
def test_an_example_of_a_problem_has_a_code_that_the_program_really_gives(status: int) -> None:
    problem = msgspec.convert(PROBLEMS[status], Problem)
    given = {kind.code: kind for kind in _all_errors()}
    assert problem.status == status
    if problem.code in given:
        error = given[problem.code].__new__(given[problem.code])
        error.title, error.errors, error.retry_after = "", (), 1  # type: ignore[attr-defined]
        assert problem_of(error).status == status
    else:
        assert problem.code in ("unknown-selection", "unsupported-media-type")


def _all_errors() -> Iterator[Any]:
    waiting: list[Any] = [DomainError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        yield kind

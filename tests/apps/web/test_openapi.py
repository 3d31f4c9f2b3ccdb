"""The interface for programs is what its own OpenAPI description says, tried with generated questions."""

import json
import re
import urllib.parse
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import Site
from tests.examples import TIMES

from selfvec.apps.web.addresses import ADDRESSES

EXAMPLES = 8 * TIMES  # of each kind and address
PATHS = list(ADDRESSES)
KNOWN = {"w": ("cell", "rain"), "other": ("charge",), "c": ("1990|2020", "refined"), "id": ("0", "7")}
FOUND = {200, 404, 503}  # what a question that fits the description may be answered with
WRONG = ("", "-1", "0.5", "nan", "1e99", "9" * 30, "\0", "x" * 1001, "[]", "|", "=", "é", " ")


def value(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit the schema of a parameter."""
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        rest = {name: rule for name, rule in schema.items() if name != "anyOf"}
        return st.one_of(*(value(rest | one) for one in schema["anyOf"] if one["type"] != "null"))
    match schema["type"]:
        case "boolean":
            return st.sampled_from(["true", "false"])
        case "integer":
            most = schema.get("maximum", 1 << 70)
            return st.integers(schema.get("minimum", -(1 << 70)), most)
        case "number":
            low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
            return st.floats(low, high, exclude_min="exclusiveMinimum" in schema)
        case "array":
            return st.lists(value(schema["items"]), max_size=min(3, schema["maxItems"]))
    characters = st.characters(exclude_categories=["Cs"], max_codepoint=0x2FF)
    least = schema.get("minLength", 0)
    most = min(schema.get("maxLength", 40), 40)
    if "pattern" in schema:
        texts = st.from_regex(
            schema["pattern"].replace("$", r"\Z"),  # Python's $ also matches before a line break
            alphabet=characters,
        )
        return texts.filter(lambda text: least <= len(text) <= schema.get("maxLength", 40))
    return st.text(characters, min_size=least, max_size=most)


@st.composite
def questions(draw: st.DrawFn, parameters: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Arguments that fit the description, known words and documents among them."""
    found = []
    for one in parameters:
        name = one["name"]
        if one.get("required") or draw(st.booleans()):
            plain = value(one["schema"])
            given = draw(st.one_of(st.sampled_from(KNOWN[name]), plain) if name in KNOWN else plain)
            found += [(name, str(each)) for each in (given if isinstance(given, list) else [given])]
    return found


@pytest.fixture(scope="module")
def described(site: Site) -> dict[str, Any]:
    """The description."""
    found: dict[str, Any] = site.json("/openapi.json")
    return found


def resolved(schema: Any, described: dict[str, Any]) -> Any:
    return {**schema, "components": described["components"]} if schema else {}


def ask(
    site: Site, described: dict[str, Any], path: str, query: list[tuple[str, str]], method: str = "GET"
) -> int:
    """The status of an answer that is as described."""
    address = f"{path}?{urllib.parse.urlencode(query)}"
    status, headers, body = site.get(address, method=method)
    answers = described["paths"][path]["get"]["responses"]
    assert str(status) in answers, (status, address, body[:300])
    content = answers[str(status)]["content"]
    kind = headers["content-type"].partition(";")[0]
    assert kind in content, (kind, address)
    if kind == "application/json" and method != "HEAD":
        jsonschema.validate(json.loads(body), resolved(content[kind]["schema"], described))
    return status


def test_every_address_is_tried(described: dict[str, Any]) -> None:
    assert set(PATHS) == set(described["paths"])


def _against_another(query: dict[str, str]) -> bool:
    """What no description of one parameter says: a slot is inside three words or more, lines are sorted by
    words that are shown, braces of a phrase make a gap, and no word may be frequent enough to be compared.
    """
    places = [int(number) for number in re.findall(r"\d+", query.get("sort", ""))]
    hidden = any(place > int(query.get("window", 10)) for place in places)
    slot = "slot" in query and int(query.get("n", 2)) < 3
    return hidden or slot or "min_count" in query or bool({"{", "}"} & set(query.get("query", "")))


@pytest.mark.parametrize("path", PATHS)
def test_questions_that_fit_are_answered(site: Site, described: dict[str, Any], path: str) -> None:
    parameters = described["paths"][path]["get"].get("parameters", [])

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(questions(parameters))
    def check(query: list[tuple[str, str]]) -> None:
        of_an_encoder = {400} if "question" in dict(query) else set()  # which this run has not
        of_filter = {400} if "filter" in dict(query) else set()  # of a field that the documents have not
        of_another = {400} if _against_another(dict(query)) else set()
        assert ask(site, described, path, query) in FOUND | of_an_encoder | of_filter | of_another

    check()


@pytest.mark.parametrize("path", PATHS)
def test_anything_else_is_refused_as_described(site: Site, described: dict[str, Any], path: str) -> None:
    parameters = [one["name"] for one in described["paths"][path]["get"].get("parameters", [])]

    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.sampled_from([*parameters, "none"]), st.sampled_from(WRONG)), max_size=4))
    def check(query: list[tuple[str, str]]) -> None:
        assert ask(site, described, path, query) in {*FOUND, 400}

    check()


@pytest.mark.parametrize("path", PATHS)
def test_methods_are_those_described(site: Site, described: dict[str, Any], path: str) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):  # without --write, none writes
        assert ask(site, described, path, [], method) == 405
        assert site.get(path, method=method)[1]["allow"] == "GET, HEAD"
    status, headers, body = site.get(path, method="HEAD")
    same, others, answer = site.get(path)
    assert (status, body) == (same, b"")
    assert (headers["content-length"], headers["content-type"]) == (str(len(answer)), others["content-type"])


def test_the_page_is_asked_for_by_head_as_well(site: Site) -> None:
    assert site.get("/", method="HEAD")[::2] == (200, b"")
    assert site.get("/nothing", method="HEAD")[::2] == (404, b"")

"""The addresses: what they answer, that it is JSON, and how they refuse."""

import json
import re
import urllib.parse
import urllib.request
from typing import Any

import pytest
from serving import Site, answer_with
from tests.commands import ran, rounded
from tests.refusals import COMPARISONS, TOO_MANY, refused

from selfvec.apps.functions.search import similar_documents
from selfvec.apps.web.app import page_files
from selfvec.apps.web.server import bind
from selfvec.base.errors import OptionError
from selfvec.data.run import Run


def test_the_page_and_its_files_fetch_nothing_from_elsewhere(site: Site) -> None:
    files = page_files()
    assert "/" in files
    for path, file in files.items():
        status, headers, body = site.get(path)
        assert (status, body) == (200, file.body)
        assert headers["content-type"].startswith(file.type.split(";")[0])
        assert site.get(path, If_None_Match=headers["etag"])[0] == 304
        text = body.decode()
        links = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text.replace("http://www.w3.org/2000/svg", ""))
        assert not [link for link in links if not link.startswith("//")], path
        assert "innerHTML" not in text
        assert "eval(" not in text
    page = files["/"].body.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert "style=" not in page
    assert not re.search(r"\son\w+=", page)
    for path in ("/", "/api.html"):  # relative, because a proxy may serve the page below a path
        for named in re.findall(r'(?:href|src)="([^"#]+)"', files[path].body.decode()):
            assert f"/{named.removeprefix('./')}" in {*files, "/openapi.json"}, named
    for path in files:
        for named in re.findall(r'from "\./([^"]+)"', files[path].body.decode()):
            assert f"/{named}" in files, named


def test_scripts_have_lines_that_fit_a_screen() -> None:
    for path, file in page_files().items():
        if path.endswith(".js"):
            assert max(map(len, file.body.decode().splitlines())) <= 110, f"{path}: make javascript-format"


def test_every_module_of_the_page_is_loaded_before_it_is_asked_for() -> None:
    files = {path: file.body.decode() for path, file in page_files().items()}
    needed, unread = set(), ["/main.js"]
    while unread:
        for name in re.findall(r'^import [^;]* from "\.(/[^"]+)"', files[unread.pop()], re.MULTILINE):
            if name not in needed:
                needed.add(name)
                unread.append(name)
    assert {f"/{name}" for name in re.findall(r'rel="modulepreload" href="([^"]+)"', files["/"])} == needed


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/..%2fapp.py", "/static/index.html", "/%00", "/docs", "/redoc"]
)
def test_there_is_nothing_else_to_be_had(site: Site, path: str) -> None:
    status, _, body = site.get(path)
    assert status == 404
    assert json.loads(body)["error"]["rule"] == "there is nothing at this address"


def test_documents_are_searched_as_by_the_command(site: Site, run: Run) -> None:
    def printed(*arguments: str) -> Any:
        return ran(["search", run.folder, *arguments, "--json"]).json

    for mode in ("hybrid", "bm25", "dense"):
        told = printed("bread crust", "--mode", mode, "--topn", "3")
        found = site.json(f"/api/search?query=bread%20crust&mode={mode}&top=3")
        assert told.pop("hits") == told["rows"]
        assert rounded(found) == rounded(told)
    told = printed("bread", "--filter", "date=1990", "--filter", "date=2020")
    both = site.json("/api/search?query=bread&filter=date=1990&filter=date=2020")
    assert rounded(both["rows"]) == rounded(told["rows"])
    hit = found["rows"][0]
    assert hit["snippet"] == hit["text"]
    whole = site.json(f"/api/document?id={hit['id']}")
    assert whole["text"] == hit["text"]
    assert whole["date"] == hit["date"]


def test_documents_near_a_document_are_those_of_the_function(site: Site, run: Run) -> None:
    told = similar_documents(run, "9", top=4, filter=["date=2020"]).as_dict()
    found = site.json("/api/similar?document=9&top=4&filter=date=2020")
    assert told.pop("hits") == told["rows"]
    assert told.pop("corpus") == ""
    assert found.pop("corpus")
    assert rounded(found) == rounded(json.loads(json.dumps(told)))
    assert len(found["rows"]) == 4


def test_the_interface_is_described(site: Site) -> None:
    found = site.json("/openapi.json")
    for path, item in found["paths"].items():
        assert item["get"]["description"], path
        assert set(item) == {"get"}
    search = found["paths"]["/api/search"]["get"]
    names = {one["name"]: one["schema"] for one in search["parameters"]}
    assert names["mode"]["enum"] == ["hybrid", "bm25", "dense"]
    assert {"query", "top", "filter"} < set(names)
    schema = search["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    hit = found["components"]["schemas"]["Hit"]["properties"]
    answer = site.json("/api/search?query=bread")
    assert set(found["components"]["schemas"][schema]["properties"]) == set(answer)
    assert set(hit) == set(answer["rows"][0])
    assert "503" in search["responses"]


@pytest.mark.parametrize(
    ("path", "status", "place", "rule"),
    [
        ("/api/word?w=cello", 404, None, "'cello' does not occur"),
        ("/api/word", 400, "w", "required"),
        ("/api/word?w=" + "x" * 300, 400, "w", "at most 200"),
        ("/api/ranking?top=100000", 400, "top", "less than or equal to 200"),
        ("/api/ranking?fdr=2", 400, "fdr", "less than or equal to 1"),
        ("/api/ranking?fdr=nan", 400, "fdr", "less than or equal to 1"),
        ("/api/ranking?variants=pairs.csv", 400, "variants", "'auto'"),
        ("/api/ranking?c=nonsense", 400, "c", "is not a comparison"),
        ("/api/ranking?c=1800|1990", 404, None, "no document is dated 1800"),
        ("/api/search?query=", 400, "query", "at least 1"),
        ("/api/search?query= ", 400, "query", "the query is empty"),
        ("/api/search?query=hail&mode=magic", 400, "mode", "'hybrid', 'bm25' or 'dense'"),
        ("/api/search?query=hail&question=magic", 400, "question", "'encoder' or 'rows'"),
        ("/api/search?query=hail&question=rows", 400, "question", "a run with an encoder"),
        ("/api/search?query=hail&filter=county=1", 400, "filter", "no field 'county'"),
        ("/api/search?query=hail&filter=" + "&filter=".join(COMPARISONS), 400, "filter", TOO_MANY),
        ("/api/document?id=nine", 404, None, "'nine' does not occur"),
        ("/api/similar?document=nine", 404, None, "'nine' does not occur"),
        ("/api/similar?document=9&filter=county=1", 400, "filter", "no field 'county'"),
    ],
)
def test_errors_are_json_with_the_rule(
    site: Site, path: str, status: int, place: str | None, rule: str
) -> None:
    found, headers, body = site.get(urllib.parse.quote(path, safe="/?=&"))
    error = json.loads(body)["error"]
    assert found == status
    assert headers["content-type"].startswith("application/json")
    assert rule in error["rule"]
    assert error["place"] == place
    assert error["remedy"]


def test_a_defect_is_not_told_in_detail(site: Site, monkeypatch) -> None:
    answer_with(monkeypatch, "/api/about", lambda: 1 / 0)
    status, _, body = site.get("/api/about")
    assert status == 500
    assert b"division" not in body
    assert b"Traceback" not in body


def test_a_port_in_use_is_passed_over_or_reported() -> None:
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        refused(lambda: bind("127.0.0.1", port), OptionError, f"the port {port} is in use")
    refused(lambda: bind("203.0.113.7", 0), OptionError, "not an address of this machine")
    refused(lambda: bind("no.such.host.invalid", 0), OptionError, "not an address of this machine")

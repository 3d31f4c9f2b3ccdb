"""The server as an assistant meets it: a process of its own, asked by the official client over stdio."""

import asyncio
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.commands import ran, rounded
from tests.places import ROOT, files_in
from tests.processes import PATIENCE
from tests.refusals import COMPARISONS, TOO_MANY

from selfvec.base.errors import InputError
from selfvec.base.progress import stage
from selfvec.data.settings import Settings
from selfvec.data.vectors import Source
from selfvec.refinement.pipeline import refine
from selfvec.storage.run_folder import open_run

pytest.importorskip("mcp", reason="needs selfvec[mcp]")

import selfvec
from selfvec import Refiner, similar
from selfvec.apps.mcp.server import TITLES, create_server
from selfvec.apps.mcp.tools import Tools

TOOLS = {*TITLES}
FILTERS: dict[str, Any] = {
    "filtered": ["state=OHIO", "date=1993..1996"],
    "filtered by a text": "state=ohio",
    "filtered by objects": [{"state": {"$in": ["OHIO"]}}, "date=1993..1996"],
}
CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "info": ("info", {}),
    "search": ("search", {"query": "hail on roofs", "top": 3}),
    **{
        name: ("search", {"query": "hail", "mode": "bm25", "filter": given, "top": 20})
        for name, given in FILTERS.items()
    },
    "long": ("search", {"query": "derecho", "mode": "bm25", "top": 1}),
    "alike": ("similar_documents", {"document": "r3", "top": 2}),
    "similar": ("similar", {"word": "Hail", "top": 4, "min_count": 3}),
    "changed": ("drift", {"top": 3}),
    "drift": ("drift", {"word": "mouse"}),
    "between": ("drift", {"word": "mouse", "between": ["1990..1994", "1995.."]}),
    "senses": ("senses", {"word": "mouse", "text": "The mouse ate grain in the barn."}),
    "keyness": ("keyness", {"between": ["1990..1994", "1995.."], "top": 3, "filter": ["state=OHIO"]}),
    "concordance": ("concordance", {"query": "hail broke", "sort": "date", "window": 2, "top": 2}),
    "collocates": ("collocates", {"word": "mouse", "slice": "1995..", "top": 20}),
    "frequency": ("frequency", {"slice": "1995..", "top": 2}),
    "ngrams": ("ngrams", {"n": 3, "word": "mouse", "top": 2}),
    "dispersion": ("dispersion", {"words": ["mouse", "hail"]}),
    "topics": ("topics", {"number": 3, "top": 4}),
    "whole": ("read_document", {"document": "r10", "start": 10}),
    "no order": ("concordance", {"query": "hail", "sort": "size"}),
    "refined": ("drift", {"top": 20, "between": ["original", "refined"]}),
    "by refining": ("drift", {"word": "hail", "between": ["original", "refined"]}),
    "extra": ("similar", {"word": "hail", "limit": 3, "sort": "x"}),
    "unknown": ("similar", {"word": "haill"}),
    "rare": ("drift", {"word": "derecho"}),
    "no field": ("search", {"query": "hail", "filter": ["county=X"]}),
    "comparisons": ("search", {"query": "hail", "filter": COMPARISONS}),
    "no slice": ("drift", {"word": "hail", "between": ["spring", "autumn"]}),
    "too many": ("similar", {"word": "hail", "top": 1000}),
    "no mode": ("search", {"query": "hail", "mode": "sparse"}),
    "no word": ("similar", {}),
    "no query": ("search", {"query": ""}),
}


def documents() -> list[dict[str, Any]]:
    """Reports of ten years, in which *mouse* is an animal first and a device later."""
    animal = "The mouse ate grain in the barn near the {} and the cat chased the mouse over the straw."
    device = "The mouse clicked a button on the screen of the {} computer and the cursor of the mouse moved."
    hail = "Large hail broke windows and roofs near the {} farm, and hail covered the road."
    sides = ["north", "south", "old", "new", "red"]
    rows = []
    for i in range(200):
        year = i // 2 % 10
        text = (hail if i % 2 else device if year >= 5 else animal).format(sides[i // 20 % 5])
        rows.append({"id": f"r{i}", "text": f"{text} Report {i}.", "state": ("IOWA", "OHIO")[i // 20 % 2]})
        rows[-1]["date"] = f"{1990 + year}-05-01"
    rows[10]["text"] = "A derecho &amp; came. " + "windowpane " * 280 + "broke."
    rows[12]["text"] += " A " + "long" * 1000 + "."
    return rows


@pytest.fixture(scope="module")
def folder(own) -> Path:
    """A run with slices of a year each."""
    lines = [json.dumps(row) + "\n" for row in documents()]
    (own / "reports.jsonl").write_text("".join(lines), "utf-8")
    corpus = selfvec.Corpus.open([own / "reports.jsonl"])
    selfvec.save_run(refine(corpus, "default", Settings(method="decorrelated", slice="year")), own / "run")
    return own


async def conversation(run: Path) -> tuple[list[Any], dict[str, Any], Any]:
    """Everything asked, in one session."""
    from mcp import Client, StdioServerParameters, stdio_client

    command = ["-m", "selfvec", "mcp", str(run)]
    started = StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ))
    async with Client(stdio_client(started)) as client:
        listed = (await client.list_tools()).tools
        answers = {name: await client.call_tool(tool, asked) for name, (tool, asked) in CALLS.items()}
        several = ["search", "similar", "between", "senses", "long", "unknown"]
        again = await asyncio.gather(*(client.call_tool(*CALLS[name]) for name in several))
        answers |= {f"{name} again": answer for name, answer in zip(several, again, strict=True)}
        return listed, answers, client.instructions


@pytest.fixture(scope="module")
def talk(folder: Path) -> tuple[list[Any], dict[str, Any], Any]:
    def files() -> dict[str, bytes]:  # but those that are kept for the next question
        return {name: content for name, content in files_in(folder).items() if "/cache/" not in name}

    before = files()
    told = asyncio.run(conversation(folder / "run"))
    assert files() == before
    return told


def data(talk, name: str) -> dict[str, Any]:
    answer = talk[1][name]
    assert not answer.is_error, answer.content
    assert json.loads(answer.content[0].text) == answer.structured_content
    return answer.structured_content


def test_the_tools_are_listed_with_schemas(talk) -> None:
    listed, _, instructions = talk
    assert {tool.name for tool in listed} == TOOLS
    assert "info" in instructions
    for tool in listed:
        assert len(tool.description) > 60
        assert tool.title
        assert tool.title == tool.annotations.title
        assert tool.input_schema["additionalProperties"] is False
        assert tool.annotations.read_only_hint
        assert tool.output_schema["type"] == "object"
        for name, schema in tool.input_schema["properties"].items():
            assert "description" in json.dumps(schema), (tool.name, name)
    inputs = {tool.name: tool.input_schema for tool in listed}
    assert inputs["search"]["required"] == ["query"]
    assert inputs["search"]["properties"]["top"]["maximum"] == 20
    assert inputs["search"]["properties"]["mode"]["enum"] == ["hybrid", "bm25", "dense"]


def test_info(talk) -> None:
    info = data(talk, "info")
    expected = {
        "documents": 200,
        "dates": ["1990-05-01", "1999-05-01"],
        "slices": [str(1990 + i) for i in range(10)],
        "method": "decorrelated",
        "files": ["reports.jsonl"],
    }
    assert expected.items() <= info.items()
    assert info["words"] > 30
    assert "200 documents" in info["corpus"]


FIGURES = "search alike changed between topics keyness concordance collocates frequency ngrams dispersion"


@pytest.mark.parametrize("name", FIGURES.split())
def test_figures_are_those_of_the_function(talk, folder: Path, name: str) -> None:
    tool, asked = CALLS[name]
    given = {"words" if tool == "drift" and option == "word" else option: asked[option] for option in asked}
    found, expected = data(talk, name), getattr(selfvec, tool)(folder / "run", **given).as_dict()
    assert found["rows"]
    if tool == "keyness":  # of whose findings the assistant gets the sentences
        expected["findings"] = [finding["says"] for finding in expected["findings"]]
    for one, other in ((found, expected), *zip(found["rows"], expected["rows"], strict=True)):
        same = one.keys() & other.keys() - {"rows", "text", "fields", "new", "gone"}  # some are cut
        assert len(same) > 2
        assert {key: one[key] for key in same} == rounded({key: other[key] for key in same}, 4)


def test_passages_say_why(talk) -> None:
    found = data(talk, "search")
    assert (found["documents"], found["filter_names"], len(found["rows"])) == (200, ["date", "state"], 3)
    for hit in found["rows"]:
        assert "hail" in hit["text"]
        assert hit["fields"]["state"] in ("IOWA", "OHIO")
        why = {(why["query"], why["document"], why["kind"]) for why in hit["why"]}
        assert {("hail", "hail", "match"), ("roofs", "roofs", "match")} <= why
    assert "r3" not in [hit["id"] for hit in data(talk, "alike")["rows"]]


@pytest.mark.parametrize("name", FILTERS)
def test_filters_hold_in_each_form(talk, name: str) -> None:
    found = data(talk, name)
    assert found["rows"]
    for hit in found["rows"]:
        assert hit["fields"]["state"] == "OHIO"
        assert name.endswith("text") or "1993" <= hit["date"][:4] <= "1996"
        assert hit["score"] > 0


def test_documents_are_read_and_added(talk, folder: Path, tmp_path: Path) -> None:
    whole = data(talk, "whole")
    index = selfvec.run_index(folder / "run")
    text = index.text("r10")
    assert (whole["text"], whole["characters"], whole["next"]) == (
        text[10:8010],
        len(text),
        None if len(text) < 8011 else 8010,
    )
    assert len(data(talk, "topics")["rows"]) == 3
    shutil.copytree(folder / "run", tmp_path / "run")
    tools = Tools(open_run(tmp_path / "run"))
    told = tools.add_document("a derecho crossed the county", "new", "1999-05-02", {"state": "IOWA"})
    assert told["added"] == 1
    assert tools.add_document("a derecho crossed two counties", "new")["replaced"] == 1
    assert tools.search("derecho", mode="bm25")["rows"][0]["text"] == "a derecho crossed two counties"

    from mcp import Client

    async def names(write: bool) -> set[str]:
        async with Client(create_server(tools, write=write)) as client:
            return {tool.name for tool in (await client.list_tools()).tools}

    assert asyncio.run(names(True)) - asyncio.run(names(False)) == {"add_document"}


def test_answers_are_bounded(talk) -> None:
    (hit,) = data(talk, "long")["rows"]
    assert hit["id"] == "r10"
    assert hit["cut"]
    assert 1990 <= len(hit["text"]) <= 2000
    assert hit["text"].endswith("windowpane …")
    for answer in talk[1].values():
        assert len(answer.content[0].text) < 60_000


def test_terms_before_and_after(talk, folder: Path) -> None:
    found = data(talk, "similar")
    rows = similar(folder / "run", "hail", top=4, compare=True, min_count=3)["rows"]
    sides = [[(one["term"], one["cosine"]) for one in found[side]] for side in ("before", "after")]
    assert sides == [[tuple(pair) for pair in rounded(row["neighbours"], 4)] for row in rows]
    had, has = ({term for term, _ in side} for side in sides)
    assert (set(found["gained"]), set(found["lost"])) == (has - had, had - has)
    assert (found["word"], found["count"]) == ("hail", 200)


def test_a_word_that_changed_is_found_and_explained(talk) -> None:
    assert "mouse" in [row["word"] for row in data(talk, "changed")["rows"]]
    found = data(talk, "between")
    assert (found["a"], found["b"]) == ("1990..1994", "1995..")
    (found,) = found["rows"]
    assert found["beyond_chance"] is True
    assert found["differing_low"] > 0.1
    assert any("barn" in text for text in found["examples_a"])
    assert any("screen" in text for text in found["examples_b"])
    assert data(talk, "drift")["a"] == "1990..1994"  # a small text is compared in halves


def test_senses(talk) -> None:
    found = data(talk, "senses")
    assert (found["word"], sum(sense["count"] for sense in found["senses"])) == ("mouse", 198)
    assert sum(sense["share"] for sense in found["senses"]) == pytest.approx(1, abs=1e-3)
    (reading,) = found["readings"]
    assert "The mouse ate"[reading["start"] : reading["end"]] == "mouse"
    (sense,) = (sense for sense in found["senses"] if sense["number"] == reading["sense"])
    assert "barn" in " ".join(sense["examples"])


def test_questions_at_once_are_answered_as_one_by_one(talk) -> None:
    again = [name for name in talk[1] if name.endswith(" again")]
    assert len(again) == 6
    for name in again:
        assert talk[1][name].content == talk[1][name.removesuffix(" again")].content


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("unknown", "the word 'haill' does not occur in this run; did you mean hail"),
        ("rare", "'derecho' occurs too rarely in 1990..1994 or 1995..1999 to be measured: "),
        ("no field", "no field 'county'; the fields are: date, state"),
        ("comparisons", TOO_MANY),
        ("no slice", "'spring' is not a slice; write dates as"),
        ("too many", "less than or equal to 20"),
        ("no mode", "'hybrid', 'bm25' or 'dense'"),
        ("no order", "is one of left, right, date, or up to three words"),
        ("no word", "Field required"),
        ("no query", "query: String should have at least 1 character"),
        ("extra", "limit: Extra inputs are not permitted; sort: Extra inputs are not permitted"),
    ],
)
def test_errors_are_told_and_the_server_goes_on(talk, name: str, expected: str) -> None:
    answer = talk[1][name]
    assert answer.is_error
    assert expected in answer.content[0].text
    assert "Traceback" not in answer.content[0].text
    assert "\n" not in answer.content[0].text


def test_a_change_by_refining_can_be_asked_where_there_are_slices(talk) -> None:
    for name in ("refined", "by refining"):
        found = data(talk, name)
        assert (found["a"], found["b"]) == ("original", "refined")
        assert found["measured"] > 10
    assert data(talk, "by refining")["rows"][0]["count_a"] == 200
    assert data(talk, "changed")["a"] == "1990..1994"


@pytest.mark.parametrize(
    ("source", "name"), [(Source.KNOWN, "pretrained vectors"), (Source.SUBWORDS, "spelling")]
)
def test_what_was_composed_is_not_called_general_language(folder: Path, source: Source, name: str) -> None:
    run = open_run(folder / "run")
    word = run.vectors.index_to_key[list(run.original.sources).index(source)]
    assert Tools(run).similar(word, 3, 1)["before_from"] == name


class Slow(Tools):
    """Tools of which one takes long, and says how far it is."""

    def __init__(self) -> None:
        super().__init__(selfvec.refine(["hail broke the roof"] * 30, method="original").present)
        self.steps = 0
        self.started = threading.Event()
        self.ended = threading.Event()

    def info(self) -> dict[str, Any]:
        """Counts for ten seconds."""
        try:
            with stage("Counting", 1000, "steps") as advance:
                for _ in range(1000):
                    self.steps += 1
                    self.started.set()
                    time.sleep(0.01)
                    advance(1)
            return super().info()
        finally:
            self.ended.set()


def test_a_cancelled_call_stops_and_holds_no_lock() -> None:
    from mcp import Client

    tools = Slow()

    async def talk() -> Any:
        async with Client(create_server(tools)) as client:
            asked = asyncio.create_task(client.call_tool("info", {}))
            await asyncio.to_thread(tools.started.wait, PATIENCE)
            asked.cancel()
            answer = await client.call_tool("similar", {"word": "hail"})
            assert tools.ended.is_set()  # the other call was answered only then
            return answer

    assert not asyncio.run(talk()).is_error
    assert tools.steps < 1000


@contextmanager
def over_http(folder: Path, token: str) -> Iterator[str]:
    """``selfvec mcp --http 0``: the address it prints."""
    command = [sys.executable, "-m", "selfvec", "mcp", str(folder / "run"), "--http", "0"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env={**os.environ, "SELFVEC_TOKEN": token}, **pipes) as server:
        try:
            address = server.stdout.readline().strip()
            assert address, server.stderr.read()
            yield address
            server.send_signal(signal.SIGINT)
            assert server.wait(PATIENCE) == 0
            assert token in server.stderr.read()
        finally:
            server.kill()


def test_the_tools_are_served_over_http_to_who_knows_the_token(folder: Path) -> None:
    import httpx2
    from mcp import Client
    from mcp.client.streamable_http import streamable_http_client

    token = "a-token-for-the-test"

    async def talk(address: str) -> tuple[Any, Any]:
        headers = {"authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=PATIENCE) as over:
            async with Client(streamable_http_client(address, http_client=over)) as client:
                return (await client.list_tools()).tools, await client.call_tool("info", {})

    with over_http(folder, token) as address:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/mcp", address)
        listed, info = asyncio.run(talk(address))
        assert {tool.name for tool in listed} == TOOLS
        assert info.structured_content["documents"] == 200
        ask = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        right = {"authorization": f"Bearer {token}", "accept": "application/json, text/event-stream"}
        for headers, status in (
            ({}, 401),
            ({**right, "authorization": "Bearer wrong"}, 401),
            ({**right, "host": "evil.example"}, 421),
            ({**right, "host": "127.0.0.1.evil.example"}, 421),
            ({**right, "origin": "https://evil.example"}, 403),
        ):
            answer = httpx2.post(address, json=ask, headers=headers, timeout=PATIENCE)
            assert answer.status_code == status
        large = {**right, "content-length": str(2 << 20)}  # refused before it is sent
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=PATIENCE)
        connection.putrequest("POST", "/mcp")
        for header, value in large.items():
            connection.putheader(header, value)
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()


def test_a_short_token_is_refused(folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("SELFVEC_TOKEN", "short")
    assert "at least 16 characters" in ran(["mcp", folder / "run", "--http", "0"], 2).err


NO_MESSAGES: dict[str, tuple[bytes, int | str | None, int]] = {
    "no JSON": (b"no json", None, -32700),
    "half": (b'{"jsonrpc": "2.0", "id": 1', None, -32700),
    "deep": (b"[" * 100_000, None, -32700),
    "lone surrogate": (
        rb'{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "\ud800"}}',
        7,
        -32700,
    ),
    "lone surrogate as id": (rb'{"jsonrpc": "2.0", "id": "\udcff", "method": "ping"}', None, -32700),
    "batch": (b'[{"jsonrpc": "2.0", "id": 1, "method": "ping"}]', None, -32600),
    "no method": (b'{"jsonrpc": "2.0", "id": "a"}', "a", -32600),
    "no version": (b'{"id": 8, "method": "ping"}', 8, -32600),
    "list of parameters": (b'{"jsonrpc": "2.0", "id": 9, "method": "ping", "params": [1]}', 9, -32600),
}


def test_what_is_no_message_is_answered_with_an_error_until_an_interruption(folder: Path) -> None:
    """By a client of an older protocol."""
    command = [sys.executable, "-m", "selfvec", "mcp", str(folder / "run")]
    who = {
        "protocolVersion": "2025-03-26",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "0"},
    }
    asked = {"jsonrpc": "2.0", "id": "last", "method": "initialize", "params": who}
    lines = [*(line for line, _, _ in NO_MESSAGES.values()), json.dumps(asked).encode()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        patience = threading.Timer(PATIENCE, server.kill)
        patience.start()
        server.stdin.write(b"\n".join(lines) + b"\n")
        server.stdin.flush()
        answers = [json.loads(server.stdout.readline()) for _ in lines]
        server.send_signal(signal.SIGINT)
        assert server.wait(PATIENCE) == 130
        patience.cancel()
    found = [(answer["id"], answer["error"]["code"]) for answer in answers[:-1]]
    assert found == [(number, code) for _, number, code in NO_MESSAGES.values()]
    assert all(answer["error"]["message"] for answer in answers[:-1])
    assert answers[-1]["result"]["serverInfo"]["name"] == "selfvec"


def test_the_page_lists_every_tool_with_its_arguments(talk) -> None:
    page = (ROOT / "docs" / "how-to" / "search-a-text.md").read_text("utf-8")
    tools = page.partition("| tool |")[2].partition("\n\n")[0]
    named = re.findall(r"^\| `(\w+)` \| (.*?) ?\|", tools, re.MULTILINE)
    assert {name for name, _ in named} == TOOLS
    schemas = {tool.name: tool for tool in talk[0]}
    for name, arguments in named:
        accepted = schemas[name].input_schema["properties"]
        assert re.findall(r"`(\w+)`", arguments) == list(accepted)
        for argument, default in re.findall(r"`(\w+)` \((\w+)\)", arguments):
            assert str(accepted[argument]["default"]) == default


def test_a_run_that_kept_nothing_answers_what_it_can(tmp_path: Path) -> None:
    texts = ["hail broke the roof of a farm", "wind broke the tree near the road"] * 20
    Refiner("original", keep="nothing").fit(texts).save(tmp_path / "run")
    tools = Tools(open_run(tmp_path / "run"))
    assert tools.info()["documents"] == 40
    assert tools.similar("hail")["count"] == 20
    for kept in (tools.drift("hail"), Tools(selfvec.refine(texts, method="original").present).drift("hail")):
        assert not kept["rows"][0]["beyond_chance"]  # nothing moved, whatever its p
    for ask in (lambda: tools.search("hail"), lambda: tools.senses("hail")):
        with pytest.raises(InputError, match="refine again, with the default of keep"):
            ask()

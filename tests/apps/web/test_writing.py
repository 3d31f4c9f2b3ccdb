"""Programs with the token add, replace and delete documents; others cannot, nor can pages of other sites."""

import gc
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import answer_with, serving
from test_limits import connections, received
from tests.refusals import refused

import selfvec
from selfvec.apps.web import writing
from selfvec.apps.web.app import create_app
from selfvec.apps.web.page_data import PageData
from selfvec.apps.web.writing import token_for_writing
from selfvec.base.errors import NotFound, OptionError
from selfvec.storage.run_folder import open_run
from selfvec.storage.run_writer import RunWriter

TOKEN = "t" * 16
ROWS = [
    {"id": f"r{n}", "text": f"hail broke roof {n} near the river", "kind": "ab"[n % 2]} for n in range(40)
]


class Client:
    """Sends requests to the application of a run."""

    def __init__(self, folder: Path) -> None:
        from fastapi.testclient import TestClient

        self.data = PageData(open_run(folder), 1)
        self.page = TestClient(create_app(self.data, None, TOKEN), base_url="http://127.0.0.1")

    def send(self, method: str, body: Any = None, address: str = "", **headers: str) -> tuple[int, Any]:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {TOKEN}", **{n.replace("_", "-"): v for n, v in headers.items()}}
        answer = self.page.request(method, f"/api/documents{address}", content=content, headers=headers)
        return answer.status_code, answer.json()

    def found(self, query: str) -> list[str]:
        for _ in range(200):
            answer = self.page.get("/api/search", params={"query": query, "mode": "bm25"})
            if answer.status_code == 200:
                return [row["id"] for row in answer.json()["rows"]]
        raise AssertionError(answer.text)


@pytest.fixture(scope="module")
def made(own: Path) -> Iterator[Client]:
    """Of a run that no test changes."""
    folder = own / "run"
    selfvec.refine(ROWS, "none", "decorrelated", output=folder, jobs=1)
    client = Client(folder)
    yield client
    client.data.tasks.close()


@pytest.fixture
def client(made: Client, tmp_path: Path) -> Iterator[Client]:
    client = Client(shutil.copytree(made.data.run.folder, tmp_path / "run"))
    yield client
    client.data.tasks.close()


def test_documents_are_added_replaced_and_deleted(client: Client) -> None:
    new = {"id": "n", "text": "a tsunami &amp; wind came"}
    for added in (1, 0):  # again: nothing changes
        status, told = client.send("POST", new)
        assert (status, told["added"], told["documents"]) == (200, added, 41)
        assert client.found("tsunami") == ["n"]
        assert client.page.get("/api/document?id=n").json()["text"] == new["text"]
    lines = b'{"id": "n", "text": "a drone fell"}\n{"id": "m", "text": "a drone rose"}\n'
    assert client.send("PUT", lines)[1]["replaced"] == 1
    assert client.found("tsunami") == []
    assert sorted(client.found("drone")) == ["m", "n"]
    for withdrawn in (2, 0):
        status, told = client.send("DELETE", address="?id=n&id=m")
        assert (status, told["withdrawn"], told["documents"]) == (200, withdrawn, 40)
        assert client.found("drone") == []
    assert client.send("DELETE", ["r1", {"id": "r2"}], "?erase=1")[1]["documents"] == 38
    folder = client.data.run.folder
    assert len(selfvec.open(folder).text) == 38
    assert not list(folder.glob("added*"))


def test_a_run_that_is_only_searched_has_only_its_index_made(client: Client) -> None:
    assert client.found("hail")
    client.send("POST", {"id": "n", "text": "a tsunami came"})
    client.page.get("/api/state")
    assert client.found("tsunami") == ["n"]
    made = {path.name.partition("-")[0] for path in (client.data.run.folder / "cache").iterdir()}
    assert made == {"search", "topics"}  # the latter are vectors of the index
    client.page.get("/api/about")
    assert client.page.get("/api/typical").status_code == 200


def test_an_error_holds_nothing_of_a_state_that_has_gone(client: Client, monkeypatch) -> None:
    run = selfvec.open(client.data.run.folder)

    def refuse() -> None:  # of a state that has gone meanwhile, so the next one is asked
        run.add({"text": f"a tsunami came, of {len(run.present.text)}"})
        raise NotFound("there is none")

    def states() -> int:
        return sum(isinstance(each, PageData) for each in gc.get_objects())

    answer_with(monkeypatch, "/api/typical", refuse)
    gc.collect()
    gc.disable()
    try:
        before = states()
        assert client.page.get("/api/typical").status_code == 503
        assert len(run.present.text) > 41
        assert states() <= before + 1
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("method", "body", "address", "headers", "status", "rule"),
    [
        ("POST", ROWS[:1], "", {"Authorization": "Bearer wrong"}, 401, "needs a token"),
        ("POST", ROWS[:1], "", {"Authorization": ""}, 401, "needs a token"),
        ("POST", ROWS[:1], "", {"Authorization": TOKEN}, 401, "needs a token"),
        ("POST", ROWS[:1], "", {"Authorization": f"Basic {TOKEN}"}, 401, "needs a token"),
        ("POST", ROWS[:1], "", {"Origin": "https://evil.example"}, 403, "other sites"),
        ("POST", ROWS[:1], "", {"Sec_Fetch_Site": "cross-site"}, 403, "other sites"),
        ("POST", b"{", "", {}, 400, "neither JSON nor JSON Lines"),
        ("POST", b'{"text": "a"}\n\n{"text": a}', "", {}, 400, "(line 3: Expecting value)"),
        ("POST", b'[\n{"text": "a"},\n{"text": a}]', "", {}, 400, "(Expecting value: line 3 column 10"),
        ("POST", [{"text": "a"}, {"text": {"n": 1}}], "", {}, 400, "document 2: "),
        ("POST", None, "", {}, 400, "there is no document"),
        ("POST", {"id": "x"}, "", {}, 400, 'an object with a "text"'),
        ("POST", ["x"], "", {}, 400, 'an object with a "text"'),
        ("POST", ROWS[:1], "?duplicates=error", {}, 400, "the run has documents with the id 'r0'"),
        ("POST", ROWS[:1], "?duplicates=x", {}, 400, "one of replace, keep, error"),
        ("POST", [{"id": "x", "text": "a"}, {"id": "x", "text": "b"}], "?duplicates=error", {}, 400,
         "several of the documents have the id 'x'"),
        ("POST", ROWS[:1], "?duplicate=keep", {}, 400, "is no parameter of this address"),
        ("DELETE", None, "?ids=r1", {}, 400, "is no parameter of this address"),
        ("PUT", {"text": "no id"}, "", {}, 400, "a document to replace has an id"),
        ("DELETE", None, "", {}, 400, "there are neither ids nor a filter"),
        ("DELETE", [r["id"] for r in ROWS], "", {}, 400, "no document would be left"),
        ("PATCH", None, "", {}, 405, "only GET, HEAD, POST, PUT and DELETE are"),
    ],
)  # fmt: skip
def test_what_is_refused_changes_nothing(made: Client, method, body, address, headers, status, rule) -> None:
    before = made.data.run.stamp
    got, told = made.send(method, body, address, **headers)
    assert (got, rule in told["error"]["rule"]) == (status, True), told
    assert open_run(made.data.run.folder).stamp == before


def test_a_document_without_an_id_is_deleted_by_what_it_is_called(client: Client) -> None:
    lines = b'\xef\xbb\xbf{"text": "a tsunami came"}\r\n\r\n{"text": "a tsunami went"}\r\n'
    assert client.send("POST", lines)[1]["added"] == 2
    assert client.found("tsunami") == ["40", "41"]
    client.send("DELETE", ["r3"])
    assert client.send("DELETE", None, "?id=41")[1]["documents"] == 40
    assert client.found("tsunami") == ["40"]
    assert client.send("PUT", {"id": "40", "text": "a tsunami fell"})[1]["added"] == 1  # a number is no id
    for left in (["40"], []):  # that with the id first
        client.send("DELETE", None, "?id=40")
        assert client.found("tsunami") == left


def test_documents_have_the_text_field_of_the_run_or_a_usual_one(tmp_path: Path) -> None:
    rows = [{"id": row["id"], "title": "report", "body": row["text"]} for row in ROWS]
    selfvec.refine(rows, "none", "decorrelated", text_field="body", output=tmp_path / "run", jobs=1)
    client = Client(tmp_path / "run")
    for new in (
        {"id": 0, "body": "a tsunami came", "title": "zero"},
        {"id": "n", "text": "the tsunami went"},
    ):
        assert client.send("PUT", new)[1]["added"] == 1
    assert sorted(client.found("tsunami")) == ["0", "n"]
    assert client.send("DELETE", [0])[1]["withdrawn"] == 1
    client.data.tasks.close()


def test_a_misspelt_parameter_of_a_question_is_told(made: Client) -> None:
    answer = made.page.get("/api/search", params={"query": "hail", "tpo": 3})
    assert answer.status_code == 400
    assert answer.json()["error"] == {
        "place": "tpo",
        "rule": "is no parameter of this address",
        "remedy": "did you mean top?",
    }


def test_limits_and_another_writer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_BYTES", 1000)
    monkeypatch.setattr(writing, "MOST", 3)
    assert client.send("POST", {"text": "x" * 1000})[0] == 413
    assert client.send("POST", [{"text": "x"}] * 4)[0] == 400
    monkeypatch.setattr("selfvec.files.file_system.WAIT", 0.0)
    with RunWriter(client.data.run.folder, overwrite=True):
        status, told = client.send("POST", {"id": "n", "text": "a tsunami came"})
    assert (status, told["error"]["rule"]) == (503, "another process is writing this, also after 0 s")
    assert client.send("POST", {"id": "n", "text": "a tsunami came"})[0] == 200


def test_a_body_that_never_ends_is_given_up(made: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.05)
    headers = f"host: localhost\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 99\r\n"
    sent = f"POST /api/documents HTTP/1.1\r\n{headers}\r\n{{".encode()
    with serving(made.data.run, write_token=TOKEN) as site, connections(site, 1, sent) as (one,):
        assert received(one).startswith(b"HTTP/1.1 408")


def test_a_token_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SELFVEC_TOKEN", raising=False)
    refused(token_for_writing, OptionError, "at least 16 characters, and there is none")
    monkeypatch.setenv("SELFVEC_TOKEN", "short")
    refused(token_for_writing, OptionError, "at least 16 characters")
    (tmp_path / "token").write_text(TOKEN + "\n")
    assert token_for_writing(tmp_path / "token") == TOKEN

"""What stays open while the run changes has exactly the run's documents, and no word that only others had."""

import asyncio
import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from changing_run import ALL, ChangingRun, any_step

import selfvec
from selfvec.analysis.word_drift import Drift
from selfvec.base.errors import SelfvecError

MOST = 100
TOOLS = 20  # documents that an assistant is shown
FIRST = [(True, f"{ALL} first {n}") for n in range(3)] + [(True, f"{ALL} hail"), (False, f"{ALL} roof")]


class Page:
    """The page of a run, in a browser that stays open."""

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("fastapi", reason="needs selfvec[serve]")
        pytest.importorskip("httpx", reason="needs httpx")
        from fastapi.testclient import TestClient

        from selfvec.apps.web.app import create_app
        from selfvec.apps.web.page_data import PageData

        data = PageData(selfvec.open_run(folder).present, 1)
        self.page = TestClient(create_app(data), base_url="http://127.0.0.1")

    def ask(self, path: str, **asked: Any) -> Any:
        """The answer, when it is ready."""
        for _ in range(6000):
            found = self.page.get(f"/api/{path}", params=asked)
            if found.status_code == 404:
                return None
            if found.status_code != 503 and found.json().get("ready") is not False:
                assert found.status_code == 200, found.text
                return found.json()
            time.sleep(0.01)
        raise TimeoutError(path)

    def documents(self) -> list[tuple[str, str]]:
        rows = self.ask("search", query=ALL, top=MOST)["rows"]
        names = [name for row in rows for name in (row["id"], *row["alike"])]
        return [(name, self.ask("document", id=name)["text"]) for name in names]

    def words(self) -> set[str]:
        typed = [*"aeiou0123456789"]
        found = {word for text in typed for word, _ in self.ask("complete", q=text, n=20)["words"]}
        found |= {word for word, _ in self.ask("overview")["words"]}
        return found | {row["word"] for row in self.ask("unknown", limit=200)["rows"]}

    def near(self, name: str) -> list[str]:
        rows = self.ask("similar", document=name, top=MOST)["rows"]
        return [one for row in rows for one in (row["id"], *row["alike"])]

    def sentences(self) -> list[str]:
        uses = self.ask("uses", w=ALL, n=20)
        return ["".join(text for text, _ in use["tokens"]) for one in uses["texts"] for use in one["uses"]]

    def labels(self) -> list[str]:
        return list(self.ask("map", of="documents")["words"])


class Assistant:
    """The tools of a run, as an assistant calls them."""

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("mcp", reason="needs selfvec[mcp]")
        from selfvec.apps.mcp.server import create_server
        from selfvec.apps.mcp.tools import Tools

        self.server = create_server(Tools(selfvec.open_run(folder)))

    def ask(self, tool: str, **asked: Any) -> Any:
        from mcp import Client

        async def asked_for() -> Any:
            async with Client(self.server) as client:
                return await client.call_tool(tool, asked)

        found = asyncio.run(asked_for())
        return None if found.is_error else found.structured_content

    def documents(self) -> list[tuple[str, str]]:
        rows = self.ask("search", query=ALL, top=TOOLS)["rows"]
        return [(name, row["text"]) for row in rows for name in (row["id"], *row["alike"])]

    def words(self) -> set[str]:
        found = self.ask("similar", word=ALL, top=20)
        return {row["term"] for side in ("before", "after") for row in found[side]} | {*found["gained"]}

    def near(self, name: str) -> list[str]:
        rows = self.ask("similar_documents", document=name, top=TOOLS)["rows"]
        return [one for row in rows for one in (row["id"], *row["alike"])]

    def sentences(self) -> list[str]:
        found = self.ask("drift", word=ALL) or {"rows": []}  # the word may be too rare
        return [text for row in found["rows"] for side in "ab" for text in row[f"examples_{side}"]]

    def labels(self) -> list[str]:
        return []


class Held:
    """A run that somebody holds in Python."""

    def __init__(self, folder: Path) -> None:
        self.run = selfvec.open_run(folder)

    def documents(self) -> list[tuple[str, str]]:
        hits = self.run.search(ALL, top=MOST)
        found = sorted((name, hit.text) for hit in hits for name in (hit.id, *hit.alike))
        assert sorted(text for _, text in found) == sorted(self.run.require_text().texts())
        return found

    def words(self) -> set[str]:
        near = self.run.similar(ALL, top=MOST).lists[0]["neighbours"]
        return {*self.run.vectors.index_to_key, *(word for word, _ in near)}

    def near(self, name: str) -> list[str]:
        found = self.run.similar_documents(name, top=MOST)
        return [one for hit in found for one in (hit.id, *hit.alike)]

    def sentences(self) -> list[str]:
        return self.run.require_text().texts()

    def labels(self) -> list[str]:
        return []


SERVERS: dict[str, Callable[[Path], Page | Assistant | Held]] = {
    "page": Page,
    "assistant": Assistant,
    "python": Held,
}


def check(server: Page | Assistant | Held, run: ChangingRun) -> None:
    """A server gives what the run has: no document more and none less."""
    texts = [one.text for one in run.documents]
    words = {word for text in texts for word in text.split()}
    documents = server.documents()
    assert run.shown(documents) == run.expected()
    assert server.words() <= words
    assert {*server.near(documents[0][0])} <= {name for name, _ in documents}
    assert {re.sub(r"\s+", " ", text).strip() for text in server.sentences()} <= {*texts}
    assert {*server.labels()} <= {*texts}


@pytest.mark.parametrize(
    ("kind", "seed"),
    [("page", 0), ("page", 1), ("assistant", 1), ("assistant", 2), ("python", 2), ("python", 0)],
)
def test_any_sequence_of_changes(seed: int, kind: str, tmp_path: Path) -> None:
    chance = random.Random(seed)
    run = ChangingRun.begin(tmp_path, FIRST, saved=True, in_place=True)
    server = SERVERS[kind](Path(run.run.folder))
    check(server, run)
    for _ in range(7):
        for _ in range(chance.choice([1, 1, 2, 3])):  # several between two questions
            run.change([any_step(chance)])
        check(server, run)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run whose documents have a field."""
    rows = [
        {"id": f"r{n}", "text": f"hail broke roof {n} of the town", "place": "east" if n % 2 else "west"}
        for n in range(12)
    ]
    rows[5] |= {"text": "zanzibar hail broke the secret roof", "place": "hidden"}
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    selfvec.refine(tmp_path / "texts.jsonl", "none", "original", output=tmp_path / "run")
    return tmp_path / "run"


def test_of_a_withdrawn_document_neither_words_nor_fields_nor_snippets_are_left(folder: Path) -> None:
    page, assistant, held = Page(folder), Assistant(folder), Held(folder)
    asked: list[Callable[[], Any]] = [
        lambda: page.ask("search", query="zanzibar", top=MOST),
        lambda: page.ask("search", query="hail", filter="place=hidden"),
        lambda: page.ask("texts", query="zanzibar secret"),
        lambda: page.ask("complete", q="zanz"),
        lambda: page.ask("word", w="zanzibar"),
        lambda: page.ask("time", w="secret"),
        lambda: page.ask("together", w="hail", other="secret"),
        lambda: page.ask("document", id="r5"),
        lambda: page.ask("similar", document="r5"),
        lambda: page.ask("domain"),
        lambda: assistant.ask("search", query="zanzibar"),
        lambda: assistant.ask("search", query="hail", filter=["place=hidden"]),
        lambda: assistant.ask("similar", word="zanzibar"),
        lambda: assistant.ask("similar_documents", document="r5"),
        lambda: held.run.search("zanzibar"),
        lambda: held.run.search("hail", filter="place=hidden"),
        lambda: held.run.similar("zanzibar"),
        lambda: held.run.similar_documents("r5"),
    ]

    def told(ask: Callable[[], Any]) -> str:
        try:
            found = ask()
        except SelfvecError:
            return ""
        return json.dumps(found.as_dict() if hasattr(found, "as_dict") else found)

    assert all(told(ask) for ask in asked)
    assert sum("the secret roof" in told(ask) for ask in asked) > 5
    selfvec.update(folder, [{"id": "new", "text": "wind broke a roof"}], output=folder)
    selfvec.update(folder, withdraw=["r5"], output=folder, no_undo=True)
    for ask in asked:
        assert "the secret roof" not in told(ask)
        assert '"hidden"' not in told(ask)
    assert page.ask("complete", q="zanz")["words"] == []
    assert page.ask("document", id="r5") is None
    assert assistant.ask("similar", word="zanzibar") is None


@pytest.mark.parametrize("kind", SERVERS)
def test_questions_while_the_run_is_updated(kind: str, folder: Path) -> None:
    """No answer is an error, and each is that of a state between its question and itself."""
    server = SERVERS[kind](folder)
    sizes = {12}
    stop = threading.Event()

    def change() -> Iterator[None]:
        for number in range(6):
            sizes.add(13)
            selfvec.update(folder, [{"id": f"n{number}", "text": f"hail and wind {number}"}], output=folder)
            selfvec.update(folder, withdraw=[f"n{number}"], output=folder, no_undo=bool(number % 2))
            yield

    def work() -> None:
        for _ in change():
            if stop.is_set():
                return
        stop.set()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        while not stop.is_set():
            near = server.near("r1")
            assert len(near) in (11, 12), near
    finally:
        stop.set()
        thread.join()
    assert len(server.near("r1")) == 11


def test_drift_of_another_state_is_not_illustrated_with_its_documents(folder: Path) -> None:
    def quoted(found: Drift) -> str:
        return json.dumps([row["examples_b"] for row in found.illustrate(run, number=20).rows])

    run = selfvec.open_run(folder)
    found = run.drift()
    assert "secret" in quoted(found)
    selfvec.update(folder, withdraw=["r5"], output=folder)
    with pytest.raises(SelfvecError, match="the run has changed since drift was measured"):
        found.illustrate(run)
    assert "hail" in quoted(run.drift())
    assert "secret" not in quoted(run.drift())

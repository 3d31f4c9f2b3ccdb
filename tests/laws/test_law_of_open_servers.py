"""What stays open while the run changes has exactly the run's documents, and no word that only others had."""

import json
import random
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from changing_run import ALL, ChangingRun, any_step
from servers import Assistant, Held, Page
from tests.examples import soaked

import selfvec
from selfvec.analysis.word_drift.drift_result import Drift

FIRST = [(True, f"{ALL} first {n}") for n in range(3)] + [(True, f"{ALL} hail"), (False, f"{ALL} roof")]

SERVERS: dict[str, Callable[[selfvec.Run], Page | Assistant | Held]] = {
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
    soaked(
        [(kind, seed) for kind in SERVERS for seed in range(3)], ("page", 0), ("assistant", 1), ("python", 2)
    ),
)
def test_any_sequence_of_changes(seed: int, kind: str, tmp_path: Path) -> None:
    chance = random.Random(seed)
    run = ChangingRun.begin(tmp_path, FIRST, saved=True, in_place=True)
    server = SERVERS[kind](selfvec.open_run(run.run.folder))
    check(server, run)
    for _ in range(5):
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
    selfvec.refine(rows, "none", "original", output=tmp_path / "run")
    return tmp_path / "run"


def test_of_a_withdrawn_document_neither_words_nor_fields_nor_snippets_are_left(folder: Path) -> None:
    """In what the law above does not ask."""
    page, assistant, held = (kind(selfvec.open_run(folder)) for kind in (Page, Assistant, Held))
    asked: list[Callable[[], Any]] = [
        lambda: page.ask("search", query="hail", filter="place=hidden"),
        lambda: page.ask("texts", query="zanzibar secret"),
        lambda: page.ask("word", w="zanzibar"),
        lambda: page.ask("time", w="secret"),
        lambda: page.ask("together", w="hail", other="secret"),
        lambda: page.ask("document", id="r5"),
        lambda: page.ask("unknown"),
        lambda: assistant.ask("search", query="hail", filter=["place=hidden"]),
        lambda: held.run.search("hail", filter="place=hidden"),
    ]

    def told(ask: Callable[[], Any]) -> str:
        try:
            found = ask()
        except selfvec.SelfvecError:
            return ""
        return json.dumps(found.as_dict() if hasattr(found, "as_dict") else found)

    assert all(told(ask) for ask in asked)
    assert sum("the secret roof" in told(ask) for ask in asked) > 3
    selfvec.update(folder, [{"id": "new", "text": "wind broke a roof"}], output=folder)
    selfvec.update(folder, withdraw=["r5"], output=folder, no_undo=True)
    for ask in asked:
        assert "the secret roof" not in told(ask)
        assert '"hidden"' not in told(ask)


@pytest.mark.parametrize("kind", SERVERS)
def test_questions_while_the_run_is_updated(kind: str, folder: Path) -> None:
    """No answer is an error, and each is that of a state between its question and itself."""
    server = SERVERS[kind](selfvec.open_run(folder))
    sizes = {12}
    stop = threading.Event()

    def change() -> Iterator[None]:
        for number in range(4):
            sizes.add(13)
            selfvec.update(folder, [{"id": f"n{number}", "text": f"hail and wind {number}"}], output=folder)
            selfvec.update(folder, withdraw=[f"n{number}"], output=folder, no_undo=bool(number % 2))
            yield

    def work() -> None:
        try:
            for _ in change():
                if stop.is_set():
                    return
        finally:
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
    with pytest.raises(selfvec.SelfvecError, match="the run has changed since drift was measured"):
        found.illustrate(run)
    assert "hail" in quoted(run.drift())
    assert "secret" not in quoted(run.drift())

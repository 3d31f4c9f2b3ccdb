"""A run whose changes are known, and a server for it."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from tests.json_lines import write_lines
from tests.processes import PATIENCE

import selfvec
from selfvec.apps.web.addresses import ADDRESSES
from selfvec.apps.web.app import create_app
from selfvec.apps.web.page_data import PageData
from selfvec.apps.web.server import bind, server_of
from selfvec.data.run import Run
from selfvec.storage.run_folder import open_run

TOPICS = {
    topic: words.split()
    for topic, words in (
        ("weather", "rain wind storm hail cloud snow frost thunder gust flood drizzle sleet"),
        ("court", "judge law trial court jury verdict lawyer appeal prison crime police guilty"),
        ("kitchen", "oven bread flour butter salt sugar dough recipe spoon bowl yeast crust"),
    )
}
COMMON = ["people", "town", "week", "street", "old", "new", "small", "large", "early", "late"]
HOSTILE = "<img/src=x/onerror=document.title='harmed'>"
YEARS = (1990, 2005, 2020)


def make_run(folder: Path, *, per_year: int = 240, seed: int = 0) -> Run:
    """Reports of three years. *cell* stood near the court in the vectors; in the text it stands with the
    weather, and in 2020 with the kitchen. *charge* stays with the court. *zest* is new, as the common words
    are, and one word is hostile."""
    rng = np.random.default_rng(seed)
    rows = []
    for year in YEARS:
        homes = {"cell": "kitchen" if year == 2020 else "weather", "charge": "court", "zest": "kitchen"}
        for number in range(per_year):
            topic = tuple(TOPICS)[number % 3]
            words = [*rng.choice(TOPICS[topic], 9), *rng.choice(COMMON, 3)]
            words += [word for word, home in homes.items() if home == topic and number % 2]
            words += [HOSTILE] if number % 24 == 0 else []
            text = " ".join(rng.permutation(words).tolist())
            rows.append({"text": f"{text} .", "date": f"{year}-05-01"})
    source = folder / "reports.jsonl"
    write_lines(source, rows)
    model = selfvec.Refiner(
        "decorrelated", tokenizer="whitespace", slice="year", window=9, anchor=0.3, oov="zero"
    ).fit(source, _table(rng))
    model.save(folder / "run")
    return open_run(folder / "run")


def fitted(texts: list[str], vectors: str = "default", **options: Any) -> Run:
    """A run in memory."""
    return selfvec.refine(texts, vectors, "decorrelated", **{"window": 5, **options}).present


def _table(rng: np.random.Generator) -> selfvec.Vectors:
    centres = {topic: rng.standard_normal(24) for topic in TOPICS}
    words = []
    rows = []
    for topic, names in TOPICS.items():
        words += names
        rows += [centres[topic] + 0.7 * rng.standard_normal(24) for _ in names]
    for word in ("cell", "charge"):
        words.append(word)
        rows.append(centres["court"] + 0.7 * rng.standard_normal(24))
    return selfvec.Vectors(words, np.array(rows, np.float32))


class Site:
    """A running server."""

    def __init__(self, data: PageData, server: uvicorn.Server, port: int) -> None:
        self.data = data
        self.server = server
        self.port = port
        self.address = f"http://127.0.0.1:{port}/"

    @property
    def connections(self) -> int:
        """Connections that the server holds."""
        return len(self.server.server_state.connections)

    def get(
        self, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body; header names with _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers=named)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def json(self, path: str) -> Any:
        status, _, body = self.get(path)
        assert status == 200, body
        return json.loads(body)

    def text_of(self, document: str) -> str:
        return str(self.json(f"/api/document?id={document}")["text"])


def answer_with(monkeypatch: pytest.MonkeyPatch, path: str, answer: Callable[[], Any]) -> None:
    """Let an address answer what a function returns."""
    changed = ADDRESSES[path]._replace(function=lambda *_, **__: answer())
    monkeypatch.setitem(ADDRESSES, path, changed)


@contextmanager
def serving(
    run: Run,
    *,
    token: str | None = None,
    write_token: str | None = None,
    jobs: int | None = 1,
    start: bool = False,
) -> Iterator[Site]:
    """Serve a run for a while; ``start`` begins what the page asks for when it is opened."""
    data = PageData(run.present, jobs)
    with bind("127.0.0.1", 0) as listening:
        server = server_of(create_app(data, token, write_token))
        if start:
            data.prepare()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield Site(data, server, listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(PATIENCE)

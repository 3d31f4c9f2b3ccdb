"""The page opened as soon as it is served, of a run without cache: all comes, whatever is asked first."""

import json
import random
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from headless import Page
from serving import Site, make_run, serving
from tests.examples import soaked
from tests.processes import PATIENCE

from selfvec.apps.web import page_data, work
from selfvec.apps.web.addresses import ADDRESSES
from selfvec.data.run import Run
from selfvec.storage.run_folder import open_run

ASKED: dict[str, list[dict[str, str]]] = {
    "/api/state": [{}],
    "/api/about": [{}],
    "/api/overview": [{}],
    "/api/report": [{}, {"filter": "date=2020"}],
    "/api/topics": [{}],
    "/api/typical": [{}],
    "/api/health": [{}],
    "/api/ranking": [{}, {"all_words": "true"}, {"c": "1990|2020"}],
    "/api/word": [{"w": "cell"}],
    "/api/uses": [{"w": "cell", "c": "1990|2005"}],
    "/api/complete": [{"q": "ce"}],
    "/api/time": [{"w": "cell"}],
    "/api/collocates": [{"w": "cell"}, {"w": "cell", "slice": "2020"}],
    "/api/concordance": [{"query": "cell"}],
    "/api/keyness": [{"c": "1990|2020"}],
    "/api/frequency": [{}, {"unit": "lemma"}],
    "/api/ngrams": [{"n": "3"}],
    "/api/dispersion": [{"w": "cell"}],
    "/api/together": [{"w": "cell", "other": "hail"}],
    "/api/search": [{"query": "hail"}],
    "/api/facets": [{}, {"query": "hail", "filter": "date=2020"}],
    "/api/documents": [{}, {"sort": "newest"}],
    "/api/document": [{"id": "0"}],
    "/api/similar": [{"document": "0"}],
    "/api/map": [{}],
    "/api/map/colours": [{}],
    "/api/map/passing": [{}, {"filter": "date=2020"}],
}
EVERY = [f"{path}?{urlencode(one)}" for path, several in ASKED.items() for one in several]

Serve = Callable[[], AbstractContextManager[Site]]


@pytest.fixture(scope="module")
def small(own: Path) -> Run:
    return make_run(own, per_year=24)


@pytest.fixture
def go(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """What everything else needs is computed when this is set."""
    event = threading.Event()

    def held(compute: Callable[..., Any]) -> Callable[..., Any]:
        def computed(*given: Any, **options: Any) -> Any:
            event.wait(PATIENCE)
            return compute(*given, **options)

        return computed

    for name in ("topics_as_found", "run_index"):
        monkeypatch.setattr(page_data, name, held(getattr(page_data, name)))
    monkeypatch.setattr(work, "QUEUE_SECONDS", 0.05)  # that a search waits for the index
    return event


@pytest.fixture
def served(
    small: Run, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Serve:
    """Serves the run without its cache; the words of a long text are compared after it is indexed."""
    if request.node.callspec.params["length"] == "long":
        monkeypatch.setattr(page_data, "_LONG_TEXT", 0)

    @contextmanager
    def serve() -> Iterator[Site]:
        folder = Path(tempfile.mkdtemp(dir=tmp_path)) / "run"
        shutil.copytree(small.folder, folder, ignore=shutil.ignore_patterns("cache"))
        with serving(open_run(folder), start=True) as site:
            yield site

    return serve


def unanswered(site: Site, asked: list[str], go: threading.Event) -> list[str]:
    """The requests that are not answered in time; they are repeated until then, as the page does."""
    left = list(asked)
    end = time.monotonic() + PATIENCE
    while left and time.monotonic() < end:
        left = [path for path in left if not answered(site, path)]
        go.set()  # after the first round
        time.sleep(0.1)  # more often would take the time that the answers need
    return left


def answered(site: Site, path: str) -> bool:
    status, _, body = site.get(path)
    assert status in (200, 503), (path, body)
    return status == 200 and json.loads(body).get("ready") is not False


def test_every_view_is_asked_for() -> None:
    assert set(ASKED) == set(ADDRESSES)


@pytest.mark.parametrize(
    ("length", "seed"),
    soaked([("short", 0), ("short", 1), ("long", 2), ("long", 3)], ("long", 2)),
)
def test_everything_comes_in_any_order_of_requests(
    served: Serve, go: threading.Event, length: str, seed: int
) -> None:
    order = random.Random(seed).sample(EVERY, len(EVERY))
    with served() as site:
        assert unanswered(site, order, go) == []
        assert site.data.comparisons.drift(site.data.comparisons.default).result(PATIENCE)


FILLED = {  # by view: what the page asks for, and when it shows that
    "": ("topics", "document.querySelectorAll('.subjects > li').length >= 3"),
    "#view=changes&word=cell": (
        "ranking",
        "document.querySelector('.ranking a[data-word]') && document.querySelector('#word .quotes li')",
    ),
    "#view=map": ("map", "document.querySelectorAll('.colours button').length > 1"),
    "#view=texts&ask=bread": ("search", "document.querySelector('.found .snippet')"),
}


@pytest.mark.parametrize(
    ("length", "view"),
    [*(("short", view) for view in FILLED), *(("long", view) for view in list(FILLED)[:2])],
)
def test_the_page_opened_at_once_is_filled(
    page: Page, served: Serve, go: threading.Event, length: str, view: str
) -> None:
    wanted, filled = FILLED[view]
    with served() as site:
        page.call("Page.navigate", url=f"{site.address}{view}")
        asked = f"(one) => one.name.includes('/api/{wanted}?') && one.responseEnd"
        page.wait(f"performance.getEntriesByType('resource').some({asked})", PATIENCE)
        go.set()
        page.wait(filled, PATIENCE)

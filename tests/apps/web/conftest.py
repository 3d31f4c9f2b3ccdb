"""One run, one server and one browser for all tests of the page."""

import os
import re
import socket
from collections.abc import Callable, Iterator

import pytest
from headless import REQUIRED, Page, browsing, find
from serving import Site, make_run, serving

from selfvec.data.run import Run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A saved run with planted changes."""
    return make_run(tmp_path_factory.mktemp("served"))


@pytest.fixture(scope="package")
def site(run: Run) -> Iterator[Site]:
    """The run, served, with all work in the background done."""
    with serving(run) as site:
        for choice in site.data.comparisons.choices():
            site.data.comparisons.drift(choice["key"]).result()
        yield site


@pytest.fixture(scope="session")
def new_page() -> Iterator[Callable[[], Page]]:
    """Opens pages in a real browser; skipped where there is none, unless it is required."""
    program = find()
    if program is None:
        reason = "no Chromium is installed (Debian: apt-get install chromium)"
        if os.environ.get(REQUIRED):
            pytest.fail(f"{REQUIRED} is set, but {reason}")
        pytest.skip(reason)
    with browsing(program) as made:
        yield made


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Iterator[Page]:
    """A page that starts wide and light. In the end nothing has failed, and nothing came from elsewhere."""
    page = new_page()
    page.size(1280, 860)
    page.prefers(color_scheme="light", reduced_motion="reduce")
    page.expected.append("status of 503")  # the server is busy, as on a slow machine, and the page asks again
    yield page
    page.close()
    assert [error for error in page.errors if not _server_is_stopped(error)] == []
    assert page.elsewhere("http://127.0.0.1:", "file:", "blob:") == []


def _server_is_stopped(error: str) -> bool:
    """Whether a request failed whose server the test has stopped.

    The page still asks, and is refused, or cut off while it is answered: the browser has many names for that.
    """
    where = re.search(r"net::ERR_\w+ http://127\.0\.0\.1:(\d+)/", error)
    with socket.socket() as probe:
        return where is not None and probe.connect_ex(("127.0.0.1", int(where[1]))) != 0


@pytest.fixture
def opened(page: Page, site: Site) -> Page:
    """The words that refining changed."""
    page.open(f"{site.address}#view=changes&c=refined&word=cell")
    return page

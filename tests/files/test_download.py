"""Downloads from servers of our own that misbehave as real ones do."""

import io
from collections.abc import Callable

import numpy as np
import pytest

from file_server import Archive, serving
from selfvec.base.errors import InputError
from selfvec.files.download import download

DATA = np.random.default_rng(0).bytes(40_000)
NEWER = np.random.default_rng(1).bytes(40_000)
NAME = "vectors.gz"


@pytest.fixture
def server():
    with serving({NAME: DATA}) as made:
        yield made


def fetch(server: Archive, *faults: str | Callable[[], object], **options) -> bytes:
    server.faults[NAME] = list(faults)
    file = io.BytesIO()
    download(server.url + NAME, file, **{"pause": 0, "timeout": 10, **options})
    assert not server.faults[NAME]
    return file.getvalue()


def refused(server: Archive, *faults: str, **options) -> str:
    """The message of a download that fails; it begins with the address."""
    with pytest.raises(InputError) as caught:
        fetch(server, *faults, **options)
    place, _, message = str(caught.value).partition(": ")
    assert place == server.url + NAME
    assert caught.value.remedy
    return message


@pytest.mark.parametrize(
    "faults",
    [
        ["503 after 0"],
        ["429 after Wed, 21 Oct 2099 07:28:00 GMT", "429 after soon", "408"],
        ["drop", "503 after 0", "drop", "drop"],
        ["drop", "ignore range"],
        ["drop", "416"],
        ["drop", "other part"],
        ["drop", "no total"],
        ["too long"],
        ["no length"],
    ],
)
@pytest.mark.parametrize("validators", [("ETag", "Last-Modified"), ("Last-Modified",), ()])
def test_what_passes_is_outlasted(server, faults, validators) -> None:
    server.validators = validators
    assert fetch(server, *faults) == DATA


def test_a_cut_connection_costs_only_the_missing_bytes(server) -> None:
    assert fetch(server, "drop", "drop") == DATA
    assert server.requests == [(NAME, None), (NAME, "bytes=20000-"), (NAME, "bytes=30000-")]


@pytest.mark.parametrize("validators", [("ETag", "Last-Modified"), ("Last-Modified",), ()])
@pytest.mark.parametrize("honours", [True, False])
@pytest.mark.parametrize("newer", [NEWER, NEWER[:-5], NEWER[:20_000], NEWER[:100], NEWER + b"more"], ids=len)
def test_parts_of_two_versions_are_never_joined(server, validators, honours, newer) -> None:
    """Whether or not the server understands If-Range; without validators, nothing is continued."""
    server.validators, server.honours_if_range = validators, honours

    def replaced() -> None:
        server.files[NAME] = newer

    assert fetch(server, "drop", replaced) == newer


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        (["404"], "the server answers 404 Not Found; check the address, or name a mirror with base_url"),
        (["403"], "the server answers 403 Forbidden; check"),
        (
            ["503 after 0"] * 3,
            "could not be fetched in 3 tries: the server answers 503 Service Unavailable; try",
        ),
        (
            ["429 after 3600"],
            "could not be fetched in 1 tries: the server answers 429 Too Many Requests and asks to wait 3,",
        ),
        (["page"], "the server sends a web page instead of the file; open it in a browser to see why"),
        (["stall"] * 3, "could not be fetched in 3 tries: timed out; try again later"),
        (["to /files/"], "the server sends a web page instead of the file"),
        (
            [f"to /files/{NAME}"] * 20,
            "the server answers 302 The HTTP server returned a redirect error that would lead",
        ),
        (
            ["to file:///etc/hostname"],
            "the server answers 302 Found - Redirection to url 'file:///etc/hostname' is not",
        ),
        (["to "], "the server answers 302 Found"),
    ],
)
def test_what_lasts_is_one_error(server, faults, message) -> None:
    timeout = 0.05 if "stall" in faults else 10
    assert refused(server, *faults, retries=2, timeout=timeout).startswith(message)
    assert len(server.requests) <= 11  # redirects that lead nowhere are not tried again


def test_a_retry_after_of_seconds_is_waited(server, monkeypatch) -> None:
    """A real second would be long for a test: the clock is ours, the server and its header are real."""
    waits: list[float] = []
    monkeypatch.setattr("selfvec.files.download.time.sleep", waits.append)
    assert fetch(server, "429 after 7", "503 after 90", "500") == DATA
    assert waits == [7, 90, 0]


@pytest.mark.parametrize(("fault", "largest"), [("huge", 1 << 30), ("no length", 30_000)])
def test_a_file_beyond_the_limit_is_refused(server, fault, largest) -> None:
    message = refused(server, fault, largest=largest)
    assert message.startswith(f"is larger than {largest:,} bytes, the limit")


def test_a_length_that_is_too_small_is_what_is_received(server) -> None:
    """HTTP ends the body there; what the file holds is for its reader to check."""
    assert fetch(server, "too short") == DATA[:-9]


def test_redirects_lead_to_other_hosts_with_their_ranges(server) -> None:
    with serving({NAME: DATA}) as mirror:
        mirror.faults[NAME] = ["drop"]
        assert fetch(server, *[f"to {mirror.url}{NAME}"] * 2) == DATA
        assert mirror.requests == [(NAME, None), (NAME, "bytes=20000-")]
        server.faults[NAME] = [f"to {mirror.url}gone?signature=long"]
        with pytest.raises(
            InputError, match=f"answers 404 Not Found at {mirror.url}gone, where it redirects"
        ):
            download(server.url + NAME, io.BytesIO(), pause=0)

"""Downloads from servers of our own that misbehave as real ones do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from file_server import Archive, serving
from selfvec.base.download import announced_size, download
from selfvec.base.errors import InputError, TargetError
from selfvec.base.file_locks import lock

DATA = np.random.default_rng(0).bytes(40_000)
NEWER = np.random.default_rng(1).bytes(40_000)
NAME = "vectors.gz"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server():
    with serving({NAME: DATA}) as made:
        yield made


@pytest.fixture
def partial(tmp_path) -> Path:
    return tmp_path / "kept"


def fetch(server: Archive, partial: Path, *faults: str | Callable[[], object], **options) -> bytes:
    server.faults[NAME] = list(faults)
    download(server.url + NAME, partial, **{"pause": 0, "timeout": 10, **options})
    assert not server.faults[NAME]
    assert [path.name for path in partial.parent.iterdir()] == ["kept"]
    return partial.read_bytes()


def refused(server: Archive, partial: Path, *faults: str, **options) -> str:
    """The message of a download that fails; it begins with the address."""
    with pytest.raises(InputError) as caught:
        fetch(server, partial, *faults, **options)
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
def test_what_passes_is_outlasted(server, partial, faults, validators) -> None:
    server.validators = validators
    assert fetch(server, partial, *faults) == DATA


def test_a_cut_connection_costs_only_the_missing_bytes(server, partial) -> None:
    assert fetch(server, partial, "drop", "drop") == DATA
    assert server.requests == [(NAME, None), (NAME, "bytes=20000-"), (NAME, "bytes=30000-")]


@pytest.mark.parametrize("validators", [("ETag", "Last-Modified"), ("Last-Modified",), ()])
@pytest.mark.parametrize("honours", [True, False])
@pytest.mark.parametrize("newer", [NEWER, NEWER[:-5], NEWER[:20_000], NEWER[:100], NEWER + b"more"], ids=len)
def test_parts_of_two_versions_are_never_joined(server, partial, validators, honours, newer) -> None:
    """Whether or not the server understands If-Range; without validators, nothing is continued."""
    server.validators, server.honours_if_range = validators, honours

    def replaced() -> None:
        server.files[NAME] = newer

    with pytest.raises(InputError, match="the received part is kept"):
        fetch(server, partial, "drop", retries=0)
    assert partial.read_bytes() == DATA[:20_000]
    assert fetch(server, partial, replaced) == newer


def test_a_part_whose_version_is_spoilt_is_fetched_anew(server, partial) -> None:
    for text in ("of another", "", "\udcff"):
        partial.write_bytes(b"spoilt")
        partial.with_name("kept.version").write_text(text, errors="surrogateescape")
        assert fetch(server, partial) == DATA


def test_a_complete_file_is_not_fetched_again(server, partial) -> None:
    fetch(server, partial)
    assert fetch(server, partial) == DATA
    assert server.requests == [(NAME, None)]


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
    ],
)
def test_what_lasts_is_one_error_that_keeps_the_received_part(server, partial, faults, message) -> None:
    timeout = 0.05 if "stall" in faults else 10
    assert refused(server, partial, *faults, retries=2, timeout=timeout).startswith(message)
    assert not list(partial.parent.iterdir())
    with pytest.raises(InputError):
        fetch(server, partial, "drop", retries=0)
    assert refused(server, partial, *faults, retries=2, timeout=timeout).startswith(message)
    assert partial.read_bytes() == DATA[:20_000]
    assert fetch(server, partial) == DATA


def test_a_retry_after_of_seconds_is_waited(server, partial, monkeypatch) -> None:
    """A real second would be long for a test: the clock is ours, the server and its header are real."""
    waits: list[float] = []
    monkeypatch.setattr("selfvec.base.download.time.sleep", waits.append)
    assert fetch(server, partial, "429 after 7", "503 after 90", "500") == DATA
    assert waits == [7, 90, 0]


def test_a_file_beyond_the_limit_is_not_kept(server, partial) -> None:
    message = refused(server, partial, "huge")
    assert message.startswith(f"the server announces {1 << 40:,} bytes, the limit is")
    message = refused(server, partial, "no length", largest=30_000)
    assert message.startswith("the server sends more than the limit of 30,000 bytes")
    assert not list(partial.parent.iterdir())


def test_a_length_that_is_too_small_is_what_is_received(server, partial) -> None:
    """HTTP ends the body there; what the file holds is for its reader to check."""
    assert fetch(server, partial, "too short") == DATA[:-9]


def test_redirects_lead_to_other_hosts_with_their_ranges(server, partial) -> None:
    with serving({NAME: DATA}) as mirror:
        mirror.faults[NAME] = ["drop"]
        assert fetch(server, partial, *[f"to {mirror.url}{NAME}"] * 2) == DATA
        assert mirror.requests == [(NAME, None), (NAME, "bytes=20000-")]
        server.faults[NAME] = [f"to {mirror.url}gone?signature=long"]
        with pytest.raises(
            InputError, match=f"answers 404 Not Found at {mirror.url}gone, where it redirects"
        ):
            download(server.url + NAME, partial.with_name("other"), pause=0)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (
            f"/files/{NAME}",
            "the server answers 302 The HTTP server returned a redirect error that would lead",
        ),
        (
            "file:///etc/hostname",
            "the server answers 302 Found - Redirection to url 'file:///etc/hostname' is not",
        ),
        ("", "the server answers 302 Found"),
    ],
)
def test_redirects_that_lead_nowhere_are_refused_at_once(server, partial, target, message) -> None:
    faults = [f"to {target}"] * (20 if target.startswith("/") else 1)
    server.faults[NAME] = faults
    with pytest.raises(InputError) as caught:
        download(server.url + NAME, partial, pause=0)
    assert caught.value.rule.startswith(message)
    assert len(server.requests) <= 11


def test_the_size_is_asked_without_fetching(server) -> None:
    url = server.url + NAME
    assert announced_size(url) == len(DATA)
    assert announced_size(server.url + "gone") is None
    for fault in ("503", "page", "no length"):
        server.faults[NAME] = [fault]
        assert announced_size(url) is None
    assert announced_size("http://127.0.0.1:1/") is None
    assert announced_size("ftp://127.0.0.1/") is None


def test_a_full_disk_is_one_error_and_the_rest_is_fetched_later(server, partial, request) -> None:
    with pytest.raises(TargetError, match=r"kept: cannot write: the file is larger than .*; write elsewhere"):
        _with_small_disk(request, lambda: fetch(server, partial))
    kept = partial.stat().st_size
    assert 0 < kept <= 10_000
    server.requests.clear()
    assert fetch(server, partial) == DATA
    assert server.requests == [(NAME, f"bytes={kept}-")]


def _with_small_disk(request, do: Callable[[], object]) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        do()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_two_processes_do_not_write_one_file(server, partial) -> None:
    partial.write_bytes(DATA[:7])
    partial.with_name("kept.version").touch()
    with partial.open("rb") as file:
        assert lock(file.fileno())
        with pytest.raises(TargetError, match="kept: another process is downloading this; wait for it"):
            fetch(server, partial)
    assert partial.read_bytes() == DATA[:7]

"""What bounds the server: many, idle, half-open and slow connections, and more work than it can do."""

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest
from serving import Site, answer_with, serving
from tests.processes import PATIENCE

from selfvec.apps.web import page_data, responses, server
from selfvec.apps.web.responses import LimitedResponse
from selfvec.apps.web.server import bind
from selfvec.apps.web.work import ServerBusy
from selfvec.base.threads import stop_if_cancelled
from selfvec.data.run import Run

REQUEST = b"GET /api/health HTTP/1.1\r\nhost: localhost\r\n\r\n"


@contextmanager
def connections(site: Site, number: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    """Connections that have sent something."""
    with ExitStack() as stack:
        made = []
        for _ in range(number):
            address = ("127.0.0.1", site.port)
            made.append(stack.enter_context(socket.create_connection(address, timeout=PATIENCE)))
            made[-1].sendall(sent)
        yield made


def received(connection: socket.socket) -> bytes:
    """All that the server sends until it closes the connection; `TimeoutError` if it does not."""
    parts = []
    try:
        while part := connection.recv(1 << 20):
            parts.append(part)
    except ConnectionError:
        pass
    return b"".join(parts)


def until(condition: Callable[[], bool]) -> None:
    """Wait for what the server does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_headers_without_end_are_refused(site: Site) -> None:
    with connections(site, 1, b"GET / HTTP/1.1\r\nx: " + b"x" * server.HEADER_BYTES) as (one,):
        assert received(one).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nhost: loc", REQUEST])
def test_idle_and_half_open_connections_expire(
    run: Run, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "CLIENT_SECONDS", 0.2)
    with serving(run) as site:
        start = time.monotonic()
        with connections(site, 1, sent) as (one,):
            answer = received(one)
            assert time.monotonic() - start >= 0.2  # not sooner
        assert answer.startswith(b"HTTP/1.1 200" if sent == REQUEST else b"")
        assert bool(answer) == (sent == REQUEST)


def test_a_request_that_drips_in_is_not_waited_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLIENT_SECONDS", 0.2)
    start = time.monotonic()
    with serving(run) as site, connections(site, 1, b"GET / HTTP/1.1\r\n") as (one,):
        one_header = b"x: y\r\n"
        one.settimeout(0.02)
        with pytest.raises(ConnectionError):
            for _ in range(server.HEADER_BYTES // len(one_header) - 10):
                one.sendall(one_header)
                with suppress(TimeoutError):
                    assert one.recv(1) == b""  # closed, without an answer
                    raise ConnectionResetError
        assert 0.2 <= time.monotonic() - start < PATIENCE


def test_idle_connections_make_room_for_new_ones(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CONNECTIONS", 16)
    with serving(run) as site, connections(site, 64, b"GET / HT") as made:
        assert site.json("/api/health")["verdicts"] == []
        until(lambda: site.connections <= 16)
        assert received(made[0]) == b""  # the first was idle longest
        made[-1].setblocking(False)
        with pytest.raises(BlockingIOError):  # the last is still open
            made[-1].recv(1)


def test_more_clients_than_there_are_threads_wait_for_their_turn_and_who_is_gone_waits_no_more(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    working, ended, asked = threading.Semaphore(0), threading.Semaphore(0), []

    def work() -> dict[str, Any]:
        working.release()
        try:
            while True:
                stop_if_cancelled()
                time.sleep(0.005)
        finally:
            ended.release()

    with serving(run) as site, ThreadPoolExecutor(1) as pool:
        answer_with(monkeypatch, "/api/about", work)
        answer_with(monkeypatch, "/api/word", lambda: asked.append("nobody reads this") or {})
        threads = max(2, os.cpu_count() or 1)
        with connections(site, threads, REQUEST.replace(b"health", b"about")):
            for _ in range(threads):
                assert working.acquire(timeout=PATIENCE)
            with connections(site, 1, REQUEST.replace(b"health", b"word?w=cell")):
                until(lambda: site.connections == threads + 1)
            later = pool.submit(site.get, "/api/overview")
            assert site.get("/api/health")[0] == 200  # it is alive
            assert not later.done()
        assert later.result(PATIENCE)[0] == 200
        for _ in range(threads):
            assert ended.acquire(timeout=PATIENCE)
        assert asked == []


def test_beyond_the_limit_of_requests_a_connection_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "REQUESTS", 4)
    with serving(run) as site:
        with connections(site, 4):
            until(lambda: site.connections == 4)
            assert site.get("/api/health")[0] == 503
        until(lambda: site.connections == 0)
        assert site.get("/api/health")[0] == 200


def test_who_does_not_take_an_answer_is_dropped(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "CLIENT_SECONDS", 0.2)
    with serving(run) as site:
        answer_with(monkeypatch, "/api/about", lambda: {"long": "x" * (16 << 20)})
        with connections(site, 1, REQUEST.replace(b"health", b"about")) as (one,):
            until(lambda: site.connections == 1)
            until(lambda: site.connections == 0)
            assert len(received(one)) < 16 << 20
        assert len(site.get("/api/about")[2]) > 16 << 20


def test_a_body_is_not_read(site: Site) -> None:
    with connections(site, 1, REQUEST.replace(b"\r\n\r\n", b"\r\ncontent-length: 99999999\r\n\r\n")) as (
        one,
    ):
        assert b"413" in one.recv(1 << 16).splitlines()[0]
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                one.sendall(b"x" * (1 << 16))


def test_small_answers_are_sent_at_once() -> None:
    with bind("127.0.0.1", 0) as listening:
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_large_answers_go_out_in_pieces_and_only_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "LONG_ANSWERS", 2)
    body = bytes(range(256)) * 1024
    go = asyncio.Event()

    async def sent() -> list[Any]:
        got: list[Any] = []

        async def send(message: Any) -> None:
            got.append(message)
            await go.wait()

        scope = {"type": "http", "headers": [], "path": "/"}
        await LimitedResponse(memoryview(body))(scope, None, send)  # type: ignore[arg-type]
        return got

    async def answers() -> list[Any]:
        asked = [asyncio.create_task(sent()) for _ in range(3)]
        await asyncio.sleep(0)
        go.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    first, second, refused = asyncio.run(answers())
    assert [message["status"] for message in (first[0], second[0])] == [200, 200]
    assert isinstance(refused, ServerBusy)  # status 503
    parts = [message["body"] for message in first[1:]]
    assert b"".join(parts) == body
    assert max(map(len, parts)) == responses.PIECE_BYTES


def test_beyond_the_limit_of_long_answers_a_client_is_told_when_to_come_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responses, "LONG_ANSWERS", 0)
    answer_with(monkeypatch, "/api/about", lambda: {"long": "x" * responses.PIECE_BYTES})
    status, headers, _ = site.get("/api/about")
    assert status == 503
    assert int(headers["retry-after"]) > 0


def test_a_flood_of_comparisons_is_not_begun(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    begun, works = [], threading.Event()
    compare = page_data.drift

    def waiting(*given: Any, **options: Any) -> Any:
        begun.append(given)
        works.set()
        go.wait(PATIENCE)
        return compare(*given, **options)

    monkeypatch.setattr(page_data, "drift", waiting)
    monkeypatch.setattr(page_data, "ABANDONED", PATIENCE)
    monkeypatch.setattr(page_data, "BEGUN", 4)
    with serving(run) as site:
        pairs = [f"{a}..1990|2020..{b}" for a in range(1981, 1991) for b in range(2020, 2024)]
        answers = [site.get(f"/api/ranking?c={pair}") for pair in pairs]
        kinds = [status for status, _, _ in answers]
        assert kinds.count(200) == page_data.BEGUN
        assert kinds.count(503) == len(pairs) - kinds.count(200)
        assert all(int(headers["retry-after"]) > 0 for status, headers, _ in answers if status == 503)
        assert works.wait(PATIENCE)
        assert len(begun) == 1
        assert json.loads(site.get(f"/api/ranking?c={pairs[0]}")[2]) == {
            "ready": False,
            "share": 0.0,
            "doing": "comparing words of 1981–1990 and 2020–2020",
            "ahead": 0,
        }
        go.set()
        for pair, kind in zip(pairs, kinds, strict=True):
            if kind == 200:
                site.data.comparisons.drift(pair).result(PATIENCE)
        assert site.json(f"/api/ranking?c={pairs[0]}")["ready"]

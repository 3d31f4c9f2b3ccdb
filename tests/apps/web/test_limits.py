"""What bounds the server: many, idle, half-open and slow connections, and more work than it can do."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from serving import Site, serving

from selfvec.apps.web import comparison, limits, server
from selfvec.apps.web.background import BackgroundTask, Busy, Lane
from selfvec.apps.web.limits import PIECE, InPieces, WorkQueue
from selfvec.data.run import Run

REQUEST = b"GET /api/health HTTP/1.1\r\nhost: localhost\r\n\r\n"


@pytest.fixture
def quick(monkeypatch) -> None:
    """Times and numbers that a test can wait for."""
    monkeypatch.setattr(server, "IDLE", 0.6)
    monkeypatch.setattr(server, "STALLED", 0.6)
    monkeypatch.setattr(server, "MOST", 16)


@pytest.fixture
def brief(quick: None, run: Run) -> Iterator[Site]:
    """A server with little patience."""
    with serving(run) as site:
        yield site


@contextmanager
def connections(site: Site, number: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    """Connections that have sent something."""
    with ExitStack() as stack:
        made = []
        for _ in range(number):
            made.append(stack.enter_context(socket.create_connection(("127.0.0.1", site.port), timeout=10)))
            made[-1].sendall(sent)
        yield made


def closed(connection: socket.socket) -> bool:
    """Whether the server closes a connection within its time limit."""
    try:
        while connection.recv(1 << 16):
            pass
    except ConnectionError:
        return True
    return True  # a time-out is raised


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nhost: loc", REQUEST])
def test_idle_and_half_open_connections_expire(brief: Site, sent: bytes) -> None:
    with connections(brief, 1, sent) as (one,):
        start = time.monotonic()
        assert closed(one)
        assert time.monotonic() - start < 5


def test_a_request_that_drips_in_is_not_waited_for(brief: Site) -> None:
    with connections(brief, 1, b"GET / HTTP/1.1\r\n") as (one,):
        start = time.monotonic()
        with pytest.raises(ConnectionError):
            while time.monotonic() - start < 5:
                one.sendall(b"x: y\r\n")
                time.sleep(0.05)


def test_idle_connections_make_room_for_new_ones(brief: Site) -> None:
    with connections(brief, 64, b"GET / HT"):
        assert brief.json("/api/health")["verdicts"] == []


def test_more_clients_than_there_is_room_for_are_told_when_to_come_back(
    brief: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = threading.Event()
    monkeypatch.setattr(brief.data, "about", lambda: blocked.wait(10) and {})
    with connections(brief, 16, REQUEST.replace(b"health", b"about")):
        time.sleep(0.2)
        status, headers, body = brief.get("/api/health")
        blocked.set()
    assert status == 503
    assert int(headers["retry-after"]) > 0
    assert "busy" in json.loads(body)["error"]["rule"]


def test_who_does_not_take_an_answer_is_dropped(brief: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brief.data, "about", lambda: {"long": "x" * (16 << 20)})
    whole = len(brief.get("/api/about")[2])
    assert whole > 16 << 20
    with connections(brief, 1, REQUEST.replace(b"health", b"about")) as (one,):
        time.sleep(2)
        took = 0
        try:
            while part := one.recv(1 << 20):
                took += len(part)
        except ConnectionError:
            pass
        assert took < whole


def test_a_body_is_not_read(brief: Site) -> None:
    with connections(brief, 1, REQUEST.replace(b"\r\n\r\n", b"\r\ncontent-length: 99999999\r\n\r\n")) as (
        one,
    ):
        assert b"413" in one.recv(1 << 16).splitlines()[0]
        with pytest.raises(ConnectionError):
            for _ in range(200):
                one.sendall(b"x" * 4096)
                time.sleep(0.01)


def test_small_answers_are_sent_at_once() -> None:
    with server.bind("127.0.0.1", 0) as listening:
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_request_waits_for_a_thread_and_is_then_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PATIENCE", 0.2)

    async def ask() -> list[Any]:
        queue, go = WorkQueue(2), threading.Event()
        working = [asyncio.create_task(queue.run(go.wait)) for _ in range(2)]
        refused = await asyncio.gather(*(queue.run(lambda: 1) for _ in range(50)), return_exceptions=True)
        go.set()
        return [await asyncio.gather(*working), refused, await queue.run(lambda: 2)]

    done, refused, after = asyncio.run(ask())
    assert done == [True, True]
    assert all(isinstance(answer, Busy) for answer in refused)
    assert after == 2


def test_large_answers_go_out_in_pieces_and_only_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LARGE", 2)
    body, go = bytes(range(256)) * 1024, asyncio.Event()

    async def large(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": memoryview(body)})

    async def answer(pieces: InPieces) -> list[Any]:
        got: list[Any] = []

        async def send(message: Any) -> None:
            got.append(message)
            await go.wait()

        await pieces({"type": "http"}, None, send)  # type: ignore[arg-type]
        return got

    async def answers() -> list[list[Any]]:
        pieces = InPieces(large)
        asked = [asyncio.create_task(answer(pieces)) for _ in range(3)]
        await asyncio.sleep(0)
        go.set()
        return await asyncio.gather(*asked)

    *sent, refused = asyncio.run(answers())
    assert [message["status"] for message in (sent[0][0], sent[1][0], refused[0])] == [200, 200, 503]
    parts = [message["body"] for message in sent[0][1:]]
    assert b"".join(parts) == body
    assert max(map(len, parts)) == PIECE


def test_a_flood_of_comparisons_is_not_begun(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    go, begun = threading.Event(), []
    compare = comparison.compare_slices

    def waiting(run: Run, pair: Any, *rest: Any) -> Any:
        begun.append(pair)
        go.wait(30)
        return compare(run, pair, *rest)

    monkeypatch.setattr(comparison, "compare_slices", waiting)
    with serving(run) as site:
        pairs = [f"{a}..1990|2020..{b}" for a in range(1981, 1991) for b in range(2020, 2024)]
        answers = [site.get(f"/api/word?w=cell&c={pair}") for pair in pairs]
        kinds = [status for status, _, _ in answers]
        assert kinds.count(200) == comparison._UNFINISHED
        assert kinds.count(503) == len(pairs) - kinds.count(200)
        assert all(int(headers["retry-after"]) > 0 for status, headers, _ in answers if status == 503)
        assert len(begun) == 1
        started = json.loads(answers[0][2])
        assert started == {"ready": False, "share": 0.0}
        go.set()
        for pair, kind in zip(pairs, kinds, strict=True):
            if kind == 200:
                site.data.comparisons.tasks(pair).comparison.result(30)
        assert site.json(f"/api/word?w=cell&c={pairs[0]}")["word"] == "cell"


def test_comparisons_are_kept_while_there_is_memory(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "_MEMORY", 1)
    kept = comparison.Comparisons(run, 1)
    for key in ("1990|2005", "2005|2020", "1990|2020"):
        kept.tasks(key).comparison.result(30)
        assert list(kept._tasks) == [key]


def test_a_lane_does_one_task_at_a_time_the_newest_first() -> None:
    lane, order, go = Lane(), [], threading.Event()
    first = lane.submit(lambda _: go.wait(10))
    time.sleep(0.05)
    late = [lane.submit(lambda _, n=n: order.append(n), rank) for n, rank in ((1, 1), (2, 0), (3, 0))]
    go.set()
    for task in (first, *late):
        task.result(10)
    assert order == [3, 2, 1]


def test_work_that_nobody_waits_for_stops_at_its_next_step() -> None:
    lane, reached = Lane(), threading.Event()

    def work(progress: Any) -> None:
        with progress.stage("Counting", 10**6, "things") as advance:
            for _ in range(10**6):
                advance(1)
                reached.set()
                time.sleep(0.001)

    task = lane.submit(work)
    assert reached.wait(10)
    waiting = lane.submit(lambda _: 1)
    assert 0 < task.share < 1
    task.drop()
    waiting.drop()
    for dropped in (task, waiting):
        with pytest.raises(Busy):
            dropped.result(10)


def test_a_bug_in_the_background_does_not_stop_the_lane(capfd) -> None:
    lane = Lane()
    with pytest.raises(Exception, match="ZeroDivisionError"):
        lane.submit(lambda _: 1 / 0).result(10)
    assert lane.submit(lambda _: 1).result(10) == 1
    assert "Traceback" in capfd.readouterr().err
    assert BackgroundTask(lambda _: 1).result_now() is None

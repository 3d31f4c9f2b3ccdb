"""What a server counts, in the text format of Prometheus: requests, how long they wait, tasks, memory.

The format is a few lines, so no package is needed for it. A label is an address of the program, a method, a
status or a version. Whatever else is asked for counts as ``other``, so that nobody's question gets into a
monitoring system, and no stranger can make it hold new series without end.
"""

from __future__ import annotations

import os
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from selfvec.base.installed import __version__

from .page_data import PageData

METRICS = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")
# Seconds, those usual in Prometheus
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_STATM = Path("/proc/self/statm")

Sample = tuple[str, dict[str, object], float]
"""The end of a name, labels, and a value."""


class Requests:
    """An ASGI application that counts the requests to another one, and how long each waits for its answer.

    ``paths`` are the addresses that are told apart, each with its label.
    """

    def __init__(self, inner: ASGIApp, paths: Mapping[str, str]) -> None:
        self._inner = inner
        self._paths = paths
        self._under_way = 0
        self._answered: Counter[tuple[str, str, int]] = Counter()  # by method, path and status
        self._waits: dict[str, Counter[int]] = {}  # by path, and the place of the bound that is not exceeded
        self._seconds: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        start = time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":  # a client that takes the answer slowly is no delay
                self._count(scope, message["status"], time.perf_counter() - start)
            await send(message)

        self._under_way += 1
        try:
            await self._inner(scope, receive, sending)
        finally:
            self._under_way -= 1

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        path = self._paths.get(scope["path"], "other")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._answered[method, path, status] += 1
        self._waits.setdefault(path, Counter())[bisect_left(_BOUNDS, seconds)] += 1
        self._seconds[path] = self._seconds.get(path, 0.0) + seconds

    def text(self, data: PageData) -> str:
        """All that is counted, and the state of the run that is served."""
        run = data.run
        info: dict[str, object] = {"version": __version__, "stamp": run.stamp}
        counted: list[Sample] = [
            ("", {"method": method, "path": path, "status": status}, number)
            for (method, path, status), number in sorted(self._answered.items())
        ]
        families = [
            *_family("selfvec_requests_total", "counter", "Answers that were begun.", counted),
            *_family(
                "selfvec_request_seconds", "histogram", "Time until an answer begins.", self._histogram()
            ),
            *_value("selfvec_requests_under_way", "Requests that are being answered.", self._under_way),
            *_family("selfvec_run_info", "gauge", "Selfvec's version, and the run's state.", [("", info, 1)]),
            *_value("selfvec_documents", "Documents of the run.", run.provenance.documents or 0),
            *_value("selfvec_ready", "1 if questions are answered at once.", data.ready),
            *_value(
                "selfvec_tasks_under_way", "Tasks computed in the background.", len(data.tasks.under_way)
            ),
        ]
        if _STATM.exists():  # Linux
            pages = int(_STATM.read_text().split()[1])
            told = "Memory of the process, with the files that it maps."
            families += _value("process_resident_memory_bytes", told, pages * os.sysconf("SC_PAGE_SIZE"))
        return "\n".join(families) + "\n"

    def _histogram(self) -> Iterator[Sample]:
        for path, waits in sorted(self._waits.items()):
            sums = [*accumulate(waits[place] for place in range(len(_BOUNDS) + 1))]
            for bound, number in zip((*_BOUNDS, "+Inf"), sums, strict=True):
                yield "_bucket", {"path": path, "le": bound}, number
            yield "_sum", {"path": path}, self._seconds[path]
            yield "_count", {"path": path}, sums[-1]


def _family(name: str, kind: str, meaning: str, samples: Iterable[Sample]) -> Iterator[str]:
    """The lines of a metric. No value of a label has a character that the format would escape."""
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"
    for end, labels, value in samples:
        written = ",".join(f'{label}="{text}"' for label, text in labels.items())
        yield f"{name}{end}{'{' + written + '}' if written else ''} {value}"


def _value(name: str, meaning: str, value: float) -> Iterator[str]:
    return _family(name, "gauge", meaning, [("", {}, int(value))])

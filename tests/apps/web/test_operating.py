"""A server as a service: what it counts, whether it is ready, its tokens, and how it stops."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from serving import Site, serving
from test_limits import until
from tests.processes import PATIENCE
from tests.refusals import refused

import selfvec
from selfvec.apps.web import server
from selfvec.base.errors import OptionError
from selfvec.data.run import Run

READ, WRITE = "r" * 16, "w" * 16
SECRET = "zyzzyva"  # what somebody asked
Series = tuple[str, tuple[tuple[str, str], ...]]
SAMPLE = re.compile(r"([a-z_]+)(?:\{((?:[a-z]+=\"[^\"\\]*\",?)+)\})? (\d+(?:\.\d+)?(?:e-?\d+)?)")


def parsed(text: str) -> dict[str, dict[Series, float]]:
    """Samples by the name of their metric; stricter than Prometheus about order and repetition."""
    assert text.endswith("\n")
    metrics: dict[str, dict[Series, float]] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("# HELP "):
            name = line.split()[2]
            assert re.fullmatch(rf"# TYPE {name} (counter|gauge|histogram)", next(lines))
            assert name not in metrics
            metrics[name] = {}
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        assert sample[1].startswith(name)
        series = sample[1].removeprefix(name), tuple(re.findall(r'([a-z]+)="([^"]*)"', sample[2] or ""))
        assert series not in metrics[name]
        metrics[name][series] = float(sample[3])
    return metrics


@pytest.fixture
def fresh(run: Run) -> Iterator[Site]:
    """A server that nobody has asked yet."""
    with serving(run, token=READ) as site:
        yield site


def told(site: Site, path: str, **more: str) -> tuple[int, dict[str, str], bytes]:
    return site.get(path, Authorization=f"Bearer {READ}", **more)


def test_requests_are_counted_and_nothing_of_what_was_asked(fresh: Site) -> None:
    for path in ("/api/state", "/api/state", f"/api/complete?q={SECRET}", f"/{SECRET}", "/main.js"):
        told(fresh, path)
    told(fresh, "/api/state", method=SECRET)
    assert fresh.get("/metrics")[0] == 401
    status, headers, body = told(fresh, "/metrics")
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    text = body.decode()
    assert SECRET not in text
    metrics = parsed(text)
    counted = {
        tuple(dict(labels).values()): n for (_, labels), n in metrics["selfvec_requests_total"].items()
    }
    assert counted == {
        ("GET", "/api/complete", "200"): 1,
        ("GET", "/api/state", "200"): 2,
        ("GET", "/metrics", "401"): 1,
        ("GET", "other", "404"): 1,
        ("GET", "page", "200"): 1,
        ("other", "/api/state", "405"): 1,
    }
    waits = metrics["selfvec_request_seconds"]
    of_state = [n for (end, labels), n in waits.items() if end == "_bucket" and labels[0][1] == "/api/state"]
    assert of_state == sorted(of_state)
    assert [labels[1][1] for end, labels in waits if end == "_bucket"][: len(of_state)][-1] == "+Inf"
    assert of_state[-1] == waits["_count", (("path", "/api/state"),)] == 3
    assert waits["_sum", (("path", "/api/state"),)] > 0
    info = dict(next(iter(metrics["selfvec_run_info"]))[1])
    assert info == {"version": selfvec.__version__, "stamp": fresh.data.run.stamp}
    alone = {name: value["", ()] for name, value in metrics.items() if ("", ()) in value}
    assert (alone["selfvec_documents"], alone["selfvec_requests_under_way"]) == (720, 1)
    assert sys.platform != "linux" or alone["process_resident_memory_bytes"] > 1 << 20


def test_health_says_whether_questions_are_answered_and_what_is_computed(fresh: Site) -> None:
    def health() -> dict[str, object]:
        found = json.loads(told(fresh, "/api/health")[2])
        server = dict(found.pop("server"))
        assert found == fresh.data.run.health_report
        return server

    assert not fresh.data.index.begun
    assert health()["ready"] is False  # and begins what questions need
    fresh.data.index.result(PATIENCE)
    until(lambda: health()["computing"] == [])
    stamp = fresh.data.run.stamp
    assert health() == {
        "ready": True,
        "computing": [],
        "version": selfvec.__version__,
        "stamp": stamp,
        "documents": 720,
    }
    assert parsed(told(fresh, "/metrics")[2].decode())["selfvec_ready"] == {("", ()): 1}


@pytest.mark.parametrize("token", ["", "short"])
def test_a_token_of_readers_is_not_short(run: Run, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELFVEC_READ_TOKEN", token)
    refused(
        lambda: server.serve(run, say=print), OptionError, "SELFVEC_READ_TOKEN needs a token of at least 16"
    )


def test_a_server_that_is_stopped_ends_what_it_answers(run: Run, tmp_path: Path) -> None:
    folder = shutil.copytree(run.folder, tmp_path / "run")
    command = [sys.executable, "-m", "selfvec", "serve", str(folder), "--port", "0", "--write"]
    environment = {**os.environ, "PYTHONWARNINGS": os.environ.get("SELFVEC_WARNINGS", "error")}
    environment |= {"SELFVEC_READ_TOKEN": READ, "SELFVEC_TOKEN": WRITE}
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment)
    try:
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", address), address  # a given token is not printed
        port = int(address.rstrip("/").rpartition(":")[2])
        body = json.dumps({"id": "last", "text": "a tsunami came"}).encode()
        writer = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        writer.putrequest("POST", "/api/documents")
        writer.putheader("Authorization", f"Bearer {WRITE}")
        writer.putheader("Content-Length", str(len(body)))
        writer.endheaders(body[:10])
        metrics = urllib.request.Request(f"{address}metrics", headers={"Authorization": f"Bearer {READ}"})

        def begun() -> bool:
            with urllib.request.urlopen(metrics, timeout=PATIENCE) as answer:
                return parsed(answer.read().decode())["selfvec_requests_under_way"]["", ()] == 2

        until(begun)
        process.send_signal(signal.SIGTERM)
        writer.send(body[10:])
        with closing(writer), writer.getresponse() as answer:
            assert (answer.status, json.load(answer)["documents"]) == (200, 721)
        _, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        assert "Traceback" not in err
    finally:
        process.kill()
        process.communicate()
    assert "last" in selfvec.open(folder).text.ids()

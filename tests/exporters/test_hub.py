"""`export --to hub:NAME`, by the real client against a server that keeps what it is sent."""

import base64
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.processes import PATIENCE

import selfvec
from selfvec.base.errors import OptionError

NAME = "weather/storms"
COMMIT = "0" * 40


class Hub(ThreadingHTTPServer):
    """The few addresses of a hub that a push and a download use; it takes all files into the commit."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.created: list[dict[str, Any]] = []
        self.full = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        if path.startswith("/api/models/"):
            name = "/".join(path.split("/")[3:5])
            files = self.server.repositories.get(name)
            listed = [{"rfilename": file} for file in files or ()]
            found = {"id": name, "sha": COMMIT, "siblings": listed, "private": True}
            if "/tree/" in path:
                rows = [
                    {"type": "file", "path": file, "size": len(data), "oid": COMMIT}
                    for file, data in (files or {}).items()
                ]
                return self.answer(200, rows)
            return self.missing("RepoNotFound") if files is None else self.answer(200, found)
        parts = path.strip("/").split("/")  # OWNER/NAME/resolve/REVISION/FILE
        data = self.server.repositories.get("/".join(parts[:2]), {}).get("/".join(parts[4:]))
        return self.missing("EntryNotFound") if data is None else self.send(200, data)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            self.server.created.append(asked)
            name = f"{asked['organization']}/{asked['name']}"
            self.server.repositories.setdefault(name, {})
            return self.answer(200, {"url": f"{self.server.address}/{name}"})
        if self.path == "/api/validate-yaml":  # of the card
            return self.answer(200, {"errors": [], "warnings": []})
        name = "/".join(self.path.split("/")[3:5])
        if "/preupload/" in self.path:
            files = [
                {"path": of["path"], "uploadMode": "regular", "shouldIgnore": False}
                for of in json.loads(body)["files"]
            ]
            return self.answer(200, {"files": files})
        if self.server.full:
            return self.answer(507, {"error": "no space left"})
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                content = base64.b64decode(line["value"]["content"])
                self.server.repositories[name][line["value"]["path"]] = content
        return self.answer(200, {"commitUrl": f"{self.server.address}/{name}/commit/1", "commitOid": COMMIT})

    def do_DELETE(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        del self.server.repositories[f"{asked['organization']}/{asked['name']}"]
        self.answer(200, {})

    def missing(self, code: str) -> None:
        self.send(404, b"{}", {"X-Error-Code": code})

    def answer(self, status: int, content: Any) -> None:
        self.send(status, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def send(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        told = {"Content-Length": str(len(data)), "ETag": f'"{hash(data)}"', "X-Repo-Commit": COMMIT}
        for name, value in (told | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def storms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hub") / "run"
    texts = ["hail broke the roof of a barn", "the river rose over the road", "an invoice was paid late"]
    selfvec.refine(texts * 40, method="decorrelated").save(path)
    return path


def run(hub: Hub, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program whose hub is ours: the client reads its address when it is imported."""
    environment = {**os.environ, "HF_ENDPOINT": hub.address, "HF_HOME": str(home), "HF_TOKEN": "hf_x"}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, timeout=PATIENCE
    )


def export(hub: Hub, home: Path, storms: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return run(hub, home, "-m", "selfvec", "export", str(storms), "--to", f"hub:{NAME}", *more)


def test_a_pushed_run_is_private_and_opens_in_model2vec(hub: Hub, storms: Path, tmp_path: Path) -> None:
    pushed = export(hub, tmp_path, storms)
    assert pushed.returncode == 0, pushed.stderr
    assert pushed.stdout.strip() == f"{hub.address}/{NAME}"
    assert f"StaticModel.from_pretrained('{NAME}')" in pushed.stderr.replace("\n", "")
    assert [(asked["name"], asked["organization"]) for asked in hub.created] == [("storms", "weather")]
    assert hub.created[0].get("private") or hub.created[0].get("visibility") == "private"
    script = (
        "import sys, model2vec; print(*model2vec.StaticModel.from_pretrained(sys.argv[1]).encode('hail'))"
    )
    loaded = run(hub, tmp_path, "-c", script, NAME)
    assert loaded.returncode == 0, loaded.stderr
    ours = selfvec.Encoder.of(str(storms)).encode("hail")
    assert np.allclose(np.array(loaded.stdout.split(), float), ours, atol=1e-5)


def test_the_card_says_what_was_measured_and_no_path(hub: Hub, tmp_path: Path) -> None:
    run_ = selfvec.refine([f"hail broke roof {i % 7} of barn {i % 5}" for i in range(600)])
    run_.save(tmp_path / "run")
    assert export(hub, tmp_path, tmp_path / "run").returncode == 0
    card = hub.repositories[NAME]["README.md"].decode()
    chosen = next(
        row for row in run_.provenance.decision["candidates"] if row["name"] == run_.provenance.method
    )
    assert f"(chosen) | {chosen['self_retrieval']:.3f} | {chosen['context']:.3f} |" in card
    assert "600 documents" in card
    assert str(tmp_path) not in card
    assert card.startswith("---\nlibrary_name: model2vec\n")


def test_a_repository_that_exists_is_kept_unless_overwrite_was_said(
    hub: Hub, storms: Path, tmp_path: Path
) -> None:
    hub.repositories[NAME] = {"notes.md": b"mine"}
    refused = export(hub, tmp_path, storms)
    assert refused.returncode == 2
    assert "exists already" in refused.stderr
    assert hub.repositories[NAME] == {"notes.md": b"mine"}
    assert export(hub, tmp_path, storms, "--overwrite").returncode == 0
    assert {"notes.md", "model.safetensors", "README.md"} <= set(hub.repositories[NAME])


def test_a_failed_push_leaves_no_repository(hub: Hub, storms: Path, tmp_path: Path) -> None:
    hub.full = True
    failed = export(hub, tmp_path, storms)
    assert failed.returncode == 2
    assert "cannot write" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert hub.repositories == {}


@pytest.mark.parametrize("name", ["", "two words", "a/b/c", "../x"])
def test_a_name_that_is_none_is_refused(storms: Path, name: str) -> None:
    with pytest.raises(OptionError, match="OWNER/NAME"):
        selfvec.export(storms, f"hub:{name}")


def test_an_output_beside_the_hub_is_refused(storms: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="the hub holds the result"):
        selfvec.export(storms, f"hub:{NAME}", tmp_path / "folder")

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
FULL = "weather/full"  # which takes no file
COMMIT = "0" * 40


class Hub(ThreadingHTTPServer):
    """The few addresses of a hub that a push and a download use; it takes all files into the commit."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.created: list[dict[str, Any]] = []

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
        if name == FULL:
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
    selfvec.refine([f"hail broke roof {i % 7} of barn {i % 5}" for i in range(600)]).save(path)
    return path


def run(hub: Hub, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program whose hub is ours: the client reads its address when it is imported."""
    environment = {**os.environ, "HF_ENDPOINT": hub.address, "HF_HOME": str(home), "HF_TOKEN": "hf_x"}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, timeout=PATIENCE
    )


EXPORT = """
import sys
from selfvec.apps.cli import main
print([main(["export", sys.argv[1], "--to", *to.split()]) for to in sys.argv[2:]])
"""


@pytest.mark.soak
def test_a_pushed_run_is_private_says_what_was_measured_and_opens_in_model2vec(
    hub: Hub, storms: Path, tmp_path: Path
) -> None:
    pushed = run(hub, tmp_path, "-m", "selfvec", "export", str(storms), "--to", f"hub:{NAME}")
    assert pushed.returncode == 0, pushed.stderr
    assert pushed.stdout.strip() == f"{hub.address}/{NAME}"
    assert f"StaticModel.from_pretrained('{NAME}')" in pushed.stderr.replace("\n", "")
    assert [(asked["name"], asked["organization"]) for asked in hub.created] == [("storms", "weather")]
    assert hub.created[0].get("private") or hub.created[0].get("visibility") == "private"
    card = hub.repositories[NAME]["README.md"].decode()
    made = selfvec.open_run(storms).provenance
    chosen = next(row for row in made.decision["candidates"] if row["name"] == made.method)
    assert f"(chosen) | {chosen['self_retrieval']:.3f} | {chosen['context']:.3f} |" in card
    assert "600 documents" in card
    assert str(storms.parent) not in card
    assert card.startswith("---\nlibrary_name: model2vec\n")
    script = (
        "import sys, model2vec; print(*model2vec.StaticModel.from_pretrained(sys.argv[1]).encode('hail'))"
    )
    loaded = run(hub, tmp_path, "-c", script, NAME)
    assert loaded.returncode == 0, loaded.stderr
    ours = selfvec.Encoder.of(str(storms)).encode("hail")
    assert np.allclose(np.array(loaded.stdout.split(), float), ours, atol=1e-5)


def test_a_repository_is_kept_unless_overwrite_was_said_and_none_is_left_by_a_failed_push(
    hub: Hub, storms: Path, tmp_path: Path
) -> None:
    hub.repositories |= {"weather/mine": {"notes.md": b"mine"}, NAME: {"notes.md": b"mine"}}
    pushes = ["hub:weather/mine", f"hub:{NAME} --overwrite", f"hub:{FULL}"]
    pushed = run(hub, tmp_path, "-c", EXPORT, str(storms), *pushes)
    assert pushed.stdout.splitlines()[-1] == "[2, 0, 2]", pushed.stderr
    refused, *_, failed = pushed.stderr.splitlines()
    assert "exists already" in refused
    assert hub.repositories["weather/mine"] == {"notes.md": b"mine"}
    assert {"notes.md", "model.safetensors", "README.md"} <= set(hub.repositories[NAME])
    assert "cannot write" in failed
    assert "Traceback" not in pushed.stderr
    assert FULL not in hub.repositories


@pytest.mark.parametrize("name", ["", "two words", "a/b/c", "../x"])
def test_a_name_that_is_none_is_refused(storms: Path, name: str) -> None:
    with pytest.raises(OptionError, match="OWNER/NAME"):
        selfvec.export(storms, f"hub:{name}")


def test_an_output_beside_the_hub_is_refused(storms: Path, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="the hub holds the result"):
        selfvec.export(storms, f"hub:{NAME}", tmp_path / "folder")

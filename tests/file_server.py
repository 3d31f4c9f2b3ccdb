"""A file server of our own that understands ranges and misbehaves in every way we know."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FOLDER = "/files/"


class Archive(ThreadingHTTPServer):
    """Files by name, and for each name a list of what goes wrong with the next requests for it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[str]] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.ranges = True
        self.headers: tuple[str, ...] = ()  # further ones to send, with the content's checksum

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{FOLDER}"

    def handle_error(self, request, client_address) -> None:
        pass  # clients hang up on purpose


class Handler(BaseHTTPRequestHandler):
    server: Archive

    def log_message(self, format, *args) -> None:
        pass

    def do_GET(self) -> None:
        archive, name = self.server, self.path.removeprefix(FOLDER)
        asked = self.headers.get("Range")
        archive.requests.append((name, asked))
        faults = archive.faults.get(name, [])
        fault = faults.pop(0) if faults else ""
        if fault.isdigit():
            self.send_error(int(fault))
            return
        if fault.startswith("to "):
            self.send_response(302)
            self.send_header("Location", fault.removeprefix("to "))
            self.end_headers()
            return
        if name == "":
            links = "".join(f'<a href="{file}">{file}</a> 2024-06-20 1M\n' for file in archive.files)
            data = f"<html>{links}</html>".encode()
        elif name not in archive.files:
            self.send_error(404)
            return
        else:
            data = archive.files[name]
        self.reply(data, asked if archive.ranges else None, fault)

    do_HEAD = do_GET

    def reply(self, data: bytes, asked: str | None, fault: str) -> None:
        first = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if asked and first >= len(data):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(data)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if asked else 200)
        if asked:
            shift = 1 if fault == "other part" else 0
            self.send_header("Content-Range", f"bytes {first + shift}-{len(data) - 1}/{len(data)}")
        if fault == "huge":
            self.send_header("Content-Length", str(1 << 40))
        elif fault != "no length":
            self.send_header("Content-Length", str(len(data) - first))
        for header in self.server.headers:
            self.send_header(header, hashlib.sha256(data).hexdigest()[:40])
        self.end_headers()
        if self.command == "HEAD":
            return
        body = data[first:]
        if fault == "drop":
            body = body[: len(body) // 2]
        elif fault == "garble":
            body = bytes(255 - byte for byte in body)
        self.wfile.write(body)


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Archive]:
    """Serve files by name while the block runs."""
    server = Archive()
    server.files = files
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()

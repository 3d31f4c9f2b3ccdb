"""A file server of our own that understands ranges and misbehaves in every way we know.

A fault is one of the words that `Handler.reply` knows, a status such as ``503``, a status and its Retry-After
such as ``503 after 0``, ``to ADDRESS``, or a function that changes the server before it answers.
"""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

FOLDER = "/files/"


class Archive(ThreadingHTTPServer):
    """Files by name, and for each name a list of what goes wrong with the next requests for it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.faults: dict[str, list[str | Callable[[], object]]] = {}
        self.requests: list[tuple[str, str | None]] = []  # names and Range of GET
        self.honours_if_range = True
        self.validators: tuple[str, ...] = ("ETag", "Last-Modified")

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
        if callable(fault):
            fault()
            fault = ""
        status, _, wait = fault.partition(" after ")
        if status.isdigit():
            self.send_response(int(status))
            if wait:
                self.send_header("Retry-After", wait)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault == "page":
            self.page(b"<!DOCTYPE html><html>Please log in.</html>")
            return
        if fault.startswith("to "):
            self.redirect(fault)
            return
        if fault == "stall":
            self.send_response(200)
            self.end_headers()
            self.rfile.read(1)  # until the client hangs up
            return
        if name == "":
            links = "".join(f'<a href="{file}">{file}</a> 2024-06-20 1M\n' for file in archive.files)
            self.page(f"<html>{links}</html>".encode())
            return
        if name not in archive.files:
            self.send_error(404)
            return
        self.reply(archive.files[name], asked, fault)

    def redirect(self, fault: str) -> None:
        self.send_response(302)
        if fault != "to ":
            self.send_header("Location", fault.removeprefix("to "))
        self.end_headers()

    def page(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def reply(self, data: bytes, asked: str | None, fault: str) -> None:
        validators = {name: self.validator(name, data) for name in self.server.validators}
        known = ("", *validators.values())
        if self.server.honours_if_range and self.headers.get("If-Range", "") not in known:
            asked = None  # the file is not the one whose rest the client wants
        first = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        if asked and first >= len(data):
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{len(data)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if fault == "ignore range":
            asked, first = None, 0
        self.send_response(206 if asked else 200)
        if asked:
            shift = 1 if fault == "other part" else 0
            total = "*" if fault == "no total" else len(data)
            self.send_header("Content-Range", f"bytes {first + shift}-{len(data) - 1}/{total}")
        if fault == "huge":
            self.send_header("Content-Length", str(1 << 40))
        elif fault in ("too short", "too long"):
            self.send_header("Content-Length", str(len(data) - first + (9 if fault == "too long" else -9)))
        elif fault != "no length":
            self.send_header("Content-Length", str(len(data) - first))
        for name, value in validators.items():
            self.send_header(name, value)
        self.end_headers()
        body = data[first:]
        if fault == "drop":
            body = body[: len(body) // 2]
        elif fault == "garble":
            body = bytes(255 - byte for byte in body)
        self.wfile.write(body)

    @staticmethod
    def validator(name: str, data: bytes) -> str:
        """An ETag, or a date that differs if the content does."""
        digest = hashlib.sha256(data).hexdigest()
        if name == "ETag":
            return f'"{digest[:16]}"'
        return formatdate(int(digest[:7], 16), usegmt=True)


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Archive]:
    """Serve files by name while the block runs, and whatever proxy there is, without it."""
    server = Archive()
    server.files = files
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            patch.delenv(name, raising=False)
        yield server
    server.shutdown()
    server.server_close()
    thread.join()

"""The files of the page: HTML, scripts, style and icon."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import NamedTuple

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


class PageFile(NamedTuple):
    """A file of the page. Its etag changes with its content."""

    body: bytes
    type: str
    etag: str


def page_files() -> dict[str, PageFile]:
    """All files of the page by path, read once. Other paths are not served."""
    found = {}
    for entry in files(__package__).joinpath("static").iterdir():
        kind = _TYPES.get(entry.name.rpartition(".")[2])
        if kind is not None:
            body = entry.read_bytes()
            path = "/" if entry.name == "index.html" else f"/{entry.name}"
            found[path] = PageFile(body, kind, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
    return found

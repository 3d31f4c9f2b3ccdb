"""The page's own files: read once, served as they are, known by their hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

__all__ = ["File", "page_files"]

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True)
class File:
    """A file of the page: its bytes, their type, and a name for them that changes when they do."""

    body: bytes
    type: str
    tag: str


def page_files() -> dict[str, File]:
    """All files of the page by path: there is nothing else to be had, so no path leads elsewhere."""
    found = {}
    for entry in files(__package__).joinpath("static").iterdir():
        kind = _TYPES.get(entry.name.rpartition(".")[2])
        if kind is not None:
            body = entry.read_bytes()
            tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            found["/" if entry.name == "index.html" else f"/{entry.name}"] = File(body, kind, tag)
    return found

"""HTTP downloads that are retried after temporary failures, and resumed where they stopped.

`pooch` retries as well, but starts again from the first byte (version 1.9 sends no Range), and needs
`requests`.
"""

from __future__ import annotations

import http.client
import re
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from selfvec.base.errors import InputError, OptionError
from selfvec.base.targets import writing
from selfvec.base.versions import __version__

__all__ = ["LATER", "download", "download_page"]

LATER = "try again later"
MAX_PAGE = 16 << 20
MAX_FILE = 1 << 30

_CHUNK = 1 << 18
_LONGEST_PAUSE = 30.0
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_SCHEMES = ("http", "https")


class _Broken(Exception):
    """A temporary failure."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects to http and https only, and never from https to http."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        old = urllib.parse.urlsplit(req.full_url).scheme
        new = urllib.parse.urlsplit(newurl).scheme
        if new not in _SCHEMES or (old, new) == ("https", "http"):
            fp.close()
            raise InputError(f"it redirects to {newurl[:200]!r}, which is not followed", path=req.full_url)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(
    url: str,
    partial: Path,
    progress: Callable[[int, int], None] = lambda *_: None,  # bytes so far, final size
    *,
    retries: int = 5,  # in a row, for requests without progress
    timeout: float = 30,  # seconds without data
    pause: float = 1,  # seconds before the first retry, doubled each time up to half a minute
    largest: int = MAX_FILE,  # bytes
) -> None:
    """Append to ``partial`` until it has the size that the server reports.

    A failed download keeps the received bytes, and the next call continues after them. `InputError` if it
    fails.
    """
    most = _size(partial)
    failures = 0
    while True:
        try:
            return _continue(url, partial, progress, timeout, largest)
        except _Broken as error:
            failures = 1 if _size(partial) > most else failures + 1
            most = max(most, _size(partial))
            if failures > retries:
                rule = f"could not be fetched in {failures} tries: {error}"
                raise InputError(rule, path=url, remedy=f"{LATER}; the received part is kept") from error
        time.sleep(min(pause * 2 ** (failures - 1), _LONGEST_PAUSE))


def download_page(url: str, **options: Any) -> str:
    """A page of text, with the options of `download`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page")
        download(url, path, largest=MAX_PAGE, **options)
        return path.read_text(encoding="utf-8", errors="replace")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _continue(
    url: str, partial: Path, progress: Callable[[int, int], None], timeout: float, largest: int
) -> None:
    """One request for the missing bytes."""
    have = _size(partial)
    with _open(url, {"Range": f"bytes={have}-"} if have else {}, timeout) as response:
        first, total = _extent(response, have)
        if (first, total) == (have, have) and have:
            return  # the file is complete already
        if first not in (0, have):
            partial.unlink(missing_ok=True)
            raise _Broken("the server sends another part of the file than requested")
        if total > largest:
            raise InputError(f"the server announces {total:,} bytes, the limit is {largest:,}", path=url)
        done = first
        with writing(partial), partial.open("ab" if first else "wb") as file:
            while chunk := _received(response):
                file.write(chunk)
                done += len(chunk)
                progress(done, max(total, done))
                if done > largest:
                    raise InputError(f"the server sends more than the limit of {largest:,} bytes", path=url)
    if done < total:
        raise _Broken(f"the connection closed after {done:,} of {total:,} bytes")


def _open(url: str, headers: dict[str, str], timeout: float) -> Any:
    headers |= {"User-Agent": f"selfvec/{__version__}", "Accept-Encoding": "identity"}
    try:
        if urllib.parse.urlsplit(url).scheme not in _SCHEMES:
            raise ValueError("only http and https are fetched")
        opener = urllib.request.build_opener(_Redirects)
        return opener.open(urllib.request.Request(url, headers=headers), timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return error
        error.close()
        rule = f"the server answers {error.code} {error.reason}"
        if error.code in _PASSING:
            raise _Broken(rule) from error
        raise InputError(rule, path=url, remedy="check the address") from error
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(str(getattr(error, "reason", None) or error or type(error).__name__)) from error
    except InputError:
        raise
    except ValueError as error:
        raise OptionError(f"is not a valid address ({error})", path=url) from error


def _extent(response: Any, have: int) -> tuple[int, int]:
    """The offset of a response's first byte in the file, and the length of the file, 0 if unknown."""
    content = response.headers.get("Content-Range", "")
    if response.status == http.client.PARTIAL_CONTENT:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", content)
        return (int(match[1]), int(match[2])) if match else (-1, 0)
    if response.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
        return (have, have) if content == f"bytes */{have}" else (-1, 0)
    return 0, int(response.headers.get("Content-Length") or 0)  # the whole file, whatever was requested


def _received(response: Any) -> bytes:
    try:
        data: bytes = response.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(str(error) or type(error).__name__) from error
    return data

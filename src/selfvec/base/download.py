"""HTTP downloads that are retried after temporary failures, and resumed where they stopped.

While a file ``NAME`` is not complete, ``NAME.version`` next to it holds the ETag or the date that the server
gave it. The next request sends it back, so that parts of two versions are not joined.

No library does this for the servers of all public vectors: `pooch` (1.9) starts again from the first byte,
and `huggingface_hub` (2.4) resumes files of its own Hub. Neither limits what a server may send.
"""

from __future__ import annotations

import http.client
import re
import ssl
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from selfvec.base.errors import InputError, OptionError, TargetError
from selfvec.base.file_locks import lock
from selfvec.base.targets import writing
from selfvec.base.versions import __version__

__all__ = ["LATER", "announced_size", "download", "download_page"]

LATER = "try again later"
MAX_PAGE = 16 << 20
MAX_FILE = 1 << 30

_CHUNK = 1 << 18
_LONGEST_PAUSE = 30.0
_LONGEST_WAIT = 120.0  # seconds that a server may ask for; if it asks for more, the download fails
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_SCHEMES = ("http", "https")
_ELSEWHERE = "check the address, or name a mirror with --base-url"


class _Passing(Exception):
    """A temporary failure."""

    def __init__(self, rule: str, wait: float = 0.0) -> None:
        super().__init__(f"{rule} and asks to wait {wait:,.0f} s" if wait else rule)
        self.wait = wait  # seconds that the server asks to wait


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects to http and https only, and never from https to http."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        old = urllib.parse.urlsplit(req.full_url).scheme
        new = urllib.parse.urlsplit(newurl).scheme
        if new not in _SCHEMES or (old, new) == ("https", "http"):
            fp.close()
            rule = f"it redirects to {newurl[:200]!r}, which is not followed"
            raise InputError(rule, path=req.full_url, remedy=_ELSEWHERE)
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
    page: bool = False,  # whether a web page is expected
) -> None:
    """Append to ``partial`` until it has the size that the server reports. A complete file is left as it is.

    A failed download keeps the received bytes, and the next call continues after them, or starts again if the
    file has changed at the server meanwhile. If the server asks to wait (Retry-After), it waits up to two
    minutes.

    Raises
    ------
    InputError
        If the download fails, or is larger than ``largest``.
    TargetError
        If ``partial`` cannot be written or another process writes it.
    """
    most = _size(partial)
    failures = 0
    while True:
        try:
            if not _is_complete(partial):
                _continue(url, partial, progress, timeout, largest, page)
            return
        except _Passing as error:
            failures = 1 if _size(partial) > most else failures + 1
            most = max(most, _size(partial))
            if failures > retries or error.wait > _LONGEST_WAIT:
                rule = f"could not be fetched in {failures} tries: {error}"
                kept = "; the received part is kept" if _size(partial) else ""
                raise InputError(rule, path=url, remedy=LATER + kept) from error
            time.sleep(max(error.wait, min(pause * 2 ** (failures - 1), _LONGEST_PAUSE)))


def download_page(url: str, **options: Any) -> str:
    """A page of text, with the options of `download`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page")
        download(url, path, largest=MAX_PAGE, page=True, **options)
        return path.read_text(encoding="utf-8", errors="replace")


def announced_size(url: str, timeout: float = 10) -> int | None:
    """The length in bytes that a server announces for a file; None if it does not tell.

    The request is that of the download, because the signed addresses to which archives redirect may refuse
    HEAD. Nothing of the body is read.
    """
    with suppress(_Passing, InputError), _open(url, {}, timeout) as response:
        if response.headers.get_content_type() != "text/html":
            return _extent(response)[1] or None
    return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _beside(partial: Path) -> Path:
    """The file with the version of a received part."""
    return partial.with_name(f"{partial.name}.version")


def _is_complete(partial: Path) -> bool:
    return _size(partial) > 0 and not _beside(partial).exists()


def _received_version(partial: Path) -> str:
    """The version of a received part; empty if it is unknown."""
    with suppress(OSError, ValueError):
        return _beside(partial).read_text(encoding="ascii")
    return ""


def _discard(partial: Path) -> None:
    partial.unlink(missing_ok=True)
    _beside(partial).unlink(missing_ok=True)


def _version(response: Any) -> str:
    """What tells a version of the file from others: a strong ETag, or the time of its last change."""
    tag: str = response.headers.get("ETag", "W/")
    found: str = response.headers.get("Last-Modified", "") if tag.startswith("W/") else tag
    return found if found.isascii() and found.isprintable() else ""


def _continue(
    url: str,
    partial: Path,
    progress: Callable[[int, int], None],
    timeout: float,
    largest: int,
    page: bool,
) -> None:
    """One request for the missing bytes, or for all bytes if the version of the received part is unknown."""
    have = _size(partial)
    version = _received_version(partial)
    asked = {"Range": f"bytes={have}-", "If-Range": version} if have and version else {}
    with _open(url, asked, timeout) as response:
        first, total = _extent(response)
        if first and (first, _version(response)) != (have, version):
            _discard(partial)
            raise _Passing("the server sends a part that does not continue the received one")
        if total > largest:
            rule = f"the server announces {total:,} bytes, the limit is {largest:,}"
            raise InputError(rule, path=url, remedy=_ELSEWHERE)
        chunk = _received(response)
        if not page and first == 0 and _is_page(response, chunk):
            rule = "the server sends a web page instead of the file"
            raise InputError(rule, path=url, remedy=f"open it in a browser to see why; {_ELSEWHERE}")
        done = first
        with writing(partial), partial.open("ab") as file:
            _check_alone(file, partial, have)
            if first == 0:
                file.truncate(0)  # before the version: the bytes of an older one must not get it
                _beside(partial).write_text(_version(response), encoding="ascii")
            while chunk and done <= largest:
                done += file.write(chunk)
                progress(done, max(total, done))
                chunk = _received(response)
    if done > largest:
        _discard(partial)
        rule = f"the server sends more than the limit of {largest:,} bytes"
        raise InputError(rule, path=url, remedy=_ELSEWHERE)
    if done < total:
        raise _Passing(f"the connection closed after {done:,} of {total:,} bytes")
    _beside(partial).unlink()


def _check_alone(file: Any, partial: Path, have: int) -> None:
    """Lock the received part; `TargetError` if another process writes it."""
    alone = True
    with suppress(OSError):  # the file system has no locks
        alone = lock(file.fileno())
    if not alone or file.tell() != have:
        rule = "another process is downloading this"
        raise TargetError(rule, path=partial, remedy="wait for it")


def _is_page(response: Any, chunk: bytes) -> bool:
    """Whether the server sends HTML: a login, a notice, an error with status 200."""
    start = chunk[:256].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    is_html = response.headers.get_content_type() == "text/html" and start.startswith(b"<")
    return is_html or start.startswith((b"<!doctype html", b"<html"))


def _open(url: str, headers: dict[str, str], timeout: float) -> Any:
    """The response to a request; `_Passing` or `InputError` if there is none."""
    headers = headers | {"User-Agent": f"selfvec/{__version__}", "Accept-Encoding": "identity"}
    try:
        if urllib.parse.urlsplit(url).scheme not in _SCHEMES:
            raise ValueError("only http and https are fetched")
        request = urllib.request.Request(url, headers=headers)
        return urllib.request.build_opener(_Redirects).open(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return error
        error.close()
        at = (
            "" if error.url in (None, url) else f" at {error.url.partition('?')[0][:200]}, where it redirects"
        )
        rule = f"the server answers {error.code} {' '.join(error.reason.split())}{at}"
        if error.code in _PASSING:
            raise _Passing(rule, _number(error.headers.get("Retry-After"))) from error
        raise InputError(rule, path=url, remedy=_ELSEWHERE) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        rule = " ".join(str(reason).split()) or type(error).__name__
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise InputError(rule, path=url, remedy="check the clock and the network") from error
        raise _Passing(rule) from error
    except InputError:
        raise
    except ValueError as error:
        raise OptionError(f"is not a valid address ({error})", path=url) from error


def _number(header: str | None) -> int:
    """The whole number in a header, 0 if it is absent or something else."""
    return int(header) if header and re.fullmatch(r"\d{1,18}", header, re.ASCII) else 0


def _extent(response: Any) -> tuple[int, int]:
    """The offset of a response's first byte in the file (-1 if it has none), and the file's length or 0."""
    if response.status == http.client.OK:
        return 0, _number(response.headers.get("Content-Length"))  # the whole file, whatever was requested
    content = response.headers.get("Content-Range", "")
    found = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/.*", content, re.ASCII)
    return (int(found[1]), int(found[2]) + 1) if found else (-1, 0)


def _received(response: Any) -> bytes:
    try:
        data: bytes = response.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _Passing(str(error) or type(error).__name__) from error
    return data

"""HTTP downloads that are retried after temporary failures, and go on where the connection broke.

No library does this for the servers of all public vectors: `pooch` (1.9) starts again from the first byte and
brings `requests` with it, `huggingface_hub` (2.4) fetches files of its own Hub. Neither limits what a server
may send.
"""

from __future__ import annotations

import http.client
import io
import re
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any, BinaryIO

from selfvec.base.errors import InputError, OptionError
from selfvec.base.installed import __version__

LATER = "try again later"
MAX_PAGE = 16 << 20  # bytes
MAX_FILE = 1 << 30  # bytes, where nothing says how many there are

_CHUNK = 1 << 18  # bytes between two signs of progress
_LONGEST_PAUSE = 30.0  # seconds between two attempts
_LONGEST_WAIT = 120.0  # seconds that a server may ask for; if it asks for more, the download fails
_PASSING = (408, 425, 429, 500, 502, 503, 504)  # answers of a server that may differ a moment later
_SCHEMES = ("http", "https")
_ELSEWHERE = "check the address, or name a mirror with --base-url"


class _Passing(Exception):
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
    file: BinaryIO,  # empty; its owner deletes it if the download fails
    progress: Callable[[int, int], None] = lambda *_: None,  # bytes so far, final size
    *,
    retries: int = 5,  # in a row, for requests without progress
    timeout: float = 30,  # seconds without data
    pause: float = 1,  # seconds before the first retry, doubled each time up to half a minute
    largest: int = MAX_FILE,  # bytes
    page: bool = False,  # whether a web page is expected
) -> None:
    """Write what a server sends to ``file``, until it has the size that the server reports.

    After a broken connection only the missing bytes are requested, or all if the file has changed at the
    server meanwhile. If the server asks to wait (Retry-After), it waits up to two minutes. `InputError` if
    the download fails, or is larger than ``largest``.
    """
    version = ""  # of the bytes in the file
    most = failures = 0
    while True:
        have = file.tell()
        asked = {"Range": f"bytes={have}-", "If-Range": version} if have and version else {}
        try:
            with _open(url, asked, timeout) as response:
                first, total = _extent(response)
                continues = (first, _version(response)) == (have, version)
                file.seek(first if continues else 0)
                file.truncate()
                if first and not continues:
                    raise _Passing("the server sends a part that does not continue the received one")
                version = _version(response)
                chunk = _received(response)
                if not (page or first) and _is_page(response, chunk):
                    rule = "the server sends a web page instead of the file"
                    raise InputError(rule, path=url, remedy=f"open it in a browser to see why; {_ELSEWHERE}")
                while chunk and max(file.tell(), total) <= largest:
                    file.write(chunk)
                    progress(file.tell(), max(total, file.tell()))
                    chunk = _received(response)
            if max(file.tell(), total) > largest:
                raise InputError(f"is larger than {largest:,} bytes, the limit", path=url, remedy=_ELSEWHERE)
            if file.tell() < total:
                raise _Passing(f"the connection closed after {file.tell():,} of {total:,} bytes")
            return
        except _Passing as error:
            failures = 1 if file.tell() > most else failures + 1
            most = max(most, file.tell())
            if failures > retries or error.wait > _LONGEST_WAIT:
                rule = f"could not be fetched in {failures} tries: {error}"
                raise InputError(rule, path=url, remedy=LATER) from error
            time.sleep(max(error.wait, min(pause * 2 ** (failures - 1), _LONGEST_PAUSE)))


def download_page(url: str, **options: Any) -> str:
    content = io.BytesIO()
    download(url, content, largest=MAX_PAGE, page=True, **options)
    return content.getvalue().decode("utf-8", errors="replace")


def _version(response: Any) -> str:
    """What tells a version of the file from others: a strong ETag, or the time of its last change."""
    tag: str = response.headers.get("ETag", "W/")
    version: str = response.headers.get("Last-Modified", "") if tag.startswith("W/") else tag
    return version if version.isascii() and version.isprintable() else ""


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
    span = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/.*", content, re.ASCII)
    return (int(span[1]), int(span[2]) + 1) if span else (-1, 0)


def _received(response: Any) -> bytes:
    try:
        data: bytes = response.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _Passing(str(error) or type(error).__name__) from error
    return data

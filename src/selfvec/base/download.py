"""HTTP downloads that are retried after temporary failures, and resumed where they stopped.

``NAME.json`` next to the received part ``NAME`` describes the file as the server announced it: its length and
its ETag or date. The next request sends these back, so that parts of two versions are not joined.

`pooch` retries as well, but starts again from the first byte (version 1.9 sends no Range), and needs
`requests`.
"""

from __future__ import annotations

import http.client
import json
import re
import ssl
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from selfvec.base.errors import InputError, OptionError, TargetError
from selfvec.base.file_locks import lock
from selfvec.base.targets import writing
from selfvec.base.versions import __version__

__all__ = ["LATER", "announced_size", "discard_partial", "download", "download_page"]

LATER = "try again later"
MAX_PAGE = 16 << 20
MAX_FILE = 1 << 30

_CHUNK = 1 << 18
_LONGEST_PAUSE = 30.0
_LONGEST_WAIT = 120.0  # seconds that a server may ask for; if it asks for more, the download fails
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_SCHEMES = ("http", "https")
_ELSEWHERE = "check the address, or name a mirror with --base-url"
_VALIDATORS = ("ETag", "Last-Modified")  # the first one that a server sends is used


class _Broken(Exception):
    """A temporary failure."""

    def __init__(self, rule: str, wait: float = 0.0) -> None:
        super().__init__(rule)
        self.wait = wait  # seconds that the server asks to wait


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects to http and https only, and never from https to http. HEAD stays HEAD."""

    inf_msg = "it redirects in a circle: "

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        old = urllib.parse.urlsplit(req.full_url).scheme
        new = urllib.parse.urlsplit(newurl).scheme
        if new not in _SCHEMES or (old, new) == ("https", "http"):
            fp.close()
            rule = f"it redirects to {newurl[:200]!r}, which is not followed"
            raise InputError(rule, path=req.full_url, remedy=_ELSEWHERE)
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None:
            request.method = req.get_method()
        return request


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
    """Append to ``partial`` until it has the size that the server reports.

    A failed download keeps the received bytes, and the next call continues after them, or starts again if the
    file has changed at the server meanwhile. If the server asks to wait (Retry-After), it waits up to two
    minutes. `InputError` if the download fails, `TargetError` if ``partial`` cannot be written or another
    process writes it.
    """
    most = _size(partial)
    failures = 0
    while True:
        try:
            _continue(url, partial, progress, timeout, largest, page)
            _beside(partial).unlink(missing_ok=True)
            return
        except _Broken as error:
            failures = 1 if _size(partial) > most else failures + 1
            most = max(most, _size(partial))
            kept = "; the received part is kept" if _size(partial) else ""
            if error.wait > _LONGEST_WAIT:
                rule = f"{error} and asks to wait {error.wait:,.0f} s"
                raise InputError(rule, path=url, remedy=f"try again after that{kept}") from error
            if failures > retries:
                rule = f"could not be fetched in {failures} tries: {error}"
                raise InputError(rule, path=url, remedy=LATER + kept) from error
            time.sleep(max(error.wait, min(pause * 2 ** (failures - 1), _LONGEST_PAUSE)))


def discard_partial(partial: Path) -> None:
    """Remove a received part, which `download` would continue."""
    partial.unlink(missing_ok=True)
    _beside(partial).unlink(missing_ok=True)


def download_page(url: str, **options: Any) -> str:
    """A page of text, with the options of `download`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "page")
        download(url, path, largest=MAX_PAGE, page=True, **options)
        return path.read_text(encoding="utf-8", errors="replace")


def announced_size(url: str, timeout: float = 10) -> int | None:
    """The length in bytes that a server announces for a file; None if it does not tell.

    Signed addresses, to which archives redirect, may refuse HEAD; there the first byte is asked for.
    """
    for method, headers in (("HEAD", {}), ("GET", {"Range": "bytes=0-0"})):
        with suppress(_Broken, InputError), _open(url, headers, timeout, method) as response:
            first, total = _extent(response, 0)
            if first == 0 and total and response.headers.get_content_type() != "text/html":
                return total
    return None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _beside(partial: Path) -> Path:
    """The description of the file: what the server announced."""
    return partial.with_name(f"{partial.name}.json")


def _announced(partial: Path) -> dict[str, Any]:
    """What the server announced about the file whose first bytes were received."""
    try:
        announced = json.loads(_beside(partial).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return announced if isinstance(announced, dict) else {}


def _facts(response: Any, total: int) -> dict[str, Any]:
    """What a response announces about the whole file."""
    found = {name: response.headers[name] for name in _VALIDATORS if response.headers[name]}
    return {"bytes": total, **found} if total else found


def _continue(
    url: str,
    partial: Path,
    progress: Callable[[int, int], None],
    timeout: float,
    largest: int,
    page: bool,
) -> None:
    """One request for the missing bytes."""
    have = _size(partial)
    announced = _announced(partial) if have else {}
    with _open(url, _range(have, announced), timeout) as response:
        first, total = _extent(response, have)
        facts = _facts(response, total)
        if first and any(announced.get(name, value) != value for name, value in facts.items()):
            first = -1
        if first not in (0, have):
            discard_partial(partial)
            raise _Broken("the server sends a part that does not continue the received one")
        if have and (first, total) == (have, have):
            return  # the file is complete already
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
                file.truncate(0)  # before the description: the bytes of an older version must not get it
                _beside(partial).write_text(json.dumps(facts), encoding="utf-8")
            while chunk:
                done += len(chunk)
                if done > largest:
                    break
                file.write(chunk)
                progress(done, max(total, done))
                chunk = _received(response)
    if done > largest:
        discard_partial(partial)
        rule = f"the server sends more than the limit of {largest:,} bytes"
        raise InputError(rule, path=url, remedy=_ELSEWHERE)
    if done < total:
        raise _Broken(f"the connection closed after {done:,} of {total:,} bytes")


def _range(have: int, announced: Mapping[str, Any]) -> dict[str, str]:
    """The headers that ask for the bytes after the first ``have``, or for all if the file has changed."""
    if not have:
        return {}
    strong = [
        announced[name]
        for name in _VALIDATORS
        if name in announced and not str(announced[name]).startswith("W/")
    ]
    return {"Range": f"bytes={have}-"} | ({"If-Range": str(strong[0])} if strong else {})


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


def _open(url: str, headers: dict[str, str], timeout: float, method: str = "GET") -> Any:
    headers |= {"User-Agent": f"selfvec/{__version__}", "Accept-Encoding": "identity"}
    try:
        if urllib.parse.urlsplit(url).scheme not in _SCHEMES:
            raise ValueError("only http and https are fetched")
        opener = urllib.request.build_opener(_Redirects)
        return opener.open(urllib.request.Request(url, headers=headers, method=method), timeout=timeout)
    except urllib.error.HTTPError as error:
        if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            return error
        error.close()
        rule = _refusal(url, error)
        if error.code in _PASSING:
            raise _Broken(rule, _asked_wait(error.headers.get("Retry-After", ""))) from error
        raise InputError(rule, path=url, remedy=_ELSEWHERE) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        rule = " ".join(str(reason).split()) or type(error).__name__
        if isinstance(reason, ssl.SSLCertVerificationError):
            raise InputError(rule, path=url, remedy="check the clock and the network") from error
        raise _Broken(rule) from error
    except InputError:
        raise
    except ValueError as error:
        raise OptionError(f"is not a valid address ({error})", path=url) from error


def _refusal(url: str, error: urllib.error.HTTPError) -> str:
    """The rule of an error for a status of refusal."""
    if error.reason.startswith(_Redirects.inf_msg):
        return "the server redirects in a circle"
    where = "" if error.url in (None, url) else f" at {error.url.partition('?')[0][:200]}, where it redirects"
    return f"the server answers {error.code} {error.reason}{where}"


def _asked_wait(value: str) -> float:
    """The seconds of a header Retry-After, which holds seconds or a date; 0 without one.

    >>> _asked_wait("7"), _asked_wait("Wed, 21 Oct 2015 07:28:00 GMT"), _asked_wait("soon")
    (7.0, 0.0, 0.0)
    """
    if re.fullmatch(r"\d{1,9}", value.strip(), re.ASCII):
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _length(response: Any) -> int:
    """The header Content-Length, 0 without one."""
    value = response.headers.get("Content-Length", "").strip()
    return int(value) if re.fullmatch(r"\d{1,18}", value, re.ASCII) else 0


def _extent(response: Any, have: int) -> tuple[int, int]:
    """The offset of a response's first byte in the file, and the length of the file, 0 if unknown."""
    content = response.headers.get("Content-Range", "")
    if response.status == http.client.PARTIAL_CONTENT:
        match = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", content.strip(), re.ASCII)
        if match is None:
            return -1, 0
        return int(match[1]), int(match[2]) + 1 if match[3] == "*" else int(match[3])
    if response.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
        return (have, have) if content == f"bytes */{have}" else (-1, 0)
    return 0, _length(response)  # the whole file, whatever was requested


def _received(response: Any) -> bytes:
    try:
        data: bytes = response.read(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(str(error) or type(error).__name__) from error
    return data

"""HTTP downloads that are retried after temporary failures, and resumed where they stopped.

`pooch` retries as well, but starts again from the first byte (version 1.9 sends no Range), and needs
`requests`.
"""

from __future__ import annotations

import http.client
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from selfvec.base.errors import InputError, OptionError
from selfvec.base.files import writing
from selfvec.base.version import __version__

__all__ = ["LATER", "Client"]

T = TypeVar("T")

MAX_PAGE = 16 << 20
MAX_FILE = 1 << 30
"""The largest file accepted; a year of events has about 15 MB."""

LATER = "try again later"
_CHUNK = 1 << 18
_LONGEST_PAUSE = 30.0
_PASSING = (408, 425, 429, 500, 502, 503, 504)
_SCHEMES = ("http", "https")


class _Broken(Exception):
    """A temporary failure."""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follow redirects to http and https only, and never from https to http."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        old, new = urllib.parse.urlsplit(req.full_url).scheme, urllib.parse.urlsplit(newurl).scheme
        if new not in _SCHEMES or (old, new) == ("https", "http"):
            fp.close()
            raise InputError(f"it redirects to {newurl[:200]!r}, which is not followed", path=req.full_url)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass
class Client:
    """Download pages and files, with ``retries`` in a row for requests without progress.

    Times are in seconds. ``pause`` doubles with each retry, up to half a minute.
    """

    retries: int = 5
    timeout: float = 30
    pause: float = 1
    opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(_Redirects)
    )

    def page(self, url: str) -> str:
        """A page of text; `InputError` if it cannot be downloaded or is too long."""

        def once() -> str:
            with self._open(url) as response:
                data = _received(response, MAX_PAGE + 1)
                if len(data) < min(_extent(response, 0)[1], MAX_PAGE):
                    raise _Broken(f"the connection closed after {len(data):,} bytes")
            if len(data) > MAX_PAGE:
                raise InputError(f"the page is longer than {MAX_PAGE >> 20} MiB", path=url)
            return data.decode("utf-8", "replace")

        return self._repeatedly(url, once, lambda: 0)

    def file(self, url: str, partial: Path, progress: Callable[[int, int], None]) -> None:
        """Append to ``partial`` until it has the size that the server reports.

        A failed download keeps what has arrived. ``progress`` gets the bytes so far and the final size.
        """

        def size() -> int:
            return partial.stat().st_size if partial.exists() else 0

        self._repeatedly(url, lambda: self._continue(url, partial, size(), progress), size)

    def _repeatedly(self, url: str, once: Callable[[], T], size: Callable[[], int]) -> T:
        most, failures = size(), 0
        while True:
            try:
                return once()
            except _Broken as error:
                failures = 1 if size() > most else failures + 1
                most = max(most, size())
                if failures > self.retries:
                    rule = f"could not be fetched in {failures} tries: {error}"
                    raise InputError(rule, path=url, remedy=f"{LATER}; what has arrived is kept") from error
            time.sleep(min(self.pause * 2 ** (failures - 1), _LONGEST_PAUSE))

    def _open(self, url: str, **headers: str) -> Any:
        headers |= {"User-Agent": f"selfvec/{__version__}", "Accept-Encoding": "identity"}
        try:
            if urllib.parse.urlsplit(url).scheme not in _SCHEMES:
                raise ValueError("only http and https are fetched")
            return self.opener.open(urllib.request.Request(url, headers=headers), timeout=self.timeout)
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
            raise OptionError(f"is no address to fetch from ({error})", path=url) from error

    def _continue(self, url: str, partial: Path, have: int, progress: Callable[[int, int], None]) -> None:
        """One request for the missing bytes."""
        with self._open(url, **({"Range": f"bytes={have}-"} if have else {})) as response:
            first, total = _extent(response, have)
            if (first, total) == (have, have) and have:
                return  # it was complete already
            if first not in (0, have):
                partial.unlink(missing_ok=True)
                raise _Broken("the server sends another part than the one asked for")
            if total > MAX_FILE:
                raise InputError(f"{total:,} bytes are announced, at most {MAX_FILE:,} are taken", path=url)
            done = first
            with writing(partial), partial.open("ab" if first else "wb") as file:
                while chunk := _received(response, _CHUNK):
                    file.write(chunk)
                    done += len(chunk)
                    progress(done, max(total, done))
                    if done > MAX_FILE:
                        raise InputError(f"at most {MAX_FILE:,} bytes are taken, more are sent", path=url)
        if done < total:
            raise _Broken(f"the connection closed after {done:,} of {total:,} bytes")


def _extent(response: Any, have: int) -> tuple[int, int]:
    """The place of a response's first byte in the file, and the length of the file, 0 if unknown."""
    content = response.headers.get("Content-Range", "")
    if response.status == http.client.PARTIAL_CONTENT:
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", content)
        return (int(match[1]), int(match[2])) if match else (-1, 0)
    if response.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
        return (have, have) if content == f"bytes */{have}" else (-1, 0)
    return 0, int(response.headers.get("Content-Length") or 0)  # the whole file, whatever was asked for


def _received(response: Any, size: int) -> bytes:
    try:
        data: bytes = response.read(size)
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(str(error) or type(error).__name__) from error
    return data

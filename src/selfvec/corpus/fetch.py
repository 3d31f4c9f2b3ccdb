"""Download NOAA Storm Events.

A file gets its name only when it is complete and its gzip checksum is correct. A manifest next to the files
records the address and SHA-256 of each, so that a second run downloads only what is missing or changed.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selfvec.base.errors import InputError, OptionError, TargetError
from selfvec.base.files import atomic_file, sha256, writing

from .download import LATER, Client

__all__ = ["NOAA_URL", "fetch_noaa", "parse_years"]

NOAA_URL = "https://www.ncei.noaa.gov/pub/data/swdi/stormevents/csvfiles/"
FIRST_YEAR = 1950
MANIFEST = "manifest.json"
MAX_MANIFEST = 1 << 20

_NAME = re.compile(r"StormEvents_details-ftp_v1\.0_d(\d{4})_c(\d{8})\.csv\.gz", re.ASCII)


def parse_years(text: str) -> tuple[int, int]:
    """First and last year of ``2020-2023`` or ``2020``.

    >>> parse_years("2020-2023"), parse_years("1996")
    ((2020, 2023), (1996, 1996))
    """
    match = re.fullmatch(r"\s*(\d{4})\s*(?:-\s*(\d{4}))?\s*", text, re.ASCII)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not FIRST_YEAR <= first <= last:
        raise OptionError(
            f"years are one, or first-last, from {FIRST_YEAR} on; this is {text!r}",
            field="years",
            remedy="give for example --years 2020-2023",
        )
    return first, last


def fetch_noaa(
    years: tuple[int, int],  # first, last
    out: Path,
    *,
    base_url: str = NOAA_URL,
    # file name, bytes so far, final size (0 if unknown)
    progress: Callable[[str, int, int], None] = lambda *_: None,
    retries: int = 5,
    timeout: float = 30,  # seconds without data
    pause: float = 1,  # seconds before the first retry, doubled each time
) -> list[Path]:
    """Download the newest edition of each year's "details" file into ``out``, with a ``manifest.json``.

    Returns one file per year, in order. Replaced editions are removed. The next call resumes partial files.
    """
    client = Client(retries, timeout, pause)
    base_url = base_url.rstrip("/") + "/"
    names = _choose(client.page(base_url), years, base_url)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    manifest = _Manifest.read(out)
    for name in names:
        target = out / name
        if not manifest.holds(name):
            _fetch(client, base_url + name, target, progress)
            manifest.add(name, base_url + name)
        manifest.retire_others(name)
    return [out / name for name in names]


def _choose(index: str, years: tuple[int, int], base_url: str) -> list[str]:
    """The newest file of each year, by the names in the archive's index."""
    newest: dict[int, str] = {}
    for match in sorted(_NAME.finditer(index), key=lambda match: match[2]):
        newest[int(match[1])] = match[0]
    if not newest:
        raise InputError(
            "there are no Storm Events files in this folder", path=base_url, remedy="check the address"
        )
    wanted = range(years[0], years[1] + 1)
    if missing := [str(year) for year in wanted if year not in newest]:
        raise InputError(
            f"the archive has no file for {', '.join(missing)}",
            path=base_url,
            remedy=f"it has the years {min(newest)} to {max(newest)}",
        )
    return [newest[year] for year in wanted]


def _fetch(client: Client, url: str, target: Path, progress: Callable[[str, int, int], None]) -> None:
    """Download one file, or leave a partial file to be resumed."""
    partial = target.with_name(f".{target.name}.partial")
    for _ in range(2):  # a partial file may be damaged: then again from the first byte
        client.file(url, partial, lambda done, total: progress(target.name, done, total))
        with writing(target):
            fault = _gzip_fault(partial)
            if fault is None:
                partial.replace(target)
                return
            partial.unlink()
    raise InputError(f"what was sent is no sound gzip file ({fault})", path=url, remedy=LATER)


def _gzip_fault(path: Path) -> str | None:
    try:
        with gzip.open(path) as file:
            while file.read(1 << 20):
                pass
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        return str(error)
    return None


@dataclass
class _Manifest:
    """The files downloaded into a folder, with the address, length and SHA-256 of each."""

    folder: Path
    files: dict[str, dict[str, Any]]

    @classmethod
    def read(cls, folder: Path) -> _Manifest:
        path = folder / MANIFEST
        if not path.exists():
            return cls(folder, {})
        try:
            if path.stat().st_size > MAX_MANIFEST:
                raise ValueError
            files = json.loads(path.read_bytes())["files"]
            for entry in files.values():
                entry["sha256"], entry["bytes"], entry["url"]
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            raise TargetError(
                "is no manifest of fetched files", path=path, remedy="choose another folder or remove it"
            ) from error
        return cls(folder, files)

    def holds(self, name: str) -> bool:
        """Whether the file is present and unchanged."""
        path, entry = self.folder / name, self.files.get(name)
        if entry is None or not path.is_file():
            return False
        with writing(path):
            return bool(path.stat().st_size == entry["bytes"] and sha256(path) == entry["sha256"])

    def add(self, name: str, url: str) -> None:
        path = self.folder / name
        with writing(path):
            self.files[name] = {"url": url, "bytes": path.stat().st_size, "sha256": sha256(path)}
        self._write()

    def retire_others(self, name: str) -> None:
        """Remove other editions of the same year, if they are unchanged."""
        year = _NAME.fullmatch(name)[1]  # type: ignore[index]
        for other in list(self.files):
            match = _NAME.fullmatch(other)
            if match and match[1] == year and other != name and self.holds(other):
                with writing(self.folder / other):
                    (self.folder / other).unlink()
                del self.files[other]
                self._write()

    def _write(self) -> None:
        with atomic_file(self.folder / MANIFEST) as path:
            text = json.dumps({"files": dict(sorted(self.files.items()))}, indent=1)
            path.write_text(text + "\n", encoding="utf-8")

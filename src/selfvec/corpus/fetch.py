"""Download NOAA Storm Events as plain rows: a narrative is a document, with the fields of its event.

NOAA's own tables repeat the narrative of an episode with each of its events, and divide dates into two
columns. Here they become JSON Lines that need no rules of their own to be read. A file gets its name, which
tells its edition, only when its source was complete and its gzip checksum correct. So a second run downloads
only what is missing.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from selfvec.base.errors import InputError, OptionError, TargetError
from selfvec.base.progress import shown_bytes
from selfvec.files.atomic_files import atomic_file, writing
from selfvec.files.download import LATER, download, download_page

NOAA_URL = "https://www.ncei.noaa.gov/pub/data/swdi/stormevents/csvfiles/"
FIRST_YEAR = 1950

_NAME = re.compile(r"StormEvents_details-ftp_v1\.0_(d(\d{4})_c(\d{8}))\.csv\.gz", re.ASCII)
_OWN_NAME = "StormEvents_{}.jsonl.gz"
_NARRATIVES = {"EPISODE_NARRATIVE": ":episode", "EVENT_NARRATIVE": ""}  # and what is added to the event's id


def parse_years(text: str) -> tuple[int, int]:
    """First and last year of ``2020-2023`` or ``2020``.

    >>> parse_years("2020-2023"), parse_years("1996")
    ((2020, 2023), (1996, 1996))
    """
    match = re.fullmatch(r"\s*(\d{4})\s*(?:-\s*(\d{4}))?\s*", text, re.ASCII)
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not FIRST_YEAR <= first <= last:
        rule = f"years are one, or first-last, from {FIRST_YEAR} on; this is {text!r}"
        remedy = "give for example --years 2020-2023"
        raise OptionError(rule, field="years", remedy=remedy)
    return first, last


def fetch_noaa(
    years: tuple[int, int],  # first, last
    out: Path,
    *,
    base_url: str = NOAA_URL,
    overwrite: bool = False,
    **options: Any,  # of `download`
) -> list[Path]:
    """Download the newest edition of each year's "details" into ``out``, unless it is there.

    Returns one file per year, in order. `TargetError` if another edition of a year is there; with
    ``overwrite`` it is replaced, and what is there is downloaded again.
    """
    base_url = base_url.rstrip("/") + "/"
    editions = _choose(download_page(base_url, **options), years, base_url)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    of_years = [path for name in editions for path in sorted(out.glob(f"{name.partition('_c')[0]}_c*"))]
    others = [path for path in of_years if path.name not in editions]
    if others and not overwrite:
        rule = "is another edition of a year that is fetched"
        raise TargetError(rule, path=others[0], remedy="remove it, or replace it with --overwrite")
    for name, source in editions.items():
        if overwrite or not (out / name).exists():
            _fetch(base_url + source, out / name, options)
    for other in others:
        with writing(other):
            other.unlink()
    return [out / name for name in editions]


def _choose(index: str, years: tuple[int, int], base_url: str) -> dict[str, str]:
    """The newest file of each year in the archive's index, by the name of what is made of it."""
    newest: dict[int, tuple[str, str]] = {}
    for match in sorted(_NAME.finditer(index), key=lambda match: match[3]):
        newest[int(match[2])] = _OWN_NAME.format(match[1]), match[0]
    if not newest:
        raise InputError(
            "there are no Storm Events files in this folder", path=base_url, remedy="check the address"
        )
    wanted = range(years[0], years[1] + 1)
    if missing := [str(year) for year in wanted if year not in newest]:
        rule = f"the archive has no file for {', '.join(missing)}"
        remedy = f"it has the years {min(newest)} to {max(newest)}"
        raise InputError(rule, path=base_url, remedy=remedy)
    return dict(newest[year] for year in wanted)


def _fetch(url: str, target: Path, options: dict[str, Any]) -> None:
    with atomic_file(target, overwrite=True) as temporary, TemporaryFile(dir=target.parent) as packed:
        with shown_bytes(target.name) as progress:
            download(url, packed, progress, **options)
        try:
            # Without a time in the header, the same rows have the same checksum.
            with temporary.open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as out:
                out.writelines(json.dumps(row).encode() + b"\n" for row in _rows(packed))
        except (EOFError, gzip.BadGzipFile, zlib.error, csv.Error, KeyError) as error:
            raise InputError(f"the server sent a damaged file ({error})", path=url, remedy=LATER) from error


def _rows(packed: BinaryIO) -> Iterator[dict[str, str]]:
    packed.seek(0)
    told: set[str] = set()
    with gzip.open(packed, "rt", encoding="utf-8", errors="replace", newline="") as lines:
        for event in csv.DictReader(lines, restval=""):
            about = {
                name: value for name, value in event.items() if name and value and name not in _NARRATIVES
            }
            for column, suffix in _NARRATIVES.items():
                text = event[column].strip()
                if text and (plain := " ".join(text.split())) not in told:
                    told.add(plain)
                    yield {"id": f"{event['EVENT_ID']}{suffix}", "date": _date(event), "text": text, **about}


def _date(event: Mapping[str, str]) -> str:
    month = event["BEGIN_YEARMONTH"]
    return f"{month[:4]}-{month[4:]}-{event['BEGIN_DAY']:0>2}"

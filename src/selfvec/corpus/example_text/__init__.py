"""Storm reports of a country that does not exist: a small dated text of our own, with planted changes.

The sentences and word lists are in the TOML files of this folder. A slot ``{road}`` is an entry of a list,
``{20-90}`` a number, ``(a|b)`` one of the alternatives. All choices come from ``random.random``: Python
guarantees its sequence for a seed, so the bytes of the file are the same on every platform.
"""

from __future__ import annotations

import json
import os
import random
import re
import tomllib
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from selfvec.base.declarations import Natural, checked
from selfvec.base.errors import TargetError
from selfvec.files.atomic_files import atomic_file

_DOCUMENTS = 2000
_YEARS = range(2000, 2020)
_CHANGED = ("drone", "mast", "panel", "stream")
_REPLACED = ("fax", "email")  # the second replaces the first in the same sentences
_NEW = "derecho"  # a new word for a gale
_SYNONYMS = {"fog": "haar", "flood": "spate", "hail": "graupel"}  # a report has one of the two
_LEVELS = (0.03, 0.8)  # shares of the new use of a word before and after its change
_CHANGE = (2008, 2012)  # the years between which it grows
_WITH_SYNONYMS = 0.6  # of the reports
_MISSPELT = 0.003  # of the long words
_SLOT = re.compile(r"\{(?:(\d+)-(\d+)|(\w+))\}|\(([^()]*)\)")
_LONG = re.compile(r"[a-z]{6,}")

T = TypeVar("T")
Report = dict[str, str]


@checked
def example(path: str | os.PathLike[str], overwrite: bool = False, seed: Natural = 0) -> Path:
    """Write a small text to try things on: 2,000 made-up storm reports.

    They cover twenty years, one JSON object per line. Each has the fields ``id``, ``title``, ``text``,
    ``date``, ``region`` and ``kind``. The country does not exist; a program has written the reports.
    Changes are planted in them: *drone*, *mast*, *panel* and *stream* get a new sense around 2010,
    *email* replaces *fax*, *derecho* is new, and some reporters write *haar*, *spate* and *graupel* for
    *fog*, *flood* and *hail*.

    Parameters
    ----------
    path : path
        The file to write.
    overwrite : bool
    seed : int, at least 0
        Seed of all random choices. Another seed gives other reports of the same kind.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    TargetError
        If the file exists, cannot be written or does not end in ``.jsonl``.

    Examples
    --------
    >>> import selfvec, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     selfvec.example(f"{folder}/storms.jsonl").stat().st_size > 500_000
    True
    """
    if Path(path).suffix != ".jsonl":
        raise TargetError("the example is one JSON object a line", path=path, remedy="name a file.jsonl")
    with atomic_file(path, overwrite=overwrite) as temporary:
        lines = [json.dumps(report, ensure_ascii=False) + "\n" for report in reports(seed)]
        temporary.write_bytes("".join(lines).encode("utf-8"))
    return Path(path)


def planted() -> dict[str, Any]:
    """The planted changes: words with a new sense, a replaced word, a new word, synonyms."""
    return {
        "documents": _DOCUMENTS, "first_year": _YEARS[0], "last_year": _YEARS[-1],
        "year_of_change": sum(_CHANGE) // 2, "changed": list(_CHANGED), "replaced": list(_REPLACED),
        "new": _NEW, "synonyms": dict(_SYNONYMS),
    }  # fmt: skip


@cache
def reports(seed: int = 0) -> list[Report]:
    draw = _Draw(seed)
    made = sorted((_report(draw) for _ in range(_DOCUMENTS)), key=lambda report: report["date"])
    return [{"id": f"r{number:04}", **report} for number, report in enumerate(made, 1)]


@cache
def _grammar(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8"))


class _Draw:
    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed).random

    def chance(self, p: float) -> bool:
        return self._random() < p

    def number(self, low: int, high: int) -> int:
        """An integer from ``low`` to ``high``, both included."""
        return low + int(self._random() * (high - low + 1))

    def one(self, items: Sequence[T]) -> T:
        return items[self.number(0, len(items) - 1)]

    def weighted(self, items: Sequence[T], weights: Sequence[float]) -> T:
        left = self._random() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            left -= weight
            if left < 0:
                return item
        return items[-1]

    def skewed(self, items: Sequence[T]) -> T:
        """An item; the first ones are drawn most often, as in the word frequencies of a language."""
        return self.weighted(items, [1 / (rank + 1.5) for rank in range(len(items))])

    def some(self, items: Sequence[T], number: int) -> list[T]:
        rest = list(items)
        return [rest.pop(self.number(0, len(rest) - 1)) for _ in range(number)]


def _report(draw: _Draw) -> Report:
    regions = _grammar("places")
    kinds = _grammar("kinds")
    kind = draw.weighted(list(kinds), [each["weight"] for each in kinds.values()])
    rules = kinds[kind]
    weights = [each["weight"] * (1 + 2 * rules["regions"].count(name)) for name, each in regions.items()]
    region = draw.weighted(list(regions), weights)
    day = _day(draw, rules["months"])
    fixed = _fixed(draw, regions[region], day)
    sentences = [draw.one(rules["opening"]), *_others(draw, rules["detail"], day)]
    text = " ".join(f"{_sentence(draw, one, fixed)}." for one in sentences)
    title = _sentence(draw, draw.one(rules["titles"]), fixed)
    text = _LONG.sub(lambda word: _misspelt(draw, word[0]), text)
    return {"title": title, "text": text, "date": day.isoformat(), "region": region, "kind": kind}


def _day(draw: _Draw, months: list[int]) -> date:
    year = draw.one(_YEARS)
    if draw.chance(0.8):
        return date(year, draw.one(months), draw.number(1, 28))
    return date(year, 1, 1) + timedelta(days=draw.number(0, 364))


def _fixed(draw: _Draw, region: dict[str, Any], day: date) -> dict[str, str]:
    place = draw.skewed(region["towns"])
    other = draw.skewed([town for town in region["towns"] if town != place])
    fixed = {"place": place, "other": other, "river": draw.skewed(region["rivers"])}
    fixed |= {"site": draw.skewed(region["sites"]), "channel": _REPLACED[_is_new(draw, day)]}
    if draw.chance(_WITH_SYNONYMS):
        fixed |= _SYNONYMS
    if draw.chance(0.5) and day.year > _CHANGE[0] + 2:
        fixed["gale"] = _NEW
    return fixed


def _others(draw: _Draw, details: list[str], day: date) -> Iterator[str]:
    """The sentences after the first one: details of the event, and what any report may say."""
    shared = _grammar("shared")
    middle = draw.some(details, draw.number(2, 4)) + draw.some(shared["response"], draw.number(1, 2))
    if draw.chance(0.25):
        middle.append(draw.one(shared["message"]))
    if draw.chance(0.5):
        word = draw.one(_CHANGED)
        middle.append(draw.one(shared["planted"][word]["after" if _is_new(draw, day) else "before"]))
    yield from draw.some(middle, len(middle))
    if draw.chance(0.6):
        yield draw.one(shared["closing"])


def _is_new(draw: _Draw, day: date) -> bool:
    """Whether a word that changes has its new use."""
    low, high = _LEVELS
    (first, last) = _CHANGE
    way = min(max((day.year - first) / (last - first), 0), 1)
    return draw.chance(low + way * (high - low))


def _sentence(draw: _Draw, template: str, fixed: dict[str, str]) -> str:
    words = _grammar("words")
    text = template
    while slot := _SLOT.search(text):
        low, high, name, alternatives = slot.groups()
        if low:
            value = str(draw.number(int(low), int(high)))
        elif name:
            value = fixed[name] if name in fixed else draw.skewed(words[name])
        else:
            value = draw.one(alternatives.split("|"))
        text = text[: slot.start()] + value + text[slot.end() :]
    return text[:1].upper() + text[1:]


def _misspelt(draw: _Draw, word: str) -> str:
    if not draw.chance(_MISSPELT):
        return word
    at = draw.number(1, len(word) - 3)
    if draw.chance(0.5):
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :]

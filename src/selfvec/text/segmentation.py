"""Words of Chinese, Japanese and Thai, which are written without spaces between them.

The models of BudouX decide after each character of a run of letters whether a word ends. Segmentation comes
after the other tokenisers and only makes tokens shorter.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import cache
from itertools import accumulate, pairwise

import numpy as np

from selfvec.base.arrays import Bytes, Ids, Ints
from selfvec.base.errors import require
from selfvec.data.token_batch import bounds_of

from .languages import LANGUAGES, SCRIPTS, language, language_name, letters_of_scripts

Segment = Callable[[str], list[str]]
_UNSPACED = ("ja", "zh", "th", "lo", "bo", "my", "km")
"""Scripts without spaces between words; the first with a tenth of these letters names the language."""

_LETTER = re.compile(f"[{''.join(map(SCRIPTS.__getitem__, _UNSPACED))}]")
_PARTS = re.compile(r"[\x00-\x7f]+|[^\x00-\x7f]+")
_BLOCK = 1000  # characters; the models need time by the square of a word's length
_CONTEXT = 3  # characters on each side that decide whether a word ends


@cache
def segmenter(code: str | None) -> Segment | None:
    """A function that splits a run of letters into words; None for languages with spaces between words.

    `MissingExtra` if BudouX is not installed; `OptionError` if the language is unknown.
    """
    model = language(code).segmenter
    if model is None:
        return None
    require("budoux", "segment", f"cutting {LANGUAGES[code or ''].name} text into words")
    from importlib.resources import files

    from budoux import Parser

    content = files("budoux").joinpath("models", f"{model}.json").read_text(encoding="utf-8")
    return Parser(json.loads(content)).parse


def is_unspaced(text: str) -> bool:
    return not text.isascii() and _LETTER.search(text) is not None


def unsegmented(words: Iterable[tuple[str, int]], code: str | None, what: str) -> str | None:
    """A sentence that says that most of ``what`` is not cut into words, by its words and their counts.

    >>> print(*unsegmented([("昨日は雨でした", 1)], None, "the question").split("; "), sep="\\n")
    most of the question is Japanese, which has no spaces: each clause is one word
    name it: --language ja, which needs selfvec[segment]
    """
    if language(code).segmenter is not None:
        return None
    words = list(words)
    letters = letters_of_scripts(pair for pair in words if is_unspaced(pair[0]))
    total = sum(letters[script] for script in _UNSPACED)
    if 2 * total <= sum(len(word) * count for word, count in words):
        return None
    script = next(script for script in _UNSPACED if 10 * letters[script] >= total)
    codes = [code for code, of in LANGUAGES.items() if of.segmenter and code.startswith(script)]
    named = f"name it: --language {' or '.join(codes)}, which needs selfvec[segment]"
    remedy = named if codes else "there is no model that cuts it; put spaces between the words"
    name = language_name(script)
    return f"most of {what} is {name}, which has no spaces: each clause is one word; {remedy}"


def split_spans(
    data: Bytes,  # (B,) uint8, the texts in UTF-8
    starts: Ints,  # (N,) int64, as of `selfvec.text.kernels.spans`
    lengths: Ids,  # (N,) int32
    offsets: Ints,  # (D + 1,) int64
    segment: Segment,
) -> tuple[Ints, Ids, Ints]:
    """The same tokens cut into words: starts, lengths and offsets. Runs of ASCII are words."""
    text = data.tobytes()
    cut: dict[bytes, list[int]] = {}  # token -> bytes of each of its words
    sizes: list[int] = []
    pieces = np.ones(len(starts), np.int64)  # words of each token
    for i, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
        token = text[start : start + length]
        if token not in cut:
            parts = _PARTS.findall(token.decode())
            words = [word for part in parts for word in ([part] if part.isascii() else _cut(part, segment))]
            cut[token] = [len(word.encode()) for word in words]
        sizes += cut[token]
        pieces[i] = len(cut[token])
    new_lengths = np.array(sizes, np.int32)
    ends = bounds_of(pieces)  # pieces before each token
    within = bounds_of(new_lengths)  # bytes before each piece
    first = np.repeat(ends[:-1], pieces)
    new_starts = np.repeat(starts, pieces) + within[:-1] - within[first]
    return new_starts, new_lengths, ends[offsets]


def _cut(run: str, segment: Segment) -> list[str]:
    """The words of a run of letters, the same as without blocks."""
    if len(run) <= _BLOCK:
        return segment(run)
    ends = []
    for start in range(0, len(run), _BLOCK):
        first = max(0, start - _CONTEXT)
        words = segment(run[first : start + _BLOCK + _CONTEXT])
        boundaries = accumulate(map(len, words), initial=first)
        ends += [end for end in boundaries if max(start, 1) <= end < min(start + _BLOCK, len(run))]
    return [run[a:b] for a, b in pairwise([0, *ends, len(run)])]

"""`WordLookup`: the words of texts as numbers of an encoder's vocabulary.

The spelling of a text is normalised as a whole before it is cut into words. (Reading a corpus normalises each
type.) Tokenisers of other libraries work in this order, so that they can find exactly the same words
(`selfvec.lab.exporters`). Both orders differ for marks in odd places, for fractions, and for
names with signs: C++ and AT&T are read by their letters.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from selfvec.base.arrays import Bytes, Ids, Ints, Mask, Rows
from selfvec.base.casing import lower
from selfvec.base.characters import APOSTROPHES, REMOVED
from selfvec.base.errors import InputError
from selfvec.base.threads import one_core
from selfvec.files.memory import PackedStrings
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.whitening import axes_of_rows
from selfvec.text.kernels import APOSTROPHE, WORD, spans, table
from selfvec.text.languages import STOP_WORDS, stop_words_of_language, without_elision
from selfvec.text.segmentation import segmenter, split_spans
from selfvec.text.tokenizers import WORDS, DistinctWords

FINAL_SIGMA = ("\u03c2", "\u03c3")

_APOSTROPHES = re.compile(f"[{APOSTROPHES}]")
_APOSTROPHE = 39
_S = 115


def normal(text: str, language: str | None = None) -> str:
    """The normal spelling of a text: lower case, folded, without elided words.

    As of `selfvec.base.characters.folded`, but without exceptions, which other libraries do not know.

    >>> normal("Don\u2019t RE\u00adENTER CAFE\u0301 \ufb01re\u2122")
    "don't reenter café fire "
    """
    if text.isascii():
        return without_elision(lower(text, language), language)
    text = _APOSTROPHES.sub("'", text)
    if not unicodedata.is_normalized("NFKC", text):
        for pattern in signs():
            text = pattern.sub(" ", text)
        text = unicodedata.normalize("NFKC", text)
    text = lower(text, language).replace(*FINAL_SIGMA)
    text = unicodedata.normalize("NFC", REMOVED.sub("", text))
    return without_elision(text, language)


@cache
def signs() -> tuple[re.Pattern[str], ...]:
    """The characters between words that would become letters or numbers, such as ™.

    Two sets, since one that holds characters above U+FFFF is searched fifty times as slowly.
    """
    word = table("words") & WORD != 0
    others = [chr(code) for code in np.flatnonzero(~word[:0x20000]).tolist()]
    becoming = [c for c in others if any(word[ord(read)] for read in unicodedata.normalize("NFKC", c))]
    codes = np.array([ord(c) for c in becoming if c > "\uffff"])
    ranges = np.split(codes, np.flatnonzero(np.diff(codes) > 1) + 1)
    high = "".join(f"{chr(run[0])}-{chr(run[-1])}" for run in ranges)
    low = "".join(c for c in becoming if c <= "\uffff")
    return re.compile(f"[{low}]"), re.compile(f"[{high}]")


def _join(texts: Sequence[str], language: str | None = None) -> tuple[Bytes, Ints]:
    """The bytes of texts in their normal spelling, and where each text begins, (D + 1,) int64."""
    try:
        encoded = [normal(text, language).encode(errors="replace") for text in texts]
    except AttributeError:
        raise no_text(texts) from None
    bounds = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, encoded), np.int64, len(encoded)), out=bounds[1:])
    return np.frombuffer(b"".join(encoded), np.uint8), bounds


def no_text(texts: Sequence[object]) -> InputError:
    """The error for something that is not a text."""
    number, wrong = next((i, text) for i, text in enumerate(texts) if not isinstance(text, str))
    rule = f"texts are str, number {number} is {type(wrong).__name__}"
    return InputError(rule, remedy="leave it out or give an empty text")


def readable(words: Sequence[str], split: str, language: str | None = None) -> Mask:
    """Whether each word, in its normal spelling, is read as one whole word, (n,) bool."""
    data, bounds = _join(words, language)
    starts, lengths, offsets = spans(data, bounds, table(split), False)
    first = np.minimum(offsets[:-1], max(len(starts) - 1, 0))
    whole: Mask = np.diff(offsets) == 1
    if len(starts):
        whole &= lengths[first] == np.diff(bounds)
        if split in WORDS:
            whole &= [not word.endswith("'s") or len(word) <= 2 for word in map(normal, words)]
    return whole


@dataclass(frozen=True, eq=False)
class WordLookup:
    """Finds the words of texts in a vocabulary."""

    words: Sequence[str]  # distinct, in their normal spelling
    split: str  # of `SPLITS`
    language: str | None = None  # of the texts

    @cached_property
    def _numbers(self) -> DistinctWords:
        numbers = DistinctWords()
        numbers.number(PackedStrings.of(self.words))
        return numbers

    def find(self, texts: Sequence[str]) -> tuple[Ids, Ints]:
        """The words of D texts by number, (N,) int32, -1 for unknown words, and bounds, (D + 1,) int64."""
        flags = table(self.split)
        data, bounds = _join(texts, self.language)
        starts, lengths, offsets = spans(data, bounds, flags, False)
        # Where the text of a run had nothing to cut, no word lies within what has no spaces.
        if self.split != "words" and (segment := segmenter(self.split)) is not None:
            starts, lengths, offsets = split_spans(data, starts, lengths, offsets, segment)
        ends = starts + lengths
        if flags[_APOSTROPHE] & APOSTROPHE:  # a final 's is ignored
            long = np.flatnonzero(lengths > 2)
            last = ends[long] - 1
            ends[long] -= 2 * ((data[last] == _S) & (data[last - 1] == _APOSTROPHE))
        return self._numbers.find_spans(data, starts, ends), offsets


# ---- Texts without a known word, for libraries that cannot work with zeros
#
# Such a question is replaced by the known words with the most similar spelling. If there are none, it gets a
# constant direction, `apart`, on which all known words have nearly the same small coordinate. Such a document
# gets the opposite direction. So a question without words is dissimilar to all documents, and a document
# without words is ranked last for every question, by cosine and by distance.


_RIDGE = 1e-3  # of the mean variance of a dimension
_SHORTEST = 4  # letters of a word that may be misspelt
_ALIKE = 0.8  # least of difflib's ratio


def apart(rows: Rows) -> Rows:
    """The direction on which rows at unit length differ least from a small constant, (d,) float32.

        w = (S + εI)⁻¹ m / |...|        m: mean of the rows, S: their second moment

    >>> apart(np.array([[1, 0.1], [-1, 0.1]], np.float32)).round(2).tolist()
    [0.0, 1.0]
    """
    width = rows.shape[1]
    unit = unit_rows(rows)
    count = max(1, len(unit))
    values, axes = axes_of_rows(unit.shape, lambda part: unit[part], min(width, count + 1))
    mean = unit.sum(axis=0, dtype=np.float64) / count
    ridge = _RIDGE * max(float(values.sum()) / count / width, 1e-12)
    with one_core():  # the mean lies in the span of the axes
        direction = axes @ (axes.T @ mean / (np.maximum(values, 0) / count + ridge))
    if not np.linalg.norm(direction) > 1e-9:  # rows that cancel out
        direction = axes[:, -1]
    return np.asarray(direction / np.linalg.norm(direction), np.float32)


def nearest_spellings(
    text: str, vocabulary: Sequence[str], language: str | None, stop_words: object
) -> list[str]:
    """The words of a vocabulary spelt most like those of a text; stop words and short words have none.

    ``stop_words`` is the code of a list of them, if there is one.
    """
    left_out = stop_words_of_language(str(stop_words)) if stop_words in STOP_WORDS else frozenset()
    nearest = []
    for word in dict.fromkeys(re.findall(r"[^\W\d_]+", normal(text, language))):
        if len(word) >= _SHORTEST and word not in left_out:
            near = [other for other in vocabulary if other[:1] == word[0] and abs(len(other) - len(word)) < 3]
            nearest += difflib.get_close_matches(word, near, 1, _ALIKE)
    return nearest

"""The documents to be searched: texts, ids, dates and fields of a corpus in memory, and their passages.

A text of hundreds of words has several subjects, and the mean of its words represents none of them. Such a
text is searched as a whole and by its passages. A short text has no passages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfvec.base.arrays import Ids
from selfvec.base.checks import check_whole
from selfvec.base.errors import CorpusError, OptionError
from selfvec.base.progress import Progress
from selfvec.base.tensors import return_freed_memory
from selfvec.corpus.sources import Paths, Texts, paths_of
from selfvec.data.run import Run
from selfvec.text.lexicon import is_text
from selfvec.text.sentences import sentence_spans

if TYPE_CHECKING:
    import polars as pl

    from selfvec.corpus import Corpus

__all__ = [
    "CUT",
    "Cut",
    "GatheredDocuments",
    "Paths",
    "Texts",
    "check_cut",
    "gather",
    "kept_tokens",
    "passages",
    "paths_of",
    "random_span",
    "random_words",
]

Cut = tuple[int, int]
"""Words of a passage, and how many of them are repeated from the passage before."""

CUT: Cut = (200, 40)  # texts up to half longer have no passages

LONGEST = 120  # characters of a field's values, on average; longer fields are text, not filters
LONGEST_JSON = 1000  # of lists and objects


@dataclass(frozen=True)
class GatheredDocuments:
    """D documents in memory."""

    texts: list[str]
    ids: list[str]
    days: NDArray[np.datetime64]  # (D,) datetime64[D], NaT for documents without a date
    fields: Mapping[str, Sequence[str | None]] = field(default_factory=dict)  # to filter by
    left_out: list[str] = field(default_factory=list)  # fields that are too long to filter by
    cut: Cut = CUT
    gone: Sequence[str] = ()  # files and folders of the run that are missing
    unread: Sequence[str] = ()  # columns of bytes or vectors, or of a name that occurs twice

    @classmethod
    def of(cls, texts: Sequence[str], days: NDArray[np.datetime64] | None = None) -> GatheredDocuments:
        """Texts without fields. Their ids are their numbers from 0."""
        odd = next((number for number, text in enumerate(texts) if not is_text(text)), None)
        if odd is not None:
            rule = f"document '{odd}' holds half of a surrogate pair, which is not Unicode text"
            raise CorpusError(rule, remedy="correct it or leave it out")
        days = np.full(len(texts), "NaT", "datetime64[D]") if days is None else days
        return cls(list(texts), [str(number) for number in range(len(texts))], days)

    def spans(self) -> list[list[tuple[int, int]]]:
        """Where the passages of each text begin and end, in characters; none for a short text."""
        return [passages(text, *self.cut) for text in self.texts]

    def passages(self) -> tuple[Ids, Ids]:
        """The document of each passage, (P,), and where it begins and ends in characters, (P, 2)."""
        spans = self.spans()
        owners = np.repeat(np.arange(len(spans), dtype=np.int32), [len(one) for one in spans])
        return owners, np.array([span for one in spans for span in one], np.int32).reshape(-1, 2)


def gather(run: Run, corpus: Texts, progress: Progress, *, partly: bool = False) -> GatheredDocuments:
    """Read a run's own documents into memory, compared with their hashes, or other documents.

    Documents without an id are named by their number from 0. With ``partly``, missing files are left out if
    others exist.
    """
    from selfvec.corpus import Corpus, as_corpus
    from selfvec.corpus.reopen import own_corpus, verified

    if corpus is not None:
        paths = paths_of(corpus)
        given = as_corpus(corpus, keep_fields=True) if paths is None else Corpus.open(paths, keep_fields=True)
        return _read(given, progress)
    gone: list[str] = []
    own = own_corpus(run, gone=gone if partly else None)
    if gone:
        progress.say(f"missing, and not searched: {', '.join(gone)}")
    found = _read(own, progress)
    verified(run, own, gone)
    return replace(found, gone=gone)


def _read(corpus: Corpus, progress: Progress) -> GatheredDocuments:
    import polars as pl

    from selfvec.corpus.documents import concatenated

    with progress.stage("Reading", corpus.total_bytes, "bytes") as advance:
        whole = concatenated(list(corpus.batches(advance)))
    texts: list[str] = whole.texts.to_list()
    given = whole.ids.to_list() if whole.ids is not None else [None] * len(texts)
    ids = [str(number) if name is None else name for number, name in enumerate(given)]
    days = np.full(len(texts), "NaT", "datetime64[D]")
    if whole.dates is not None:
        days = whole.dates.to_numpy().astype("datetime64[D]")
    others = {name: values for name, values in whole.fields.items() if name != "date" or whole.dates is None}
    short = {name: values.cast(pl.String).to_list() for name, values in others.items() if _is_short(values)}
    left_out = [name for name in others if name not in short and others[name].null_count() < len(whole)]
    del whole, others
    return_freed_memory()
    return GatheredDocuments(texts, ids, days, short, left_out, unread=corpus.unread_fields)


def _is_short(values: pl.Series) -> bool:
    """Whether a field has values, and they are short."""
    values = values.drop_nulls()
    nested = values.str.contains(r"^[\[{]").all()  # lists and objects
    return 0 < len(values) * (LONGEST_JSON if nested else LONGEST) >= values.str.len_chars().sum()


def kept_tokens(run: Run) -> GatheredDocuments:
    """The documents of a run as its stored tokens, for use when the documents are missing."""
    batch = run.require_tokens()
    words, bounds = [batch.types[i] for i in batch.ids.tolist()], batch.offsets.tolist()
    texts = [" ".join(words[a:b]) for a, b in pairwise(bounds)]
    days = None if batch.dates is None else batch.dates.astype("datetime64[D]")
    return GatheredDocuments.of(texts, days)


# ---- Passages

_IDEOGRAPH = "\u2e80-\u9fff\uac00-\ud7af"  # written without spaces: a character counts as a word
_WORD = re.compile(rf"[{_IDEOGRAPH}]|[^\s{_IDEOGRAPH}]{{1,40}}")


def passages(text: str, words: int = CUT[0], overlap: int = CUT[1]) -> list[tuple[int, int]]:
    """Where the passages of a text begin and end, in characters; none for a short text.

    >>> text = "One two. Three four. Five six. Seven eight."
    >>> [text[a:b] for a, b in passages(text, words=4, overlap=2)]
    ['One two. Three four.', 'Three four. Five six.', 'Five six. Seven eight.']
    """
    short = words * 3 // 2
    if len(text) <= short or (text.isascii() and len(text) <= 40 * short and len(text.split()) <= short):
        return []
    if sum(1 for _ in _WORD.finditer(text)) <= short:
        return []
    parts = [piece for start, end in sentence_spans(text) for piece in _pieces(text, start, end, words)]
    out: list[tuple[int, int]] = []
    first = 0
    while True:
        last, total = first, 0
        while last < len(parts) and (last == first or total + parts[last][2] <= words):
            total += parts[last][2]
            last += 1
        if last == len(parts):  # the last passage repeats more words, so that it is not short
            while first > 0 and parts[first - 1][2] + total <= words:
                first -= 1
                total += parts[first][2]
        out.append((parts[first][0], parts[last - 1][1]))
        if last == len(parts):
            return out
        again, repeated = last, 0
        while again - 1 > first and repeated + parts[again - 1][2] <= overlap:
            again -= 1
            repeated += parts[again][2]
        first = again


def _pieces(text: str, start: int, end: int, words: int) -> list[tuple[int, int, int]]:
    """A sentence without surrounding space and its number of words, cut if it has too many."""
    found = [match.span() for match in _WORD.finditer(text, start, end)]
    parts = [found[i : i + words] for i in range(0, len(found), words)]
    return [(part[0][0], part[-1][1], len(part)) for part in parts]


def check_cut(cut: Cut) -> Cut:
    """The same; `OptionError` unless passages have at least 20 words, of which at most half are repeated."""
    words, overlap = cut
    check_whole("passage_words", words, 20)
    check_whole("overlap", overlap, 0)
    if not 0 <= overlap <= words // 2:
        raise OptionError(f"is at most half of a passage, {words // 2} words, not {overlap}", field="overlap")
    return cut


def random_words(text: str, number: int, rng: np.random.Generator) -> str:
    """Consecutive words of a text from a random position; a shorter text as a whole.

    >>> random_words("One two. Three four.", 4, np.random.default_rng(0))
    'One two. Three four.'
    """
    start, end = random_span(text, number, rng, share=1)
    return text[start:end]


def random_span(text: str, number: int, rng: np.random.Generator, share: float = 0.5) -> tuple[int, int]:
    """Start and end of consecutive words from a random position, at most a share of all words."""
    spans = [match.span() for match in _WORD.finditer(text)]
    number = min(number, int(len(spans) * share))
    if not number:
        return 0, 0
    first = int(rng.integers(len(spans) - number + 1))
    return spans[first][0], spans[first + number - 1][1]

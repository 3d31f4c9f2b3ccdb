"""A corpus as integers: batches of documents in, one `TokenBatch` out.

There are three steps: split and number tokens (per batch, on all cores), apply the rules to each type
(`selfvec.text.rules`), renumber the tokens (one gather per batch). Only the first step sees text.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Ids, Ints, Mask
from selfvec.base.errors import OptionError
from selfvec.base.forks import check_polars
from selfvec.base.threads import in_order
from selfvec.data.run_text import DATE, FINGERPRINT, SLICE
from selfvec.data.token_batch import (
    TokenBatch,
    changed,
    occurrences_of_each,
    occurrences_of_merged,
)
from selfvec.files.memory import Spool

from .rules import Keys, Rulebook, Rules
from .tokenizers import LONG, DistinctWords, RawTokens, Tokenizer

if TYPE_CHECKING:
    import polars as pl

    from selfvec.data.documents import Documents
    from selfvec.data.vectors import Vectors

    from .phrases import Phraser, Running

_SENTENCES = "sentences"
REPEATED = "repeated passages"
RARE = "minimal count"
"""The rules that need the whole corpus, as `Encoding.dropped` names them."""


@dataclass(frozen=True)
class Encoding:
    """Figures about the encoded text, for the provenance. Types do not include tokens that were too long.

    ``dropped`` has the tokens that each rule dropped, those that were too long
    (`selfvec.text.tokenizers.LONGEST`), and those merged into phrases; with ``tokens`` they add up to
    ``raw_tokens``.
    """

    tokenizer: str
    documents: int
    sentences: int
    empty: int  # documents without any kept token
    raw_tokens: int  # before the rules
    tokens: int  # after them
    dropped: dict[str, int]
    raw_types: int | None  # None for several joined texts, since they may share types
    types: int
    kept_from: int = 1  # types that occurred less often were dropped
    language: str | None = None  # the code of the text's language, as asked or recognised

    @classmethod
    def joined(cls, texts: Sequence[Encoding]) -> Encoding:
        """The figures of several texts; the number of ``types`` is that of all, as if they shared none."""
        names = ("documents", "sentences", "empty", "raw_tokens", "tokens", "types")
        sums = {name: sum(getattr(text, name) for text in texts) for name in names}
        dropped: Counter[str] = Counter()
        for text in texts:
            dropped.update(text.dropped)
        return cls(texts[0].tokenizer, **sums, dropped=dict(dropped), raw_types=None)

    def of_counted(self, words: TokenBatch, empty: int, repeated: int, kept_from: int = 1) -> Encoding:
        """The figures of what remains of this text: ``words`` with their counts, and ``empty`` documents.

        ``repeated`` tokens of repeated passages were dropped. The others were stemmed, and types that occur
        less than ``kept_from`` times dropped.
        """
        tokens = int(words.counts.sum())
        more = {REPEATED: repeated, RARE: self.tokens - repeated - tokens}
        dropped = self.dropped | {rule: number for rule, number in more.items() if number}
        figures = replace(self, empty=empty, tokens=tokens, types=len(words.types))
        return replace(figures, dropped=dropped, kept_from=max(kept_from, self.kept_from))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class _RawCorpus:
    """The raw tokens of a corpus of D documents and N tokens, gathered batch by batch."""

    spellings: DistinctWords
    counts: Ints = field(default_factory=lambda: np.zeros(1024, np.int64))  # by spelling, with room for more
    ids: Spool = field(default_factory=Spool)
    offsets: list[Ints] = field(default_factory=list)
    apart: list[Mask] = field(default_factory=list)
    documents: list[pl.DataFrame] = field(default_factory=list)  # their dates, slices, marks and sentences
    too_long: int = 0  # tokens that were left out for their length
    normal: Callable[[str], str] = str  # the normal form of a spelling
    words: list[str] = field(default_factory=list)  # V normal forms, when all is read
    word_of: Ids = field(default_factory=lambda: np.zeros(0, np.int32))  # the word of each spelling

    @classmethod
    def read(
        cls,
        batches: Iterable[Documents],
        tokenizer: Callable[[pl.Series], RawTokens],
        keep_apart: bool,
    ) -> _RawCorpus:
        """Read and split all batches; a few are split ahead, each in a thread."""
        check_polars()

        def split(batch: Documents) -> tuple[Documents, RawTokens]:
            tokens = tokenizer(batch.texts)
            apart = tokens.apart() if keep_apart else np.zeros(0, bool)
            return batch, replace(tokens, apart=lambda: apart)  # releases the text

        raw = cls(DistinctWords())
        for batch, tokens in in_order(batches, split):
            raw.add(batch, tokens)
        raw.merge_spellings()
        return raw

    def add(self, batch: Documents, tokens: RawTokens) -> None:
        import polars as pl

        places = self.spellings.number(tokens.spellings)
        while len(self.counts) < len(self.spellings):
            self.counts = np.concatenate((self.counts, np.zeros_like(self.counts)))
        np.add.at(self.counts, places, occurrences_of_each(tokens.ids, len(places)))
        self.ids.append(np.take(places, tokens.ids, out=tokens.ids, mode="clip"))  # "clip" takes no buffer
        self.normal = tokens.normal
        self.too_long += tokens.too_long
        self.offsets.append(tokens.offsets)
        self.apart.append(tokens.apart())
        about = [name for name in (DATE, SLICE, FINGERPRINT) if name in batch.rows]
        counted = pl.lit(pl.Series(_SENTENCES, tokens.sentence_counts))
        self.documents.append(batch.rows.select(*about, counted))

    def merge_spellings(self) -> None:
        """Find the words; frees the table of spellings."""
        spellings = self.spellings.packed()
        del self.spellings
        # A default dictionary numbers new words itself, so that a loop over all spellings runs in C.
        index: defaultdict[str, int] = defaultdict(count().__next__)
        names = map(self.normal, spellings)
        self.word_of = np.fromiter(map(index.__getitem__, names), np.int32, len(spellings))
        self.counts = self.counts[: len(spellings)]
        self.words = list(index)

    def running_text(self, keys: Keys, names: Sequence[str]) -> Running:
        """All tokens by key, with dropped types under ``names``; frees the raw tokens."""
        dropped = np.flatnonzero(keys.places < 0)
        places = keys.places.copy()
        places[dropped] = len(keys.types) + np.arange(len(dropped), dtype=np.int32)
        ids, offsets = self.renumbered(places)
        from .phrases import Running

        return Running(
            ids,
            offsets,
            [*keys.types, *names],
            np.arange(len(keys.types) + len(dropped)) < len(keys.types),
            np.concatenate([np.zeros(0, bool), *self.apart]),
        )

    def renumbered(self, of_words: Ids) -> tuple[Ids, Ints]:
        """All tokens by the new place of their word, without those below 0, and document bounds.

        They are (N',) int32 and (D + 1,) int64. The raw tokens are freed.
        """
        places = of_words[self.word_of]
        starts = np.cumsum([0, *self.ids.sizes]).tolist()
        ends = [start + offsets[1:] for start, offsets in zip(starts, self.offsets, strict=False)]
        ids, offsets = self.ids.joined(), np.concatenate([np.zeros(1, np.int64), *ends])
        size = int(self.counts[places >= 0].sum())
        return changed(ids, offsets, size, lambda _, block: places[block], ids)

    def token_batch(self, ids: Ids, offsets: Ints, types: Sequence[str]) -> TokenBatch:
        import polars as pl

        nothing = pl.DataFrame(schema={_SENTENCES: pl.Int32})
        rows = pl.concat([nothing, *self.documents], how="diagonal")
        dates, labels, marks = (rows.get_column(name, default=None) for name in (DATE, SLICE, FINGERPRINT))
        slices, slice_names = (None, []) if labels is None else _numbered(labels)
        counts = rows[_SENTENCES].to_numpy()
        return TokenBatch(
            ids,
            offsets,
            types,
            dates=None if dates is None else dates.to_numpy().astype("datetime64[D]"),
            sentences=int(counts.sum()),
            slices=slices if slice_names else None,
            slice_names=slice_names,
            fingerprints=None if marks is None or marks.null_count() else marks.to_numpy(),
            sentence_counts=counts,
        )


def encode(
    batches: Iterable[Documents],  # read in this thread, a few ahead
    tokenizer: Tokenizer,
    rules: Rules | None = None,  # which words are dropped and merged; none by default
    pretrained: Vectors | Future[Vectors | None] | None = None,  # a `Future`: it is needed when all is read
    *,
    phrases: Sequence[str] | Phraser = (),  # as ``flash_flood``, or what finds them in the text
    unstemmed: bool = False,  # whether stemming and `min_count` are left to `selfvec.text.rules`
) -> tuple[TokenBatch, Encoding]:
    """Turn documents, empty ones included, into token ids of a vocabulary, in order of first appearance.

    The result depends neither on the threads nor on the batches. A word's key is the first of its exact,
    lower-case and title-case forms that is ``pretrained``. An invalid rule, a missing package or an unusable
    ``tokenizer.json`` is an error before any text is read.

    >>> import polars as pl
    >>> from selfvec.data.documents import Documents
    >>> from selfvec.text import Rules, encode, tokenizer
    >>> batch = Documents(pl.Series(["Storms hit.", "A storm hit us."]))
    >>> tokens, encoding = encode([batch], tokenizer("words"), Rules(lemmatize="en", stop_words="en"))
    >>> list(tokens.types), tokens.ids.tolist(), encoding.dropped
    (['storm', 'hit'], [0, 1, 0, 1], {'stop words': 2})
    """
    rulebook = Rulebook(rules or Rules(), tokenizer.casing)
    if phrases and tokenizer.casing == "exact":
        rule = "are made of words, but a tokenizer.json gives subwords"
        remedy = "leave it out, or use the tokeniser words"
        raise OptionError(rule, field="phrases", remedy=remedy)
    raw = _RawCorpus.read(batches, tokenizer, bool(phrases))
    vectors = pretrained.result() if isinstance(pretrained, Future) else pretrained
    index = {} if vectors is None else vectors.key_to_index
    counts = occurrences_of_merged(raw.counts, raw.word_of, len(raw.words))
    keys = rulebook.keys(raw.words, counts, index, unstemmed)
    dropped = keys.dropped
    if phrases:
        left_out = [raw.words[i] for i in np.flatnonzero(keys.places < 0).tolist()]
        text = raw.running_text(keys, rulebook.names(left_out, index))
        chosen = phrases(text) if callable(phrases) else phrases
        from .phrases import join

        ids, offsets, types = join(text, chosen, lambda phrase: rulebook.key(phrase, index))
        in_phrases = len(text.ids) - len(ids) - sum(dropped.values())
        dropped = dropped | {"in phrases": in_phrases}
    else:
        ids, offsets = raw.renumbered(keys.places)
        types = keys.types
    dropped = ({LONG: raw.too_long} if raw.too_long else {}) | dropped
    tokens = raw.token_batch(ids, offsets, types)
    if not phrases:
        tokens = tokens.with_counts(occurrences_of_merged(counts, keys.places, len(types)))
    encoding = Encoding(
        tokenizer=tokenizer.name,
        documents=tokens.documents,
        sentences=tokens.sentences,
        empty=tokens.empty,
        raw_tokens=len(tokens) + sum(dropped.values()),
        tokens=len(tokens),
        dropped=dropped,
        raw_types=len(keys.places),
        types=len(types),
        kept_from=keys.kept_from,
    )
    return tokens, encoding


def spell(
    batches: Iterable[Documents], tokenizer: Callable[[pl.Series], RawTokens], *, keep_apart: bool = False
) -> Running:
    """All words of documents as these have them, but for their normal form; see `RawTokens.types`.

    >>> import polars as pl
    >>> from selfvec.data.documents import Documents
    >>> from selfvec.text import tokenizer
    >>> text = spell([Documents(pl.Series(["Hail! More hail."]))], tokenizer("words"))
    >>> text.types, text.ids.tolist()
    (['Hail', 'More', 'hail'], [0, 1, 2])
    """
    raw = _RawCorpus.read(batches, tokenizer, keep_apart)
    return raw.running_text(Keys(np.arange(len(raw.words), dtype=np.int32), raw.words, {}), ())


def auto_window(tokens: TokenBatch) -> int:
    """The mean number of kept tokens per sentence, to the nearest odd number, at least 3.

    If the number of sentences is unknown, each document counts as one.

    >>> auto_window(TokenBatch.from_documents([["a"] * 12, ["b"] * 15]))
    13
    """
    sentences = tokens.sentences or tokens.documents
    mean = len(tokens) / sentences if sentences else 0.0
    return max(3, 2 * int(mean // 2) + 1)  # 12 and all numbers below 14 become 13


def _numbered(labels: pl.Series) -> tuple[Ids, list[str]]:
    """Slices by number, (D,) int32, -1 if unknown, and their names by first appearance."""
    import polars as pl

    stripped = labels.str.strip_chars()
    named = stripped.set(stripped == "", None)
    names = named.drop_nulls().unique(maintain_order=True)
    numbers = named.cast(pl.Enum(names)).to_physical().cast(pl.Int32).fill_null(-1)
    return numbers.to_numpy(), names.to_list()

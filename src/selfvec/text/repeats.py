"""Repeated passages: menus, disclaimers and copied reports that occur in many documents.

Words that share a menu in a hundred documents would seem to have the same meaning. So a passage that occurs
in many documents is counted once. A passage is an n-gram of twelve tokens; a longer one consists of several.
The counted occurrence is in the document with the smallest hash of its text, date and slice, so it does not
depend on the order of the documents.

Logs and forms consist of templates and would lose nearly all text. So if a quarter of the documents would
keep fewer than twelve tokens, every occurrence counts, unless the user asks for once.

Short editorial pieces in brackets, such as ``[See original image.]``, are no evidence of how a word is used,
either (`editorial_tokens`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from selfvec.base.arrays import Bytes, Hashes, Ints, Mask
from selfvec.base.forks import check_polars
from selfvec.base.threads import cut, finish, in_order, threads
from selfvec.corpus.fingerprints import BASE, MIX, are_among, word_hashes
from selfvec.data.run import Run
from selfvec.data.run_text import TEXT
from selfvec.data.settings import METHODS, Settings
from selfvec.data.token_batch import TokenBatch, changed
from selfvec.files.memory import release, scratch_array
from selfvec.files.tensors import Forms, Tensor, read_tensors, write_tensors

from .kernels import NGRAM, count_hashes

if TYPE_CHECKING:
    import polars as pl

# The hash of an n-gram is a polynomial of the hashes of its words, modulo 2^64. The hash of the next
# n-gram follows from it by two multiplications and two additions. First all n-grams are counted, where
# several share a counter. Then those whose counter reaches a threshold are examined one by one, in
# several shares if there are many. So the time is linear, and the memory bounded.

AT_ONCE = 1 << 22
"""N-grams examined at a time."""

_BLOCK = 1 << 22  # counters added at a time
_HASHED = 1 << 16  # tokens whose n-grams are hashed at a time; the hashes, 512 KB, stay in the cache
_SHARED = 4  # n-grams to a counter, on average
_BITS = (12, 28)  # binary logarithm of the number of counters: at most 256 MB

Hashed = Iterator[tuple[Hashes, Ints]]
"""Hashes of n-grams, and their first tokens, some at a time."""

T = TypeVar("T")


class Ngrams:
    """The n-grams of a text by their hashes, which threads compute."""

    def __init__(self, batch: TokenBatch, length: int = NGRAM) -> None:
        self.batch = batch
        self.length = length
        self._words = word_hashes(batch.types)  # (V,)
        parts = max(min(threads(), batch.documents), 1)
        ends = np.searchsorted(batch.offsets, np.linspace(0, len(batch), parts + 1)[1:-1])
        # The documents of each thread, from the first to the one after the last.
        self._ranges = list(pairwise([0, *ends.tolist(), batch.documents]))

    def by_thread(self, work: Callable[[Hashed], T]) -> Iterator[T]:
        """What ``work`` makes in each thread of its part of the n-grams, in order."""
        return in_order(self._ranges, lambda part: work(self.hashed(*part)), len(self._ranges))

    def hashed(self, start: int, stop: int) -> Hashed:
        """The n-grams of the documents from ``start`` to ``stop``."""
        batch, length = self.batch, self.length
        for first, last in batch.ranges(start, stop, _HASHED):
            bounds = batch.offsets[first : last + 1]
            words = self._words[batch.ids[bounds[0] : bounds[-1]]]
            number = max(len(words) - length + 1, 0)
            hashed = np.zeros(number, np.uint64)
            for place in range(length):
                hashed *= BASE
                hashed += words[place : place + number]
            places = np.arange(bounds[0], bounds[0] + number)
            inside = np.repeat(bounds[1:], np.diff(bounds))[:number] - places >= length
            yield hashed[inside], places[inside]

    def count(self, bits: int | None = None) -> Bytes:
        """Counts of n-grams up to 255, (2^bits,); several n-grams may share a counter, see `counter_of`."""
        size = 1 << (counter_bits(len(self.batch)) if bits is None else bits)

        def work(each: Hashed) -> Bytes:
            counters = np.zeros(size, np.uint8)
            for hashed, _ in each:
                count_hashes(counter_of(hashed, size), counters)
            return counters

        total, *others = self.by_thread(work)
        for more in others:
            add_counters(total, more)
        return total

    def candidates(self, counters: Bytes, least: int, at_once: int = AT_ONCE) -> Hashed:
        """N-grams whose counter is at least ``least``; equal ones come together, by rising first tokens."""

        def often(hashed: Hashes) -> Mask:
            return counters[counter_of(hashed, len(counters))] >= least

        shares = np.uint64(1)
        if len(self.batch) > at_once:
            numbers = self.by_thread(lambda each: sum(np.count_nonzero(often(of)) for of, _ in each))
            shares = np.uint64(max(-(-sum(numbers) // at_once), 1))
        for share in range(int(shares)):

            def work(each: Hashed, share: int = share) -> tuple[Hashes, Ints]:
                parts = [(np.empty(0, np.uint64), np.empty(0, np.int64))]
                for hashed, places in each:
                    chosen = np.flatnonzero(often(hashed))
                    chosen = chosen[hashed[chosen] % shares == share]
                    parts.append((hashed[chosen], places[chosen]))
                return joined(parts)

            yield joined(self.by_thread(work))

    def owners(self, documents: Ints) -> Hashes:
        """Hashes of the text, date and slice of some documents, which are not empty, (n,)."""
        batch, words = self.batch, self._words
        out = np.zeros(len(documents), np.uint64)
        names = np.append(word_hashes(batch.slice_names), np.uint64(0))  # -1 takes the last
        lengths = batch.lengths[documents]
        powers = BASE ** np.arange(lengths.max(initial=0), dtype=np.uint64)  # weights of tokens by place
        for first, last in cut(lengths, _HASHED):
            part, own = batch.part(documents[first:last]), out[first:last]
            begins = part.offsets[:-1]
            places = np.arange(len(part)) - np.repeat(begins, part.lengths)
            own += np.add.reduceat(words[part.ids] * powers[places], begins)
            if part.dates is not None:
                days = part.dates.astype("datetime64[D]")
                # Whether other documents have dates must not matter to one that has none.
                own += np.where(np.isnat(days), 0, days.astype(np.int64)).view(np.uint64) * MIX
            if part.slices is not None:
                own += names[part.slices]
        return out


def joined(parts: Iterable[tuple[Hashes, Ints]]) -> tuple[Hashes, Ints]:
    values, places = zip(*parts, strict=True)
    return np.concatenate(values), np.concatenate(places)


def counter_bits(tokens: int) -> int:
    return min(max((tokens // _SHARED).bit_length(), _BITS[0]), _BITS[1])


def counter_of(hashed: Hashes, counters: int) -> Hashes:
    """The counter of each n-gram: the upper bits of a product, in which all bits of the hash have a part."""
    return hashed * MIX >> np.uint64(65 - counters.bit_length())


def add_counters(counters: Bytes, more: Bytes) -> None:
    """Add counters to others in place, up to 255."""
    for start in range(0, len(counters), _BLOCK):
        own = counters[start : start + _BLOCK]
        own += np.minimum(more[start : start + _BLOCK], 255 - own)


def cover(tokens: Mask, places: Ints, value: bool) -> None:
    """Set the tokens, (N,), of the n-grams that start at some places."""
    for place in range(NGRAM):
        tokens[places + place] = value


LEAST_DOCUMENTS = 10
"""Documents that a repeated passage occurs in."""

KEPT = 1 << 20  # passages that a run keeps
_SHOWN = 24  # tokens of the example
_FILE = "repeats.safetensors"
_FORMS: Forms = {"passages": Tensor("u8", ("P",), step=1)}


@dataclass(frozen=True, eq=False)
class Repeats:
    passages: Hashes  # (P,) of n-grams, rising; of more than 2^20 the smallest hashes
    tokens: int = 0  # tokens that belong only to further occurrences of a passage
    documents: int = 0  # documents with such tokens
    share: float = 0.0  # of the text, those tokens
    example: str = ""  # the passage in the most documents
    example_documents: int = 0
    templates: bool = False  # whether a quarter of the documents consists of such passages

    def once(self, settings: Settings) -> bool:
        if settings.repeats is None:
            return not self.templates and (
                settings.method == "auto" or METHODS[settings.method].repeats == "once"
            )
        return settings.repeats == "once"

    def as_dict(self, settings: Settings) -> dict[str, Any]:
        return {
            "counted": "once" if self.once(settings) else "all",
            "passages": len(self.passages),
            "documents": self.documents,
            "tokens": self.tokens,
            "share": round(self.share, 6),
            "example": self.example if settings.keeps_tokens else "",  # else a run keeps no text
            "example_documents": self.example_documents,
            "templates": self.templates,
        }

    def tokens_in(self, batch: TokenBatch) -> Mask:
        """Which tokens of a text, of this corpus or another, are part of a repeated passage, (N,) bool."""
        covered = np.zeros(len(batch), bool)
        ngrams = Ngrams(batch)

        def work(each: Hashed) -> None:
            for hashed, places in each:
                cover(covered, places[are_among(self.passages, hashed)], True)

        if len(self.passages):
            finish(ngrams.by_thread(work))
        return covered

    def save(self, folder: Path) -> None:
        folder.mkdir()
        write_tensors(folder / _FILE, {"passages": self.passages})


def find_repeats(batch: TokenBatch, *, at_once: int = AT_ONCE) -> tuple[Repeats, Mask]:
    """The repeated passages of a corpus, and which tokens are further occurrences of one, (N,) bool.

    ``at_once`` n-grams are examined at a time; the result does not depend on it.

    >>> menu = "home about us our services contact news careers legal privacy site map help".split()
    >>> texts = [[*menu, "page", str(i)] for i in range(10)]
    >>> repeats, further = find_repeats(TokenBatch.from_documents(texts))
    >>> repeats.documents, repeats.tokens, round(repeats.share, 2), repeats.example_documents
    (9, 126, 0.84, 10)
    """
    further = scratch_array(len(batch), bool)
    tables = []
    for rows, occurrences in repeated_ngrams(batch, at_once):
        tables.append(rows)
        cover(further, occurrences["place"].to_numpy(), True)
    if not any(map(len, tables)):
        return Repeats(np.zeros(0, np.uint64)), further
    import polars as pl

    ngrams = pl.concat(tables).sort("passage")
    example = example_of(batch, most_frequent(ngrams)["place"], further)
    cover(further, ngrams["place"].to_numpy(), False)
    return found_repeats(ngrams, example, figures_of(batch, further), len(batch)), further


def repeated_ngrams(batch: TokenBatch, at_once: int = AT_ONCE) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """The n-grams of many documents, in shares: a row for each, and one for each of its occurrences."""
    if batch.documents < LEAST_DOCUMENTS:
        return
    import polars as pl

    ngrams = Ngrams(batch)
    for hashed, places in ngrams.candidates(ngrams.count(), LEAST_DOCUMENTS, at_once):
        rows = counted_occurrences(ngrams, hashed, places, LEAST_DOCUMENTS)
        occurrences = pl.DataFrame({"passage": hashed, "place": places})
        yield rows, occurrences.join(rows.select("passage", "documents"), on="passage")


Figures = tuple[int, int, int, int]
"""Further tokens, documents with any, those of them that keep fewer than a passage has, all documents."""


def figures_of(batch: TokenBatch, further: Mask) -> Figures:
    """The figures of a text of which these tokens, (N,) bool, are further occurrences."""
    gone = tokens_by_document(further, batch)
    short = (gone > 0) & (batch.lengths - gone < NGRAM)
    return int(gone.sum()), int(np.count_nonzero(gone)), int(np.count_nonzero(short)), batch.documents


def found_repeats(ngrams: pl.DataFrame, example: str, figures: Figures, tokens: int) -> Repeats:
    """The repeated passages of a text of so many tokens, from the rows of its n-grams, sorted."""
    gone, changed, short, documents = figures
    return Repeats(
        ngrams["passage"].to_numpy()[:KEPT],
        tokens=gone,
        documents=changed,
        share=gone / tokens,
        example=example,
        example_documents=most_frequent(ngrams)["documents"],
        templates=4 * short >= documents,  # a quarter of them
    )


def without(batch: TokenBatch, left_out: Mask) -> TokenBatch:
    """The same documents without some tokens, (N,) bool, and sentences as of `with_fewer_sentences`."""
    size = len(batch) - int(np.count_nonzero(left_out))
    ids, offsets = changed(
        batch.ids, batch.offsets, size, lambda part, ids: np.where(left_out[part], -1, ids)
    )
    return replace(with_fewer_sentences(batch, left_out), ids=ids, offsets=offsets)


def with_fewer_sentences(batch: TokenBatch, left_out: Mask) -> TokenBatch:
    """The same tokens, and the numbers of sentences as they are without some of them, (N,) bool.

    They are reduced in proportion, so that the mean length of a sentence stays.
    """
    gone = tokens_by_document(left_out, batch)
    counts = batch.sentence_counts
    if counts is None:
        return replace(batch, sentences=round(batch.sentences * (1 - gone.sum() / max(len(batch), 1))))
    share = 1 - gone / np.maximum(batch.lengths, 1)
    counts = np.ceil(counts * share).astype(np.int32)
    return replace(batch, sentences=int(counts.sum()), sentence_counts=counts)


def repeats_of(run: Run) -> Repeats:
    """The repeated passages of a run; empty if it was made without a search for them."""
    kept = run.parts.get("repeats")
    if kept is None:
        folder = run.part("repeats")
        passages = np.zeros(0, np.uint64)
        if folder is not None:
            passages = read_tensors(folder / _FILE, _FORMS, "make the run again")["passages"]
        recorded = run.provenance.repeats or {}
        figures = {of.name: recorded[of.name] for of in fields(Repeats)[1:] if of.name in recorded}
        kept = Repeats(passages, **figures)
    assert isinstance(kept, Repeats)
    return kept


def repeated_tokens(run: Run) -> Mask | None:
    """Which tokens of a run are part of a repeated passage, (N,) bool; None without repeated passages.

    Short editorial pieces in brackets are such passages, too. It is None for a text of templates. Of a
    passage that is counted once, the counted occurrence is marked. Passages that stemming or a minimal count
    changed are not found.
    """

    def mask() -> Mask | None:
        repeats = repeats_of(run)
        if repeats.templates or run.tokens is None:
            return None
        short = editorial_tokens(run)
        if not len(repeats.passages):
            return short
        long = repeats.tokens_in(run.tokens)
        return long if short is None else long | short

    return run.held("repeated tokens", mask)


def counted_occurrences(
    ngrams: Ngrams,
    hashed: Hashes,  # (n,)
    places: Ints,  # (n,) their first tokens, rising
    least: int = 1,  # documents of an n-gram that is listed
) -> pl.DataFrame:
    """A row for each n-gram, by rising hashes: the number of its documents, and the place that is counted.

    It is in the document with the smallest hash, or in the first of these, for any order of the documents.
    """
    import polars as pl

    check_polars()
    many = pl.len().over("passage") >= least
    documents = ngrams.batch.document_of(places)
    rows = pl.DataFrame({"passage": hashed, "document": documents, "place": places})
    rows = rows.filter(many)  # most drop out here
    rows = rows.unique(["passage", "document"], keep="first", maintain_order=True).filter(many)
    different, place = np.unique(rows["document"].to_numpy(), return_inverse=True)
    rows = rows.with_columns(owner=ngrams.owners(different)[place]).sort("passage", "owner", "document")
    first, documents_of_each = pl.col("owner", "document", "place").first(), pl.len().cast(pl.Int64)
    by_passage = rows.group_by("passage", maintain_order=True)
    return by_passage.agg(first, documents_of_each.alias("documents"))


def most_frequent(ngrams: pl.DataFrame) -> dict[str, Any]:
    """The row of the n-gram in the most documents; the first of equally frequent ones."""
    return ngrams.sort("documents", descending=True, maintain_order=True).row(0, named=True)


def tokens_by_document(tokens: Mask, batch: TokenBatch) -> Ints:
    numbers = np.zeros(batch.documents, np.int64)
    for first, last in batch.ranges():
        bounds = batch.offsets[first : last + 1]
        marked = tokens[bounds[0] : bounds[-1]]
        numbers[first:last] = np.diff(np.searchsorted(np.flatnonzero(marked), bounds - bounds[0]))
        release(marked)
    return numbers


def example_of(batch: TokenBatch, place: int, repeated: Mask) -> str:
    """The repeated passage from an n-gram on, whose documents are counted; at most `_SHOWN` tokens of it."""
    document = int(batch.document_of(np.array([place]))[0])
    last, stop = place + NGRAM, min(int(batch.offsets[document + 1]), place + _SHOWN)
    while last < stop and repeated[last]:
        last += 1
    return " ".join(batch.types[i] for i in batch.ids[place:last].tolist())


# Editorial pieces are shorter than twelve tokens, and known by the bracket that ends them. Tokens have no
# brackets, so the pieces are found in the text that a run keeps.

_PIECE = r"(?:\[|\p{Lu})[^\[\].!?\n]{2,80}[.!?]?\]"  # in brackets, or a sentence that ends in one
_MOST = 200  # pieces, those in the most documents
_FEWEST = 2  # tokens: a single word, such as [laughter], is used elsewhere, too


def editorial_pieces(run: Run) -> dict[str, int]:
    """The pieces in brackets that occur in ten documents or more, and in how many, most frequent first."""
    if run.text is None:
        return {}
    counted = Counter[str]()
    for rows in run.text.batches((TEXT,)):
        marked = rows[TEXT].filter(rows[TEXT].str.contains("]", literal=True))
        pieces = marked.str.extract_all(_PIECE).list.unique().explode(empty_as_null=False).drop_nulls()
        counted.update(dict(pieces.value_counts().iter_rows()))
    often = sorted((-number, piece) for piece, number in counted.items() if number >= LEAST_DOCUMENTS)
    return {piece: -number for number, piece in often[:_MOST]}


def editorial_tokens(run: Run) -> Mask | None:
    """Which tokens of a run are part of such a piece, (N,) bool; None without any.

    The words of a piece that mostly occur without its brackets are not marked.
    """
    pieces = editorial_pieces(run)
    batch = run.tokens
    if batch is None or not pieces:
        return None
    from .preprocessing import Preprocessing, encode_texts

    words = encode_texts(list(pieces), Preprocessing.of(run.provenance), run.vectors)
    index = {word: i for i, word in enumerate(batch.types)}
    marked: Mask = np.zeros(len(batch), bool)
    for number, documents in enumerate(pieces.values()):
        mine = words.ids[words.offsets[number] : words.offsets[number + 1]].tolist()
        ids = [index.get(words.types[i], -1) for i in mine]
        if len(ids) >= _FEWEST and -1 not in ids:
            places = _places_of(batch, ids)
            if len(places) <= 2 * documents:
                marked[places[:, None] + np.arange(len(ids))] = True
    return marked if marked.any() else None


def _places_of(batch: TokenBatch, ids: list[int]) -> Ints:
    rarest = int(np.argmin(batch.counts[ids]))
    starts = np.flatnonzero(batch.ids == ids[rarest]) - rarest
    starts = starts[(starts >= 0) & (starts + len(ids) <= len(batch))]
    for offset, wanted in enumerate(ids):
        starts = starts[batch.ids[starts + offset] == wanted]
    same = batch.document_of(starts) == batch.document_of(starts + len(ids) - 1)
    within: Ints = starts[same]
    return within

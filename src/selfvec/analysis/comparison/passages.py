"""Passages that occur in several documents: nearly the same texts, and lines that are quoted.

A test takes each document for an observation of its own. Three copies of each text, each with another last
line, are one observation, and so `near_copies` numbers them alike. A mail that quotes its thread says the
words of the thread again, and so `without_quotations` leaves them out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from selfvec.base.arrays import Array, Bytes, Hashes, Ids, Ints, Mask
from selfvec.base.compiled import kernel, read_only
from selfvec.base.threads import cut, finish, in_order, threads
from selfvec.corpus.fingerprints import fingerprints, hashes_of_words, joined_utf8
from selfvec.data.run import Run
from selfvec.data.run_text import GROUP, TEXT, RunText
from selfvec.data.token_batch import TokenBatch
from selfvec.files.checksums import write_sealed
from selfvec.files.tensors import map_tensors, write_tensors
from selfvec.storage.cache import RESULT, cached, read_result
from selfvec.text.kernels import BASE, MIX, NGRAM, hash_ngrams
from selfvec.text.preprocessing import Preprocessing, encode_texts
from selfvec.text.repeats import counter_bits, find_repeats, without
from selfvec.text.rules import first_of_stems, stems

if TYPE_CHECKING:
    import polars as pl

# ---- Nearly the same texts

# A text is known by its shingles, the passages of four words in it. The smallest hashes of them, its sketch,
# are a random sample that two texts share as far as they share the text (Broder, 1997).
_SHINGLE = 4  # words
_SKETCH = 16  # hashes: of 10,000 texts that share half of their shingles, one pair shares fewer than two
_NEAR = 0.6  # of the shingles of the shorter text are in the other one
_SPREAD = 0.5  # ... and in the longest text of its cluster: copies of copies do not lead to another text
_SHORTER = 0.5  # as long as the longer text, at least: a text is no copy of the volume that it stands in
_HELD = 4  # texts that are looked up by one hash: a passage in thousands of texts makes no more candidates
_TRIED = 4  # candidates, those that share most of the sketch
# A passage in more of the texts is one of a form or a template, whose texts are alike without being copies.
_USUAL = 0.05, 10, 250  # the share, and the least and the largest number of texts
_BITS = 18  # binary logarithm of the least number of counters of shingles
_FEWEST = 16  # other shingles of a text that can be a copy; short texts are copies if they are equal
_AT_ONCE = 1 << 20  # tokens sketched at a time

_NO_HASH = np.uint64(0xFFFFFFFFFFFFFFFF)  # fills the sketch of a short text
_HALF = np.uint64(32)


def near_copies(batch: TokenBatch, among: Mask | None = None) -> Ints:
    """A number for each document, equal for those that are the same text or nearly; (D,).

    Of two such texts the shorter one is at least half as long and has most of its shingles in the other one.
    Each text is near another one of its cluster, and shares half of its shingles with the longest. Passages
    of a form, which are in many texts, do not count. Short texts are alike only if they are equal. Documents
    that are not ``among`` those compared, (D,) bool, and those without words have a number of their own. The
    clusters do not depend on the order of the documents, which are numbered as they first occur.

    >>> text = "the storm broke the roof of a barn and two old trees by the river but left us alone".split()
    >>> texts = [text, [*text, "again"], text[::-1], text]
    >>> near_copies(TokenBatch.from_documents(texts)).tolist()
    [0, 0, 1, 0]
    """
    lengths = np.diff(batch.offsets)
    compared = np.flatnonzero(lengths > 0 if among is None else among & (lengths > 0))
    keys = hashes_of_words(batch.ids, batch.offsets[:-1][compared], batch.offsets[1:][compared])
    _, first, copy = np.unique(keys, return_index=True, return_inverse=True)
    distinct = compared[first]  # one document of each text
    long = np.flatnonzero(lengths[distinct] >= NGRAM)
    cluster = np.arange(len(distinct))
    cluster[long] = long[_clustered(batch, distinct[long])]
    numbers = np.arange(batch.documents)
    numbers[compared] = distinct[cluster[copy]]
    _, place, number = np.unique(numbers, return_index=True, return_inverse=True)
    rank = np.empty(len(place), np.int64)
    rank[np.argsort(place)] = np.arange(len(place))
    return rank[number]


def _clustered(batch: TokenBatch, documents: Ints) -> Ints:
    """For each of n different texts the place of the longest one of its cluster, (n,)."""
    import polars as pl

    words = fingerprints(pl.Series(batch.types, dtype=pl.String)) * MIX  # (V,)
    lengths = np.diff(batch.offsets)[documents]
    longest = int(lengths.max(initial=1))

    def room() -> tuple[Hashes, Ints]:
        return np.empty(longest, np.uint64), np.empty(longest, np.int64)

    share, least, most = _USUAL
    limit = int(np.clip(share * len(documents), least, most))
    counters = np.zeros(1 << max(counter_bits(4 * int(lengths.sum())), _BITS), np.uint8)
    _count_shingles(batch.read_only, documents, words, room(), counters)
    known = words, counters > limit
    sketches = np.full((len(documents), _SKETCH), _NO_HASH)
    sums = np.zeros(len(documents), np.uint64)

    def work(part: tuple[int, int]) -> None:
        chosen = slice(*part)
        _sketch(batch.read_only, documents[chosen], known, room(), sketches[chosen], sums[chosen])

    finish(in_order(cut(lengths, _AT_ONCE), work, threads(None)))
    # From the longest to the shortest, so that a text is compared with the one that it was cut from.
    order = np.lexsort((sums, -lengths))
    values, number, times = np.unique(sketches[order].ravel(), return_inverse=True, return_counts=True)
    shared = (times > 1) & (values != _NO_HASH)
    places = np.where(shared, np.cumsum(shared) - 1, -1)[number].reshape(sketches.shape)
    held = np.full((np.count_nonzero(shared), _HELD), -1, np.int64)
    size = 1 << (2 * longest).bit_length()
    scratch = np.zeros(size, np.uint64), np.full(size, -1, np.int64), np.full(size, -1, np.int64)
    leaders = np.arange(len(order))
    _join_clusters(batch.read_only, documents[order], known, places, held, room(), scratch, leaders)
    out = np.empty_like(order)
    out[order] = order[leaders]
    return out


@kernel
def _mixed(value: np.uint64) -> np.uint64:
    value = (value ^ value >> _HALF) * MIX
    return value ^ value >> _HALF


@kernel
def _count_shingles(
    text: tuple[Ids, Ints],
    documents: Ints,
    words: Hashes,
    room: tuple[Hashes, Ints],  # as long as the longest text, written
    counters: Bytes,
) -> None:
    """Count the shingles of some documents, up to 255; several may share a counter."""
    mask = np.uint64(len(counters) - 1)
    for n in range(len(documents)):
        for i in range(
            hash_ngrams(text, (documents[n], documents[n] + 1), _SHINGLE, words, room[0], room[1])
        ):
            place = _mixed(room[0][i]) & mask
            counters[place] += counters[place] < 255


@kernel
def _sketch(
    text: tuple[Ids, Ints],
    documents: Ints,
    known: tuple[Hashes, Mask],  # the hashes of words, and which shingles are usual
    room: tuple[Hashes, Ints],  # as long as the longest text, written
    sketches: Hashes,
    sums: Hashes,
) -> None:
    """Write the smallest hashes of the shingles of some documents, (n, `_SKETCH`), rising, and their sums.

    Those that are usual, by the counters of `_count_shingles`, are in no sketch.
    """
    words, usual = known
    mask = np.uint64(len(usual) - 1)
    for n in range(len(documents)):
        for i in range(
            hash_ngrams(text, (documents[n], documents[n] + 1), _SHINGLE, words, room[0], room[1])
        ):
            hashed = _mixed(room[0][i])
            sums[n] += hashed
            if hashed >= sketches[n, _SKETCH - 1] or usual[hashed & mask]:
                continue
            place = _SKETCH - 1
            while place > 0 and sketches[n, place - 1] > hashed:
                place -= 1
            if place > 0 and sketches[n, place - 1] == hashed:
                continue
            for k in range(_SKETCH - 1, place, -1):
                sketches[n, k] = sketches[n, k - 1]
            sketches[n, place] = hashed


@kernel
def _looked_up(
    text: tuple[Ids, Ints],
    document: int,
    known: tuple[Hashes, Mask],  # the hashes of words, and which shingles are usual
    room: tuple[Hashes, Ints],  # as long as the longest text, written
    table: tuple[
        Hashes, Ints, Ints
    ],  # shingles, the text that entered each, and a mark; see `_join_clusters`
    mask: np.uint64,  # the part of the table that is used, a power of two less one
    text_number: int,
    mark: int,  # -1 to enter the shingles, otherwise a number that no other look-up has
) -> int:
    """Enter the different shingles of a document into a table, or count those of them that are in it."""
    words, usual = known
    shingles, owners, marks = table
    number = 0
    for i in range(hash_ngrams(text, (document, document + 1), _SHINGLE, words, room[0], room[1])):
        hashed = _mixed(room[0][i])
        if usual[hashed & np.uint64(len(usual) - 1)]:
            continue
        slot = hashed & mask
        while owners[slot] == text_number and shingles[slot] != hashed:
            slot = (slot + np.uint64(1)) & mask
        met = owners[slot] == text_number
        if mark < 0 and not met:
            shingles[slot] = hashed
            owners[slot] = text_number
            number += 1
        elif mark >= 0 and met and marks[slot] != mark:
            marks[slot] = mark
            number += 1
    return number


@kernel
def _join_clusters(
    text: tuple[Ids, Ints],
    documents: Ints,  # (n,) from the longest text to the shortest
    known: tuple[Hashes, Mask],  # the hashes of words, and which shingles are usual
    places: Ints,  # (n, k) the rows of `held` for the sketch of each text, -1 for hashes of one text
    held: Ints,  # (m, h) the texts that are looked up by a hash, -1 for none; written
    room: tuple[Hashes, Ints],  # as long as the longest text, written
    scratch: tuple[Hashes, Ints, Ints],  # (s,) each, s at least twice as large as the longest text
    leaders: Ints,  # (n,) the longest text of the cluster of each text; written
) -> None:
    candidates = np.empty(_SKETCH * _HELD, np.int64)
    votes = np.empty(_SKETCH * _HELD, np.int64)
    sizes = np.zeros(len(documents), np.int64)  # different shingles
    looked_up = 0
    for n in range(len(documents)):
        found = 0
        for k in range(_SKETCH):
            for h in range(_HELD if places[n, k] >= 0 else 0):
                other = held[places[n, k], h]
                if other < 0:
                    break
                c = 0
                while c < found and candidates[c] != other:
                    c += 1
                if c == found:
                    candidates[c] = other
                    votes[c] = 0
                    found += 1
                votes[c] += 1
        mask = np.uint64(1)
        while mask < 2 * (text[1][documents[n] + 1] - text[1][documents[n]]):
            mask <<= np.uint64(1)
        mask -= np.uint64(1)
        sizes[n] = _looked_up(text, documents[n], known, room, scratch, mask, n, -1)
        for _ in range(min(found, _TRIED)):
            best = 0
            for c in range(1, found):
                if votes[c] > votes[best]:
                    best = c
            if votes[best] < 2:
                break
            votes[best] = 0
            near = True
            for step in range(2):  # the text itself, and the longest of its cluster
                other = candidates[best] if step == 0 else leaders[candidates[best]]
                share = _NEAR if step == 0 else _SPREAD
                if step == 1 and other == candidates[best]:
                    continue
                small = min(sizes[n], sizes[other])
                near = small >= max(_SHORTER * max(sizes[n], sizes[other]), _FEWEST)
                if near:
                    common = _looked_up(text, documents[other], known, room, scratch, mask, n, looked_up)
                    looked_up += 1
                    near = common >= share * small
                if not near:
                    break
            if near:
                leaders[n] = leaders[candidates[best]]
                break
        for k in range(_SKETCH):
            for h in range(_HELD if places[n, k] >= 0 else 0):
                other = held[places[n, k], h]
                if other < 0:
                    held[places[n, k], h] = n
                if other < 0 or leaders[other] == leaders[n]:  # one text of a cluster is enough
                    break


# ---- Lines that an earlier document has

# A line is quoted if an earlier document has it: earlier by date or, without one, by place. Below a line such
# as "On 2 March, Ann wrote:" sentences are compared, too, since the lines may end elsewhere. Some mails of a
# day lie in any order; then that one is the earlier in which fewer such lines stand above.
_LONG = 8  # words of a line that is quoted with its neighbour
_VERY_LONG = 24  # ... of a line that is not said twice by chance
_INTRODUCED = 4  # ... of a line below one that introduces a quotation, or with its mark
_WIDE = 8  # bytes that are a word in writing without spaces
_FORM = 10, 0.05  # documents, and share of all, that say a line as their own if it is one of a form
_LEAST = 0.001  # of the words
_HEAD = 24  # bytes in which the name of a mail's header ends
_IDS = "ids.safetensors"

_VERBS = (
    "wrote|writes|schrieb|schreibt|écrit|escribió|scritto|schreef|skrev|escreveu|napisała?|napsala?|írta"
    "|kirjoitti|yazdı|scris|написала?|пишет|писал|έγραψε|写道|寫道"
)
_SENDER = "from|von|de|da|van|från|fra|od|от|发件人|差出人"
_FIELDS = (
    "sent|to|cc|date|subject|gesendet|an|betreff|datum|envoyé|à|objet|para|asunto|enviado|inviato|a|oggetto"
    "|verzonden|aan|onderwerp|skickat|till|ämne|sendt|til|emne|assunto|wysłano|do|temat|отправлено|кому|тема"
    "|дата|收件人|发送时间|主题|宛先|件名|送信日時"
)
_COLON = r"[:\uff1a]"
_INTRODUCES = re.compile(
    rf"[>|\s]*(?:(?P<sender>{_SENDER})\s*{_COLON}|(?P<field>{_FIELDS})\s*{_COLON}"
    rf"|[-_]{{3,}}[^\W\d_ ]*[^\n]*[-_]{{3,}}\s*\Z|_{{5,}}\s*\Z"
    rf"|.*(?:\b(?:{_VERBS})\b|写道|寫道).{{0,80}}{_COLON}\s*\Z|.*\d.*@[^\s@]+{_COLON}\s*\Z)",
    re.IGNORECASE | re.DOTALL,
)
_SHORT = 400  # bytes of a line that introduces a quotation, at most


@dataclass(frozen=True, eq=False)
class Quoted:
    """The tokens of a run without the lines that an earlier document has."""

    batch: TokenBatch
    words: Ints  # (D,) left out of each document
    share: float  # of all words, those

    @property
    def documents(self) -> int:
        """The number of documents that quote another."""
        return int(np.count_nonzero(self.words))


def without_quotations(run: Run) -> Quoted | None:
    """The tokens of a run without what is quoted of earlier documents; None if that is hardly a word.

    A document of which nothing would be left is a copy and stays, unless it begins by saying whom it quotes.
    """
    if run.text is None or run.tokens is None:
        return None
    read = partial(_read, run.tokens)
    made = run.held("quotations", lambda: cached(run, "quotations", None, lambda: _made(run), _write, read))
    return made if made.share >= _LEAST else None


def own_words(run: Run) -> Run:
    """The run with the tokens of `without_quotations`; the run itself if it quotes nothing."""
    quoted = without_quotations(run)
    return run if quoted is None else run.replace(tokens=quoted.batch)


def own_texts(run: Run) -> dict[int, str]:
    """What is left of each document that quotes an earlier one, by number."""
    text, batch = run.text, run.tokens
    if text is None or batch is None:
        return {}
    return run.held("own texts", lambda: _own_texts(text, batch))


def _made(run: Run) -> Quoted:
    text, batch = run.require_text(), run.require_tokens()
    words = np.zeros(batch.documents, np.int64)
    own = own_texts(run)
    if not own:
        return Quoted(batch, words, 0.0)
    numbers = list(own)
    written = _as_words(run, _encoded(run, text.texts(numbers)))
    # All are encoded anew: a passage that is counted once may have been counted where it was quoted.
    read = _encoded(run, [own.get(number, each) for number, each in enumerate(text.texts())])
    left = _as_words(run, read)
    words[numbers] = np.diff(written.offsets) - np.diff(left.offsets)[numbers]
    share = float(words.sum() / max(len(left) + words.sum(), 1))
    repeats = run.provenance.repeats
    if repeats and repeats["counted"] == "once":
        left = _as_words(run, without(read, find_repeats(read)[1]))
    of = {name: getattr(left, name) for name in ("ids", "offsets", "sentences", "sentence_counts")}
    return Quoted(replace(batch, **of), words, share)


def _encoded(run: Run, texts: Sequence[str | None]) -> TokenBatch:
    """Texts as refining has read them, before it stemmed words and looked for passages that are repeated."""
    rules = Preprocessing.of(run.provenance)
    stop_words = run.provenance.options.get("stop_words")
    rules = replace(rules, stop_words=stop_words, variants="", stemmed=rules.stemmed and bool(rules.phrases))
    return encode_texts([text or "" for text in texts], rules, run.vectors)


def _as_words(run: Run, read: TokenBatch) -> TokenBatch:
    """The same texts as words of the run, without those that it does not have."""
    types = run.require_tokens().types
    stem = run.provenance.options.get("stem")
    index = first_of_stems(types, stem)
    names = stems(read.types, stem) if stem else read.types
    return read.renumbered(np.array([index.get(name, -1) for name in names], np.int32), types)


def _write(made: Quoted, folder: Path) -> None:
    batch = made.batch
    arrays: dict[str, Array] = {}
    if made.share:
        arrays = {"ids": batch.ids, "offsets": batch.offsets, "words": made.words}
    if made.share and batch.sentence_counts is not None:
        arrays["sentence_counts"] = batch.sentence_counts
    write_tensors(folder / _IDS, arrays)
    write_sealed(folder / RESULT, {"share": made.share, "sentences": batch.sentences})


def _read(batch: TokenBatch, folder: Path) -> Quoted:
    """What `_write` has written, of a run with this batch."""
    arrays, described = map_tensors(folder / _IDS), read_result(folder)
    if not described["share"]:
        return Quoted(batch, np.zeros(batch.documents, np.int64), 0.0)
    left = replace(
        batch,
        ids=arrays["ids"],
        offsets=np.array(arrays["offsets"]),
        sentences=described["sentences"],
        sentence_counts=arrays.get("sentence_counts"),
    )
    return Quoted(left, arrays["words"], described["share"])


class _Pieces(NamedTuple):
    """The lines or sentences of some documents, each array (n,); those without words are left out."""

    document: Ints
    hashed: Hashes  # of the letters and numbers
    words: Ints
    introduces: Mask  # whether it says who wrote what follows, or is a mail's header
    depth: Ints  # those that introduce, down to this one; with a mark of a quotation, one more
    start: Ints  # bytes, in the texts of all documents
    end: Ints

    @classmethod
    def of(cls, texts: pl.Series, documents: Ints, *, sentences: bool) -> _Pieces:
        data, bounds = joined_utf8(texts)
        room = len(data) + 1
        ends, words, flags = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.uint8)
        hashed = np.empty(room, np.uint64)
        size = _cut(read_only(data), bounds, sentences, ends, hashed, words, flags)
        starts = np.concatenate(([0], ends[: size - 1]))[:size]
        kept = np.flatnonzero(words[:size])
        ends, words, flags = ends[kept], words[kept], flags[kept]
        place = np.searchsorted(bounds, starts[kept], side="right") - 1
        introduces = np.zeros(len(kept), bool)
        heading = np.zeros(len(kept), bool)  # the header that a mail itself begins with
        perhaps = (flags & _PERHAPS > 0) & (ends - starts[kept] <= _SHORT)
        for number in np.flatnonzero(perhaps).tolist():
            piece = data[starts[kept[number]] : ends[number]].tobytes().decode()
            if found := _INTRODUCES.match(piece):
                begins = number == 0 or place[number] != place[number - 1]
                heading[number] = found.lastgroup is not None and (begins or heading[number - 1])
                goes_on = found.lastgroup != "field" or introduces[number - 1]
                introduces[number] = goes_on and not heading[number]
        # "On 2 March Ann <ann@example.org>" may be a line of its own, and "wrote:" the next one.
        short = introduces[1:] & (words[1:] < _INTRODUCED) & (np.diff(kept) == 1)
        introduces[:-1] |= short & (place[1:] == place[:-1])
        above = np.cumsum(introduces)
        first = np.searchsorted(place, place)  # of the document
        depth = above - (above - introduces)[first] if len(above) else above
        marked = (flags & _MARKED) > 0
        return cls(documents[place], hashed[kept], words, introduces, depth + marked, starts[kept], ends)

    def part(self, chosen: Mask | Ints) -> _Pieces:
        columns: Any = (column[chosen] for column in self)
        return _Pieces(*columns)


_PERHAPS, _MARKED = 1, 2  # flags of a piece: it may introduce a quotation; it begins with the mark of one


@kernel(steps=lambda data, *_: len(data))
def _cut(
    data: Bytes, bounds: Ints, sentences: bool, ends: Ints, hashed: Hashes, words: Ints, flags: Bytes
) -> int:
    """Cut texts into lines or sentences; write where each ends, its hash, words and flags; their number.

    A sentence ends at . ! ? before white space, at a colon before a line's end, at a blank line, and at
    Chinese and Japanese full stops. Abbreviations end sentences, too, in the quoted text as in the quotation.
    """
    n = 0
    for d in range(len(bounds) - 1):
        i = bounds[d]
        stop = bounds[d + 1]
        while i < stop:
            begin = i
            value = np.uint64(0)
            number = size = newlines = 0
            first = last = 0x20
            inside = colon = ended = done = False
            while i < stop and not done:
                byte = int(data[i])
                i += 1
                wide = byte >= 0x80
                if wide or 48 <= byte <= 57 or 97 <= (byte | 0x20) <= 122:
                    number += not inside
                    value = (value + np.uint64(0 if inside else 1)) * BASE
                    value = value * BASE + np.uint64(byte | 0x20 if byte < 0x80 and byte > 57 else byte)
                    size += 1
                    inside = True
                    ended = False
                    if wide and i - begin >= 3 and sentences:
                        one, two = data[i - 3], data[i - 2]
                        done = (one == 0xE3 and two == 0x80 and byte == 0x82) or (
                            one == 0xEF and two == 0xBC and (byte == 0x81 or byte == 0x9F)
                        )
                else:
                    inside = False
                if byte == 0x0A:
                    newlines += 1
                    done = not sentences or newlines > 1 or last == 0x3A
                elif byte > 0x20:
                    first = byte if first == 0x20 else first
                    if not (byte == 0x3E or byte == 0x7C):  # > and |
                        newlines = 0
                        last = byte
                    colon |= i - begin <= _HEAD and (byte == 0x3A or byte == 0x9A)  # the last byte of U+FF1A
                    ended |= byte == 0x2E or byte == 0x21 or byte == 0x3F
                if byte <= 0x20 and ended and sentences:
                    done = True
            ends[n] = i
            hashed[n] = _mixed(value)
            words[n] = max(number, size // _WIDE)
            perhaps = colon or last == 0x3A or last == 0x9A or first == 0x2D or first == 0x5F
            flags[n] = _PERHAPS * perhaps | _MARKED * (first == 0x3E)
            n += 1
    return n


def _pieces(text: RunText, *, sentences: bool, among: Hashes | None = None) -> _Pieces:
    """The lines or sentences of all documents, or those whose hashes are ``among`` some, rising."""

    def work(numbered: tuple[int, pl.DataFrame]) -> _Pieces:
        number, rows = numbered
        documents = np.arange(number * GROUP, number * GROUP + len(rows))
        pieces = _Pieces.of(rows[TEXT], documents, sentences=sentences)
        return pieces if among is None else pieces.part(_among(among, pieces.hashed))

    parts = in_order(enumerate(text.batches((TEXT,))), work, threads(None))
    return _Pieces(*map(np.concatenate, zip(*parts, strict=True)))


def _among(rising: Hashes, hashed: Hashes) -> Mask:
    """Which of n hashes are among others, (m,), in rising order; (n,) bool."""
    if not len(rising):
        return np.zeros(len(hashed), bool)
    found: Mask = rising[np.minimum(np.searchsorted(rising, hashed), len(rising) - 1)] == hashed
    return found


def _own_texts(text: RunText, batch: TokenBatch) -> dict[int, str]:
    """What is left of each document that quotes an earlier one, by number."""
    import polars as pl

    when = _when(batch)
    lines = _pieces(text, sentences=False)
    quoted = _stretches(lines, _said_before(lines, _repeated(lines), when), _quoted_lines(lines, when))
    several = np.bincount(lines.document, minlength=batch.documents) > 1
    suspected = np.zeros(batch.documents, bool)
    suspected[lines.document[quoted | lines.introduces]] = True
    suspected &= several
    numbers = np.flatnonzero(suspected)
    if not len(numbers):
        return {}
    texts = text.read((TEXT,), numbers.tolist())[TEXT]
    pieces = _Pieces.of(texts, numbers, sentences=False)
    sentences = _Pieces.of(texts, numbers, sentences=True)
    others = _pieces(text, sentences=True, among=np.sort(sentences.hashed))
    said = _said_before(sentences, others, when) & (sentences.depth > 0)
    again = _stretches(sentences, said, said & (sentences.words >= _INTRODUCED))
    left = _without(texts, [pieces.part(quoted[suspected[lines.document]]), sentences.part(again)])
    filled = _Pieces.of(pl.Series(left, dtype=pl.String), numbers, sentences=False).document
    begins_quoted = pieces.depth[np.searchsorted(pieces.document, numbers)] > 0
    stays = begins_quoted | np.isin(numbers, filled)
    rows = zip(numbers.tolist(), texts, left, stays.tolist(), strict=True)
    return {number: rest for number, whole, rest, stay in rows if stay and rest != whole}


def _without(texts: pl.Series, left_out: Sequence[_Pieces]) -> list[str]:
    """Texts without some of their pieces."""
    data, bounds = joined_utf8(texts)
    kept = np.ones(len(data), bool)
    for pieces in left_out:
        for start, end in zip(pieces.start.tolist(), pieces.end.tolist(), strict=True):
            kept[start:end] = False
    return [data[a:b][kept[a:b]].tobytes().decode() for a, b in pairwise(bounds.tolist())]


def _when(batch: TokenBatch) -> Ints:
    """The place of each document in time, (D,); those without a date come last."""
    if batch.dates is None:
        return np.zeros(batch.documents, np.int64)
    days = batch.dates.astype("datetime64[D]")
    return np.where(np.isnat(days), np.iinfo(np.int64).max, days.astype(np.int64))


def _quoted_lines(lines: _Pieces, when: Ints) -> Mask:
    """Which of n lines are quoted beyond doubt, if an earlier document has them, (n,) bool.

    Forms and reports share sentences by chance. So a line that nobody introduces is very long, or stands
    beside the same line as there, or is all that a document says.
    """
    pairs = _pairs(lines)
    beside = _said_before(pairs, _repeated(pairs), when)
    beside[1:] |= beside[:-1]
    alone = np.bincount(lines.document, minlength=len(when))[lines.document] == 1
    known = beside | _among(np.sort(lines.hashed[alone]), lines.hashed)
    introduced = (lines.depth > 0) & (lines.words >= _INTRODUCED)
    return introduced | (lines.words >= _VERY_LONG) | (known & (lines.words >= _LONG))


def _pairs(pieces: _Pieces) -> _Pieces:
    """Each piece with the next one of its document; of the last ones no two are equal."""
    last = np.diff(pieces.document, append=-1) != 0
    following = np.where(last, pieces.document.astype(np.uint64), np.roll(pieces.hashed, -1))
    return pieces._replace(hashed=(pieces.hashed ^ pieces.hashed >> _HALF) * MIX + following)


def _repeated(pieces: _Pieces) -> _Pieces:
    """Those that occur several times."""
    rising = np.sort(pieces.hashed)
    return pieces.part(_among(rising[1:][rising[1:] == rising[:-1]], pieces.hashed))


def _stretches(pieces: _Pieces, said: Mask, surely: Mask) -> Mask:
    """Which of n pieces are quoted, with the lines that introduce quotations, (n,) bool.

    An earlier document has ``said`` them, (n,); of these some are ``surely`` quoted, (n,). Others, and the
    lines that introduce them, are quoted with those that they stand beside.
    """
    surely = said & surely
    part_of = said | pieces.introduces
    breaks = (np.diff(pieces.document) != 0) | ~part_of[1:] | ~part_of[:-1]
    stretch = np.concatenate(([0], np.cumsum(breaks)))[: len(said)]
    last = np.full(len(said), -1)  # sure line of a stretch
    np.maximum.at(last, stretch[surely], np.flatnonzero(surely))
    reached = last[stretch]
    quoted: Mask = part_of & (reached >= 0) & (said | (np.arange(len(said)) < reached))
    return quoted


def _said_before(pieces: _Pieces, others: _Pieces, when: Ints) -> Mask:
    """Which of n pieces an earlier document has, (n,) bool; see `_own_texts`."""
    if not len(others.hashed):
        return np.zeros(len(pieces.hashed), bool)
    others = others.part(np.lexsort((others.document, others.depth, when[others.document])))
    values, first = np.unique(others.hashed, return_index=True)
    place = np.minimum(np.searchsorted(values, pieces.hashed), len(values) - 1)
    source = first[place]
    ahead = np.zeros(len(source), np.int64)  # below 0: the source is earlier
    for theirs, own in (
        (when[others.document[source]], when[pieces.document]),
        (others.depth[source], pieces.depth),
        (others.document[source], pieces.document),
    ):
        ahead = np.where(ahead == 0, np.sign(theirs.astype(np.float64) - own), ahead)
    said = (values[place] == pieces.hashed) & (others.document[source] != pieces.document) & (ahead < 0)
    # A line that many documents say as their own is a heading or a formula.
    plain = others.part(others.depth == 0)
    pairs = np.sort(np.searchsorted(values, plain.hashed) * len(when) + plain.document)
    pairs = pairs[np.concatenate(([True], pairs[1:] != pairs[:-1]))[: len(pairs)]]
    documents = np.bincount(pairs // len(when), minlength=len(values))
    least, share = _FORM
    of_form = (pieces.depth == 0) & (documents[place] >= max(least, share * len(when)))
    earlier: Mask = said & ~of_form
    return earlier

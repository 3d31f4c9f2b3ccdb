"""What a document has of another one: of a text that is nearly the same, or lines that it quotes.

A test takes each document for an observation of its own. Three copies of each text, each with another last
line, are one observation, and so `near_copies` numbers them alike. A mail that quotes its thread says the
words of the thread again, and so `own_texts` leaves these lines out.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import lru_cache
from itertools import chain

import numpy as np
import polars as pl

from selfvec.base.arrays import Hashes, Ints, Mask
from selfvec.base.threads import finish, in_order
from selfvec.corpus.fingerprints import fingerprints, hashes_of_words, mixed
from selfvec.data.run_text import DATE, GROUP, TEXT, RunText
from selfvec.data.token_batch import TokenBatch

from .kernels import NGRAM
from .repeats import Hashed, Ngrams, counter_bits, counter_of

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
_REMEMBERED = 1 << 12  # texts whose shingles are held
_KEPT, _LEFT = np.uint64(48), np.uint64(16)  # bits of a hash that are kept, and the others
_LOWER = np.uint64(0xFFFFFFFFFFFF)

_NO_HASH = np.uint64(0xFFFFFFFFFFFFFFFF)  # fills the sketch of a short text


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
    lengths = batch.lengths
    compared = np.flatnonzero(lengths > 0 if among is None else among & (lengths > 0))
    keys = hashes_of_words(batch.ids, batch.offsets[:-1][compared], batch.offsets[1:][compared])
    _, first, copy = np.unique(keys, return_index=True, return_inverse=True)
    distinct = compared[first]  # one document of each text
    long = np.flatnonzero(lengths[distinct] >= NGRAM)
    cluster = np.arange(len(distinct))
    cluster[long] = long[_clustered(batch.part(distinct[long]))]
    numbers = np.arange(batch.documents)
    numbers[compared] = distinct[cluster[copy]]
    _, place, number = np.unique(numbers, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(place))[number]


def _clustered(texts: TokenBatch) -> Ints:
    """For each of n different texts the place of the longest one of its cluster, (n,)."""
    ngrams = Ngrams(texts, length=_SHINGLE)
    share, least, most = _USUAL
    limit = int(np.clip(share * texts.documents, least, most))
    usual = ngrams.count(max(counter_bits(4 * len(texts)), _BITS)) > limit
    sketches, sums = _sketches(ngrams, usual)
    # From the longest to the shortest, so that a text is compared with the one that it was cut from.
    order = np.lexsort((sums, -texts.lengths))
    values, number, times = np.unique(sketches[order], return_inverse=True, return_counts=True)
    shared = ((times > 1) & (values != _NO_HASH))[number].reshape(sketches.shape)

    @lru_cache(_REMEMBERED)
    def shingles(text: int) -> Hashes:
        ((hashed, places),) = ngrams.hashed(order[text], order[text] + 1)
        return _rare(np.zeros_like(places), hashed, usual)

    def is_near(text: int, other: int, share: float) -> bool:
        few, many = sorted((shingles(text), shingles(other)), key=len)
        if len(few) < max(_SHORTER * len(many), _FEWEST):
            return False
        return len(np.intersect1d(few, many, assume_unique=True)) >= share * len(few)

    leaders = list(range(len(order)))  # the longest text of the cluster of each
    held = defaultdict[int, list[int]](list)  # the texts that are looked up by a hash
    for text, hashes in enumerate(sketches[order]):
        alike = [held[of] for of in hashes[shared[text]].tolist()]
        for other, votes in Counter(chain(*alike)).most_common(_TRIED):
            leader = leaders[other]
            if votes > 1 and is_near(text, other, _NEAR) and is_near(text, leader, _SPREAD):
                leaders[text] = leader
                break
        for others in alike:  # one text of a cluster is enough
            if len(others) < _HELD and leaders[text] not in [leaders[other] for other in others]:
                others.append(text)
    out = np.empty_like(order)
    out[order] = order[leaders]
    return out


def _sketches(ngrams: Ngrams, usual: Mask) -> tuple[Hashes, Hashes]:
    """The sketch of each of n texts, (n, `_SKETCH`), filled with `_NO_HASH`, and the sum of its hashes."""
    texts = ngrams.batch
    sketches = np.full((texts.documents, _SKETCH), _NO_HASH)
    sums = np.zeros(texts.documents, np.uint64)

    def work(each: Hashed) -> None:
        for hashed, places in each:
            owners = texts.document_of(places)
            begins = np.flatnonzero(np.diff(owners, prepend=-1))
            sums[owners[begins]] = np.add.reduceat(mixed(hashed), begins)
            rare = _rare(owners - owners[0], hashed, usual)
            own = (rare >> _KEPT).astype(np.int64)
            rank = np.arange(len(own)) - np.searchsorted(own, own)
            few = rank < _SKETCH
            sketches[owners[0] + own[few], rank[few]] = rare[few] & _LOWER

    finish(ngrams.by_thread(work))
    return sketches, sums


def _rare(texts: Ints, hashed: Hashes, usual: Mask) -> Hashes:
    """The different shingles that are not usual, rising: above 48 bits of a hash, the number of its text."""
    rare = ~usual[counter_of(hashed, len(usual))]
    rising = np.sort(texts[rare].astype(np.uint64) << _KEPT | mixed(hashed[rare]) >> _LEFT)
    different: Hashes = rising[np.diff(rising, prepend=_NO_HASH) != 0]
    return different


# ---- Lines that an earlier document has

# A line is quoted if an earlier document has it: earlier by date or, without one, by place. Below a line such
# as "On 2 March, Ann wrote:" sentences are compared, too, since the lines may end elsewhere. Some mails of a
# day lie in any order; then that one is the earlier in which fewer such lines stand above.
_LONG = 8  # words of a line that is quoted with its neighbour
_VERY_LONG = 24  # ... of a line that is not said twice by chance
_INTRODUCED = 4  # ... of a line below one that introduces a quotation, or with its mark
_WIDE = 8  # bytes that are a word in writing without spaces
_FORM = 10  # documents that say a line as their own if it is one of a form
_SHORT = 400  # bytes of a line that introduces a quotation, at most

_GAP = r"[\x00-/:-@\[-`{-\x7F]+"  # between words
_LINE = r"[^\n]*\n?"
# Abbreviations end sentences, too, in the quoted text as in the quotation. So do colons before a line's end.
_SENTENCE = r"(?s).*?(?:[.!?][!-/:-@\[-`{-\x7F]*[\x00-\x20]|[:\n][\x00-\x20>|]*?\n|[。！？]|\z)"

_VERBS = (
    "wrote|writes|schrieb|schreibt|écrit|escribió|scritto|schreef|skrev|escreveu|napisała?|napsala?|írta"
    "|kirjoitti|yazdı|scris|написала?|пишет|писал|έγραψε|写道|寫道"
)
_SENDERS = "from|von|de|da|van|från|fra|od|от|发件人|差出人"
_FIELDS = (
    "sent|to|cc|date|subject|gesendet|an|betreff|datum|envoyé|à|objet|para|asunto|enviado|inviato|a|oggetto"
    "|verzonden|aan|onderwerp|skickat|till|ämne|sendt|til|emne|assunto|wysłano|do|temat|отправлено|кому|тема"
    "|дата|收件人|发送时间|主题|宛先|件名|送信日時"
)
_AT_LINE_START = r"(?is)^[>|\s]*"
_COLON = r"\s*[:\uff1a]"
_SENDER, _FIELD = rf"(?:{_SENDERS}){_COLON}", rf"(?:{_FIELDS}){_COLON}"
_WROTE = (
    rf"(?:[-_]{{3,}}[^\n]*[-_]{{3,}}\s*\z"
    rf"|.*(?:\b(?:{_VERBS})\b|写道|寫道).{{0,80}}{_COLON}\s*\z|.*\d.*@[^\s@]+{_COLON}\s*\z)"
)


def own_texts(text: RunText) -> dict[int, str]:
    """What is left of each document that quotes an earlier one, by number.

    A document of which nothing would be left is a copy and stays, unless it begins by saying whom it quotes.
    """
    lines = _pieces(text, _LINE)
    document, hashed, depth, words = (pl.col(name) for name in ("document", "hashed", "depth", "words"))
    several, again = pl.len().over(document) > 1, hashed.is_duplicated()
    if not lines.select((several & (again | pl.col("introduces"))).any()).item():
        return {}
    # Lines of a form are headings, formulas or templates: many documents say them as their own.
    plain = lines.filter(depth == 0).group_by(hashed).agg(document.n_unique())
    form = (depth == 0) & hashed.is_in(plain.filter(document >= _FORM)["hashed"].implode())
    whole = hashed.is_in(lines.filter(~several)["hashed"].implode())
    lines = lines.with_columns(form=form, whole=whole, following=hashed.shift(-1).over(document))
    repeated, own = lines.filter(again), ~lines["form"]
    beside = _said_before(lines, repeated, "following") & own & own.shift(-1)
    lines = lines.with_columns(said=_said_before(lines, repeated) & own, beside=beside)
    # Forms and reports share sentences by chance. So a line that nobody introduces is very long, or stands
    # beside the same line as there, or below another one while it is all that the other document says.
    below = pl.col("whole") & ~document.is_first_distinct()
    known = pl.col("beside") | pl.col("beside").shift(1) | below
    surely = (words >= _VERY_LONG) | (words >= _LONG) & known | (words >= _INTRODUCED) & (depth > 0)
    lines = lines.with_columns(surely=surely).with_columns(quoted=_quoted())
    lines = lines.filter(several & (pl.col("quoted") | pl.col("introduces")).any().over(document))
    numbers = lines["document"].unique(maintain_order=True)
    rows = text.read((TEXT, DATE), numbers.to_list()).with_columns(numbers)
    sentences = _pieces_of(rows, _SENTENCE)
    introduced = sentences.filter(depth > 0)["hashed"].unique()
    others = _pieces(text, _SENTENCE, introduced) if len(introduced) else sentences
    said = _said_before(sentences, others) & (sentences["depth"] > 0)
    sentences = sentences.with_columns(said=said, surely=words >= _INTRODUCED).filter(_quoted())
    places = [pieces["document", "start", "end"] for pieces in (lines.filter("quoted"), sentences)]
    left_out = pl.concat(places).group_by(document).agg("start", "end").sort(document)
    headed = set(lines.filter(document.is_first_distinct() & (depth > 0))["document"])
    texts = dict(zip(numbers, rows[TEXT], strict=True))
    left = {}
    for number, starts, ends in left_out.iter_rows():
        data = np.frombuffer(texts[number].encode(), np.uint8)
        kept = np.ones(len(data), bool)
        for start, end in zip(starts, ends, strict=True):
            kept[start:end] = False
        rest = data[kept].tobytes().decode()
        if number in headed or re.sub(_GAP, "", rest):
            left[number] = rest
    return left


def _quoted() -> pl.Expr:
    """Which pieces are quoted, with the lines that introduce quotations.

    Of those ``said`` by an earlier document some are ``surely`` quoted. Others, and the lines that introduce
    them, are quoted with those that they stand beside.
    """
    said, introduces, place = pl.col("said"), pl.col("introduces"), pl.int_range(pl.len())
    last = pl.when(said & pl.col("surely")).then(place).max()
    quoted = (said & last.is_not_null()) | (introduces & (place < last))
    return quoted.fill_null(False).over(pl.struct("document", said | introduces).rle_id())


def _said_before(pieces: pl.DataFrame, others: pl.DataFrame, *also: str) -> pl.Series:
    """Which pieces an earlier document has, with the same in ``also``; ``others`` are all that could be."""
    keys = ["hashed", *also]
    rising = others.sort("date", "depth", "document", nulls_last=True, maintain_order=True)
    first = rising.unique(keys, keep="first", maintain_order=True).select(*keys, first="document")
    rows = pieces.join(first, keys, how="left", maintain_order="left")
    return (rows["first"] != rows["document"]).fill_null(False)


def _pieces(text: RunText, cut: str, among: pl.Series | None = None) -> pl.DataFrame:
    """The lines or sentences of all documents, or those whose hashes are ``among`` some."""

    def work(numbered: tuple[int, pl.DataFrame]) -> pl.DataFrame:
        first, rows = numbered[0] * GROUP, numbered[1]
        pieces = _pieces_of(rows.with_columns(document=pl.int_range(first, first + len(rows))), cut)
        return pieces if among is None else pieces.filter(pl.col("hashed").is_in(among.implode()))

    return pl.concat(in_order(enumerate(text.batches((TEXT, DATE))), work))


def _pieces_of(rows: pl.DataFrame, cut: str) -> pl.DataFrame:
    """The pieces of texts that have words, with the hash of these, and where they are, in bytes.

    A piece ``introduces`` if it says who wrote what follows, or is of a mail's header, but not of the header
    that a mail itself begins with. ``depth`` counts those that introduce, down to this one; with a mark of a
    quotation, one more.
    """
    piece, introduces, words = pl.col("piece"), pl.col("introduces"), pl.col("words")
    pieces = rows.select("document", "date", piece=pl.col(TEXT).str.extract_all(cut)).explode("piece")
    size = piece.str.len_bytes().cast(pl.Int64)
    end = size.cum_sum().over("document")
    spoken = piece.str.replace_all(_GAP, " ").str.strip_chars(" ").str.to_lowercase()
    pieces = pieces.with_columns(start=end - size, end=end, spoken=spoken).filter(pl.col("spoken") != "")
    number = 1 + pl.col("spoken").str.count_matches(" ", literal=True).cast(pl.Int64)
    letters = 1 + pl.col("spoken").str.len_bytes().cast(pl.Int64) - number
    short = pl.when(size <= _SHORT).then(piece).otherwise(pl.lit(""))
    sender, field, wrote = (short.str.contains(_AT_LINE_START + form) for form in (_SENDER, _FIELD, _WROTE))
    heading = (sender | field).cast(pl.Int8).cum_min().over("document") == 1
    # A field of a header belongs to what stands above it.
    told = pl.when(heading).then(False).when(field).then(None).otherwise(sender | wrote).forward_fill()
    pieces = pieces.select(
        pl.col("document", "date", "start", "end"),
        hashed=fingerprints(pieces["spoken"]),
        words=pl.max_horizontal(number, letters // _WIDE),
        introduces=told.over("document"),
        marked=piece.str.contains(r"^\s*>"),
    )
    # "On 2 March Ann <ann@example.org>" may be a line of its own, and "wrote:" the next one.
    goes_on = introduces & (words < _INTRODUCED) & (pl.col("start") == pl.col("end").shift(1))
    begun = goes_on.shift(-1, fill_value=False).over("document")
    pieces = pieces.with_columns(introduces=introduces | begun)
    return pieces.with_columns(depth=introduces.cum_sum().over("document") + pl.col("marked"))

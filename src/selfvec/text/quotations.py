"""Lines that an earlier document has: a mail that quotes its thread says the words of the thread again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from selfvec.base.arrays import Bytes, Hashes, Ints, Mask
from selfvec.base.compiled import kernel, read_only
from selfvec.base.threads import in_order, threads
from selfvec.corpus.fingerprints import BASE, HALF, MIX, are_among, joined_utf8, mixed
from selfvec.data.run_text import GROUP, TEXT, RunText

if TYPE_CHECKING:
    import polars as pl

# A line is quoted if an earlier document has it: earlier by date or, without one, by place. Below a line such
# as "On 2 March, Ann wrote:" sentences are compared, too, since the lines may end elsewhere. Some mails of a
# day lie in any order; then that one is the earlier in which fewer such lines stand above.
_LONG = 8  # words of a line that is quoted with its neighbour
_VERY_LONG = 24  # ... of a line that is not said twice by chance
_INTRODUCED = 4  # ... of a line below one that introduces a quotation, or with its mark
_WIDE = 8  # bytes that are a word in writing without spaces
_FORM = 10  # documents that say a line as their own if it is one of a form
_HEAD = 24  # bytes in which the name of a mail's header ends

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


def own_texts(text: RunText) -> dict[int, str]:
    """What is left of each document that quotes an earlier one, by number."""
    import polars as pl

    when = np.where(np.isnat(text.days), np.iinfo(np.int64).max, text.days.astype(np.int64))
    lines = _pieces(text, sentences=False)
    form = _of_form(lines, len(text))
    said = _said_before(lines, _repeated(lines), when) & ~form
    quoted = _stretches(lines, said, _quoted_lines(lines, form, when))
    several = np.bincount(lines.document, minlength=len(text)) > 1
    suspected = np.zeros(len(text), bool)
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
            hashed[n] = mixed(value)
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
        return pieces if among is None else pieces.part(are_among(among, pieces.hashed))

    parts = in_order(enumerate(text.batches((TEXT,))), work, threads(None))
    return _Pieces(*map(np.concatenate, zip(*parts, strict=True)))


def _without(texts: pl.Series, left_out: Sequence[_Pieces]) -> list[str]:
    """Texts without some of their pieces."""
    data, bounds = joined_utf8(texts)
    kept = np.ones(len(data), bool)
    for pieces in left_out:
        for start, end in zip(pieces.start.tolist(), pieces.end.tolist(), strict=True):
            kept[start:end] = False
    return [data[a:b][kept[a:b]].tobytes().decode() for a, b in pairwise(bounds.tolist())]


def _of_form(lines: _Pieces, documents: int) -> Mask:
    """Which of n lines are headings, formulas or templates: many documents say them as their own."""
    plain = lines.part(lines.depth == 0)
    values, place = np.unique(plain.hashed, return_inverse=True)
    numbers = np.bincount(np.unique(place * documents + plain.document) // documents, minlength=len(values))
    often = are_among(values[numbers >= _FORM], lines.hashed)
    return np.asarray(often & (lines.depth == 0))


def _quoted_lines(lines: _Pieces, form: Mask, when: Ints) -> Mask:
    """Which of n lines are quoted beyond doubt, if an earlier document has them, (n,) bool.

    Forms and reports share sentences by chance. So a line that nobody introduces is very long, or stands
    beside the same line as there, or below another one while it is all that the other document says. Lines
    of a ``form``, (n,), tell nothing.
    """
    pairs = _pairs(lines)
    beside = _said_before(pairs, _repeated(pairs), when)
    beside[:-1] &= ~(form[:-1] | form[1:])
    beside[1:] |= beside[:-1]
    alone = np.bincount(lines.document, minlength=len(when))[lines.document] == 1
    below = np.diff(lines.document, prepend=-1) == 0
    known: Mask = beside | (below & are_among(np.sort(lines.hashed[alone]), lines.hashed))
    introduced = (lines.depth > 0) & (lines.words >= _INTRODUCED)
    quoted: Mask = introduced | (lines.words >= _VERY_LONG) | (known & (lines.words >= _LONG))
    return quoted


def _pairs(pieces: _Pieces) -> _Pieces:
    """Each piece with the next one of its document; of the last ones no two are equal."""
    last = np.diff(pieces.document, append=-1) != 0
    following = np.where(last, pieces.document.astype(np.uint64), np.roll(pieces.hashed, -1))
    return pieces._replace(hashed=(pieces.hashed ^ pieces.hashed >> HALF) * MIX + following)


def _repeated(pieces: _Pieces) -> _Pieces:
    """Those that occur several times."""
    rising = np.sort(pieces.hashed)
    return pieces.part(are_among(rising[1:][rising[1:] == rising[:-1]], pieces.hashed))


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
    """Which of n pieces an earlier document has, (n,) bool; see `own_texts`."""
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
    earlier: Mask = (
        (values[place] == pieces.hashed) & (others.document[source] != pieces.document) & (ahead < 0)
    )
    return earlier

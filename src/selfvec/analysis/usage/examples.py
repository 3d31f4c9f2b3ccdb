"""Examples: passages of documents that show how a word is used, with their place.

An example begins as the words around an occurrence. `sentences` puts the sentence of the document in their
place if the run keeps its text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from selfvec.base.answer import Json
from selfvec.base.arrays import AnyFloats, Floats, Ints, Mask
from selfvec.base.display import printable, shortened
from selfvec.base.view import Pieces
from selfvec.data.provenance import Provenance
from selfvec.data.run_text import RunText
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import sampled
from selfvec.text.passages import marked, sentence_spans
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.rules import Rulebook, stems

from .contexts import occurrences
from .occurrence_vectors import OccurrenceSpace

REACH = 12  # words shown on each side
SELF = "self"  # the mark of the word itself
_LONGEST = 280  # characters of a sentence
_WORDS = re.compile(r"\w+")

FormsOf = Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True)
class Example:
    """A passage of a document, in which words are marked."""

    word: str  # that it quotes
    side: int  # number of the slice, or of the sense, that it is an example of
    document: int
    pieces: tuple[tuple[str, str], ...]  # of its text, each with its mark, "" for none
    cut: tuple[bool, bool] = (False, False)  # whether text was left out before and after
    written: bool = False  # as the document has it, not the words that the run counted
    name: str = ""  # the id of the document, if the run keeps its text
    date: str = ""
    slice: str = ""

    @classmethod
    def at(cls, batch: TokenBatch, place: int, side: int, marks: Mapping[int, str] | None = None) -> Example:
        """The words around a position in a corpus; ``marks`` are those of other words, by their rows."""
        document, start, stop = around(batch, place)
        own = {**(marks or {}), int(batch.ids[place]): SELF}
        pieces: list[tuple[str, str]] = []
        for row in batch.ids[start:stop].tolist():
            pieces += [(" ", "")] * bool(pieces) + [(batch.types[row], own.get(row, ""))]
        cut = start > int(batch.offsets[document]), stop < int(batch.offsets[document + 1])
        dated = batch.dates is not None and not np.isnat(batch.dates[document])
        sliced = batch.slices is not None and batch.slices[document] >= 0
        return cls(
            batch.types[batch.ids[place]],
            side,
            document,
            tuple(pieces),
            cut,
            date=str(batch.dates[document]) if dated else "",  # type: ignore[index]
            slice=batch.slice_names[batch.slices[document]] if sliced else "",  # type: ignore[index]
        )

    @property
    def text(self) -> str:
        """The words, or the sentence with dots where it was cut."""
        before, after = self.cut if self.written else (False, False)
        return f"{'… ' * before}{''.join(text for text, _ in self.pieces)}{' …' * after}"

    @property
    def shown(self) -> Pieces:
        """The text as views have it, its word and others that tell marked."""
        before, after = self.cut if self.written else (False, False)
        marked = [(printable(text), "mark" if mark else "") for text, mark in self.pieces]
        return [*[("… ", "")] * before, *marked, *[(" …", "")] * after]

    @property
    def source(self) -> str:
        """The document, and its date if it has one."""
        return " · ".join(filter(None, (self.name or str(self.document), self.date)))

    def as_dict(self) -> Json:
        """As the page gets it: what is not known is left out."""
        known = {"date": self.date, "slice": self.slice, "id": self.name, "written": self.written}
        shown = {
            "document": self.document,
            "cut": list(self.cut),
            "tokens": [list(piece) for piece in self.pieces],
        }
        return shown | {name: value for name, value in known.items() if value}


def around(batch: TokenBatch, place: int, reach: int = REACH) -> tuple[int, int, int]:
    """The document of a token, and the start and stop of the window around it."""
    document = int(batch.document_of(np.array([place]))[0])
    start, stop = max(int(batch.offsets[document]), place - reach), place + reach + 1
    return document, start, min(int(batch.offsets[document + 1]), stop)


def sentences(text: RunText | None, made: Provenance, quotes: Sequence[Example]) -> list[Example]:
    """The same examples with the sentences of the documents, if a run keeps its text.

    A sentence has its word, or a form of it if the run, made so, merged forms. If none does, the words stay.
    """
    if not quotes:
        return []
    wanted = sorted({quote.document for quote in quotes})
    texts = dict(zip(wanted, text.texts(wanted), strict=True)) if text else {}
    names = dict(zip(wanted, text.names(wanted), strict=True)) if text else {}
    form_of = _forms(made)
    told = (_as_written(quote, texts.get(quote.document) or "", form_of) for quote in quotes)
    return [replace(quote, name=names.get(quote.document, "")) for quote in told]


def _as_written(quote: Example, text: str, form_of: FormsOf) -> Example:
    """An example with the sentence of its document that has most of its words; marked words count twice."""
    marks = {piece.lower(): mark for piece, mark in quote.pieces if mark not in ("", SELF)}
    weights = {word: 1.0 + (word in marks) for word in words_of(quote.text)}
    span_in = partial(_span_of, quote.word, form_of)
    sentence = best_sentence(text, weights, least=1, holds=lambda part: span_in(part) is not None)
    if sentence is None:
        return quote
    start, _ = span_in(sentence) or (0, 0)
    before, shown, after = shortened(sentence, start, _LONGEST)
    pieces = marked(shown, _marks(shown, span_in(shown), marks))
    return replace(quote, pieces=pieces, cut=(before, after), written=True)


def _marks(
    text: str, span: tuple[int, int] | None, marks: Mapping[str, str]
) -> Iterator[tuple[int, int, str]]:
    """Where the marked words of a text are, those like what is in ``span`` as the word itself."""
    own = re.escape(text[slice(*span)]) if span else "(?!)"
    for match in re.finditer(rf"(?<!\w)({own})(?!\w)|\w+", text, re.IGNORECASE):
        mark = SELF if match[1] else marks.get(match[0].lower())
        if mark is not None:
            yield *match.span(), mark


def _forms(made: Provenance) -> FormsOf:
    """A function that normalises words as a run does: to lemmas, stems, or lower case."""
    preprocessing = Preprocessing.of(made)
    rules = Rulebook(replace(preprocessing.rules, stop_words=None), "lower")
    stem = preprocessing.stem if preprocessing.stemmed else None

    def form_of(words: Sequence[str]) -> list[str]:
        lemmas = [rules.key(form, {}) for form in rules.forms(words)]
        return stems(lemmas, stem)

    return form_of


def _span_of(word: str, form_of: FormsOf, text: str) -> tuple[int, int] | None:
    """The span of a whole word in a text, or else of another form of it; None if it does not occur.

    The words of a phrase, such as flash_flood, may be separated by any characters but letters and digits.
    """
    parts = [part for part in word.split("_") if part]
    # Only signs may stand between two parts; before a part that begins with a sign, one sign. Otherwise
    # every division of a run of signs would be tried.
    gaps = [r"[\W_]++" if re.match(r"\w", part) else r"[\W_]" for part in parts[1:]]
    pattern = "".join(gap + re.escape(part) for gap, part in zip(["", *gaps], parts, strict=False))
    pattern = pattern or re.escape(word)
    same = re.search(rf"(?<!\w){pattern}(?!\w)", text.replace("\u2019", "'"), re.IGNORECASE)
    if same is not None:
        return same.span()
    every = list(_WORDS.finditer(text))
    wanted, *forms = form_of([word, *(match.group() for match in every)])
    return next((m.span() for m, form in zip(every, forms, strict=True) if form == wanted), None)


def words_of(text: str) -> set[str]:
    """The distinct words of a text in lower case."""
    return {word.lower() for word in _WORDS.findall(text)}


def best_sentence(
    text: str,
    weights: Mapping[str, float],  # by lower-case word
    *,
    least: float = 0,
    holds: Callable[[str], bool] = bool,  # whether a sentence has what is required
) -> str | None:
    """The sentence with the largest total weight of its distinct words; None if not above ``least``."""
    parts = [" ".join(text[first:last].split()) for first, last in sentence_spans(text, lower=text.islower())]
    scores = [sum(weights[word] for word in words_of(part) & weights.keys()) for part in parts]
    # The best come first, since it takes long to see what a sentence holds.
    for place in sorted(range(len(parts)), key=lambda place: -scores[place]):
        if scores[place] > least and holds(parts[place]):
            return parts[place]
    return None


# ---- Which occurrences of a word are quoted: those that show best what is said of it, in different words


_SAMPLED = 400  # occurrences per word and slice that are compared
_ALIKE = 3  # of marked occurrences with the same words within this distance, one is shown
_SHARED = 0.7  # of the words of two texts: these are nearly the same


def distinct_occurrences(
    batch: TokenBatch, places: Iterable[int], most: int, reach: int = REACH
) -> list[int]:
    """The first positions, at most ``most``, in different documents and with different words around them."""
    chosen: list[int] = []
    documents: set[int] = set()
    windows: set[tuple[int, ...]] = set()
    for place in places:
        if len(chosen) == most:
            break
        document, start, stop = around(batch, place, reach)
        window = tuple(batch.ids[start:stop].tolist())
        if document in documents or window in windows:
            continue
        documents.add(document)
        windows.add(window)
        chosen.append(place)
    return chosen


def distinct_texts(texts: Sequence[str], most: int) -> list[int]:
    """The first texts, at most ``most``, that are not like an earlier one; numbers do not count.

    >>> distinct_texts(["Hail fell at 9:00.", "hail fell at 17:30", "Hail was reported", "Wind"], 5)
    [0, 2, 3]
    """
    chosen: list[int] = []
    words = [{word for word in words_of(text) if not word.isdigit()} for text in texts]
    for number, own in enumerate(words):
        others = (words[other] for other in chosen)
        if len(chosen) < most and not any(len(own & other) >= _SHARED * len(own | other) for other in others):
            chosen.append(number)
    return chosen


def best_occurrences(
    batch: TokenBatch,
    repeated: Mask | None,  # (N,), `repeated_tokens`
    places: Ints,  # (n,), where a word occurs
    scores: AnyFloats,  # (n,), higher for occurrences that support the statement better
    most: int,
    side: int = 0,
    marks: Mapping[int, str] | None = None,  # words to mark, and their marks
) -> list[Example]:
    """The best occurrences of a word, one per document and no two alike.

    Repeated passages are shown only if there is nothing else.
    """
    if repeated is not None and len(scores):
        scores = scores - repeated[places] * (np.ptp(scores) + 1)  # below all others
    order = np.argsort(-scores, kind="stable")
    # Marked words are near: occurrences with the same of them say the same, whatever stands farther off.
    reach = REACH if marks is None else _ALIKE
    chosen = distinct_occurrences(batch, places[order].tolist(), most, reach)
    return [Example.at(batch, place, side, marks) for place in chosen]


def examples(space: OccurrenceSpace, repeated: Mask | None, word: int, number: int = 2) -> list[Example]:
    """Occurrences that show how a word differs between slices, the clearest first, ``number`` for each slice.

    With a single slice, the occurrences nearest to their mean are shown. Repeated passages, tokens (N,), are
    shown only if there is nothing else.
    """
    places = occurrences(space.batch, word)
    documents = space.batch.document_of(places)
    rng = np.random.default_rng(0)
    by_side: list[tuple[Ints, Floats]] = []
    for side in range(len(space.centres)):
        mine = sampled(places[space.sides[documents] == side], _SAMPLED, rng)
        by_side.append((mine, space.directions(mine)))
    means = [rows.mean(axis=0) if len(rows) else np.zeros(rows.shape[1], np.float32) for _, rows in by_side]
    quoted = []
    for side, (mine, rows) in enumerate(by_side):
        others = [mean for other, mean in enumerate(means) if other != side]
        # Toward its own mean and away from the others: what is typical of all sides explains nothing.
        toward = means[side] - (np.mean(others, axis=0) if others else 0)
        quoted += best_occurrences(space.batch, repeated, mine, rows @ toward, number, side)
    return quoted

"""Example occurrences of a word: the choice of occurrences, and the sentences they come from.

An occurrence is shown as the words around it, or as the original sentence if the run keeps its text. The web
page marks the words that support its statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from selfvec.base.arrays import AnyFloats, Floats, Ints, Mask
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.repeats import repeated_tokens
from selfvec.text.rules import Rulebook, Rules, stems
from selfvec.text.sentences import sentence_spans

from .contexts import occurrences
from .occurrence_vectors import OccurrenceSpace

REACH = 12  # words shown on each side
_SAMPLED = 400  # occurrences per word and slice that are compared
_LONGEST = 280  # characters of a sentence
_LONGEST_MARKED = 320  # on the web page
_ALIKE = 3  # of marked occurrences with the same words within this distance, one is shown
_SHARED = 0.7  # of the words of two texts: these are nearly the same
_WORDS = re.compile(r"\w+")

Json = dict[str, Any]


@dataclass(frozen=True)
class Example:
    """One occurrence of a word in context."""

    word: str
    side: int  # number of the slice, or of the sense, that it is an example of
    document: int
    text: str  # the words around it, or the sentence
    name: str = ""  # of the document: its id, or its number
    mark: tuple[int, int] = (0, 0)  # start and end of the word in the text

    @classmethod
    def at(cls, batch: TokenBatch, place: int, side: int) -> Example:
        """The occurrence at a position in a corpus, with the words around it."""
        document, start, stop = around(batch, place)
        text = " ".join(batch.types[i] for i in batch.ids[start:stop].tolist())
        return cls(batch.types[batch.ids[place]], side, document, text)


def around(batch: TokenBatch, place: int, reach: int = REACH) -> tuple[int, int, int]:
    """The document of a token, and the start and stop of the window around it."""
    document = int(batch.document_of(np.array([place]))[0])
    start, stop = max(int(batch.offsets[document]), place - reach), place + reach + 1
    return document, start, min(int(batch.offsets[document + 1]), stop)


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
    words = [{word for word in _words_of(text) if not word.isdigit()} for text in texts]
    for number, own in enumerate(words):
        others = (words[other] for other in chosen)
        if len(chosen) < most and not any(len(own & other) >= _SHARED * len(own | other) for other in others):
            chosen.append(number)
    return chosen


def repeated_last(
    run: Run,
    places: Ints,  # (n,) tokens
    scores: AnyFloats,  # (n,)
) -> AnyFloats:
    """The scores. Those of tokens in repeated passages are lowered below all others."""
    repeated = repeated_tokens(run)
    return scores if repeated is None else _lowered(scores, repeated[places])


def _lowered(scores: AnyFloats, which: Mask) -> AnyFloats:
    return scores - which * (np.ptp(scores) + 1) if len(scores) else scores


def examples(space: OccurrenceSpace, word: int, number: int = 2) -> list[Example]:
    """Occurrences that show how a word differs between slices, the clearest first, ``number`` for each slice.

    They come from different documents. Repeated passages are shown only if there is nothing else. With a
    single slice, the occurrences nearest to their mean are shown.
    """
    places = occurrences(space.batch, word)
    documents = space.batch.document_of(places)
    rng = np.random.default_rng(0)
    drawn: list[tuple[Ints, Floats]] = []
    for side in range(len(space.centres)):
        mine = places[space.sides[documents] == side]
        if len(mine) > _SAMPLED:
            mine = np.sort(rng.choice(mine, _SAMPLED, replace=False))
        drawn.append((mine, space.directions(mine)))
    means = [rows.mean(axis=0) if len(rows) else np.zeros(rows.shape[1], np.float32) for _, rows in drawn]
    found = []
    for side, (mine, rows) in enumerate(drawn):
        others = [mean for other, mean in enumerate(means) if other != side]
        toward = means[side] - (np.mean(others, axis=0) if others else 0)
        scores = rows @ toward
        if space.repeated is not None:
            scores = _lowered(scores, space.repeated[mine])
        order = np.argsort(-scores, kind="stable")
        shown = distinct_occurrences(space.batch, mine[order].tolist(), number)
        found += [Example.at(space.batch, place, side) for place in shown]
    return found


def sentences(run: Run, found: Sequence[Example]) -> list[Example]:
    """The same examples with the original sentences as text, if the run keeps its text.

    A sentence contains its word, or a form of it if the run merged forms. If no sentence does, the text stays
    unchanged.
    """
    if not found:
        return []
    wanted = sorted({example.document for example in found})
    texts = dict(zip(wanted, run.text.texts(wanted), strict=True)) if run.text else {}
    names = dict(zip(wanted, run.text.names(wanted), strict=True)) if run.text else {}
    form_of = _forms(run)
    out = []
    for example in found:
        weights = dict.fromkeys(_words_of(example.text), 1.0)
        place_in = partial(_place_of, example.word, form_of)
        sentence = best_sentence(texts.get(example.document, ""), weights, least=1, place_in=place_in)
        if sentence is not None:
            before, shown, after = shortened(sentence, place_in(sentence) or 0, _LONGEST)
            example = replace(example, text=f"{'… ' * before}{shown}{' …' * after}")
        name = names.get(example.document, str(example.document))
        mark = _span_of(example.word, form_of, example.text) or (0, 0)
        out.append(replace(example, name=name, mark=mark))
    return out


def _forms(run: Run) -> Callable[[Sequence[str]], list[str]]:
    """A function that normalises words as the run does: to lemmas, stems, or lower case."""
    preprocessing = Preprocessing.of(run.provenance)
    language = preprocessing.language
    rules = Rulebook(Rules(lemmatize=preprocessing.lemmatize, language=language), "lower")
    stem = preprocessing.stem if preprocessing.stemmed else None

    def form_of(words: Sequence[str]) -> list[str]:
        lemmas = [rules.key(form, {}) for form in rules.forms(words)]
        return stems(lemmas, stem) if stem else lemmas

    return form_of


def _place_of(word: str, form_of: Callable[[Sequence[str]], list[str]], text: str) -> int | None:
    """The start of a word in a text."""
    span = _span_of(word, form_of, text)
    return None if span is None else span[0]


def _span_of(word: str, form_of: Callable[[Sequence[str]], list[str]], text: str) -> tuple[int, int] | None:
    """The span of a whole word in a text, or else of another form of it; None if it does not occur.

    The words of a phrase, such as flash_flood, may be separated by any characters but letters and digits.
    """
    pattern = r"[\W_]+".join(re.escape(part) for part in word.split("_") if part) or re.escape(word)
    same = re.search(rf"(?<!\w){pattern}(?!\w)", text.replace("\u2019", "'"), re.IGNORECASE)
    if same is not None:
        return same.span()
    found = list(_WORDS.finditer(text))
    wanted, *forms = form_of([word, *(match.group() for match in found)])
    return next((m.span() for m, form in zip(found, forms, strict=True) if form == wanted), None)


def _words_of(text: str) -> set[str]:
    """The distinct words of a text in lower case."""
    return {word.lower() for word in _WORDS.findall(text)}


def best_sentence(
    text: str,
    weights: Mapping[str, float],  # by lower-case word
    *,
    least: float = 0,
    place_in: Callable[[str], int | None] = len,  # position of the required word in a sentence, or None
) -> str | None:
    """The sentence with the largest total weight of its distinct words; None if not above ``least``."""
    best = None
    for first, last in sentence_spans(text, lower=text.islower()):
        part = " ".join(text[first:last].split())
        score = sum(weights[word] for word in _words_of(part) & weights.keys())
        if score > least and place_in(part) is not None:
            best = part
            least = score
    return best


def shortened(text: str, place: int, longest: int) -> tuple[bool, str, bool]:
    """At most ``longest`` characters of whole words around a position, and whether each end was cut."""
    if len(text) <= longest:
        return False, text, False
    start = max(0, min(place - longest // 2, len(text) - longest))
    cut = text[start : start + longest]
    before, after = start > 0, start + longest < len(text)
    cut = cut[cut.find(" ") + 1 :] if before else cut
    return before, cut[: cut.rfind(" ")] if after else cut, after


def marked_occurrences(
    batch: TokenBatch,
    places: Ints,  # (n,), where the word occurs
    scores: AnyFloats,  # (n,), higher for occurrences that support the statement better
    marks: Mapping[int, str],  # words to mark, and their marks
    most: int = 5,
) -> list[Json]:
    """The best occurrences of a word, one per document and no two alike.

    Each has ``document`` (its number), ``date`` and ``slice`` if known, ``cut`` (whether text was left out
    before and after) and ``tokens``: pairs of a word and its mark ("self" for the word itself, "" for none).
    """
    order = np.argsort(-np.asarray(scores), kind="stable")
    out = []
    for place in distinct_occurrences(batch, places[order].tolist(), most, _ALIKE):
        document, start, stop = around(batch, place)
        own = {**marks, int(batch.ids[place]): "self"}
        shown: Json = {
            "document": document,
            "cut": [start > int(batch.offsets[document]), stop < int(batch.offsets[document + 1])],
            "tokens": [[batch.types[i], own.get(i, "")] for i in batch.ids[start:stop].tolist()],
        }
        if batch.dates is not None and not np.isnat(batch.dates[document]):
            shown["date"] = str(batch.dates[document])
        if batch.slices is not None and batch.slices[document] >= 0:
            shown["slice"] = batch.slice_names[batch.slices[document]]
        out.append(shown)
    return out


def quoted(occurrence: Json, texts: Mapping[int, str]) -> Json:
    """The occurrence, from `marked_occurrences`, with its original sentence and the same words marked.

    ``texts`` are original documents by number. The result has ``written`` true, and ``tokens`` that make up
    the sentence including spaces. It is unchanged if the document is missing or no sentence matches.
    """
    marks = {word.lower(): mark for word, mark in occurrence["tokens"] if mark}
    own = {word for word, mark in marks.items() if mark in ("self", "near")}
    weights = {word.lower(): 1.0 for word, _ in occurrence["tokens"]}
    weights |= {word: weights[word] + 1 for word in marks}

    def place_in(part: str) -> int | None:
        places = (match.start() for match in _WORDS.finditer(part) if match.group().lower() in own)
        return next(places, None)

    sentence = best_sentence(texts.get(occurrence["document"]) or "", weights, place_in=place_in)
    if sentence is None:
        return occurrence
    before, text, after = shortened(sentence, place_in(sentence) or 0, _LONGEST_MARKED)
    return {
        **occurrence,
        "written": True,
        "cut": [before, after],
        "tokens": list(_marked_pieces(text, marks)),
    }


def _marked_pieces(text: str, marks: Mapping[str, str]) -> Iterable[list[str]]:
    """Marked words, and the text between them with an empty mark."""
    done = 0
    for match in _WORDS.finditer(text):
        mark = marks.get(match.group().lower())
        if mark:
            if match.start() > done:
                yield [text[done : match.start()], ""]
            yield [match.group(), mark]
            done = match.end()
    if done < len(text):
        yield [text[done:], ""]

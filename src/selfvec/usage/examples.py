"""The uses that show a change: those in one slice that are most unlike the other slice's.

A word's contexts stand in the run as ids, and are shown as words. Where the files that were read are still
there, unchanged, the sentences themselves are shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.base.errors import SelfvecError
from selfvec.data.run import Run
from selfvec.text.sentences import sentence_spans

from .space import UseSpace

__all__ = ["Example", "examples", "sentences", "source_texts"]

LOOKED_AT = 400  # uses of a word on a side, at most
REACH = 12  # words shown on each side
LONGEST = 280  # characters of a sentence
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True)
class Example:
    """A use of a word.

    Parameters
    ----------
    word : str
    side : int
        The slice it stands in.
    document : int
        Number of the document in the run's corpus.
    text : str
        The words around it, or the sentence.
    """

    word: str
    side: int
    document: int
    text: str


def examples(space: UseSpace, word: int, number: int = 2, seed: int = 0) -> list[Example]:
    """Uses of a word that show how its slices differ, the clearest first, from different documents.

    Parameters
    ----------
    space : UseSpace
        With one slice, the uses most like its mean use are shown.
    word : int
    number : int
        How many from each slice.
    seed : int
        Draws 400 uses a slice, where there are more.
    """
    batch = space.batch
    places = np.flatnonzero(batch.ids == word)
    documents = np.searchsorted(batch.offsets, places, side="right") - 1
    rng = np.random.default_rng(seed)
    drawn: list[tuple[NDArray[np.int64], NDArray[np.float32]]] = []
    for side in range(len(space.centres)):
        mine = places[space.sides[documents] == side]
        if len(mine) > LOOKED_AT:
            mine = np.sort(rng.choice(mine, LOOKED_AT, replace=False))
        drawn.append((mine, space.directions(mine)))
    means = [rows.mean(axis=0) if len(rows) else np.zeros(rows.shape[1], np.float32) for _, rows in drawn]
    found = []
    for side, (mine, rows) in enumerate(drawn):
        others = [mean for other, mean in enumerate(means) if other != side]
        toward = means[side] - (np.mean(others, axis=0) if others else 0)
        order = np.argsort(-(rows @ toward), kind="stable")
        found += _distinct(space, word, side, mine[order], number)
    return found


def _distinct(space: UseSpace, word: int, side: int, places: NDArray[np.int64], number: int) -> list[Example]:
    """The first uses whose documents and words differ."""
    batch, out = space.batch, []
    documents, texts = set(), set()
    for place in places.tolist():
        document = int(np.searchsorted(batch.offsets, place, side="right")) - 1
        start = max(int(batch.offsets[document]), place - REACH)
        stop = min(int(batch.offsets[document + 1]), place + REACH + 1)
        text = " ".join(batch.types[i] for i in batch.ids[start:stop].tolist())
        if document in documents or text in texts:
            continue
        documents.add(document)
        texts.add(text)
        out.append(Example(batch.types[word], side, document, text))
        if len(out) == number:
            break
    return out


def sentences(run: Run, found: Sequence[Example]) -> list[Example]:
    """The same examples with the sentences they stand in, where these can be read."""
    texts = source_texts(run, {example.document for example in found})
    return [
        replace(example, text=_sentence(texts[example.document], example))
        if example.document in texts
        else example
        for example in found
    ]


def _sentence(text: str, example: Example) -> str:
    """The sentence that shares the most words with what stood around the word."""
    around = set(_WORDS.findall(example.text.lower()))
    best, most = example.text, 2.0
    for first, last in sentence_spans(text):
        part = text[first:last]
        words = set(_WORDS.findall(part.lower()))
        shared = len(words & around) + 5 * (example.word.lower() in words)
        if shared > most:
            best, most = " ".join(part.split()), shared
    return _shortened(best, example.word)


def _shortened(text: str, word: str) -> str:
    """A long sentence cut to what stands around a word."""
    if len(text) <= LONGEST:
        return text
    place = max(0, text.lower().find(word.lower()))
    start = max(0, min(place - LONGEST // 2, len(text) - LONGEST))
    cut = text[start : start + LONGEST]
    before, after = start > 0, start + LONGEST < len(text)
    cut = cut[cut.find(" ") + 1 :] if before else cut
    cut = cut[: cut.rfind(" ")] if after else cut
    return f"{'… ' if before else ''}{cut}{' …' if after else ''}"


def source_texts(run: Run, wanted: Iterable[int]) -> dict[int, str]:
    """Documents of a run's corpus as they were written, by number.

    Empty where a file is not there any more, is another, or came through a pipe.
    """
    told: dict[str, Any] = run.provenance.get("corpus") or {}
    files = told.get("files") or []
    if not files or not all(_still_there(file) for file in files):
        return {}
    from selfvec.corpus import Corpus

    numbers, done = set(wanted), 0
    out: dict[int, str] = {}
    try:
        corpus = Corpus.open(
            [file["path"] for file in files],
            text_fields=list(told["text_fields"]) if told.get("text_given") else None,
            date_field=told.get("date_field") if told.get("date_given") else None,
            skip_bad_rows=bool(told.get("bad_rows")),
        )
        for batch in corpus.batches():
            out |= {n: batch.texts[n - done] for n in numbers if done <= n < done + len(batch)}
            done += len(batch)
    except SelfvecError:
        return {}
    same = [file.sha256 for file in corpus.summary.files] == [file["sha256"] for file in files]
    return out if same else {}


def _still_there(file: dict[str, Any]) -> bool:
    path = Path(file["path"])
    return path.is_dir() or (path.is_file() and path.stat().st_size == file["bytes"])

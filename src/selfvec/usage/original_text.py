"""The text as it was written, where it is still there: tokens tell where a word stands, people read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from selfvec.data.run import Run
from selfvec.text.sentences import sentence_spans

from .examples import source_texts

__all__ = ["originals", "retold"]

LARGEST = 1 << 28  # bytes of a corpus that is read again
LONGEST = 320  # characters of a sentence shown
_WORDS = re.compile(r"\w+")


def originals(run: Run) -> dict[int, str]:
    """A run's documents by number, as they were written; empty where they cannot be had unchanged."""
    if run.tokens is None:
        return {}
    read = run.provenance.get("corpus", {}).get("files", [])
    if sum(int(file.get("bytes") or 0) for file in read) > LARGEST:
        return {}
    found = source_texts(run, range(run.tokens.documents))
    return found or _demonstration(read)


def _demonstration(read: list[dict[str, Any]]) -> dict[int, str]:
    """The documentation of this Python, where the run was made of just that."""
    if len(read) != 1 or not str(read[0].get("path", "")).startswith("documentation of Python"):
        return {}
    from selfvec.corpus.python_docs import python_documentation

    corpus = python_documentation()
    texts = [text for batch in corpus.batches() for text in batch.texts.to_list()]
    same = [file.sha256 for file in corpus.summary.files] == [read[0].get("sha256")]
    return dict(enumerate(text or "" for text in texts)) if same else {}


def retold(use: dict[str, Any], texts: Mapping[int, str]) -> dict[str, Any]:
    """A use by the sentence it stands in, where that is known, with the same words marked.

    Parameters
    ----------
    use : dict
        As of `selfvec.usage.sentences.uses`.
    texts : mapping of int to str
        Documents by number.

    Returns
    -------
    dict
        With ``written`` true, and ``tokens`` that make up the sentence, spaces and all; unchanged where the
        document is not known or has no such sentence.
    """
    text = texts.get(use["document"])
    marks = {word.lower(): mark for word, mark in use["tokens"] if mark}
    around = {word.lower() for word, _ in use["tokens"]}
    sentence = None if text is None else _sentence(text, around, marks)
    if sentence is None:
        return use
    cut, shown = _shortened(sentence, marks)
    return {**use, "written": True, "cut": cut, "tokens": list(_pieces(shown, marks))}


def _sentence(text: str, around: set[str], marks: Mapping[str, str]) -> str | None:
    """The sentence with the most of the words, the word in question first of all."""
    best, most = None, 0
    for first, last in sentence_spans(text):
        part = text[first:last]
        words = {word.lower() for word in _WORDS.findall(part)}
        own = any(marks[word] in ("self", "near") for word in words & marks.keys())
        score = len(words & around) + len(words & marks.keys()) if own else 0
        if score > most:
            best, most = " ".join(part.split()), score
    return best


def _shortened(text: str, marks: Mapping[str, str]) -> tuple[list[bool], str]:
    """A long sentence cut to what stands around its first marked word."""
    if len(text) <= LONGEST:
        return [False, False], text
    places = (m.start() for m in _WORDS.finditer(text) if marks.get(m.group().lower()) in ("self", "near"))
    start = max(0, min(next(places, 0) - LONGEST // 2, len(text) - LONGEST))
    cut = text[start : start + LONGEST]
    cut = cut[cut.find(" ") + 1 :] if start else cut
    ended = start + LONGEST >= len(text)
    return [start > 0, not ended], cut if ended else cut[: cut.rfind(" ")]


def _pieces(text: str, marks: Mapping[str, str]) -> Iterable[list[str]]:
    """Marked words, and what stands between them."""
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

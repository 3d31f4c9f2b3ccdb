"""`joined`: a run in which a word and its variants are one word, for everything that follows."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from selfvec.base.arrays import Doubles, Floats
from selfvec.base.checks import StrPath
from selfvec.base.display import count_of
from selfvec.base.errors import InputError
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.files.text_files import text_lines
from selfvec.numerics.rows import unit_rows

AUTO = "auto"  # the pairs that are certain between the sides that are compared


def joined(run: Run, word_of: Mapping[str, str]) -> Run:
    """The run with each variant counted as its word; ``word_of`` has the word of each variant.

    Variants stay words of the run that never occur, so that rows keep their numbers. The vector of a word is
    the mean by occurrences or, if only one of its spellings has a pretrained vector, the original is that
    one. The texts are not changed, and a question with a variant asks for its word.
    """
    if not word_of or word_of == run.provenance.variants:
        return run
    return run.held("joined", lambda: _joined(run, word_of), tuple(word_of.items()))


def split_pairs(word_of: Mapping[str, str], words: Container[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The pairs of which a text has both words, and those of which it lacks one."""
    met = {variant: word for variant, word in word_of.items() if variant in words and word in words}
    return met, {variant: word for variant, word in word_of.items() if variant not in met}


def joined_tokens(batch: TokenBatch, word_of: Mapping[str, str]) -> TokenBatch:
    """The same words, each variant counted as its word. Variants stay types that do not occur.

    >>> batch = TokenBatch.from_documents([["acft", "aircraft"], ["acft", "lost"]])
    >>> joined_tokens(batch, {"acft": "aircraft", "wx": "weather"}).counts.tolist()
    [0, 3, 1]
    """
    if not word_of:
        return batch
    index = {word: number for number, word in enumerate(batch.types)}
    numbers = np.arange(len(batch.types), dtype=np.int32)
    for variant, word in split_pairs(word_of, index)[0].items():
        numbers[index[variant]] = index[word]
    return batch.renumbered(numbers, batch.types)


def _joined(run: Run, word_of: Mapping[str, str]) -> Run:
    rows = run.vectors.key_to_index
    pairs = {rows[variant]: rows[word] for variant, word in split_pairs(word_of, rows)[0].items()}
    batch = run.require_tokens("in which variants are joined")
    counts = run.vectors.counts if run.vectors.counts is not None else batch.counts
    weights = counts.astype(np.float64)
    sure = run.original.sources == Source.KNOWN
    groups: dict[int, list[int]] = {}
    for variant, word in pairs.items():
        groups.setdefault(word, [word]).append(variant)
    refined, original = np.array(run.vectors.unit), np.array(run.original.unit)
    sources = run.original.sources.copy()
    total = counts.copy()
    for word, spellings in groups.items():
        refined[word] = _mean(refined, spellings, weights)
        best = [row for row in spellings if sure[row]] or spellings
        original[word] = _mean(original, best, weights)
        sources[word] = sources[best].min() if sure[best].all() else sources[word]
        total[word] = counts[spellings].sum()
        total[spellings[1:]] = 0
    names = run.vectors
    vectors = Vectors(names, refined, sources=names.sources, counts=total, normalized=True)
    return run.replace(
        vectors=vectors,
        original=Vectors(names, original, sources=sources, counts=total, normalized=True),
        tokens=partial(joined_tokens, batch, word_of),
        provenance=run.provenance.replace(variants=dict(word_of)),
    )


def _mean(rows: Floats, spellings: list[int], weights: Doubles) -> Floats:
    """The direction of the mean by occurrences, (d,); those that never occur count once."""
    shares = np.maximum(weights[spellings], 1)[:, None]
    mean: Floats = unit_rows((rows[spellings] * shares).sum(axis=0, keepdims=True))[0]
    return mean


def read_variants(path: StrPath | None) -> dict[str, str]:
    """The word of each variant of a file: ``word<TAB>variant`` a line, further columns and ``#`` comments.

    Without a file there is none.
    A variant of a variant is one of the word. `InputError` for a line without a tab, and for a variant of two
    words or of itself.
    """
    word_of: dict[str, str] = {}
    if path is None:
        return word_of
    for number, line in text_lines(Path(path)):
        word, *rest = (part.strip() for part in line.split("\t"))
        if not line.strip() or line.startswith("#"):
            continue
        if not word or not rest or not rest[0]:
            rule = "is not word<TAB>variant"
            raise InputError(rule, path=path, line=number, remedy="write one pair a line, or # before it")
        if word_of.setdefault(rest[0], word) != word:
            rule = f"{rest[0]!r} is a variant of {word_of[rest[0]]!r} already"
            raise InputError(rule, path=path, line=number, remedy="keep one of the two")
    return _resolved(word_of, path)


def _resolved(word_of: Mapping[str, str], path: StrPath) -> dict[str, str]:
    """The word at the end of each chain of variants."""
    out = {}
    for variant, word in word_of.items():
        seen = {variant}
        while word in word_of and word not in seen:
            seen.add(word)
            word = word_of[word]
        if word in seen:
            rule = f"{variant!r} is a variant of itself"
            raise InputError(rule, path=path, remedy="name the word that they all are")
        out[variant] = word
    return out


def joined_sentences(met: Mapping[str, str], lacking: Mapping[str, str]) -> list[str]:
    """Which words are counted as one, and which pairs of a file the text lacks a word of; see `split_pairs`.

    >>> joined_sentences({"acft": "aircraft"}, {"twr": "tower", "apt": "airport"})[1]
    '2 pairs have a word that the text does not have: twr → tower, apt → airport.'
    """
    told = f"{count_of(len(lacking), 'pair has', 'pairs have')} a word that the text does not have"
    counted = f"Counted as one word: {count_of(len(met), 'pair')}"
    said = ((counted + ",", met), (told + ":", lacking))
    return [f"{head} {pair_names(pairs)}." for head, pairs in said if pairs]


def pair_names(word_of: Mapping[str, str], most: int = 3) -> str:
    """Some of the pairs for a sentence.

    >>> pair_names({"acft": "aircraft", "rwy": "runway", "twr": "tower", "apt": "airport"})
    'acft → aircraft, rwy → runway, twr → tower, …'
    """
    shown: Iterable[str] = (f"{variant} → {word}" for variant, word in [*word_of.items()][:most])
    return ", ".join([*shown, *["…"] * (len(word_of) > most)])

"""Samples of the documents of two sides: their languages, and whether their texts are cut off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from selfvec.base.arrays import Floats, Ids, Ints, Mask
from selfvec.base.result_table import Json
from selfvec.data.run import Run
from selfvec.data.run_text import GROUP, TEXT
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import sampled
from selfvec.numerics.statistics import hypergeometric_p
from selfvec.text.language_recognition import IN_PART, other_languages, recognised_language

from .finding import DIFFERENT

if TYPE_CHECKING:
    import polars as pl


SAMPLED = 1_000  # documents of a side: p of what is large is small enough, in a second
_GROUPS = 16  # of rows, that are decoded to read them
_ENDLESS = r"[^.!?。！？…\p{Pe}\p{Pf}\p{Pi}\"'\s]\s*$"  # no end of a sentence, bracket or quotation
_LONG = 50  # characters of a text that is cut off: titles and labels are shorter
_CUT = 0.2  # of the documents, by which the sides differ


class Sample(NamedTuple):
    """Some documents of a side: as words, and as they are written, if that is known."""

    tokens: TokenBatch
    texts: pl.DataFrame | None
    units: Ints  # (n,), equal for documents that are one observation

    @classmethod
    def of(cls, run: Run, documents: Mask, unit: Ints, own: Mapping[int, str]) -> Sample:
        """Some of the documents, (D,) bool, in order. Few row groups are decoded for them.

        ``own`` are the texts of documents without what they quote, by number.
        """
        rng = np.random.default_rng(0)
        numbers = np.flatnonzero(documents)
        group = numbers // GROUP
        numbers = sampled(numbers[np.isin(group, sampled(np.unique(group), _GROUPS, rng))], SAMPLED, rng)
        texts = None if run.text is None else run.text.read((TEXT,), numbers.tolist())
        if texts is not None and own:
            import polars as pl

            pairs = zip(numbers.tolist(), texts[TEXT], strict=True)
            texts = pl.DataFrame({TEXT: [own.get(*pair) for pair in pairs]}, schema=texts.schema)
        return cls(run.require_tokens().part(numbers), texts, unit[numbers])


def samples_of(run: Run, side: Ids, weight: Floats, unit: Ints, own: Mapping[int, str]) -> list[Sample]:
    """Some documents of each side that count, (D,)."""
    return [Sample.of(run, (side == number) & (weight > 0), unit, own) for number in (0, 1)]


def language_of(types: Sequence[str], counts: Ints) -> str | None:
    """The code of the language of some documents; None if their words do not tell."""
    return recognised_language((types[i], int(counts[i])) for i in np.flatnonzero(counts).tolist())


def foreign(parts: Sequence[TokenBatch]) -> list[Json]:
    """The languages but that of the text in which one of two sides has more of its documents.

    A row has the ``language`` and its shares ``a`` and ``b`` of a sample of the documents.
    """
    usual = language_of(parts[0].types, parts[0].counts + parts[1].counts)
    (of_a, size_a), (of_b, size_b) = (other_languages(part, usual) for part in parts)
    rows = []
    for code in {**of_a, **of_b}:
        row = _shares(of_a.get(code, 0), size_a, of_b.get(code, 0), size_b)
        if abs(row["a"] - row["b"]) >= IN_PART and row["p"] <= DIFFERENT:
            rows.append({"language": code, **row})
    return rows


def cut_off(samples: Sequence[Sample]) -> Json | None:
    """The shares ``a`` and ``b`` of the documents that stop at one length; None if these hardly differ."""
    counts = []
    for sample in samples:
        if sample.texts is None:
            return None
        text = sample.texts[TEXT].fill_null("")
        length = text.str.len_chars()
        endless = length.filter(text.is_first_distinct() & text.str.contains(_ENDLESS) & (length >= _LONG))
        most = endless.mode().max() if len(endless) else None
        counts += [0 if most is None else int((endless == most).sum()), len(text)]
    row = _shares(*counts)
    return row if abs(row["a"] - row["b"]) >= _CUT and row["p"] <= DIFFERENT else None


def _shares(a: int, of_a: int, b: int, of_b: int) -> Json:
    (p,) = hypergeometric_p(np.array([b]), np.array([a + b]), of_b, of_a + of_b)
    return {"a": a / max(of_a, 1), "b": b / max(of_b, 1), "p": float(p)}

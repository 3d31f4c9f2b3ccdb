"""How the two sides of a comparison are written differently, which is said before anything is compared."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from selfvec.analysis.comparison.comparison import DIFFERENT
from selfvec.base.answer import Json
from selfvec.base.arrays import Floats, Ids, Ints
from selfvec.base.display import count_of, printable
from selfvec.base.finding import Finding, Remedy
from selfvec.corpus.fingerprints import hashes_of_words
from selfvec.data.run_text import GROUP
from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import sampled
from selfvec.numerics.statistics import hypergeometric_p
from selfvec.text.kernels import NGRAM
from selfvec.text.language_recognition import IN_PART, language_name, other_languages, recognised_language
from selfvec.text.near_copies import near_copies

from .comparison import Comparison
from .joined import joined_sentences, pair_names
from .units import goes_with
from .variant_pairs import written_apart

if TYPE_CHECKING:
    import polars as pl

_SAMPLED = 1_000  # documents of a side: p of what is large is small enough, in a second
_GROUPS = 16  # of rows, that are decoded to read them
_ENDLESS = r"[^.!?。！？…\p{Pe}\p{Pf}\p{Pi}\"'\s]\s*$"  # no end of a sentence, bracket or quotation
_LONG = 50  # characters of a text that is cut off: titles and labels are shorter
_CUT = 0.2  # of the documents, by which the sides differ
_MANY_COPIES = 0.2  # of the documents of a side
_EXACT = 0.9  # of the documents with a near copy have one with the same words
_BLANKS = r"[\u00a0\u2000-\u200b\u202f\u205f\u3000\ufeff]"
_MANY = 3  # words: each neighbour that is written otherwise moves the words around it


# ---- Texts that occur several times


class Copies(NamedTuple):
    """Texts that occur several times, wholly or nearly, and mostly on one side."""

    clusters: list[list[int]]  # numbers of the documents that are one text
    shares: list[float]  # of the documents of a side that have another one there
    what: str

    def units(self, documents: int) -> Ints:
        """The number of each document's text, (D,)."""
        unit = np.arange(documents)
        for cluster in self.clusters:
            unit[cluster] = cluster[0]
        return unit

    def weights(self, side: Ids) -> Floats:
        """1 for the first document of each text on each side, and 0 for the others, (D,)."""
        weight = np.ones(len(side), np.float32)
        for cluster in map(np.array, self.clusters):
            weight[cluster] = 0
            weight[cluster[np.unique(side[cluster], return_index=True)[1]]] = 1
        return weight


def copies_of(batch: TokenBatch, side: Ids) -> Copies | None:
    """The copies among the documents of two sides; None if there are few, or as many as chance brings.

    Chance alone brings equal texts, as entries of a log, to both sides. Short ones are equal by chance.
    """
    numbers = near_copies(batch, side >= 0)
    short = np.flatnonzero(np.diff(batch.offsets) < NGRAM)
    numbers[short] = len(side) + short
    shares = []
    for own in (numbers[side == number] for number in (0, 1)):
        _, place, times = np.unique(own, return_inverse=True, return_counts=True)
        shares.append(float((times[place] > 1).mean()) if len(own) else 0.0)
    if max(shares) < _MANY_COPIES or not goes_with(numbers, side):
        return None
    used = np.flatnonzero(side >= 0)
    used = used[np.argsort(numbers[used], kind="stable")]
    clusters = [c for c in np.split(used, np.flatnonzero(np.diff(numbers[used])) + 1) if len(c) > 1]
    several = np.sort(np.concatenate(clusters))
    texts = batch.part(several)
    words = hashes_of_words(texts.ids, texts.offsets[:-1], texts.offsets[1:])
    _, place, times = np.unique(words, return_inverse=True, return_counts=True)
    exact = (times[place] > 1).mean() >= _EXACT
    return Copies([c.tolist() for c in clusters], shares, f"{'' if exact else 'nearly '}the same words")


# ---- Samples of the documents of two sides: their languages, and whether their texts are cut off


class Sample(NamedTuple):
    """Some documents of a side: as words, and as they are written, if that is known."""

    tokens: TokenBatch
    texts: pl.Series | None
    units: Ints  # (n,), equal for documents that are one observation


def samples_of(compared: Comparison, own: Mapping[int, str]) -> list[Sample]:
    """Some documents of each side that count, in order. Few row groups are decoded for them.

    ``own`` are the texts of documents without what they quote, by number.
    """
    import polars as pl

    samples = []
    for side in compared.slices:
        rng = np.random.default_rng(0)
        numbers = np.flatnonzero(side.documents)
        group = numbers // GROUP
        numbers = sampled(numbers[np.isin(group, sampled(np.unique(group), _GROUPS, rng))], _SAMPLED, rng)
        texts = None
        if compared.text is not None:
            pairs = zip(numbers.tolist(), compared.text.texts(numbers.tolist()), strict=True)
            texts = pl.Series([own.get(*pair) for pair in pairs], dtype=pl.String)
        samples.append(Sample(compared.tokens.part(numbers), texts, compared.unit[numbers]))
    return samples


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
        text = sample.texts.fill_null("")
        length = text.str.len_chars()
        endless = length.filter(text.is_first_distinct() & text.str.contains(_ENDLESS) & (length >= _LONG))
        most = endless.mode().max() if len(endless) else None
        counts += [0 if most is None else int((endless == most).sum()), len(text)]
    row = _shares(*counts)
    return row if abs(row["a"] - row["b"]) >= _CUT and row["p"] <= DIFFERENT else None


def _shares(a: int, of_a: int, b: int, of_b: int) -> Json:
    (p,) = hypergeometric_p(np.array([b]), np.array([a + b]), of_b, of_a + of_b)
    return {"a": a / max(of_a, 1), "b": b / max(of_b, 1), "p": float(p)}


# ---- How documents are written


def how_written(
    samples: Sequence[Sample],  # of the two sides
    names: tuple[str, str],
    pairs: Sequence[Json],  # of `variant_pairs`
    *,
    joined: Mapping[str, str] | None = None,  # variants that are counted as their word
    lacking: Mapping[str, str] | None = None,  # those of which the text lacks a word
) -> list[Finding]:
    """How two sides are written differently, in the order in which a reader needs it."""
    from .writing import writing  # with polars, for which who only loads a figure need not wait

    parts = [sample.tokens for sample in samples]
    codes = [language_of(part.types, part.counts) for part in parts]
    languages = _on_languages(codes, foreign(parts), names)
    joined = joined or {}
    counted = [Finding("writing", printable(said)) for said in joined_sentences(joined, lacking or {})]
    known = {code for code in codes if code is not None}
    if len(known) > 1:
        return [*languages, *counted]  # another language has other words and signs anyway
    a, b = (_texts(of, pairs) for of in samples)
    own = np.concatenate([of.units for of in samples])
    several = len(np.unique(own)) < len(own)  # otherwise equal texts are one observation
    units = (samples[0].units, samples[1].units) if several else None
    apart = written_apart(parts)
    cut = cut_off(samples)
    said = "{high:.0%} of the documents of {more} and {low:.0%} of {less} stop at one and the same length"
    said += ", without the end of a sentence, as if cut off."
    ways = writing(a, b, names, language=next(iter(known), None), units=units) if a and b else []
    explained = {*joined, *(word for way in ways for word in way.words)}
    return [
        *languages,
        *([] if cut is None else [_shown(said, names, cut)]),
        *ways,
        *on_pairs(pairs, apart, names, joined),
        *counted,
        *on_replaced(pairs, apart, explained, names),
    ]


def _texts(sample: Sample, pairs: Sequence[Json]) -> list[str]:
    """The texts of a sample with each variant as its word: what pairs explain is not said a second time."""
    if sample.texts is None:
        return []
    # Blanks of any kind look alike: a reader would not see what differs.
    texts = sample.texts.fill_null("").str.replace_all(_BLANKS, " ")
    word_of = {row["variant"]: row["word"] for row in pairs if row["certain"]}
    if not word_of:
        return texts.to_list()
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, word_of))})\b", re.IGNORECASE)

    def word(found: re.Match[str]) -> str:
        written = found[0]
        other = str(word_of.get(written) or word_of.get(written.lower(), written))
        return other.upper() if written.isupper() and len(written) > 1 else other

    return [pattern.sub(word, text) for text in texts]


def _on_languages(
    codes: Sequence[str | None], foreign: Sequence[Json], names: Sequence[str]
) -> list[Finding]:
    """Two languages, or documents in another one."""
    a, b = codes
    if a is not None and b is not None and a != b:
        said = f"{names[0]} is written in {language_name(a)}, {names[1]} in {language_name(b)}."
        return [Finding("language", printable(said))]
    said = "{high:.0%} of the documents of {more} and {low:.0%} of {less} are in {language}."
    return [
        Finding("language", printable(said.format(**_ordered(names, row), language=name)))
        for row in foreign
        for name in [language_name(row["language"])]
    ]


def on_pairs(
    pairs: Sequence[Json],
    apart: Sequence[Json],
    names: Sequence[str],
    joined: Mapping[str, str],
) -> list[Finding]:
    """Words that one side writes otherwise than the other, or in two words."""
    left = [row for row in pairs if row["certain"] and row["variant"] not in joined]
    much = "Much" if len(left) + len(apart) >= _MANY else "Some"
    notation = f" {much} of what differs below is notation."
    said = []
    for side, other in ((0, 1), (1, 0)):
        rows = [row for row in left if _writes(row, "variant") == side]
        if rows:
            short = all(row["relation"] == "abbreviation" for row in rows)
            number = count_of(len(rows), "abbreviation" if short else "word")
            named = pair_names({row["variant"]: row["word"] for row in rows})
            how = "writes out" if short else "writes otherwise"
            told = f"{names[side]} is written with {number} that {names[other]} {how} ({named}).{notation}"
            remedy = Remedy("variants", "auto", "count each pair as one word")
            words = tuple(word for row in rows for word in (row["variant"], row["word"]))
            said.append(Finding("writing", printable(told), words=words, remedy=remedy))
        rows = [row for row in apart if _writes(row, "apart") == side]
        if rows:
            named = pair_names({row["apart"]: row["word"] for row in rows})
            number = count_of(len(rows), "word")
            told = f"{names[side]} is written with {number} in two that {names[other]} writes in one"
            told += f" ({named})."
            words = tuple(row["word"] for row in rows)
            said.append(Finding("writing", printable(f"{told}{notation}"), words=words))
    return said


def on_replaced(
    pairs: Sequence[Json], apart: Sequence[Json], explained: Set[str], names: Sequence[str]
) -> list[Finding]:
    """Words that took the place of others, as units and labels do, and that nothing else explains."""
    explained = {*explained, *" ".join(f"{row['word']} {row['apart']}" for row in apart).split()}
    found = {
        row["variant"]: row["word"]
        for row in pairs
        if row["replaces"] and explained.isdisjoint((row["variant"], row["word"]))
    }
    if not found:
        return []
    words = count_of(len(found), "word")
    others = "another" if len(found) == 1 else "others"
    said = f"{names[1]} has {words} where {names[0]} has {others}: {pair_names(found)}."
    return [Finding("writing", printable(said), words=tuple(word for pair in found.items() for word in pair))]


def _shown(said: str, names: Sequence[str], row: Json) -> Finding:
    """A sentence with the shares of the sides."""
    told = printable(said.format(**_ordered(names, row)))
    return Finding("writing", told, p=row["p"], effect=abs(row["b"] - row["a"]))


def _ordered(names: Sequence[str], row: Json) -> dict[str, Any]:
    """The sides of a measure by what they have of it."""
    less, more = sorted(zip((row["a"], row["b"]), names, strict=True), key=lambda side: side[0])
    return {"more": more[1], "less": less[1], "high": more[0], "low": less[0]}


def _writes(row: Json, what: str) -> int:
    """The side that writes the variant, or the word apart, rather than the word."""
    shares = [row[f"{what}_{side}"] / max(row[f"{what}_{side}"] + row[f"word_{side}"], 1) for side in "ab"]
    return 0 if shares[0] >= shares[1] else 1

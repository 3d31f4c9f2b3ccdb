"""How the two sides of a comparison are written differently, which is said before anything is compared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
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
from selfvec.text.copies import near_copies
from selfvec.text.kernels import NGRAM
from selfvec.text.language_recognition import IN_PART, language_name, other_languages, recognised_language

from .comparison import Comparison
from .joined import joined_sentences, pair_names
from .letter_rules import LetterRule, letter_rules
from .recurring import shares_of
from .units import goes_with
from .variant_pairs import VANISHED, written_apart

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
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_REMEDY = Remedy("variants", "auto", "count each pair as one word")
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
    short = np.flatnonzero(batch.lengths < NGRAM)
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


def language_of(batch: TokenBatch) -> str | None:
    """The code of the language of some documents; None if their words do not tell."""
    counted = zip(batch.types, batch.counts.tolist(), strict=True)
    return recognised_language(pair for pair in counted if pair[1])


def languages_of(made: Comparison) -> tuple[list[Finding], list[int]]:
    """Two languages, or that one of two sides has more documents in others; and all documents in these."""
    parts, names = made.parts, made.names
    both, a, b = map(language_of, (made.tokens, *parts))
    if a is not None and b is not None and a != b:
        said = f"{names[0]} is written in {language_name(a)}, {names[1]} in {language_name(b)}."
        return [Finding("language", printable(said))], []
    usual = next((code for code in (both, a, b) if code is not None), None)
    (of_a, size_a), (of_b, size_b) = (other_languages(part, usual) for part in parts)
    said = "{high:.0%} of the documents of {more} and {low:.0%} of {less} are in {language}."
    findings, codes = [], set()
    for code in {**of_a, **of_b}:
        row = shares_of(len(of_a.get(code, ())), size_a, len(of_b.get(code, ())), size_b)
        if abs(row["a"] - row["b"]) >= IN_PART and row["p"] <= DIFFERENT:
            told = printable(said.format(**_ordered(names, row), language=language_name(code)))
            findings.append(Finding("language", told))
            codes.add(code)
    if not codes:
        return findings, []
    every, _ = other_languages(made.tokens, usual, made.tokens.documents)
    return findings, sorted(number for code in codes for number in every.get(code, ()))


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
    row = shares_of(*counts)
    return row if abs(row["a"] - row["b"]) >= _CUT and row["p"] <= DIFFERENT else None


# ---- How documents are written


def how_written(
    made: Comparison,
    own: Mapping[int, str],  # as in `samples_of`
    pairs: Sequence[Json],  # of `variant_pairs`
    joined: Mapping[str, str],  # variants that are counted as their word
    lacking: Mapping[str, str],  # those of which the text lacks a word
) -> list[Finding]:
    """How two sides are written differently, in the order in which a reader needs it."""
    names, parts = made.names, made.parts
    codes = [language_of(part) for part in parts]
    counted = [Finding("writing", printable(said)) for said in joined_sentences(joined, lacking)]
    if None not in codes and codes[0] != codes[1]:
        return counted  # another language has other words and signs anyway
    samples = samples_of(made, own)
    apart, rules, cut = written_apart(parts), letter_rules(parts), cut_off(samples)
    said = "{high:.0%} of the documents of {more} and {low:.0%} of {less} stop at one and the same length"
    said += ", without the end of a sentence, as if cut off."
    in_two = {row["apart"]: row["word"] for row in apart}
    ruled = [row for row in pairs if any(rule.explains((row["variant"], row["word"])) for rule in rules)]
    left = [row for row in pairs if row not in ruled]
    explained = {*joined, *" ".join([*in_two, *in_two.values()]).split()}
    replaced = {
        row["variant"]: row["word"]
        for row in left
        if row["replaces"] and explained.isdisjoint((row["variant"], row["word"]))
    }
    certain = {row["variant"]: row["word"] for row in left if row["certain"]}
    remedy = _REMEDY if any(row["certain"] for row in ruled) else None
    language = codes[0] if codes[0] == codes[1] else None
    ways = [rule.finding(names, remedy) for rule in rules]
    ways += _on_texts(samples, names, certain | replaced | in_two, rules, language)
    return [
        *([] if cut is None else [_shown(said, names, cut)]),
        *ways,
        *on_pairs(left, apart, names, joined),
        *counted,
        *_on_replaced(replaced, names),
    ]


def _on_texts(
    samples: Sequence[Sample],
    names: Sequence[str],
    word_of: Mapping[str, str],  # of those that are said to be another
    rules: Sequence[LetterRule],
    language: str | None,
) -> list[Finding]:
    """What the texts tell as they are written: passages that one side has, and figures of documents."""
    from .writing import writing  # with polars, for which who only loads a figure need not wait

    # Blanks of any kind look alike: a reader would not see what differs.
    a, b = (
        [] if sample.texts is None else sample.texts.fill_null("").str.replace_all(_BLANKS, " ").to_list()
        for sample in samples
    )
    respelt: dict[str, str] = {}
    words = [Counter(_WORD.findall("\n".join(texts).lower())) if rules else Counter() for texts in (a, b)]
    for rule in rules:
        own, other = words[rule.longer], words[1 - rule.longer]
        size = VANISHED * sum(own.values()) / max(sum(other.values()), 1)
        for word in (word for word, count in own.items() if count >= size * other[word]):
            respelt[word] = rule.shortened(respelt.get(word, word))
    word_of = {**respelt, **word_of}
    pattern = re.compile("|".join([*(word for word in word_of if " " in word), _WORD.pattern]), re.IGNORECASE)
    mended = [[pattern.sub(partial(_word, word_of), text) for text in texts] for texts in (a, b) if word_of]
    units = [sample.units for sample in samples]
    every = np.concatenate(units)
    return writing(
        a,
        b,
        names,
        language=language,
        units=(units[0], units[1]) if len(np.unique(every)) < len(every) else None,
        mended=(mended[0], mended[1]) if mended else None,
        days=(samples[0].tokens.dates, samples[1].tokens.dates),
    )


def _word(word_of: Mapping[str, str], found: re.Match[str]) -> str:
    written = found[0]
    other = word_of.get(written) or word_of.get(written.lower(), written)
    if written.isupper() and len(written) > 1:
        return other.upper()
    return other[:1].upper() + other[1:] if written[0].isupper() else other


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
            words = tuple(word for row in rows for word in (row["variant"], row["word"]))
            said.append(Finding("writing", printable(told), words=words, remedy=_REMEDY))
        rows = [row for row in apart if _writes(row, "apart") == side]
        if rows:
            named = pair_names({row["apart"]: row["word"] for row in rows})
            number = count_of(len(rows), "word")
            told = f"{names[side]} is written with {number} in two that {names[other]} writes in one"
            told += f" ({named})."
            words = tuple(word for row in rows for word in (row["word"], *row["apart"].split()))
            said.append(Finding("writing", printable(f"{told}{notation}"), words=words))
    return said


def _on_replaced(replaced: Mapping[str, str], names: Sequence[str]) -> list[Finding]:
    """Words that took the place of others, as units and labels do, and that nothing else explains."""
    if not replaced:
        return []
    words = count_of(len(replaced), "word")
    others = "another" if len(replaced) == 1 else "others"
    said = f"{names[1]} has {words} where {names[0]} has {others}: {pair_names(replaced)}."
    of = tuple(word for pair in replaced.items() for word in pair)
    return [Finding("writing", printable(said), words=of)]


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

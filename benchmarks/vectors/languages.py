"""What do stems, subwords and segmentation give in other languages? Fills docs/results/vectors.md.

Forms and lemmas come from the dictionaries of simplemma, whose text is not repeated here. The segmented
sentences beside this file were written for this measurement; a blank is a border of words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.vectors import Row, table_of
from selfvec.numerics.rows import unit_rows
from selfvec.numerics.statistics import mean
from selfvec.storage.formats import load
from selfvec.text.languages import LANGUAGES
from selfvec.text.rules import stems
from selfvec.text.segmentation import segmenter

PAIRS, LEMMAS, SEED = 4_000, 400, 0
ALONE = ("tr", "hu", "nl")  # with rows of their own
SENTENCES = Path(__file__).with_name("sentences.txt")


def _drawn(items: list[Any], number: int) -> list[Any]:
    order = np.random.default_rng(SEED).permutation(len(items))[:number]
    return [items[i] for i in order.tolist()]


def _pairs(code: str) -> list[tuple[str, str]]:
    """Inflected forms and their lemmas, drawn from the dictionary of a language."""
    from simplemma.strategies import DefaultDictionaryFactory

    every = DefaultDictionaryFactory().get_dictionary(LANGUAGES[code].lemmas)
    some = _drawn(list(every.items()), 30 * PAIRS)
    pairs = [tuple(v.decode() if isinstance(v, bytes) else v for v in pair) for pair in some]
    kept = [(a, b) for a, b in pairs if a.lower() != b.lower() and a.isalpha() and b.isalpha() and len(b) > 3]
    return _drawn(kept, PAIRS)


def by_stems() -> Iterator[Row]:
    """How often a search for a lemma finds another form: by English stems, and by those of the language."""
    both = sorted(code for code, one in LANGUAGES.items() if one.stemmer and one.lemmas and code != "en")
    hits: dict[str, np.ndarray] = {}
    wrong: dict[str, float] = {}
    for code in both:
        pairs = _pairs(code)
        by = [
            np.equal(*(stems(list(words), one) for words in zip(*pairs, strict=True))) for one in ("en", code)
        ]
        hits[code] = np.array(by, float)
        wrong[code] = _shared(sorted({lemma for _, lemma in pairs}), code)
    every, mean_wrong = np.concatenate(list(hits.values()), axis=1), float(np.mean(list(wrong.values())))
    named = [(LANGUAGES[code].name, hits[code], wrong[code]) for code in ALONE]
    for name, values, share in [(f"{len(both)} languages", every, mean_wrong), *named]:
        yield Row(
            f"Search stems, {name} (Snowball, Porter 2001)",
            "inflected forms with the stem of their lemma (simplemma's dictionary)",
            "English stems, as without --language",
            float(values[0].mean()),
            float(values[1].mean()),
            *mean(values[1] - values[0], SEED, (-1.0, 1.0)).interval,
            f"{share:.1%} of 1,000 lemmas share a stem with another",
        )


def _shared(lemmas: list[str], code: str) -> float:
    """The share of 1,000 lemmas that have the stem of another of these."""
    found = stems(_drawn(lemmas, 1000), code)
    times = Counter(found)
    return float(np.mean([times[stem] > 1 for stem in found]))


def by_subwords() -> Iterator[Row]:
    """How often a form that no table has is nearest to its lemma, when both are built from subwords."""
    composer = load("wordllama").composer
    assert composer is not None
    codes = sorted(code for code, one in LANGUAGES.items() if one.lemmas and code not in ("en", "th"))
    every = []
    for code in codes:
        forms = dict(list({lemma: form for form, lemma in _pairs(code)}.items())[:LEMMAS])
        rows = [unit_rows(np.float32(composer(list(words)))) for words in (forms.values(), forms)]
        every.append((rows[0] @ rows[1].T).argmax(axis=1) == np.arange(len(forms)))
    values, each = np.concatenate(every).astype(float), [float(one.mean()) for one in every]
    yield Row(
        f"Unseen forms built from subwords, {len(codes)} languages (Bojanowski et al. 2017)",
        f"the lemma is the nearest of {LEMMAS}",
        "oov zero",
        0.0,
        float(values.mean()),
        *mean(values, SEED).interval,
        f"worst {min(each):.2f}, best {max(each):.2f}",
    )


def by_segmentation() -> Iterator[Row]:
    """F1 of words against our segmentation."""
    for block in SENTENCES.read_text(encoding="utf-8").split("\n\n"):
        code, *lines = block.split()[0], *block.splitlines()[1:]
        gold = [line.split() for line in lines]
        found = {name: _f1(gold, cut) for name, cut in _segmenters(code).items()}
        change = mean(found["words"] - found["pieces"], SEED, (-1.0, 1.0))
        pieces, words = (float(found.pop(name).mean()) for name in ("pieces", "words"))
        yield Row(
            f"Words of {LANGUAGES[code].name} text (ICU 78)",
            f"F1 of words, {len(gold)} sentences of our own",
            "subwords of wordllama",
            pieces,
            words,
            *change.interval,
            ", ".join(f"{name} {value.mean():.3f}" for name, value in found.items()),
        )


def _segmenters(code: str) -> dict[str, Callable[[str], list[str]]]:
    llama, own = load("wordllama").composer.tokenizer, segmenter("dictionary")  # type: ignore[union-attr]

    def pieces(text: str) -> list[str]:
        ends = [b for _, b in llama.encode(text, add_special_tokens=False).offsets]
        return [text[a:b] for a, b in pairwise(sorted({0, *ends, len(text)}))]

    out: dict[str, Callable[[str], list[str]]] = {"pieces": pieces, "characters": list}
    out["words"] = lambda text: [text[a:b] for a, b in own(text)]
    out["two characters"] = lambda text: [text[i : i + 2] for i in range(0, len(text), 2)]
    return out | ({"jieba": import_module("jieba").lcut} if code == "zh" else {})


def _f1(gold: list[list[str]], cut: Callable[[str], list[str]]) -> np.ndarray:
    """F1 of each sentence: words with both borders right."""

    def spans(words: list[str]) -> set[tuple[int, int]]:
        return set(pairwise(np.cumsum([0, *map(len, words)]).tolist()))

    both = [(spans(words), spans(cut("".join(words)))) for words in gold]
    return np.array([2 * len(a & b) / (len(a) + len(b)) for a, b in both])


PAGES = {"vectors.md": {"languages": lambda: table_of([*by_stems(), *by_subwords(), *by_segmentation()])}}

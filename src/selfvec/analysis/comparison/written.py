"""How the two sides of a comparison are written differently, which is said before anything is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from selfvec.base.answer import Json
from selfvec.base.display import count_of, printable
from selfvec.base.finding import Finding, Remedy
from selfvec.data.token_batch import TokenBatch
from selfvec.text.language_recognition import IN_PART, other_languages, recognised_language
from selfvec.text.languages import language_name

from .comparison import DIFFERENT, Comparison
from .recurring import on_documents, shares_of
from .variants import joined_sentences
from .writing_rules import Moves, letter_rules, mended, pair_names, written_apart

_REMEDY = Remedy("variants", "auto", "count each pair as one word")
_MANY = 3  # words: each neighbour that is written otherwise moves the words around it


# ---- Languages


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
    usual = both or a or b
    (of_a, size_a), (of_b, size_b) = (other_languages(part, usual) for part in parts)
    findings, codes = [], []
    for code in {**of_a, **of_b}:
        row = shares_of(len(of_a.get(code, ())), size_a, len(of_b.get(code, ())), size_b)
        if abs(row["a"] - row["b"]) >= IN_PART and row["p"] <= DIFFERENT:
            finding = on_documents(f"are in {language_name(code)}.", row, names)
            findings.append(Finding("language", finding.says))
            codes.append(code)
    every = other_languages(made.tokens, usual, made.tokens.documents)[0] if codes else {}
    return findings, sorted(number for code in codes for number in every.get(code, ()))


# ---- How documents are written


def how_written(
    made: Comparison,
    own: Mapping[int, str],  # as in `samples_of`
    pairs: Sequence[Json],  # of `variant_pairs`
    joined: Mapping[str, str],  # variants that are counted as their word
    lacking: Mapping[str, str],  # those of which the text lacks a word
) -> list[Finding]:
    """How two sides are written differently, in the order in which a reader needs it."""
    from .writing_figures import cut_off, differing_figures, samples_of  # of what needs polars, only that

    names, parts = made.names, made.parts
    codes = {language_of(part) for part in parts}
    counted = [Finding("writing", printable(said)) for said in joined_sentences(joined, lacking)]
    if len(codes - {None}) == 2:
        return counted  # another language has other words and signs anyway
    cut, samples = cut_off(samples_of(made, own), names)
    moves = Moves.of(parts)
    rules, apart = letter_rules(parts, moves), written_apart(parts, moves)
    ruled = [row for row in pairs if any({row["variant"], row["word"]} <= rule.words for rule in rules)]
    left = [row for row in pairs if row not in ruled]
    explained = {*joined, *(word for row in apart for word in (row["word"], *row["variant"].split()))}
    replaced = [
        row for row in left if row["replaces"] and explained.isdisjoint((row["variant"], row["word"]))
    ]
    certain = [row for row in left if row["certain"]] + apart
    word_of = _word_of([*certain, *replaced])
    figures = differing_figures(
        [sample._replace(mended=mended(sample.texts, word_of, rules)) for sample in samples],
        names,
        codes.pop() if len(codes) == 1 else None,
    )
    remedy = _REMEDY if any(row["certain"] for row in ruled) else None
    told = [rule.finding(names, remedy) for rule in rules]
    others = [row for row in certain if row["variant"] not in joined]
    return [*cut, *told, *figures, *_on_pairs(others, names), *counted, *_on_replaced(replaced, names)]


def _word_of(rows: Sequence[Json]) -> dict[str, str]:
    return {row["variant"]: row["word"] for row in rows}


def _on_pairs(pairs: Sequence[Json], names: Sequence[str]) -> list[Finding]:
    """Words that one side writes otherwise than the other, or in two words."""
    notation = f" {'Much' if len(pairs) >= _MANY else 'Some'} of what differs below is notation."
    said = []
    for side in (0, 1):
        own = [row for row in pairs if _writes(row) == side]
        apart = [row for row in own if row["relation"] == "apart"]
        for rows in ([row for row in own if row not in apart], apart):
            short = all(row["relation"] == "abbreviation" for row in rows)
            number = count_of(len(rows), "abbreviation" if short else "word") + " in two" * (rows is apart)
            how = "in one" if rows is apart else "out" if short else "otherwise"
            told = f"{names[side]} is written with {number} that {names[1 - side]} writes {how}"
            finding = _on_words(f"{told} ({pair_names(_word_of(rows))}).{notation}", rows)
            said += [replace(finding, remedy=None if rows is apart else _REMEDY)] * bool(rows)
    return said


def _on_replaced(pairs: Sequence[Json], names: Sequence[str]) -> list[Finding]:
    """Words that took the place of others, as units and labels do, and that nothing else explains."""
    words, others = count_of(len(pairs), "word"), "another" if len(pairs) == 1 else "others"
    said = f"{names[1]} has {words} where {names[0]} has {others}: {pair_names(_word_of(pairs))}."
    return [_on_words(said, pairs)] * bool(pairs)


def _on_words(says: str, pairs: Sequence[Json]) -> Finding:
    words = " ".join(f"{row['variant']} {row['word']}" for row in pairs)
    return Finding("writing", printable(says), words=tuple(words.split()))


def _writes(row: Json) -> int:
    """The side that writes the variant rather than the word."""
    a, b = (row[f"variant_{side}"] / max(row[f"variant_{side}"] + row[f"word_{side}"], 1) for side in "ab")
    return int(b > a)

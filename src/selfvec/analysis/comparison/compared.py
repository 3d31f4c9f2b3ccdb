"""`compared`: two sides of a text made comparable, and what differs between them all the same."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, TypedDict

import numpy as np

from selfvec.base.answer import Json
from selfvec.base.declarations import options
from selfvec.base.display import printable
from selfvec.base.finding import Finding, Remedy
from selfvec.corpus.slices import Slice, named_months, spans_years
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.cache import kept_result

from .comparison import DIFFERENT, Comparison, in_order
from .mix import Coded, coded_fields, equal_mix, mix_held_equal, value_groups
from .recurring import Quoted, own_texts, without_quotations
from .units import Copies, asked_units, copies_of, units_of
from .variants import AUTO, joined_tokens, read_variants, split_pairs
from .writing_rules import variant_pairs
from .written import how_written, languages_of

_FIELDS = 3  # named that go with what is compared
_LARGE = 0.25  # of the words of a side, which a single document has
_FEW = 10  # documents of a side, of which each may be as large
_QUOTED = 0.05  # of the words of a side, or few lines that recur would be said before what matters
_SEVERAL = 3  # years of a side, whose seasons are all there
_A_MONTH = 8  # documents in each month that a side covers, on average, or a month is empty by chance


@options()
class LikeForLike(TypedDict, total=False):
    """How like is compared with like.

    Other Parameters
    ----------------
    variants : "auto" or path, optional
        Count words that are written in two ways as one. A file of pairs, as `variants` writes it, or auto for
        those that are certain.
    mix : {"equal", "raw"}
        How fields that differ are treated; by default equal in drift, and raw in keyness, whose counts are
        the text's. equal compares the same mix of such a field, for example the kind of document: documents
        are left out at random on the side that has too many of a value, and texts that occur several times
        count once. raw compares all documents.
    together : str, optional
        A field: documents with the same value are one observation, as the mails of a thread are. By default
        fields whose values lie whole on one side are taken.
    """

    variants: Literal["auto"] | str | os.PathLike[str] | None
    mix: Literal["equal", "raw"]
    together: str | None


def compared(
    run: Run,
    slices: Sequence[Slice],
    given: LikeForLike,
    mix: str = "equal",
    findings: Sequence[Finding] = (),
) -> Comparison:
    """Two slices as `LikeForLike` asks for them; without slices only variants are one word.

    ``mix`` is what it is by default: "equal", "raw", or "beside" where figures of an equal mix stand beside
    those of all documents. ``findings`` are those about documents on no side. Lines that an earlier document
    has are not among the tokens of two slices.
    """
    mix, together, variants = given.get("mix", mix), given.get("together"), given.get("variants")
    quoted = without_quotations(run) if slices else None
    batch = run.tokens if quoted is None else quoted.batch
    if batch is None:
        words = run.vectors.index_to_key
        batch = TokenBatch.of_counts(words, np.zeros(len(words), np.int64))
    pairs = variant_pairs(run, batch, slices)
    certain = {row["variant"]: row["word"] for row in pairs if row["certain"]}
    asked = certain if variants == AUTO else read_variants(variants)
    counted = joined_tokens(batch, asked)
    raw_sides = replace(
        Comparison.of(batch, slices, run.text),
        word_of=asked or run.provenance.variants,
        findings=list(findings),
    )
    if not slices:
        return replace(raw_sides, tokens=counted)
    side, names = raw_sides.side, raw_sides.names
    fields = coded_fields(run.text, batch.dates, side, names, run.provenance.corpus)
    kept = kept_result(
        run,
        "copies",
        (*raw_sides.key,),
        lambda: {"copies": copies_of(joined_tokens(batch, certain), side)},
    )["copies"]
    copies = None if kept is None else Copies(*kept)
    tied = None if copies is None else copies.units(len(side))
    if together is None:
        units = units_of(fields, side, names, tied)
    else:
        units = asked_units(run.require_text(), together, side, tied)
    about = [
        *findings,
        *_of_one_document(raw_sides),
        *_on_quotations(quoted, raw_sides, mix),
        *units.findings,
        *_on_copies(copies, names, mix),
    ]
    adjusted = replace(raw_sides, unit=units.unit, nested=units.nested, findings=about)
    if copies is not None and mix != "raw":
        adjusted = replace(adjusted, weight=copies.weights(side))
    seen = kept_result(
        run,
        "sides",
        (mix, together, *asked.items(), *raw_sides.key),
        lambda: _look(adjusted, fields, pairs, {} if quoted is None else own_texts(run), mix),
    )
    written = [Finding.of(row) for row in seen["writing"]]
    fair = adjusted
    if foreign := seen["foreign"] if mix == "equal" else ():
        fair, written = _without(fair, foreign), list(map(_left_out, written))
    fair = _with_equal_mix(replace(fair, mix=seen["mix"], fields=seen["fields"]), fields, mix, units.fields)
    said = [*fair.findings, *written, *_on_months(raw_sides)]
    return replace(fair, tokens=counted, findings=in_order(said))


# ---- What is looked at, and what is found in it


def _look(
    adjusted: Comparison, fields: Sequence[Coded], pairs: Sequence[Json], own: Mapping[int, str], mix: str
) -> dict[str, Any]:
    """The mix of the sides, and how they are written; ``own`` as in `samples_of`."""
    languages, foreign = languages_of(adjusted)
    counted = _without(adjusted, foreign) if mix == "equal" else adjusted
    rows, held, equal = mix_held_equal(fields, adjusted.tokens.lengths, adjusted.side, counted.weight)
    # What the mix brings with it, such as the capitals of one kind, is not said a second time. Nor do
    # documents in another language tell how the rest is written.
    with_equal_mix = _without(replace(adjusted, weight=equal), foreign)
    joint, lacking = split_pairs(adjusted.word_of, set(adjusted.tokens.types))
    said = [*languages, *how_written(with_equal_mix, own, pairs, joint, lacking)]
    written = [finding.as_dict() for finding in said]
    return {"mix": rows, "fields": held, "foreign": foreign, "writing": written}


# ---- What makes a comparison fair, each a change of its columns


def _without(adjusted: Comparison, documents: Sequence[int]) -> Comparison:
    """These documents do not count."""
    weight = adjusted.weight.copy()
    weight[list(documents)] = 0
    return replace(adjusted, weight=weight)


def _left_out(finding: Finding) -> Finding:
    """Of a finding about documents in another language, that they do not count."""
    if finding.kind != "language":
        return finding
    says = f"{finding.says} The words of the others are compared."
    return replace(finding, says=says, remedy=Remedy("mix", "raw", "count all"))


def _with_equal_mix(
    adjusted: Comparison,
    fields: Sequence[Coded],
    mix: str,
    told: Sequence[str],  # fields of which another finding tells
) -> Comparison:
    """Both sides have the same mix of the fields that differ and can be held equal, if that is asked for."""
    lengths, weight, share = adjusted.tokens.lengths, adjusted.weight, None
    strata = value_groups(fields, adjusted.fields, len(lengths)) if adjusted.fields else None
    equal = (
        equal_mix(strata, lengths, adjusted.side, weight) if strata is not None and mix == "equal" else None
    )
    if equal is not None:
        inside = adjusted.side >= 0
        share = float(equal[inside] @ lengths[inside]) / max(float(weight[inside] @ lengths[inside]), 1)
        weight = equal
    rows = [row for row in adjusted.mix if row["field"] not in told]
    findings = [*adjusted.findings, *_on_mix(rows, adjusted, mix, share)]
    return replace(adjusted, weight=weight, strata=strata, findings=findings)


# ---- What differs all the same


def _on_months(raw_sides: Comparison) -> list[Finding]:
    """Whether two periods cover other months of a year or two, so that what differs may be the season."""
    dates = raw_sides.tokens.dates
    if dates is None or not spans_years(raw_sides.names):
        return []
    covered, years = [], []
    for number in (0, 1):
        days = dates[(raw_sides.side == number) & ~np.isnat(dates)]
        years.append(len(np.unique(days.astype("datetime64[Y]"))))
        counts = np.bincount(days.astype("datetime64[M]").astype(np.int64) % 12, minlength=12)
        if (days == days.astype("datetime64[Y]")).all() or counts.sum() < _A_MONTH * np.count_nonzero(counts):
            return []  # only the year is known, or too few documents tell
        covered.append(counts > 0)
    if (covered[0] == covered[1]).all() or min(years) >= _SEVERAL:
        return []
    (a, b), common = (
        raw_sides.names,
        "" if (covered[0] & covered[1]).any() else "they have none in common, and ",
    )
    told_so = f"{b} covers {named_months(covered[1])}, {a} {named_months(covered[0])}: "
    return [Finding("calendar", printable(f"{told_so}{common}what differs may be the season."))]


def _of_one_document(raw_sides: Comparison) -> list[Finding]:
    """Whether a single document makes up most of a side of several."""
    lengths = raw_sides.tokens.lengths
    said = []
    for number, name in enumerate(raw_sides.names):
        mine = np.flatnonzero(raw_sides.side == number)
        total = int(lengths[mine].sum())
        if len(mine) < _FEW or not total:
            continue
        largest = int(mine[np.argmax(lengths[mine])])
        share = lengths[largest] / total
        if share >= _LARGE:
            called = str(largest) if raw_sides.text is None else raw_sides.text.names([largest])[0]
            told_so = f"One of {len(mine):,} documents of {name}, {called}, has {share:.0%} of its words."
            said.append(Finding("document", printable(told_so), effect=float(share), documents=(called,)))
    return said


_COUNTED = {
    "equal": ". Each text counts once",
    "beside": ". Each counts in shares of documents, and once in what words changed",
    "raw": ". Each counts, and all of one text are one observation in tests",
}


def _on_copies(copies: Copies | None, names: Sequence[str], mix: str) -> list[Finding]:
    """Texts that occur several times on one side, and how they are counted."""
    if copies is None:
        return []
    less, more = sorted(zip(copies.shares, names, strict=True))
    said = (
        f"{more[0]:.0%} of the documents of {more[1]} and {less[0]:.0%} of {less[1]} have {copies.what} as "
        f"another one{_COUNTED[mix]}."
    )
    remedy = {"equal": Remedy("mix", "raw", "count all"), "raw": Remedy("mix", "equal", "count each once")}
    return [Finding("copies", printable(said), effect=more[0] - less[0], remedy=remedy.get(mix))]


def _on_quotations(quoted: Quoted | None, raw_sides: Comparison, mix: str) -> list[Finding]:
    """How much of either side is quoted of earlier documents, and how that is counted."""
    if quoted is None:
        return []
    lengths = raw_sides.tokens.lengths
    shares = []
    for number in (0, 1):
        mine = raw_sides.side == number
        words = int(quoted.words[mine].sum())
        shares.append(words / max(words + int(lengths[mine].sum()), 1))
    if max(shares) < _QUOTED:
        return []
    a, b = raw_sides.names
    said = (
        f"Lines that an earlier document has, as of quoted mails, are {shares[1]:.0%} of the words of {b} "
        f"and {shares[0]:.0%} of {a}: they count once{' in tests' * (mix == 'raw')}."
    )
    remedy = Remedy("repeats", "once", "count them once in counts, too") if mix == "raw" else None
    return [Finding("quotations", printable(said), effect=shares[1] - shares[0], remedy=remedy)]


def _on_mix(rows: Sequence[Json], adjusted: Comparison, mix: str, share: float | None) -> list[Finding]:
    """A finding for each field that goes with what is compared, and whether it is held equal."""
    said = []
    for row in rows[:_FIELDS]:
        # Of the documents, unless they differ by chance and only their words tell.
        of, what = ("words", "words") if row["p_words"] < DIFFERENT < row["p"] else ("share", "documents")
        a, b = (f"{row[f'{of}_{side}']:.0%}" for side in "ab")
        moved = "rose" if row[f"{of}_b"] > row[f"{of}_a"] else "fell"
        sentence = (
            f"{row['field']} {row['value']} {moved}: from {a} of the {what} of {adjusted.names[0]} "
            f"to {b} of those of {adjusted.names[1]}."
        )
        remedy = None
        if row["field"] in adjusted.fields:
            if share is not None:
                sentence += f" Compared with the same mix on both sides, {share:.0%} of the text."
                remedy = Remedy("mix", "raw", "compare all as it is")
            elif mix == "raw":
                remedy = Remedy("mix", "equal", "compare with the same mix on both sides")
        elif row["within"] is not None:
            remedy = Remedy("filter", f"{row['field']}={row['within']}", "compare within one")
        effect = row["share_b"] - row["share_a"]
        p = min(row["p"], row["p_words"])
        words = (row["value"],)
        said.append(Finding("mix", printable(sentence), p, effect=effect, remedy=remedy, words=words))
    return said

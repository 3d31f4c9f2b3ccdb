"""`compared`: two sides of a text made comparable, and what differs between them all the same."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypedDict

import numpy as np

from selfvec.base.declarations import options
from selfvec.base.display import printable
from selfvec.corpus.slices import Slice, named_months, parse_span
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.storage.cache import kept_result

from .comparison import Comparison, Row
from .fields import coded_fields
from .finding import Finding, Remedy, in_order
from .joined import AUTO, joined, joined_tokens, read_variants, split_pairs
from .mix import equal_mix, mix_held_equal, value_groups
from .quotations import Quoted, own_texts, without_quotations
from .samples import samples_of
from .units import asked_units, field_by_hand, units_of
from .variant_pairs import variant_pairs
from .written import Copies, copies_of, how_written

_FORMAT = 17  # of what is kept in a cache: another number, and what an older version kept is made again
_FIELDS = 3  # named that go with what is compared
_LARGE = 0.25  # of the words of a side, which a single document has
_FEW = 10  # documents of a side, of which each may be as large
_QUOTED = 0.05  # of the words of a side, or few lines that recur would be said before what matters
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
        Compare with the same mix of fields that differ, or as it is; by default equal in drift, and raw in
        keyness, whose counts are the text's. Such a field may be the kind of document. Documents are left
        out at random on the side that has too many of a value. Texts that occur several times count once.
    together : str, optional
        A field: documents with the same value are one observation, as the mails of a thread are. By default
        those of a field whose values lie whole on one side.
    """

    variants: str | os.PathLike[str] | None
    mix: str
    together: str | None


def compared(
    run: Run,
    slices: Sequence[Slice],
    given: LikeForLike,
    mix: str = "equal",
    findings: Sequence[Finding] = (),
) -> tuple[Run, Comparison]:
    """Slices as `LikeForLike` asks for them, and the run in which variants are one word.

    ``mix`` is what it is by default: "equal", "raw", or "beside" where figures of an equal mix stand beside
    those of all documents. ``findings`` are those about documents on no side. Nothing is said of less than
    two slices; of more, the first and the last are looked at.
    """
    mix, asked = given.get("mix", mix), given.get("variants")
    quoted = without_quotations(run) if len(slices) > 1 else None
    own = {} if quoted is None else own_texts(run)
    run = run if quoted is None else run.replace(tokens=quoted.batch)
    pairs = variant_pairs(run, slices)
    certain = {row["variant"]: row["word"] for row in pairs if row["certain"]}
    word_of = {} if asked is None else certain if asked == AUTO else read_variants(asked)
    made = joined(run, word_of)
    if len(slices) < 2:
        words = made.vectors.index_to_key
        batch = made.tokens or TokenBatch.of_counts(words, np.zeros(len(words), np.int64))
        return made, replace(Comparison.of(batch, slices), findings=list(findings))
    batch = run.require_tokens()
    ends = Comparison.of(batch, [slices[0], slices[-1]])
    side, names = ends.side, ends.names
    joint, lacking = split_pairs(made.provenance.variants, made.vectors)
    fields = coded_fields(run.text, batch.dates, side, names)
    lengths = np.diff(batch.offsets)

    def find_copies() -> dict[str, Any]:
        return {"copies": copies_of(joined_tokens(batch, certain), side)}

    made_of = (_FORMAT, *ends.key)
    found_copies = kept_result(run, "copies", made_of, find_copies)["copies"]
    copies = None if found_copies is None else Copies(*found_copies)
    once = ends.weight if copies is None or mix == "raw" else copies.weights(side)
    tied = None if copies is None else copies.units(len(side))
    by_hand = given.get("together")
    together = (
        units_of(fields, side, names, tied)
        if by_hand is None
        else asked_units(field_by_hand(run.require_text(), by_hand), side, tied)
    )

    def make() -> dict[str, Any]:
        rows, held, equal = mix_held_equal(fields, lengths, side, once)
        # What the mix brings with it, such as the capitals of one kind, is not said a second time.
        samples = samples_of(run, side, equal, together.unit, own)
        said = how_written(samples, (names[0], names[1]), pairs, joined=joint, lacking=lacking)
        return {"mix": rows, "fields": held, "writing": [finding.as_dict() for finding in said]}

    key = (mix == "raw", by_hand, *word_of.items(), *made_of)
    kept = kept_result(run, "sides", key, make)
    strata = value_groups(fields, kept["fields"], len(lengths)) if kept["fields"] else None
    weight, share = once if mix == "equal" else ends.weight, None
    if mix == "equal":
        equal = None if strata is None else equal_mix(strata, lengths, side, weight)
        if equal is not None:
            inside = side >= 0
            share = float(equal[inside] @ lengths[inside]) / max(float(weight[inside] @ lengths[inside]), 1)
            weight = equal
    mixed = [row for row in kept["mix"] if row["field"] not in together.fields]
    found = [
        *findings,
        *together.findings,
        *_of_one_document(run, ends),
        *(Finding.of(row) for row in kept["writing"]),
        *([] if copies is None else [_on_copies(copies, names, mix)]),
        *([] if quoted is None else _on_quotations(quoted, ends, mix)),
        *([] if mix == "beside" else _on_months(ends)),  # where sizes are compared, that says it
        *_on_mix(mixed, kept["fields"], names, mix, share),
    ]
    columns = Comparison.of(made.require_tokens(), slices)
    if len(slices) == 2:
        columns = replace(columns, weight=weight, unit=together.unit)
    return made, replace(
        columns,
        word_of=made.provenance.variants,
        findings=in_order(found),
        mix=kept["mix"],
        fields=kept["fields"],
        strata=strata,
        nested=together.nested,
    )


def _on_months(ends: Comparison) -> list[Finding]:
    """Whether the two periods cover other months of the year, so that what differs may be the season."""
    dates = ends.tokens.dates
    if dates is None or not all(parse_span(name) for name in ends.names):
        return []
    covered = []
    for number in (0, 1):
        days = dates[(ends.side == number) & ~np.isnat(dates)]
        counts = np.bincount(days.astype("datetime64[M]").astype(np.int64) % 12, minlength=12)
        if (days == days.astype("datetime64[Y]")).all() or counts.sum() < _A_MONTH * np.count_nonzero(counts):
            return []  # only the year is known, or too few documents tell
        covered.append(counts > 0)
    if (covered[0] == covered[1]).all():
        return []
    (a, b), common = ends.names, "" if (covered[0] & covered[1]).any() else "they have none in common, and "
    told_so = f"{b} covers {named_months(covered[1])}, {a} {named_months(covered[0])}: "
    return [Finding("calendar", printable(f"{told_so}{common}what differs may be the season."))]


def _of_one_document(run: Run, ends: Comparison) -> list[Finding]:
    """Whether a single document makes up most of a side of several."""
    lengths = np.diff(ends.tokens.offsets)
    said = []
    for number, name in enumerate(ends.names):
        mine = np.flatnonzero(ends.side == number)
        total = int(lengths[mine].sum())
        if len(mine) < _FEW or not total:
            continue
        largest = int(mine[np.argmax(lengths[mine])])
        share = lengths[largest] / total
        if share >= _LARGE:
            called = str(largest) if run.text is None else run.text.names([largest])[0]
            told_so = f"One of {len(mine):,} documents of {name}, {called}, has {share:.0%} of its words."
            said.append(Finding("document", printable(told_so), effect=float(share), documents=(called,)))
    return said


_COUNTED = {
    "equal": ". Each text counts once",
    "beside": ": each counts in shares of documents, and once in what words changed",
    "raw": ": each counts, and all of one text are one observation in tests",
}


def _on_copies(copies: Copies, names: Sequence[str], mix: str) -> Finding:
    """Texts that occur several times on one side, and how they are counted."""
    less, more = sorted(zip(copies.shares, names, strict=True))
    said = (
        f"{more[0]:.0%} of the documents of {more[1]} and {less[0]:.0%} of {less[1]} have {copies.what} as "
        f"another one{_COUNTED[mix]}."
    )
    remedy = {"equal": Remedy("mix", "raw", "count all"), "raw": Remedy("mix", "equal", "count each once")}
    return Finding("copies", printable(said), effect=more[0] - less[0], remedy=remedy.get(mix))


def _on_quotations(quoted: Quoted, ends: Comparison, mix: str) -> list[Finding]:
    """How much of either side is quoted of earlier documents, and how that is counted."""
    lengths = np.diff(ends.tokens.offsets)
    shares = []
    for number in (0, 1):
        mine = ends.side == number
        words = int(quoted.words[mine].sum())
        shares.append(words / max(words + int(lengths[mine].sum()), 1))
    if max(shares) < _QUOTED:
        return []
    a, b = ends.names
    said = (
        f"Lines that an earlier document has, as of quoted mails, are {shares[1]:.0%} of the words of {b} "
        f"and {shares[0]:.0%} of {a}: they count once{' in tests' * (mix == 'raw')}."
    )
    remedy = Remedy("repeats", "once", "count them once in counts, too") if mix == "raw" else None
    return [Finding("quotations", printable(said), effect=shares[1] - shares[0], remedy=remedy)]


def _on_mix(
    rows: Sequence[Row], fields: Sequence[str], names: Sequence[str], mix: str, share: float | None
) -> list[Finding]:
    """A finding for each field that goes with what is compared, and whether it is held equal."""
    said = []
    for row in rows[:_FIELDS]:
        b, a = (
            f"{row[f'words_{side}']:.0%} of {words} of {name} ({row[f'share_{side}']:.0%} of {documents})"
            for side, name, words, documents in (
                ("b", names[1], "the words", "the documents"),
                ("a", names[0], "those", "them"),
            )
        )
        sentence = f"{row['field']} differs: {row['value']} is {b}, {a}."
        remedy = None
        if row["field"] in fields:
            if share is not None:
                sentence += f" Compared with the same mix on both sides, {share:.0%} of the text."
                remedy = Remedy("mix", "raw", "compare all as it is")
            elif mix == "raw":
                remedy = Remedy("mix", "equal", "compare with the same mix on both sides")
        elif row["within"] is not None:
            remedy = Remedy("filter", f"{row['field']}={row['within']}", "compare within one")
        effect = row["share_b"] - row["share_a"]
        p = min(row["p"], row["p_words"])
        said.append(Finding("mix", printable(sentence), p=p, effect=effect, remedy=remedy))
    return said

"""Words that a text writes in two ways: `variants` lists them, to look through and edit; `joined` counts one.

For everything that follows, a word and its variants are one word of a run so joined.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from selfvec.base.answer import Answer
from selfvec.base.arrays import Floats, Ints
from selfvec.base.checks import StrPath
from selfvec.base.declarations import checked
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.errors import InputError
from selfvec.base.view import COUNT, Column, Table, figure
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.files.atomic_files import atomic_file, check_target
from selfvec.files.text_files import text_lines
from selfvec.numerics.rows import unit_rows
from selfvec.storage.opened import GivenRun, as_run

from .chosen_slices import asked_slices, default_slices
from .writing_rules import pair_names, variant_pairs

AUTO = "auto"  # the pairs that are certain between the sides that are compared


def _columns(a: str, b: str) -> Sequence[Column]:
    """The pair, how often each side writes both, and how near their contexts are."""
    return (
        Column("word"),
        Column("variant"),
        Column("relation", meaning="of their letters; blank: judge for yourself"),
        Column("word_a", a, COUNT, "occurrences of the word, then of the variant"),
        Column("word_b", b, COUNT),
        Column("variant_a", a, COUNT),
        Column("variant_b", b, COUNT),
        Column("cosine", form=figure(2), meaning="of their contexts"),
        Column("expected", form=figure(2), meaning="the same of random halves of both"),
    )


@checked
def variants(
    run: GivenRun,
    between: str | Sequence[str | Slice] | None = None,
    *,
    slice_field: str | None = None,
    filter: GivenFilter = (),
    output: StrPath | None = None,
    overwrite: bool = False,
) -> Answer:
    """List words that are written in two ways, such as acft and aircraft.

    One word of a pair vanishes as the other comes in the same contexts. The file can be edited, and given to
    drift, keyness, topics, search and report as their ``variants``.

    Parameters
    ----------
    run : Run or path
    between : sequence of slices, optional
        The two parts, as drift names them; by default those that drift compares.
    slice_field : str, optional
        Compare two values of this field of the documents.
    filter : str or dict, or sequence of them
        Only documents of the run with this value or date; may be repeated. As state=IOWA, size=2..5 or
        date=1996..1998; several on one field are alternatives.
    output : path, optional
        Write the pairs: a word, a tab and its variant in each line, then the evidence. Before pairs that are
        not certain stands a #.
    overwrite : bool

    Returns
    -------
    Answer
        ``a`` and ``b`` are the names of the parts. ``rows`` has a dict for each pair, those that are certain
        first.

        ``word``, ``variant``
            The form that is written out or, of others, the form that came, and the other one.
        ``relation``
            "abbreviation", "ending", "case", "hyphen", "accents", "spelling", "misread", or empty if their
            letters tell nothing.
        ``word_a``, ``word_b``, ``variant_a``, ``variant_b``
            Their occurrences in both parts.
        ``cosine``, ``expected``
            The cosine of their contexts, and that of random halves of the occurrences of both.
        ``certain``
            Whether their letters and contexts say that they are one word.
        ``replaces``
            Whether one is another word in the place of the other, as frequent and used alike.

    Raises
    ------
    InputError
        If there are not two parts, or the run has not kept its tokens.
    TargetError
        If the file exists, and ``overwrite`` is false.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> [(row["word"], row["variant"]) for row in selfvec.variants(run, ["2000..2004", "2015..2019"]).rows]
    [('derecho', 'gale'), ('email', 'fax')]
    """
    run = as_run(run)
    if output is not None:
        check_target(output, overwrite=overwrite, folder=False)
    run.require_tokens("in which variants are looked for")
    passing = given_filters(filter)
    slices, why, *_ = asked_slices(run, between, field=slice_field, filters=passing, otherwise="")
    rows = variant_pairs(run, run.tokens, slices)
    a, b = (part.name for part in slices)
    columns = _columns(escape_for_display(a), escape_for_display(b))
    if output is not None:
        names = [column.name for column in columns]
        lines = ["# " * (not row["certain"]) + "\t".join(str(row[name]) for name in names) for row in rows]
        head = ["# Each line joins a variant with its word; a # before a line leaves it out."]
        with atomic_file(output, overwrite=overwrite) as temporary:
            written = "\n".join([*head, "# " + "\t".join(names), *lines, ""])
            temporary.write_text(written, encoding="utf-8", newline="\n")
    parts = [
        Table(columns, pairs, f"{count_of(len(pairs), 'pair')} {what}")
        for certain, what in ((True, "that --variants auto joins"), (False, "for you to judge"))
        if (pairs := [row for row in rows if row["certain"] == certain])
    ]
    return Answer(
        f"Words that are written in two ways, {a} and {b}",
        {"a": a, "b": b, "rows": rows},
        columns=columns,
        parts=parts or ["None."],
        messages=[why] * bool(why),
    )


def with_variants(run: Run, given: StrPath | None) -> Run:
    """The run with the pairs of `given_pairs` as one word each."""
    return joined(run, given_pairs(run, given))


def given_pairs(run: Run, given: StrPath | None) -> dict[str, str]:
    """The word of each variant: those of a file or, for "auto", those that are certain; none without either.

    These are found between the parts that drift compares; a text without such parts has none.
    """
    if given != AUTO:
        return read_variants(given)
    pairs = variant_pairs(run, run.tokens, default_slices(run).slices)
    return {row["variant"]: row["word"] for row in pairs if row["certain"]}


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
    batch = run.require_tokens("in which variants are joined")
    counts = run.vectors.counts if run.vectors.counts is not None else batch.counts
    met = split_pairs(word_of, rows)[0]
    words = np.arange(len(counts))
    words[[rows[variant] for variant in met]] = [rows[word] for word in met.values()]
    known = run.original.sources == Source.KNOWN
    any_known = np.bincount(words, known, len(words)) > 0
    weights = np.maximum(counts, 1)  # those that never occur count once
    refined = _means(run.vectors.unit, words, weights)
    original = _means(run.original.unit, words, np.where(any_known[words] & ~known, 0, weights))
    sources = np.where(any_known, Source.KNOWN, run.original.sources).astype(run.original.sources.dtype)
    total = np.bincount(words, counts, len(words)).astype(counts.dtype)
    names = run.vectors
    return run.replace(
        vectors=Vectors(names, refined, sources=names.sources, counts=total, normalized=True),
        original=Vectors(names, original, sources=sources, counts=total, normalized=True),
        tokens=partial(joined_tokens, batch, word_of),
        provenance=run.provenance.replace(variants=dict(word_of)),
    )


def _means(rows: Floats, words: Ints, weights: Ints) -> Floats:
    """The rows of words with variants in the direction of their weighted mean, (V, d)."""
    out = np.array(rows)
    changed = np.unique(words[words != np.arange(len(words))])
    spellings = np.flatnonzero(np.isin(words, changed))
    out[changed] = 0
    np.add.at(out, words[spellings], rows[spellings] * weights[spellings, None])
    out[changed] = unit_rows(out[changed])
    return out


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
    for _ in range(len(word_of).bit_length()):  # each time chains of variants are half as long
        word_of = {variant: word_of.get(word, word) for variant, word in word_of.items()}
    for variant, word in word_of.items():
        if word in word_of:
            rule = f"{variant!r} is a variant of itself"
            raise InputError(rule, path=path, remedy="name the word that they all are")
    return word_of


def joined_sentences(met: Mapping[str, str], lacking: Mapping[str, str]) -> list[str]:
    """Which words are counted as one, and which pairs of a file the text lacks a word of; see `split_pairs`.

    >>> joined_sentences({"acft": "aircraft"}, {"twr": "tower", "apt": "airport"})[1]
    '2 pairs have a word that the text does not have: twr → tower, apt → airport.'
    """
    told = f"{count_of(len(lacking), 'pair has', 'pairs have')} a word that the text does not have"
    counted = f"Counted as one word: {count_of(len(met), 'pair')}"
    said = ((counted + ",", met), (told + ":", lacking))
    return [f"{head} {pair_names(pairs)}." for head, pairs in said if pairs]

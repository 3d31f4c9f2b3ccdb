"""`variants`: words that a text writes in two ways, as a list to look through and edit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from selfvec.analysis.comparison.chosen_slices import asked_slices, default_slices
from selfvec.base.answer import Answer
from selfvec.base.checks import StrPath
from selfvec.base.declarations import checked
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.view import COUNT, Column, Table, figure
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.corpus.slices import Slice
from selfvec.data.run import Run
from selfvec.files.atomic_files import atomic_file, check_target
from selfvec.storage.opened import GivenRun, as_run

from .comparison.joined import AUTO, joined, read_variants
from .comparison.variant_pairs import variant_pairs

_EVIDENCE = ("relation", "word_a", "word_b", "variant_a", "variant_b", "cosine", "expected")


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
    slices, why, _ = asked_slices(run, between, field=slice_field, filters=passing, otherwise="")
    rows = variant_pairs(run, run.tokens, slices)
    if output is not None:
        with atomic_file(output, overwrite=overwrite) as temporary:
            temporary.write_text("\n".join(_lines(rows)) + "\n", encoding="utf-8", newline="\n")
    a, b = (part.name for part in slices)
    columns = _columns(escape_for_display(a), escape_for_display(b))
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


def _lines(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    yield "# Each line joins a variant with its word; a # before a line leaves it out."
    yield "\t".join(["# word", "variant", *_EVIDENCE])
    for row in rows:
        mark = "" if row["certain"] else "# "
        yield mark + "\t".join(str(row[name]) for name in ("word", "variant", *_EVIDENCE))

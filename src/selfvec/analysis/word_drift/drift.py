"""`drift`: the words that changed between two slices of a corpus, or by refining."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Literal, TypedDict, Unpack

import numpy as np

from selfvec.analysis.comparison.chosen_slices import SURE, asked_slices
from selfvec.analysis.comparison.compared import LikeForLike, compared
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.comparison.recurring import own_words
from selfvec.analysis.comparison.variants import joined
from selfvec.analysis.concepts.events import events_of
from selfvec.analysis.keyness import key_words
from selfvec.analysis.word_kinds import WordTable, languages
from selfvec.base.answer import Json
from selfvec.base.checks import check_texts
from selfvec.base.declarations import Bounds, Count, Natural, checked, options
from selfvec.base.display import count_of
from selfvec.base.errors import OptionError
from selfvec.base.finding import Finding
from selfvec.base.progress import GivenProgress, steps
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.corpus.slices import Slice, documents_of
from selfvec.data.provenance import Provenance
from selfvec.data.run_text import RunText
from selfvec.encoders.encoded_texts import encoded_texts_of
from selfvec.storage.cache import cached_result
from selfvec.storage.opened import GivenRun, as_run
from selfvec.text.tagger import PARTS, UNIVERSAL, mostly, tagger

from .drift_result import Drift, WordChoice, drift_of
from .measures import CountedSides, Measures, counted_sides, measure_words
from .permutation_test import DriftTest
from .sentences import document_distances, kept_distances, with_texts

_SHOWN = 20  # words with example sentences, if all are listed


@options()
class Test(TypedDict, total=False):
    """How changes are tested.

    Other Parameters
    ----------------
    permutations : int, at least 1
        Random splits of the documents in the first round of the test; by default 1,000.
    seed : int, at least 0
        Seed of all random choices.
    jobs : int, at least 1, optional
        Threads; by default all cores.
    """

    permutations: Count
    seed: Natural
    jobs: Count | None


@options()
class Listed(TypedDict, total=False):
    """Words that are compared.

    Parameters
    ----------
    words : str or sequence of str
        Show these words only.

    Other Parameters
    ----------------
    pos : sequence of {"noun", "verb", "adjective", "adverb"}
        Compare these parts of speech only.
    all_words : bool
        Keep stop words, numbers and words of repeated text.
    """

    words: str | Sequence[str]
    pos: (
        Literal["noun", "verb", "adjective", "adverb"]
        | Sequence[Literal["noun", "verb", "adjective", "adverb"]]
    )
    all_words: bool


@options(Test, Listed, LikeForLike)
class Which(Test, Listed, LikeForLike, total=False):
    """The words that are compared, how they are tested, and what like for like is."""


@checked
def drift(
    run: GivenRun,
    between: str | Sequence[str | Slice] | None = None,
    *,
    slice: str | None = None,
    slice_field: str | None = None,
    filter: GivenFilter = (),
    top: Count | None = None,
    examples: Natural = 0,
    fdr: Annotated[float, Bounds(above=0, at_most=1)] | None = None,
    min_count: Count = 5,
    progress: GivenProgress = None,
    **which: Unpack[Which],
) -> Drift:
    """List words whose uses differ, and whether by chance.

    Results are kept in the run folder, and computed once.

    Parameters
    ----------
    run : Run or path
    between : sequence of slices, optional
        The two slices; by default the halves of the text. One without dates is compared before and after
        refining.
        Named as 1976..1979, 2020-05, 2020Q2, 2000.., or labels; or original refined. Also a single period,
        such as "year".
    slice : str, optional
        Compare the first month, quarter, year … with the last. Neighbouring periods are joined up to 2,000
        words of text.
    slice_field : str, optional
        Compare two values of this field of the documents. They are named by ``between``, or are the two with
        the most text. Documents without a value are left out.
    filter : str or dict, or sequence of them
        Only documents with this value or date; may be repeated. As state=IOWA, size=2..5 or date=1996..1998;
        several on one field are alternatives.
    top : int, at least 1, optional
        Words listed; by default all.
    examples : int, at least 0
        Example sentences of each side, of as many words as are listed, or 20.
    fdr : float, above 0, at most 1, optional
        Leave out words with a higher false discovery rate.
    min_count : int, at least 1
        Leave out words rarer on either side.
    progress : Progress or bool, optional
    **which
        Those of `Listed`, the words that are compared, of `Test`, how they are tested, and of `LikeForLike`.

    Returns
    -------
    Drift
        From the cache in the run's folder if it is there. A dict for each word. Of several spellings of a
        word only the first in order is listed, unless words are named or ``which`` is every word.

        ``word``
            As the run has it.
        ``distance``
            1 - cosine of the means of its occurrences in both slices.
        ``low``, ``high``
            The 95 % interval of what it would be with many occurrences; None for words of few documents.
        ``expected``
            The mean distance in random splits of the same documents.
        ``chance``
            Three quarters of what ``expected`` usually is for words with as many occurrences and documents,
            and a quarter of the word's own, in hundredths.
        ``change``
            ``distance`` - ``chance`` - ``general``, the figure of the result that says by how much words
            differ in general.
        ``differing``, ``differing_low``, ``differing_high``
            The share of its uses that differ between the slices, beyond what is usual, and the 95 %
            interval: of those that came, went, or have another share. None for words in fewer than 16
            documents of a slice, and where fewer than ten words are in as many.
        ``apd``
            The mean distance of two occurrences, one of each slice.
        ``p``, ``q``
            The share of random splits that are as far apart, never 0: if none is, it is read from a
            distribution with the moments of the splits. q is the false discovery rate among tested words.
        ``p_contexts``, ``q_contexts``
            The same of single words beside it: whether some came or went, more than beside words as
            frequent. None where ``differing`` is, and of fewer than 50 words.
        ``came_beside``, ``went_beside``
            Words that are within six words of it in more of its documents, or in fewer, if it may be named:
            dicts with word, share_a and share_b, of its documents in either slice.
        ``count_a``, ``count_b``, ``documents_a``, ``documents_b``
            Occurrences of the word, and documents with it, in each slice.
        ``gained``, ``lost``
            Neighbours among the ten nearest in the second slice only, and in the first only. A neighbour
            is no stop word or number, and one of the 10,000 most frequent words of the slice or tested.
        ``kind``
            "word", "name", "number" or "variant" (of a more frequent spelling).
        ``variants``, ``spellings_a``, ``spellings_b``
            Other spellings of the word, and the occurrences of all its spellings.

        Between the original and the refined vectors, ``distance`` is that of the two vectors of the word,
        ``apd`` the mean distance of an occurrence to the original vector, and ``p`` the share of random signs
        of the documents under which they agree as well on the direction of the move. The ends of
        intervals are None, ``expected`` and ``chance`` are 0, both sides have the same counts. For a run that
        has not kept its tokens, ``apd``, ``p``, ``q`` and the occurrences of spellings are None, too, and
        documents 0.

        ``new`` and ``gone`` list words that are too rare in the first or second slice to have a distance, but
        occur in significantly more documents of the other, the most certain first: dicts with the counts,
        documents, p (of the documents with the word, if all were divided by chance), q and kind of a row.
        ``sides`` says how the slices are written differently, and ``confounded`` lists fields of the
        documents whose values go with them.

        If the run keeps an encoder's vectors of its documents, rows have ``texts``, too: 1 - cosine of the
        mean vectors of the documents with the word in both slices, less the mean of each slice, minus what is
        usual for words as frequent. Among the rows listed, its rank is added to that of the change; p, q and
        intervals are those of the words. As many rows as are listed, or
        20, have ``sentences``: the same of the word's sentences, at most 40 drawn from each slice. The order
        does not depend on these. With ``examples`` the first rows have ``examples_a`` and ``examples_b``.

    Raises
    ------
    InputError
        If a slice does not exist, or no word can be measured. `OptionError` if an option is wrong.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> found = selfvec.drift(run, ["2000..2009", "2010..2019"], top=4)
    >>> found
    Drift from 2000..2009 to 2010..2019: 4 words, 4 with q ≤ 0.05
      stream, mast, drone, panel
      see .rows or .to_polars()
    >>> found.new[0]["word"]
    'derecho'
    """
    run = as_run(run)
    words, spoken = _named(which, "words", "words"), _parts_of_speech(run.text, run.provenance, which)
    test = DriftTest(min_count, which.get("permutations", 1000), which.get("seed", 0))
    work = {"Drift": 12, "Comparing documents": 2, "Encoding sentences": 6, "Sentences": int(examples > 0)}
    with steps("Drift", work):
        passed = given_filters(filter)
        chosen = asked_slices(run, between, slice, slice_field, passed, "" if passed else None)
        slices, happened = chosen.slices, events_of(run, chosen.among) if chosen.in_time else []
        comparison = compared(run, slices, which, findings=happened or chosen.findings)
        run = joined(own_words(run) if slices else run, comparison.word_of)
        table = WordTable.of(run)
        language = run.provenance.language
        sides, named, unknown = counted_sides(comparison, table, words, language, min_count)
        choice = WordChoice(
            {*named, *(row["word"] for row in unknown)}, *spoken, every=which.get("all_words", False)
        )

        def measure() -> Json:
            return vars(measure_words(comparison, table, sides, test))

        def compare_counts() -> Json:
            return {"rows": [finding.as_dict() for finding in key_words(comparison)]}

        key: list[Any] = [comparison.key]
        measured = Measures(**cached_result(run, "drift", [*key, asdict(test)], measure))
        if slices and comparison.text is not None and (encoded := encoded_texts_of(run)):
            of, compare = measured.words, partial(document_distances, comparison, encoded=encoded)
            kept = cached_result(
                run,
                "document_distances",
                [documents_of(comparison.slices), of],
                lambda: {"distances": compare(of)},
            )
            measured = with_texts(measured, kept["distances"])
        more: list[Json] = []
        if slices and not named and not comparison.nested and not happened:
            key += sorted(comparison.written_otherwise)
            more = cached_result(run, "keywords", key, compare_counts)["rows"]
        result = drift_of(
            comparison,
            table,
            measured,
            choice,
            list(map(Finding.of, more)),
            unknown,
            _too_small(comparison, sides, measured),
            {"why": chosen.why, "filters": passed},
            test.seed,
            run.stamp,
        ).select(top, fdr)
        first = [row["word"] for row in result.rows[: top or _SHOWN]]
        distances = kept_distances(run, result.slices, first, test.seed)
        result = result.extended([{"sentences": distance} for distance in distances])
        return result.illustrate(run, top or _SHOWN, examples) if examples else result


def _too_small(compared: Comparison, sides: CountedSides, measured: Measures) -> str:
    """A sentence if one side has so few words that chance decides; that the sides differ is no reason."""
    rows = (row for row in measured.rows if row["word"] not in measured.reasons)
    sure = sum(row["low"] is not None for row in rows)
    often = (sides.counts >= sides.least).sum(axis=1)
    small = int(np.argmin(often))
    if not compared.names or sure >= SURE or 10 * often[small] >= often.max():
        return ""
    part, other = compared.slices[small], compared.slices[1 - small]
    words = count_of(sure, "word is", "words are")
    documents = count_of(int(part.documents.sum()), "document")
    return (
        f"{part.name} is too small to tell which words changed: {words} in enough of its {documents} to be "
        f"sure, and {often.max():,} are frequent in {other.name}."
    )


def _named(which: Mapping[str, Any], name: str, what: str) -> list[str]:
    return check_texts(name, which[name], what) if which.get(name) else []


def _parts_of_speech(
    text: RunText | None, made: Provenance, which: Mapping[str, Any]
) -> tuple[list[str], Callable[[list[str]], Sequence[str | None]]]:
    """The parts of speech that are named, if any, and what tells them; an error if nothing does."""
    named = _named(which, "pos", "parts of speech")
    for part in named:
        if part not in PARTS:
            raise OptionError.one_of(part, PARTS, field="pos")
    if not named:
        return named, list
    if tags := mostly(text, made.options):
        pos = {word: UNIVERSAL.get(tag.split("\t")[1]) for word, tag in tags.items()}
        return named, lambda words: [pos.get(word.lower()) for word in words]
    return named, tagger(made.options.get("tagger"), languages(made)).parts

"""`topics`: the topics of a corpus, and their shares in periods or fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict, Unpack

import numpy as np

from selfvec.analysis.comparison.chosen_slices import Chosen, asked_slices
from selfvec.analysis.comparison.compared import compared
from selfvec.analysis.comparison.comparison import Comparison
from selfvec.analysis.comparison.recurring import (
    own_words,
)
from selfvec.analysis.comparison.variants import with_variants
from selfvec.base.arrays import Ints, Mask
from selfvec.base.checks import StrPath
from selfvec.base.declarations import Bounds, Count, Natural, checked, options
from selfvec.base.display import count_of, printable
from selfvec.base.errors import OptionError
from selfvec.base.progress import GivenProgress, stage
from selfvec.corpus import as_corpus
from selfvec.corpus.conversion import Texts
from selfvec.corpus.given_filters import GivenFilter, given_filters
from selfvec.corpus.slices import Slice, document_groups, parse_span
from selfvec.data.live_run import PresentText
from selfvec.data.run import AnyRun, Run
from selfvec.files.atomic_files import check_target
from selfvec.files.checksums import write_sealed
from selfvec.files.report_page import ROWS, check_report, save_rows
from selfvec.files.tensors import Forms, Tensor, read_tensors, write_tensors
from selfvec.numerics.statistics import share_interval
from selfvec.refinement.derived_vectors import TOPICS
from selfvec.storage.cache import AGAIN, RESULT, cached, read_result
from selfvec.storage.opened import GivenRun, owner
from selfvec.storage.run_folder import read_names

from .document_topics import assigned_table, document_table
from .events import events_of, passage_findings
from .shares import Grown, share_changes
from .subjects import FORGET, kept_with, with_names, with_subjects
from .terms import NAMED, counts_in, phrase_names, topic_rows, topical_terms
from .text_size import text_size
from .topic_clusters import Clustering, cluster_documents
from .topic_result import GroupTopics, Topic, Topics, TopicShare

_FORMS: Forms = {
    "labels": Tensor("i8", ("V",), -1, "K"),
    "of_documents": Tensor("i8", ("D",), -1, "K"),
    "centres": Tensor("f4", ("K", "d"), finite=True),
    "mean": Tensor("f4", ("d",), finite=True),
}
_ARRAYS = "topics.safetensors"  # in the cache; those of subjects follow from them
_LISTED = 5  # terms of a topic in a group


WordGroups = str | Sequence[Sequence[str]]


@options()
class GivenTopics(TypedDict, total=False):
    """Of which documents topics are, where they begin, and their names.

    Parameters
    ----------
    filter : str or dict, or sequence of them
        Only documents with this value or date; may be repeated. As state=IOWA, size=2..5 or date=1996..1998;
        several on one field are alternatives.
    seed_words : str or groups of str, optional
        Groups of words, each with a topic of its own. Groups are separated by semicolons, such as
        "hail,ice;flood,river". Other topics are found beside these.

    Other Parameters
    ----------------
    variants : "auto" or path, optional
        Count words that are written in two ways as one. A file of pairs, as `variants` writes it, or auto for
        those that are certain.
    names : path, optional
        Names of the topics: a table, topics.csv, that a report wrote and you edited. Topics with the same
        name become one. The run keeps the names, for its report, page and assistant, too; "none" forgets
        them. The names are a state of the run: `undo` takes them back.
    """

    variants: Literal["auto"] | StrPath | None
    filter: GivenFilter
    seed_words: WordGroups | None
    names: StrPath | None


@checked
def topics(
    run: GivenRun,
    number: Count | None = None,
    *,
    top: Annotated[int, Bounds(at_least=3)] = 12,
    min_count: Count = 5,
    by: str | None = None,
    assign: Texts | None = None,
    documents: StrPath | None = None,
    seed: Natural = 0,
    overwrite: bool = False,
    progress: GivenProgress = None,
    **given: Unpack[GivenTopics],
) -> Topics:
    """List the subjects of a text, and the topics that they are made of.

    Parameters
    ----------
    run : Run or path
    number : int, at least 1, optional
        Number of topics; by default by length.
    top : int, at least 3
        Terms listed for each topic.
    by : str, optional
        Show the subjects of each period or value of a field. Periods are week, month, quarter, year, decade,
        slice. Several with commas. Two values are compared. The result has them as ``groups``.
    assign : path, paths, texts, data frame or `Corpus`, optional
        Find the topics of new text. It is read like that of the run. The result has them as ``assigned``.
    documents : path, optional
        Write the topic of each document: .csv or .parquet. With ``assign``, of each new document.
    overwrite : bool
    progress : Progress or bool, optional
    **given
        Those of `GivenTopics`: words to begin with, and more.

    Other Parameters
    ----------------
    min_count : int, at least 1
        Leave out terms in fewer documents.
    seed : int, at least 0

    Returns
    -------
    Topics

    Raises
    ------
    OptionError
        If there are fewer documents than topics, or an option is wrong.
    NotFound
        If a seed word is none of the run's.
    InputError
        If the run has not kept its tokens, or has too few terms.
    CorpusError
        If the new text cannot be read.

    Examples
    --------
    >>> run = selfvec.refine(selfvec.example("weather.jsonl"), method="decorrelated")
    >>> for topic in selfvec.topics(run, 4):
    ...     print(f"{topic.share:.0%} {topic.name}")
    28% black ice, graupel, body shops
    25% lightning strike, squall line, gale
    24% smoke, spring tide floods, poor visibility
    22% high water, retention basin, banks
    """
    seeds = _groups_of_words(given.get("seed_words"))
    own = owner(run)
    if documents is not None:
        check_report(documents, ROWS)
        check_target(documents, overwrite=overwrite, folder=False)
    new = None
    if assign is not None:
        new = as_corpus(assign, "assign", like=own.present.provenance.corpus, keep_fields=False)
    of = own_words(_passing(with_variants(own.present, given.get("variants")), given.get("filter")))
    parts = [] if by is None else document_groups(of, by)
    how = Clustering(number, top=top, min_count=min_count, seed=seed, seeds=seeds)
    whole = _with_own_names(own, _kept_clusters(of, how), given.get("names"))
    in_time = all(parse_span(part.name) for part in parts)
    sides = Chosen(parts if len(parts) == 2 else [], in_time=not parts)
    if parts and in_time:
        sides = asked_slices(of)
    whole = with_groups(of, whole, parts, sides)
    if new is not None:
        whole = replace(whole, assigned=assigned_table(of, whole, new))
    if documents is not None:
        rows = document_table(of, whole, parts) if whole.assigned is None else whole.assigned
        save_rows(rows, documents, overwrite=overwrite)
    return whole


def topics_as_found(run: Run) -> Topics:
    """The topics of a run as `topics` finds them by default, without a person's names."""
    return _kept_clusters(own_words(run), Clustering())


def subjects_of_report(run: Run, sides: Chosen) -> Topics:
    """The subjects of a run, counted among the documents that pass, and how they changed."""
    return with_groups(run, with_names(topics_as_found(run), run.topic_names), (), sides)


def _passing(run: Run, filter: GivenFilter | None) -> Run:
    """The documents of a run that pass, in memory and in the space of its topics; the run without filters."""
    if not filter:
        return run
    from selfvec.corpus.filters import filtered_documents  # only a filter needs Polars

    documents = filtered_documents(run, given_filters(filter))
    topic_rows(run)
    text = None if run.text is None else PresentText([(run.text, np.flatnonzero(documents))])
    part = run.replace(tokens=run.require_tokens().part(documents), text=text, folder=None)
    part.derived[TOPICS] = run.derived[TOPICS]
    return part


def _with_own_names(run: AnyRun, clusters: Topics, names: StrPath | None) -> Topics:
    """The topics with the names that a person gave them; those of a file, if one is given, are kept first."""
    told: list[str] = []
    if names is not None:
        kept = kept_with(run, clusters, [] if names == FORGET else read_names(names))
        several = count_of(len(kept), "name") if kept else "no names"
        told = [f"The run keeps {several} of topics, for its report and page, too."]
    return replace(with_names(clusters, run.present.topic_names), told=told)


def _kept_clusters(run: Run, how: Clustering) -> Topics:
    """What `cluster_documents` finds, from the cache in the run's folder if it is there."""

    def write(whole: Topics, folder: Path) -> None:
        figures = {name: getattr(whole, name) for name in ("documents", "silhouette", "tried")}
        figures["topics"] = [asdict(row) for row in whole.topics]
        write_tensors(folder / _ARRAYS, {name: getattr(whole, name) for name in _FORMS})
        write_sealed(folder / RESULT, figures)

    def read(folder: Path) -> Topics:
        kept = read_result(folder)
        tried = {int(k): value for k, value in kept["tried"].items()}
        rows = [Topic(**row | {"terms": [tuple(pair) for pair in row["terms"]]}) for row in kept["topics"]]
        sizes = {"V": len(run.vectors), "D": run.require_tokens().documents, "K": len(rows)}
        tensors: Any = read_tensors(folder / _ARRAYS, _FORMS, AGAIN, **sizes)
        return Topics(rows, kept["documents"], kept["silhouette"], tried, **tensors, run=run)

    def make() -> Topics:
        whole = cluster_documents(run, how)
        with stage("Naming", None, "topics"):
            names = phrase_names(run, whole.of_documents, len(whole))
            rows = [
                replace(topic, name=", ".join(own) or topic.name)  # by its terms, where no phrase is sure
                for topic, own in zip(whole.topics, names, strict=True)
            ]
            return replace(whole, topics=rows)

    return with_subjects(cached(run, "clusters", asdict(how), make, write, read))


def _groups_of_words(given: str | Sequence[Sequence[str]] | None) -> list[list[str]]:
    """Groups of seed words.

    >>> _groups_of_words("hail, ice; flood")
    [['hail', 'ice'], ['flood']]
    """
    groups = [group.split(",") for group in given.split(";")] if isinstance(given, str) else given or []
    if any(isinstance(group, str) for group in groups):
        raise OptionError("is a list of groups, each a list of words", field="seed_words")
    words_of_each = [[word.strip() for word in group if word.strip()] for group in groups]
    if given is not None and not all([*words_of_each, words_of_each]):
        remedy = 'try "hail,ice;flood,river"'
        raise OptionError("has a group without words", field="seed_words", remedy=remedy)
    return words_of_each


# ---- Topics by period or field
# All groups have the same topics, those of the whole corpus, so that their shares can be compared.


def with_groups(run: Run, whole: Topics, groups: Sequence[Slice], sides: Chosen) -> Topics:
    """The topics of a corpus among the documents that pass, the shares of subjects in groups and the growth
    of both.

    Where nobody named two parts, they have what happened when.
    """
    if sides.among is not None:
        whole = whole.among(sides.among)
    if sides.in_time:
        whole = replace(whole, events=events_of(run, sides.among))
    subjects = whole.subjects or whole
    shares = topic_shares(run, subjects, groups) if groups or sides.slices else None
    if shares is None or not sides.slices:
        return replace(whole, groups=shares, passages=passage_findings(run, among=sides.among))
    made = compared(run, sides.slices, {}, "beside", () if whole.events else sides.findings)
    shares = replace(shares, growth=text_size(sides.slices, run.require_tokens(), sides.among), sides=made)
    levels = 1 + whole.on_two_levels
    above = _with_changes(subjects, made, levels)
    below = _with_changes(whole, made, levels)
    grown = [] if whole.events else _grown(below, above)
    above = replace(above, groups=shares)
    return replace(below, groups=shares, grown=grown, passages=passage_findings(run, made), subjects=above)


def _with_changes(whole: Topics, made: Comparison, levels: int) -> Topics:
    """The topics with their changes; of two levels, each may name one of forty texts falsely."""
    changes = share_changes([documents for _, documents in whole.with_documents], made)
    rows = zip(whole.topics, changes, strict=True)
    return replace(whole, topics=[replace(topic, growth=change.among(levels)) for topic, change in rows])


def _grown(whole: Topics, subjects: Topics) -> list[Grown]:
    """The changes of subjects, and of topics that moved where their subject did not; of a name the first."""

    def changes(of: Topics) -> list[tuple[int, Grown]]:
        """The number of the subject and the change of each topic."""
        out = []
        for number, row in enumerate(of.topics):
            if row.growth:
                name, terms = printable(row.name.split(", ")[0]), tuple(term for term, _ in row.terms[:NAMED])
                subject = number if of is subjects else row.subject
                out.append((subject, Grown(name, row.growth, terms, of.of_documents == number)))
        return out

    def moved(rows: list[tuple[int, Grown]]) -> list[tuple[int, Grown]]:
        return [(subject, each) for subject, each in rows if each.change.like_for_like.moved]

    above = changes(subjects)
    told = moved(above)
    whole_subjects = {subject for subject, _ in told}
    told += [row for row in moved(changes(whole)) if row[0] not in whole_subjects]
    said = {subject for subject, _ in told}
    told += [row for row in above if row[0] not in said]
    grown = [each for _, each in told]
    of_names: dict[tuple[str, bool], Grown] = {}
    for each in grown:
        of_names.setdefault((each.name, each.change.like_for_like.grew), each)
    return list(of_names.values())


def topic_shares(run: Run, whole: Topics, groups: Sequence[Slice]) -> GroupTopics:
    """The share of each topic of the whole corpus in each group, and its characteristic terms there.

    Terms are ordered by c-TF-IDF (Grootendorst, 2022): the count in the topic's documents of the group, times
    log(1 + mean count per group / count in all groups).
    """
    chosen, _ = topical_terms(run)
    batch = run.require_tokens()
    topic_of = whole.labels[chosen.rows]  # of each term

    def own(documents: Mask) -> Ints:
        """Occurrences of each term in those documents of a group that have its topic, (n,)."""
        counts = counts_in(batch, chosen.rows, np.where(documents, whole.of_documents, -1), len(whole))
        return np.where(topic_of >= 0, counts[np.arange(len(chosen)), topic_of], 0)

    total = own(np.ones(batch.documents, bool))
    weight = np.log1p(total.sum() / max(len(groups), 1) / np.maximum(total, 1))
    rows = []
    for group in groups:
        scores = own(group.documents) * weight
        of_group = whole.of_documents[group.documents]
        counts = np.bincount(of_group[of_group >= 0], minlength=len(whole))
        size = int(group.documents.sum())
        for number, topic in enumerate(whole.topics):
            if count := int(counts[number]):
                mine = np.where(topic_of == number, scores, 0)
                best = [i for i in np.argsort(-mine, kind="stable")[:_LISTED].tolist() if mine[i] > 0]
                listed = [chosen.names[i] for i in best]
                interval = share_interval(count, size)
                shares = count, count / size, listed, size, *interval
                rows.append(TopicShare(group.name, number, topic.name, *shares))
    return GroupTopics(rows)

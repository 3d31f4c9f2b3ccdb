"""Topics: clusters of a run's terms by their topic vectors, each with its most typical terms.

Terms are clustered by spherical k-means, weighted by their term weights. A typical term is coherent, near the
centre of its topic, frequent in the topic's documents and rarer in others (c-TF-IDF; Grootendorst, 2022).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from selfvec.analysis.sides import Sides as Written
from selfvec.analysis.sides import joined_sentence
from selfvec.base.arrays import Floats, Ints, Mask, Rows
from selfvec.base.display import count_of, escape_for_display
from selfvec.base.errors import InputError, OptionError
from selfvec.base.progress import Progress, as_progress
from selfvec.base.result_table import RecordTable, short_repr
from selfvec.base.threads import in_order, one_core, threads
from selfvec.base.view import (
    COUNT,
    PIECES,
    WORDS,
    Cell,
    Column,
    Part,
    Row,
    Table,
    View,
    escaped,
    sentence,
    share,
)
from selfvec.data.run import Run
from selfvec.data.token_batch import TokenBatch, over_one_vocabulary
from selfvec.numerics.kmeans import k_means
from selfvec.numerics.rows import unit_rows
from selfvec.text.document_vectors import document_vectors, inverse_document_frequency
from selfvec.text.preprocessing import Preprocessing, encode_texts

from .growth import ShareChange, TextGrowth, growth_columns, growth_sentences
from .terms import (
    NAMED,
    Terms,
    can_name,
    counts_in,
    distinct,
    row_of,
    term_weights,
    topic_rows,
    topical_terms,
)

if TYPE_CHECKING:
    import polars as pl

TERMS = 1500  # number of terms that are clustered
NUMBERS = (4, 6, 8, 12, 16, 24, 32)  # numbers of topics that are tried
ENOUGH = 0.9  # share of the best silhouette that is enough, because gains shrink as the number grows
RARER = 3.0  # logarithm of the ratio to other topics that is enough; those of rare terms are uncertain
NEAR = 0.15  # smallest cosine of a word to the centre of its topic
LEAST_SHARE, LEAST_DOCUMENTS = 0.01, 10  # of a topic; smaller ones are listed apart, and merged in reports
_STARTS = 4  # of k-means, which ends in another local optimum from each
_LARGEST = 5  # topics of a group that are shown
_TERMS = 3  # of each


@dataclass(frozen=True)
class Topic:
    """A cluster of terms."""

    name: str  # the phrases and nouns most typical of its documents, up to three
    terms: list[tuple[str, float]]  # the most typical first, with their cosines to the centre
    size: int  # number of terms
    share: float  # of the documents; the shares of all topics add up to 1
    documents: int  # number of documents whose vector is nearest to the centre of this topic
    seed_words: list[str] = field(default_factory=list)  # those it was asked to hold
    finer: list[str] = field(default_factory=list)  # names of the topics that it is made of, if several
    named: bool = False  # by a person
    growth: ShareChange | None = None  # from the first periods to the last, if the groups are periods


@dataclass(frozen=True)
class TopicShare:
    """A topic in a group of documents."""

    group: str
    topic: int  # its number; the same in all groups
    name: str
    documents: int  # of this topic in the group
    share: float  # of the group's documents that have a topic
    terms: list[str]  # characteristic of the topic in this group
    cosine: float | None = None  # to the same topic in an earlier group, if groups were clustered separately
    of: int = 0  # documents of the group that have a topic
    low: float = 0.0  # of the share's 95 % interval
    high: float = 1.0


def is_small(topic: Topic) -> bool:
    """Whether a topic is too small to say anything about it by itself."""
    return topic.share < LEAST_SHARE or topic.documents < LEAST_DOCUMENTS


def _name_and_terms(row: Row) -> Cell:
    """What names a topic, and its other terms."""
    named = row["name"].split(", ")
    others = escaped(term for term, _ in row["terms"] if term.replace("_", " ") not in named)
    return [(escaped(named), "strong"), (f"; {others}" if others else "", "")]


def _largest(topics: Sequence[TopicShare]) -> Cell:
    """The largest topics of a group: share, number, and terms in the group."""
    shown: list[tuple[str, str]] = []
    for row in sorted(topics, key=lambda row: -row.documents)[:_LARGEST]:
        terms = "/".join(map(escape_for_display, row.terms[:_TERMS] or row.name.split(", ")))
        shown += [("  " * bool(shown), ""), (f"{row.share:.0%} ", "strong"), (f"{row.topic}:{terms}", "")]
    more = len(topics) - _LARGEST
    return [*shown, (f"  and {more} more", "quiet")] if more > 0 else shown


@dataclass(frozen=True, repr=False)
class GroupTopics(RecordTable[TopicShare]):
    """Topics of groups of documents: a row for each group and topic, groups in their order.

    Attributes
    ----------
    shares : list of TopicShare
    of_documents : (D,) int64
        Topic of every document, -1 for none.
    left_out : list of str
        Groups with too little text to be clustered separately.
    growth : TextGrowth or None
        How the number of documents changed, if the groups are periods.
    sides : Sides or None
        How the first and the last periods are written.
    last_documents : (D,) bool or None
        The documents of the last periods.
    """

    listed = "shares"

    shares: list[TopicShare]
    of_documents: Ints = field(repr=False)
    left_out: list[str] = field(default_factory=list)
    growth: TextGrowth | None = None
    sides: Written | None = None
    last_documents: Mask | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        groups = list(dict.fromkeys(row.group for row in self.shares))
        return short_repr(f"Topics of {len(groups)} groups", groups)

    @property
    def names(self) -> list[str]:
        """The name of each topic, from the group in which it has most documents."""
        largest: dict[int, TopicShare] = {}
        for row in self.shares:
            if row.topic not in largest or row.documents > largest[row.topic].documents:
                largest[row.topic] = row
        return [
            largest[topic].name if topic in largest else "" for topic in range(max(largest, default=-1) + 1)
        ]

    @property
    def columns(self) -> Sequence[Column]:
        """The group, its documents, and its largest topics."""
        return (
            Column("group", width=24),
            Column("documents", form=COUNT),
            Column("topics", "largest topics: share, number and terms here", PIECES),
        )

    @property
    def table(self) -> Table:
        """A row for each group: its documents, and its largest topics with their terms in it."""
        groups: dict[str, list[TopicShare]] = {}
        for row in self.shares:
            groups.setdefault(row.group, []).append(row)
        rows = [
            {"group": name, "documents": sum(row.documents for row in topics), "topics": _largest(topics)}
            for name, topics in groups.items()
        ]
        return Table(
            self.columns, rows, notes=[f"too little text: {escaped(self.left_out)}"] * bool(self.left_out)
        )

    def view(self, top: int | None = None) -> View:
        """The groups with their largest topics."""
        return replace(super().view(top), parts=[self.table])

    def as_dict(self) -> dict[str, Any]:
        """As ``selfvec text topics --by ... --json`` prints it, under ``groups``."""
        more: dict[str, Any] = {}
        if self.growth is not None and self.sides is not None:
            more = {"growth": asdict(self.growth), "sides": self.sides.as_dict()}
        return {"rows": self.rows, "left_out": self.left_out, **more}


@dataclass(frozen=True, repr=False)
class Topics(RecordTable[Topic]):
    """The topics of a run, the largest share first.

    Attributes
    ----------
    topics : list of Topic
    documents : int
        Number of all documents. Documents in which no word has a vector have no topic.
    silhouette : float
        Mean silhouette of the terms, from -1 to 1: larger if terms are nearer to their own centre than to
        others.
    tried : dict of int to float
        Silhouettes of the numbers of topics that were tried; empty if the number was given.
    labels : (V,) int64
        Topic of every word of the run as an index in ``topics``, -1 for none.
    of_documents : (D,) int64
        Topic of every document, -1 for none.
    centres : (K, d) float32
        Unit rows.
    groups : GroupTopics or None
        The topics of groups of documents, if requested.
    hierarchy : list of dict or None
        The hierarchy of similar topics, see `topic_hierarchy`, if requested.
    assigned : DataFrame or None
        A row for each new document, if requested, as `document_table` has them for those of the run.
    run : Run or None
        Whose topics these are.
    """

    listed = "topics"

    topics: list[Topic]
    documents: int
    silhouette: float
    tried: dict[int, float] = field(default_factory=dict)
    labels: Ints = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    of_documents: Ints = field(default_factory=lambda: np.zeros(0, np.int64), repr=False)
    centres: Rows = field(default_factory=lambda: np.zeros((0, 0), np.float32), repr=False)
    groups: GroupTopics | None = None
    hierarchy: list[dict[str, Any]] | None = None
    assigned: pl.DataFrame | None = field(default=None, repr=False)
    run: Run | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        title = f"Topics: {len(self)} of {self.documents:,} documents, silhouette {self.silhouette:.2f}"
        return short_repr(title, [f"{row.share:.0%} {row.name.replace(', ', '/')}" for row in self.topics])

    @property
    def columns(self) -> Sequence[Column]:
        """The number of a topic, its share, how that changed, and the terms that name it and belong to it."""
        seeds = [Column("seed_words", form=WORDS)] if any(row.seed_words for row in self.topics) else []
        named = "topic: phrases and nouns that name it; its terms"
        return (
            Column("topic", "", COUNT),
            Column("share", form=share(1)),
            Column("documents", form=COUNT),
            *(growth_columns() if any(row.growth for row in self.topics) else ()),
            *seeds,
            Column("name", named, PIECES, of=_name_and_terms),
        )

    @property
    def messages(self) -> Sequence[str]:
        """Which words were counted as one."""
        return [] if self.run is None else joined_sentence(self.run.provenance.variants)

    @property
    def sentences(self) -> list[str]:
        """Which topics grew, and whether the text did, if the groups are periods."""
        changes = [(sentence(row.name.split(", ")[0]), row.growth) for row in self.topics if row.growth]
        groups = self.groups
        if groups is None or groups.growth is None or groups.sides is None:
            return []
        # How the two are written comes first: a change of notation looks like a change of subjects.
        return [*groups.sides.sentences, *growth_sentences(changes, "topic"), groups.growth.sentence]

    def view(self, top: int | None = None) -> View:
        """The topics; their shares in groups, their hierarchy and those of new documents, if there are."""
        tried = ", ".join(f"{number}: {value:.2f}" for number, value in self.tried.items())
        shown = f"{len(self)} topics of {self.documents:,} documents, silhouette {self.silhouette:.2f}"
        note = f"{shown} (of {tried})" if tried else shown
        large = [row for row in self._numbered() if not is_small(self.topics[row["topic"]])]
        parts: list[Part] = [*self.sentences]
        parts.append(Table(self.columns, large[:top], notes=[note, *self._small()]))
        if self.groups is not None:
            parts.append(self.groups.table)
        if self.hierarchy is not None:
            parts += self._tree(self.hierarchy)
        if self.assigned is not None:
            parts.append(self._assigned(self.assigned))
        return View("Topics", parts, records=self.rows if self.groups is None else self.groups.rows)

    def _small(self) -> list[str]:
        """The small topics, which say little by themselves."""
        small = [row for row in self.topics if is_small(row)]
        if not small:
            return []
        documents = count_of(sum(row.documents for row in small), "document")
        names = "; ".join(escape_for_display(row.name.split(", ")[0]) for row in small)
        limits = f"less than {LEAST_SHARE:.0%} of the documents, or fewer than {LEAST_DOCUMENTS}"
        return [f"apart: {count_of(len(small), 'topic')} with {limits}, {documents} together: {names}"]

    def _tree(self, joins: Sequence[Row]) -> list[Part]:
        """A line for each join of the hierarchy and each topic, indented below what joins it."""
        by_node = {join["node"]: join for join in joins}
        lines: list[Part] = [[("topics by the mean cosine of their centres", "quiet")]]

        def grow(node: int, indent: str) -> None:
            if node < len(self):
                lines.append(f"{indent}{node}: {escape_for_display(self.topics[node].name)}")
                return
            lines.append([(f"{indent}{by_node[node]['cosine']:.2f}", "quiet")])
            for child in by_node[node]["children"]:
                grow(child, f"{indent}  ")

        grow(joins[-1]["node"] if joins else 0, "")
        return lines

    def _assigned(self, assigned: pl.DataFrame) -> Table:
        """The share of each topic in the new documents, beside that in the run."""
        counts = Counter(assigned["topic"].drop_nulls().to_list())
        total = max(counts.total(), 1)
        columns = (
            Column("name", "topic", width=40),
            Column("topic", "", COUNT),
            Column("new_documents", form=COUNT),
            Column("new_share", "share", share(1)),
            Column("share", "in the run", share(1)),
        )
        rows = [
            row | {"new_documents": counts[number], "new_share": counts[number] / total}
            for number, row in enumerate(self._numbered())
        ]
        without = f"{len(assigned) - counts.total():,} of them without a topic"
        return Table(columns, rows, notes=[f"{count_of(len(assigned), 'new document')}, {without}"])

    @property
    def rows(self) -> list[dict[str, Any]]:
        """One dict per topic, with its terms as a list of words."""
        return [
            row
            | {"terms": [term for term, _ in row["terms"]], "cosines": [cosine for _, cosine in row["terms"]]}
            for row in self._numbered()
        ]

    @property
    def subjects(self) -> list[str]:
        """What the text is about: what comes first in the name of each topic, the largest topics first."""
        return distinct((row.name.split(", ")[0] for row in self.topics), len(self.topics))

    def as_dict(self) -> dict[str, Any]:
        """As ``selfvec text topics --json`` prints it."""
        tried = {str(number): value for number, value in self.tried.items()}
        out = {"documents": self.documents, "silhouette": self.silhouette, "tried": tried}
        more = {"groups": self.groups and self.groups.as_dict(), "hierarchy": self.hierarchy}
        if self.run is not None and self.run.provenance.variants:
            more["joined"] = dict(self.run.provenance.variants)
        if self.assigned is not None:
            import polars.selectors as columns

            more["assigned"] = self.assigned.with_columns(columns.date().dt.to_string()).to_dicts()
        return {**out, "rows": self._numbered()} | {
            name: value for name, value in more.items() if value is not None
        }

    def _numbered(self) -> list[dict[str, Any]]:
        return [
            {
                "topic": number,
                "name": row.name,
                "terms": [[term, cosine] for term, cosine in row.terms],
                "size": row.size,
                "share": row.share,
                "documents": row.documents,
                "seed_words": row.seed_words,
                **({"finer": row.finer} if row.finer else {}),
                **({"growth": asdict(row.growth)} if row.growth else {}),
            }
            for number, row in enumerate(self.topics)
        ]

    def transform(self, texts: Sequence[str]) -> Rows:
        """Cosines of n texts with the K topics, (n, K) float32; 0 for texts in which no word has a vector."""
        if self.run is None:
            raise InputError("these topics are without their run", remedy="find them with selfvec.topics")
        return topic_text_vectors(self.run, encoded(self.run, texts)) @ self.centres.T

    def renamed(self, label: Callable[[list[str]], str]) -> Topics:
        """The same topics, named by ``label`` from their terms, by a language model for example."""
        named = [replace(row, name=label([term for term, _ in row.terms])) for row in self.topics]
        return replace(self, topics=named)


def cluster_terms(
    run: Run,
    number: int | None = None,  # of topics
    *,
    top: int = 12,  # terms listed per topic
    most: int = TERMS,  # terms that are clustered, at most
    min_count: int = 5,  # documents with a term, at least
    seed: int = 0,  # for the first centres
    seeds: Sequence[Sequence[str]] = (),  # groups of words, each with a topic of its own
    earlier: Sequence[Sequence[str]] = (),  # terms of topics found before, which begin there in this order
    progress: Progress | None = None,
) -> Topics:
    """Cluster the terms of a run into topics.

    By default their number is the smallest of 4, 6, 8, 12, 16, 24 and 32 whose mean silhouette is at least
    90 % of the largest of these.
    """
    progress = as_progress(progress)
    begun = max(len(seeds), len(earlier))
    if number and number < begun:
        rule = f"is at least {begun}, those that are given, not {number}"
        raise OptionError(rule, field="number")
    number = number or len(earlier) or None
    least = max(2, begun)
    with progress.stage("Relating texts", None, "words"):
        chosen, coherent = _enough_terms(run, number or least, most, min_count, given=number is not None)
        rows = topic_rows(run)
        fixed = None
        if seeds:
            chosen, coherent, fixed = _with_seeds(run, chosen, coherent, rows, seeds)
        term_rows = np.ascontiguousarray(rows[chosen.rows])
        first = _earlier_centres(run, rows, earlier) if earlier else None
    numbers = [number] if number else [k for k in NUMBERS if least <= k <= len(chosen) // 2] or [least]

    def clustered(k: int) -> _Clusters:
        starts = (np.random.default_rng([seed, start]) for start in range(_STARTS))
        weights = _seeded_weights(chosen.weights, fixed, k)
        labels, centres = k_means(
            term_rows, k, starts, weights=weights, spherical=True, fixed=fixed, first=first
        )
        return _Clusters(labels, centres, silhouette(term_rows, labels, centres))

    tried: dict[int, _Clusters] = {}
    with progress.stage("Grouping", len(numbers), "numbers") as advance, one_core():
        for k, clusters in zip(numbers, in_order(numbers, clustered, threads(None)), strict=True):
            tried[k] = clusters
            advance(1)
    largest = max(clusters.silhouette for clusters in tried.values())
    # Numbers rise: this is the smallest that is nearly as good as the best.
    best = next(f for f in tried.values() if f.silhouette >= ENOUGH * largest or largest <= 0)
    of_documents = nearest_centres(topic_text_vectors(run, run.require_tokens()), best.centres)
    documents = np.bincount(of_documents[of_documents >= 0], minlength=len(best.centres))
    # Topics found before keep their places; after them, those of most documents come first.
    order = np.argsort(-np.where(np.arange(len(documents)) < len(earlier), np.inf, documents), kind="stable")
    place = np.append(np.argsort(order, kind="stable"), -1)  # of each centre; -1 selects the last entry
    shares = documents / max(int(documents.sum()), 1)
    typical = coherent[:, None] * _typical(run, chosen, of_documents, term_rows @ best.centres.T)
    subject = can_name(run)
    topics = []
    for cluster in order.tolist():
        members = np.flatnonzero(best.labels == cluster)
        cosines = term_rows @ best.centres[cluster]
        ordered = members[np.argsort(-typical[members, cluster], kind="stable")].tolist()
        listed = [(chosen.names[i], float(cosines[i])) for i in ordered[:top]]
        nouns = filter(subject, (chosen.names[i] for i in ordered))
        name = ", ".join(distinct(nouns, NAMED) or distinct((term for term, _ in listed), NAMED))
        mine = list(seeds[cluster]) if cluster < len(seeds) else []
        topics.append(
            Topic(name, listed, len(members), float(shares[cluster]), int(documents[cluster]), mine)
        )
    centres = best.centres[order]
    return Topics(
        topics,
        documents=len(of_documents),
        silhouette=best.silhouette,
        tried={} if number else {k: clusters.silhouette for k, clusters in tried.items()},
        labels=_word_topics(rows, centres),
        of_documents=place[of_documents],
        centres=centres,
        run=run,
    )


class _Clusters(NamedTuple):
    """Terms in K clusters."""

    labels: Ints  # (n,), the cluster of each term
    centres: Rows  # (K, d), unit rows
    silhouette: float


def _enough_terms(run: Run, number: int, most: int, min_count: int, *, given: bool) -> tuple[Terms, Floats]:
    """The terms that are clustered, at least two per topic, and their coherence."""
    chosen, coherent = topical_terms(run, most, min_count=min_count, least=2 * number)
    if len(chosen) < 2 * number:
        rule = f"{len(chosen)} words are terms that occur in {min_count} documents"
        if given:
            raise OptionError(f"{rule}, too few for {number} topics", field="number", remedy="choose fewer")
        raise InputError(f"only {rule}", path=run.folder, remedy="add more text, or lower --min-count")
    return chosen, coherent


def _with_seeds(
    run: Run, chosen: Terms, coherent: Floats, rows: Rows, seeds: Sequence[Sequence[str]]
) -> tuple[Terms, Floats, Ints]:
    """The terms with all seed words among them, their coherence, and the group of each, -1 for none."""
    group_of: dict[int, int] = {}
    for group, words in enumerate(seeds):
        for word in words:
            row = row_of(run, word)
            if not rows[row].any():
                raise OptionError(f"{word!r} has no vector of topics", field="seed_words")
            if group_of.setdefault(row, group) != group:
                raise OptionError(f"{word!r} is in two groups", field="seed_words")
    more = np.array(sorted(set(group_of) - set(chosen.rows.tolist())), np.int64)
    names = chosen.names + [run.require_tokens().types[row] for row in more.tolist()]
    weights = term_weights(run.require_tokens())[0]
    chosen = Terms(np.append(chosen.rows, more), names, np.append(chosen.weights, weights[more]))
    fixed = np.array([group_of.get(row, -1) for row in chosen.rows.tolist()], np.int64)
    return chosen, np.append(coherent, np.ones(len(more), coherent.dtype)), fixed


def _earlier_centres(run: Run, rows: Rows, earlier: Sequence[Sequence[str]]) -> Rows:
    """Where the terms of earlier topics are in this run, (K, d) unit rows."""
    rows_of_each = [
        [run.vectors.key_to_index[term] for term in terms if term in run.vectors] for terms in earlier
    ]
    centres = unit_rows(np.stack([rows[own].sum(axis=0) for own in rows_of_each]))
    if len(lost := np.flatnonzero(~centres.any(axis=1))):
        rule = f"topic {lost[0]} of the earlier ones has no term of this run"
        raise OptionError(rule, field="like", remedy="give the topics of a run on similar text")
    return centres


def _seeded_weights(weights: Floats, fixed: Ints | None, k: int) -> Floats:
    """Weights of terms, of which the seed words of a group weigh together as much as a mean topic of ``k``.

    So they are half of their topic. Without this a topic leaves its seed words for others nearby.
    """
    if fixed is None:
        return weights
    groups = np.bincount(fixed[fixed >= 0])
    return np.where(fixed >= 0, weights.sum() / k / groups[fixed], weights).astype(weights.dtype)


def silhouette(rows: Rows, labels: Ints, centres: Rows) -> float:
    """Mean of (b - a) / max(a, b), for cosine distances a to the own centre and b to the nearest other.

    >>> rows = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    >>> silhouette(rows, np.array([0, 0, 1]), rows[1:])
    1.0
    """
    if len(centres) < 2:
        return 0.0
    distances = 1 - rows @ centres.T
    own = np.take_along_axis(distances, labels[:, None], axis=1)[:, 0].copy()
    np.put_along_axis(distances, labels[:, None], np.inf, axis=1)
    other = distances.min(axis=1)
    return float(np.mean((other - own) / np.maximum(np.maximum(own, other), 1e-12)))


def _word_topics(rows: Rows, centres: Rows) -> Ints:
    """The centre nearest to every word, (V,); -1 if its cosine is below `NEAR`."""
    with one_core():
        cosines = rows @ centres.T
    return np.where(cosines.max(axis=1) >= NEAR, cosines.argmax(axis=1), -1)


def _typical(run: Run, chosen: Terms, of_documents: Ints, cosines: Rows) -> Rows:
    """How typical n terms are of K topics, (n, K), by their ``cosines`` (n, K) to the centres.

    cosine · log(1 + count in the topic's documents) · log(frequency there / frequency in other documents)
    """
    batch = run.require_tokens()
    number = cosines.shape[1]
    counts = counts_in(batch, chosen.rows, of_documents, number)
    topics = np.repeat(of_documents, np.diff(batch.offsets))
    sizes = np.bincount(topics[topics >= 0], minlength=number)  # tokens
    here = (counts + 0.5) / (sizes + 1)
    elsewhere = (counts.sum(axis=1, keepdims=True) - counts + 0.5) / (sizes.sum() - sizes + 1)
    return np.asarray(cosines * np.log1p(counts) * np.clip(np.log(here / elsewhere), 0, RARER))


def encoded(run: Run, texts: Sequence[str]) -> TokenBatch:
    """Texts as words of a run; those that it lacks have numbers after its own."""
    new = encode_texts(texts, Preprocessing.of(run.provenance), run.vectors)
    return over_one_vocabulary([run.require_tokens(), new])[1]


def topic_text_vectors(run: Run, batch: TokenBatch) -> Rows:
    """Vectors of documents by a run's topic vectors and document frequencies, (D, d): unit rows or zeros.

    Words after those of the run have no vector.
    """
    more = len(batch.types) - len(run.vectors)
    rows, weights = topic_rows(run), inverse_document_frequency(run.require_tokens())
    if more:
        rows, weights = np.pad(rows, ((0, more), (0, 0))), np.pad(weights, (0, more))
    return document_vectors(batch, rows, weights)


def nearest_centres(vectors: Rows, centres: Rows) -> Ints:
    """The centre with the largest product with each vector, (n,); -1 for vectors of zeros."""
    with one_core():
        return np.where(vectors.any(axis=1), (vectors @ centres.T).argmax(axis=1), -1)

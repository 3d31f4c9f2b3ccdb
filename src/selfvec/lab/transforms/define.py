"""Vectors from a lexicon: of unknown words, by their definitions, and of concepts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Literal, Unpack

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.base.declarations import checked
from selfvec.base.errors import OptionError, require
from selfvec.data.token_batch import TokenBatch
from selfvec.data.vectors import Source, Vectors
from selfvec.numerics.ridge import ridge_map
from selfvec.numerics.rows import filled_rows, unit_rows
from selfvec.storage.opened import GivenVectors, as_vectors

from .knowledge import GivenLexicon, Knowledge, check_lexicon, kind_names, read_knowledge, row_of, rows_of
from .retrofit import smoothed
from .written import Writing, check_writing, written

_RIDGE = 1.0  # in mean sums of squares of a dimension
_SPREAD = 0.5  # w of smooth, see `retrofit`


@checked
def define(
    vectors: GivenVectors,
    lexicon: GivenLexicon,
    rows: Literal["words", "concepts"] = "words",
    relations: str | Sequence[str] | None = None,
    **writing: Unpack[Writing],
) -> Vectors:
    """Give unknown words, or concepts, the vectors of their definitions.

    A definition is the mean of the unit vectors of its words, weighted by their inverse document frequency
    in all definitions (additive composition, Mitchell and Lapata, 2010); the n-th sense of a word counts 1/n.

    ``words``
        A linear map from definitions to words, ridge regression on the words with a vector, corrects what all
        definitions share (Khodak et al., 2018, *A La Carte Embedding*).
    ``concepts``
        Each concept of an ontology gets a row next to the words, under its identifier, so that
        ``most_similar("hail")`` also finds concepts. It begins as the mean of its words and its definition; a
        word of n senses counts 1/n. Vectors are then propagated over the relations of concepts, as `retrofit`
        smooths, so that concepts without known words get one, too.

    Parameters
    ----------
    vectors : Vectors, Run, path or name
        A vectors file, a run folder, or default.
    lexicon : path or paths, or Knowledge
        Relations between words: triples, OBO, OWL or WordNet's folder. See
        `selfvec.lab.transforms.knowledge.read_knowledge`.
    rows : {"words", "concepts"}
        Which rows are added.
    relations : str or sequence of str, optional
        Kinds of relations that vectors of concepts are propagated over; by default all but antonym.
    **writing
        See `Writing`.

    Returns
    -------
    Vectors
        More rows; of words, rows of zeros are replaced where there is a definition.

    Raises
    ------
    OptionError
        If an option is wrong, or names nothing that the words have.
    InputError
        If a file cannot be read or is damaged.
    TargetError
        If ``output`` exists and ``overwrite`` is false, or cannot be written.

    Examples
    --------
    >>> from selfvec.lab.transforms.knowledge import Knowledge
    >>> lexicon = Knowledge(senses={"derecho": ["n1"]}, definitions={"n1": "storms with strong wind"})
    >>> "derecho" in selfvec.load("default"), "derecho" in selfvec.define("default", lexicon)
    (False, True)
    >>> vectors = selfvec.Vectors(["hail", "graupel", "tax"], [[1, 0], [0.6, 0.8], [0, -1]])
    >>> ontology = Knowledge(senses={"hail": ["ENVO:1"], "graupel": ["ENVO:1"]})
    >>> selfvec.define(vectors, ontology, rows="concepts").most_similar("ENVO:1", topn=1)[0][0]
    'graupel'
    """
    if rows == "concepts":
        require("scipy", "knowledge", "the vectors of concepts")
    elif relations is not None:
        raise OptionError("are for rows of concepts", field="relations", remedy="leave them out")
    check_lexicon(lexicon)  # before vectors are read
    check_writing(writing)
    given = as_vectors(vectors)
    knowledge = read_knowledge(lexicon)
    if rows == "words":
        made, figures = _with_words(knowledge, given)
    else:
        made, figures = _with_concepts(knowledge, given, relations)
    return written(made, "define", figures, writing)


def _with_words(knowledge: Knowledge, vectors: Vectors) -> tuple[Vectors, dict[str, int]]:
    """The vectors with those of more words, made of their definitions."""
    words, means = _by_word(knowledge, vectors)
    found = [row_of(vectors.key_to_index, word) for word in words]
    rows = np.array([-1 if row is None else row for row in found], np.int64)
    defined = filled_rows(means)
    known = defined & (rows >= 0)
    known[known] = filled_rows(vectors.unit[rows[known]])
    new = np.flatnonzero(defined & ~known)
    if known.sum() > vectors.vector_size:
        ridge = _RIDGE * float(np.square(means[known]).sum()) / vectors.vector_size
        means = means @ ridge_map(means[known], vectors.unit[rows[known]], ridge)
    made = with_rows(vectors, [words[i] for i in new], means[new])
    return made, {"defined": len(new), "learned_from": int(known.sum())}


def _with_concepts(
    knowledge: Knowledge, vectors: Vectors, relations: str | Sequence[str] | None
) -> tuple[Vectors, dict[str, int]]:
    """The vectors with those of concepts."""
    concepts = {*knowledge.labels, *knowledge.definitions, *chain(*knowledge.edges.get("is-a", ()))}
    known = vectors.key_to_index
    nodes = sorted(node for node in concepts - knowledge.senses.keys() if row_of(known, node) is None)
    if not nodes:
        rule = "every node of the lexicon is a word of the vectors"
        raise OptionError(rule, field="lexicon", remedy="give an ontology or WordNet")
    place = {node: i for i, node in enumerate(nodes)}
    start = _start(knowledge, vectors, place)
    edges = [pair for kind in kind_names(relations) for pair in knowledge.edges.get(kind, ())]
    pairs = np.array([(place[a], place[b]) for a, b in edges if a in place and b in place], np.int64)
    rows = smoothed(start, pairs.reshape(-1, 2), 1.0, _SPREAD)
    filled = filled_rows(rows)
    named = [node for node, has_row in zip(nodes, filled, strict=True) if has_row]
    figures = {"nodes": int(filled.sum()), "with_own_words": int(filled_rows(start).sum())}
    return with_rows(vectors, named, rows[filled]), figures


def _by_word(knowledge: Knowledge, vectors: Vectors) -> tuple[list[str], Rows]:
    """The W words that have a definition, and the weighted mean of their definitions, (W, d)."""
    nodes, means = definition_vectors(knowledge, vectors)
    text_of = dict(zip(nodes, means, strict=True))
    words = list(dict.fromkeys(word for node in nodes for word in knowledge.words(node)))
    rows = np.zeros((len(words), vectors.vector_size), np.float32)
    for row, word in zip(rows, words, strict=True):
        for rank, node in enumerate((n for n in knowledge.senses_of(word) if n in text_of), 1):
            row += text_of[node] / rank
    return words, rows


def definition_vectors(knowledge: Knowledge, vectors: Vectors) -> tuple[list[str], Rows]:
    """The n nodes with a definition, and its unit vector each, (n, d); zeros if none of its words has one."""
    from selfvec.text.document_vectors import document_vectors, inverse_document_frequency
    from selfvec.text.tokenizers import find_words

    if not knowledge.definitions:
        rule = "the lexicon has no definitions"
        remedy = "add rows of word, definition, text"
        raise OptionError(rule, field="lexicon", remedy=remedy)
    words = find_words(list(knowledge.definitions.values()))
    batch = TokenBatch(words.ids, words.bounds, words.names)
    names = [name if name in vectors else name.lower() for name in words.names]
    weights = inverse_document_frequency(batch)
    return list(knowledge.definitions), document_vectors(batch, unit_rows(vectors.lookup(names)[0]), weights)


def _start(knowledge: Knowledge, vectors: Vectors, place: dict[str, int]) -> Rows:
    """Unit vectors of nodes from their words and definitions, (n, d); zeros if none has a vector."""
    start = np.zeros((len(place), vectors.vector_size), np.float32)
    known = vectors.key_to_index
    for node, i in place.items():
        for word in knowledge.words(node):
            row = row_of(known, word)
            rows = rows_of(known, word.split()) if row is None else [row]
            if rows:
                start[i] += unit_rows(vectors.unit[rows].sum(axis=0)[None])[0] / len(
                    knowledge.senses_of(word)
                )
    start = unit_rows(start)
    if knowledge.definitions:
        named, texts = definition_vectors(knowledge, vectors)
        kept = [i for i, node in enumerate(named) if node in place]
        start[[place[named[i]] for i in kept]] += texts[kept]
    return unit_rows(start)


def with_rows(vectors: Vectors, words: Sequence[str], rows: Rows) -> Vectors:
    """The vectors and more words, (V + n, d); rows of zeros are replaced.

    New rows get the median length of the old ones. Blanks in words become ``_``.
    """
    words = [word.replace(" ", "_") for word in words]
    lengths = np.linalg.norm(vectors.vectors.astype(np.float32), axis=1)
    rows = unit_rows(rows) * (np.float32(np.median(lengths[lengths > 0])) if lengths.any() else 1)
    at = np.array([vectors.key_to_index.get(word, -1) for word in words], np.int64)
    more = np.flatnonzero(at < 0)
    matrix = np.concatenate([vectors.vectors.astype(np.float32), rows[more]])
    matrix[at[at >= 0]] = rows[at >= 0]
    sources = np.append(vectors.sources, np.full(len(more), Source.CONTEXT, np.uint8))
    sources[at[at >= 0]] = Source.CONTEXT
    counts = None if vectors.counts is None else np.append(vectors.counts, np.zeros(len(more), np.int64))
    return Vectors(
        [*vectors.index_to_key, *(words[i] for i in more.tolist())],
        matrix,
        sources=sources,
        counts=counts,
        composer=vectors.composer,
        provenance=vectors.provenance,
    )

"""Lexicons and ontologies: synonyms, antonyms, kinds of things, and definitions, as one graph.

The nodes of the graph are concepts that have words (the synsets of WordNet, the terms of an ontology), or
plain words (of triples). `selfvec.transforms.lexicon_files` reads it; nothing is downloaded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.characters import folded
from selfvec.base.errors import InputError, OptionError

RELATIONS = ("synonym", "antonym", "is-a", "related")
"""The kinds of relations that every reader supports; triples may have others."""
TOWARD = tuple(kind for kind in RELATIONS if kind != "antonym")
"""Those that pull words together."""

_NAMED = 5  # words of a lexicon that have no vector, in a report


@dataclass
class Knowledge:
    """A graph of concepts and words.

    Parameters
    ----------
    senses : dict of str to list of str
        The nodes that a word names, the most common first. A node that no word names is itself a word.
    edges : dict of str to list of (str, str)
        For each kind of relation, pairs of nodes; of ``is-a`` the narrower one is first.
    definitions : dict of str to str
        The text that defines a node.

    Examples
    --------
    >>> lexicon = Knowledge(edges={"is-a": [("hail", "ice"), ("ice", "water")]})
    >>> lexicon.closure("hail"), lexicon.closure("water", down=True)
    ({'ice': 1, 'water': 2}, {'ice': 1, 'hail': 2})
    """

    senses: dict[str, list[str]] = field(default_factory=dict)
    edges: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)
    headers: list[str] = field(default_factory=list)  # first rows of files that name columns, left out

    def add(self, other: Knowledge) -> None:
        """Add the content of another lexicon."""
        for word, nodes in other.senses.items():
            self.senses[word] = list(dict.fromkeys([*self.senses.get(word, ()), *nodes]))
        for kind, pairs in other.edges.items():
            self.edges.setdefault(kind, []).extend(pairs)
        self.definitions |= other.definitions
        self.headers += other.headers

    @cached_property
    def labels(self) -> dict[str, list[str]]:
        """The words of each node that has words."""
        found: dict[str, list[str]] = defaultdict(list)
        for word, nodes in self.senses.items():
            for node in nodes:
                found[node].append(word)
        return dict(found)

    @cached_property
    def nodes(self) -> list[str]:
        """All nodes: those with words, then those with relations or definitions only."""
        linked = (node for pairs in self.edges.values() for pair in pairs for node in pair)
        return list(dict.fromkeys([*self.labels, *linked, *self.definitions]))

    def words(self, node: str) -> list[str]:
        """The words of a node; a node without words is itself a word."""
        return self.labels.get(node, [node])

    def senses_of(self, word: str) -> list[str]:
        """The nodes that a word names, and the word itself, which triples have as a node."""
        return [*self.senses.get(word, ()), word]

    def closure(self, word: str, *, down: bool = False, node: str | None = None) -> dict[str, int]:
        """All words that a word is a kind of, or with ``down`` its kinds, and the number of steps to each.

        The query is symbolic: it follows ``is-a`` through any number of nodes, the shortest way first, from
        all senses of the word, or from one ``node``.
        """
        reached = dict.fromkeys([node] if node else self.senses_of(word), 0)
        queue = list(reached)
        for node in queue:
            for other in self._is_a[down].get(node, ()):
                if other not in reached:
                    reached[other] = reached[node] + 1
                    queue.append(other)
        steps: dict[str, int] = {}
        for node, step in reached.items():
            for label in self.words(node) if step else ():
                steps.setdefault(label, step)
        steps.pop(word, None)
        return steps

    @cached_property
    def _is_a(self) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Nodes above and below each node."""
        up: dict[str, list[str]] = defaultdict(list)
        down: dict[str, list[str]] = defaultdict(list)
        for narrow, wide in self.edges.get("is-a", ()):
            up[narrow].append(wide)
            down[wide].append(narrow)
        return up, down


class LexiconRows:
    """The row of a word of a lexicon in vectors: as written, folded, in lower case, or with ``_``."""

    def __init__(self, rows: Mapping[str, int]) -> None:
        self._rows = rows

    def get(self, word: str) -> int | None:
        """The row, or None."""
        row = self._rows.get(word)
        if row is None:
            spellings = dict.fromkeys((word, folded(word)))
            joined = [one.replace(" ", "_") for one in spellings]
            forms = [form for one in (*spellings, *joined) for form in (one, one.lower())]
            row = next((self._rows[form] for form in forms if form in self._rows), None)
        return row

    def of(self, words: Iterable[str]) -> list[int]:
        """The rows of those words that have one."""
        return [row for row in map(self.get, words) if row is not None]


def row_pairs(knowledge: Knowledge, rows: Mapping[str, int], kinds: str | Sequence[str] | None) -> Ints:
    """Pairs of different rows related in these kinds, (n, 2) int64, each once, the smaller row first.

    Words that share a node are synonyms. Words are related if any of their senses are.

    Raises
    ------
    OptionError
        If the lexicon has no such kind, or its words have no vectors.
    """
    kinds = kind_names(kinds)
    found: set[tuple[int, int]] = set()
    finder = LexiconRows(rows)
    of_node = {node: finder.of(knowledge.words(node)) for node in knowledge.nodes}
    for kind in kinds:
        both = (product(of_node[a], of_node[b]) for a, b in knowledge.edges.get(kind, ()))
        found.update((min(pair), max(pair)) for pairs in both for pair in pairs)
        if kind == "synonym":
            for same in of_node.values():
                found.update((min(pair), max(pair)) for pair in combinations(same, 2))
    pairs = np.array(sorted(pair for pair in found if pair[0] != pair[1]), np.int64).reshape(-1, 2)
    if not len(pairs):
        kinds_found = (
            ", ".join(sorted({*knowledge.edges, *(("synonym",) if knowledge.senses else ())})) or "none"
        )
        rule = f"the lexicon relates no two words of the vectors by {', '.join(kinds)}; it has {kinds_found}"
        raise OptionError(rule, field="lexicon", remedy="give a lexicon of these words")
    return pairs


def unused_relations(
    knowledge: Knowledge, rows: Mapping[str, int], kinds: str | Sequence[str] | None
) -> dict[str, Any]:
    """For a report: the number of relations that a method did not use, and why."""
    finder = LexiconRows(rows)
    wanted = kind_names(kinds)
    there = {node: bool(finder.of(knowledge.words(node))) for node in knowledge.nodes}
    other = {kind: len(pairs) for kind, pairs in knowledge.edges.items() if kind not in wanted}
    unknown = [
        pair for kind in wanted for pair in knowledge.edges.get(kind, ()) if not all(map(there.get, pair))
    ]
    words = dict.fromkeys(knowledge.words(node)[0] for pair in unknown for node in pair if not there[node])
    why = [f"{len(unknown):,} with words that have no vector: {', '.join(list(words)[:_NAMED])}"] * bool(
        unknown
    )
    why += [f"{number:,} of another kind: {kind}" for kind, number in other.items()]
    why += [f"the first row of a file names columns: {header}" for header in knowledge.headers]
    return {"unused": len(unknown) + sum(other.values())} | ({"why_unused": "; ".join(why)} if why else {})


def kind_names(kinds: str | Sequence[str] | None) -> list[str]:
    """Kinds of relations from a sequence or a string with commas; None means those that pull."""
    if kinds is None:
        return list(TOWARD)
    return [name.strip() for name in kinds.split(",")] if isinstance(kinds, str) else list(kinds)


def unreadable(path: str | Path, rule: str) -> InputError:
    """The error for a lexicon that cannot be read."""
    return InputError(
        rule,
        path=path,
        remedy="give triples (.tsv, .csv), an ontology (.obo, .owl), SKOS or RDF (.ttl, .rdf), "
        "WN-LMF (.xml), a folder of WordNet's data files, or wn:LEXICON",
    )

"""Lexicons and ontologies: synonyms, antonyms, kinds of things, and definitions, as one graph.

The nodes of the graph are concepts that have words (the synsets of WordNet, the terms of an ontology), or
plain words (of triples). `read_knowledge` reads it; nothing is downloaded.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np

from selfvec.base.arrays import Ints
from selfvec.base.casing import asked_forms
from selfvec.base.checks import as_paths, is_path
from selfvec.base.errors import InputError, OptionError, require
from selfvec.files.text_files import separated_rows, text_lines

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
    >>> lexicon.nodes
    ['hail', 'ice', 'water']
    """

    senses: dict[str, list[str]] = field(default_factory=dict)
    edges: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)

    def add(self, other: Knowledge) -> None:
        """Add the content of another lexicon."""
        for word, nodes in other.senses.items():
            self.senses[word] = list(dict.fromkeys([*self.senses.get(word, ()), *nodes]))
        for kind, pairs in other.edges.items():
            self.edges.setdefault(kind, []).extend(pairs)
        self.definitions |= other.definitions

    @cached_property
    def labels(self) -> dict[str, list[str]]:
        """The words of each node that has words."""
        labels: dict[str, list[str]] = defaultdict(list)
        for word, nodes in self.senses.items():
            for node in nodes:
                labels[node].append(word)
        return dict(labels)

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


GivenLexicon = str | Path | Sequence[str | Path] | Knowledge
"""A lexicon, or the paths of its files."""


def row_of(rows: Mapping[str, int], word: str) -> int | None:
    """The row of a word of a lexicon in vectors, by its `asked_forms`, also with ``_`` for blanks."""
    if word in rows:
        return rows[word]
    forms = asked_forms(word)
    every = (*forms, *(form.replace(" ", "_") for form in forms))
    return next((rows[form] for form in every if form in rows), None)


def rows_of(rows: Mapping[str, int], words: Iterable[str]) -> list[int]:
    """The rows of those words that have one."""
    return [row for word in words if (row := row_of(rows, word)) is not None]


def row_pairs(knowledge: Knowledge, rows: Mapping[str, int], kinds: str | Sequence[str] | None) -> Ints:
    """Pairs of different rows related in these kinds, (n, 2) int64, each once, the smaller row first.

    Words that share a node are synonyms. Words are related if any of their senses are. `OptionError` if the
    lexicon has no such kind, or its words have no vectors.
    """
    kinds = kind_names(kinds)
    linked: set[tuple[int, int]] = set()
    of_node = {node: rows_of(rows, knowledge.words(node)) for node in knowledge.nodes}
    for kind in kinds:
        both = (product(of_node[a], of_node[b]) for a, b in knowledge.edges.get(kind, ()))
        linked.update((min(pair), max(pair)) for pairs in both for pair in pairs)
        if kind == "synonym":
            for same in of_node.values():
                linked.update((min(pair), max(pair)) for pair in combinations(same, 2))
    pairs = np.array(sorted(pair for pair in linked if pair[0] != pair[1]), np.int64).reshape(-1, 2)
    if not len(pairs):
        kinds_found = ", ".join(sorted({*knowledge.edges, *["synonym"] * bool(knowledge.senses)})) or "none"
        rule = f"the lexicon relates no two words of the vectors by {', '.join(kinds)}; it has {kinds_found}"
        raise OptionError(rule, field="lexicon", remedy="give a lexicon of these words")
    return pairs


def unused_relations(
    knowledge: Knowledge, rows: Mapping[str, int], kinds: str | Sequence[str] | None
) -> dict[str, Any]:
    """For a report: the number of relations that a method did not use, and why."""
    wanted = kind_names(kinds)
    there = {node: bool(rows_of(rows, knowledge.words(node))) for node in knowledge.nodes}
    # Of a file whose first row names its columns also that row, whose relation is no kind.
    other = {kind: len(pairs) for kind, pairs in knowledge.edges.items() if kind not in wanted}
    unknown = [
        pair for kind in wanted for pair in knowledge.edges.get(kind, ()) if not all(map(there.get, pair))
    ]
    words = dict.fromkeys(knowledge.words(node)[0] for pair in unknown for node in pair if not there[node])
    named = ", ".join(list(words)[:_NAMED])
    why = [f"{len(unknown):,} with words that have no vector: {named}"] * bool(unknown)
    why += [f"{number:,} of another kind: {kind}" for kind, number in other.items()]
    return {"unused": len(unknown) + sum(other.values())} | ({"why_unused": "; ".join(why)} if why else {})


def kind_names(kinds: str | Sequence[str] | None) -> list[str]:
    """Kinds of relations from a sequence or a string with commas; None means those that pull."""
    if kinds is None:
        return list(TOWARD)
    return [name.strip() for name in kinds.split(",")] if isinstance(kinds, str) else list(kinds)


def unreadable(path: Path, rule: str) -> InputError:
    """The error for a lexicon that cannot be read."""
    return InputError(
        rule,
        path=path,
        remedy="give triples (.tsv, .csv), an ontology (.obo, .owl), or a folder of WordNet's data files",
    )


# The readers of lexicons: triples, WordNet's files, OBO, OWL.

_SAME = {"synonyms": "synonym", "antonyms": "antonym"}
_SAME |= dict.fromkeys(("isa", "hypernym", "instance-hypernym", "subclass-of", "broader"), "is-a")
_SAME |= dict.fromkeys(("also", "similar", "related-to"), "related")
"""Other names of kinds, with ``-`` for blanks and ``_``."""
_POINTERS = {"!": "antonym", "@": "is-a", "@i": "is-a"} | dict.fromkeys("&$^=", "related")
_PARTS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}


def read_knowledge(paths: GivenLexicon) -> Knowledge:
    """Read lexicons and ontologies into one graph; a `Knowledge` is returned as it is.

    Parameters
    ----------
    paths : path or paths
        Triples word, relation, word (.tsv, .txt, .csv), where the relation ``definition`` has a text;
        ontologies (.obo, .owl, by ``pronto``); or a folder with WordNet's ``data.noun``.

    Raises
    ------
    InputError
        If a file cannot be read; names the line if possible. `MissingExtra` if a package is not installed.
    """
    if isinstance(paths, Knowledge):
        return paths
    knowledge = Knowledge()
    for path in check_lexicon(paths):
        knowledge.add(_reader(path)(path))
    return knowledge


def check_lexicon(paths: GivenLexicon) -> list[Path]:
    """The paths, or the errors of `read_knowledge` that are known before: no such file, a missing package."""
    if isinstance(paths, Knowledge):
        return []
    several = as_paths(paths) if is_path(paths) or isinstance(paths, Sequence) else []
    if not several:
        raise OptionError(f"is a path, or several, not {type(paths).__name__}", field="lexicon")
    for path in several:
        if _reader(path) is _ontology:
            require("pronto", "knowledge", "this lexicon")
    return several


def _reader(path: Path) -> Callable[[Path], Knowledge]:
    if not path.exists():
        raise unreadable(path, "there is no such file or folder")
    if (path / "data.noun").is_file():
        return _wordnet_files
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        raise unreadable(path, f"is not a lexicon: its name ends in {suffix or 'nothing'}")
    return _READERS[suffix]


def _kind(name: str) -> str:
    plain = name.strip().lower().replace("_", "-").replace(" ", "-")
    return _SAME.get(plain, plain)


# ---- Triples


def _triples(path: Path) -> Knowledge:
    comma = path.suffix.lower() == ".csv"
    edges: dict[str, list[tuple[str, str]]] = defaultdict(list)
    definitions: dict[str, str] = {}
    for line, fields in separated_rows(path, "," if comma else "\t"):
        cells = [cell.strip() for cell in fields]
        if not any(cells) or cells[0].startswith("#"):
            continue
        if len(cells) != 3 or not all(cells):
            rule = f"a row is word, relation, word, this one has {sum(map(bool, cells))} filled fields"
            remedy = f"separate three fields by {'commas' if comma else 'tabs'}"
            raise InputError(rule, path=path, line=line, remedy=remedy)
        word, relation, other = cells
        if _kind(relation) == "definition":
            definitions[word] = f"{definitions[word]}; {other}" if word in definitions else other
        else:
            edges[_kind(relation)].append((word, other))
    return Knowledge(edges=dict(edges), definitions=definitions)


# ---- WordNet


def _wordnet_files(folder: Path) -> Knowledge:
    """The files of Princeton WordNet, as wndb(5WN) describes them."""
    knowledge = Knowledge(edges=defaultdict(list))
    words: dict[str, list[str]] = {}  # of a synset
    antonyms: list[tuple[str, int, str, int]] = []  # synset, number of the word in it, and the other's
    for letter, part in _PARTS.items():
        for offset, names, pointers, definition in _parsed(folder / f"data.{part}", _synset):
            node = letter + offset
            words[node] = names
            knowledge.definitions[node] = definition
            for symbol, other, i, j in pointers:
                if symbol == "!":
                    antonyms.append((node, i, other, j))
                elif symbol in _POINTERS:
                    knowledge.edges[_POINTERS[symbol]].append((node, other))
        for lemma, offsets in _parsed(folder / f"index.{part}", _senses):
            knowledge.senses.setdefault(lemma, []).extend(letter + offset for offset in offsets)
    for a, i, b, j in antonyms:
        knowledge.edges["antonym"] += product(words.get(a, [])[i - 1 : i], words.get(b, [])[j - 1 : j])
    return knowledge


def _parsed(path: Path, parse: Callable[[str], Any]) -> Iterator[Any]:
    """The lines of a WordNet file, without the licence, whose lines begin with blanks."""
    for line, text in text_lines(path):
        if not text.startswith("  "):
            try:
                yield parse(text)
            except (IndexError, ValueError):
                raise InputError("is not a line of a WordNet file", path=path, line=line) from None


def _synset(text: str) -> tuple[str, list[str], list[tuple[str, str, int, int]], str]:
    """A line of a data file: offset, words, pointers to words of other synsets, definition."""
    fields, _, gloss = text.partition(" | ")
    cells = fields.split()
    end = 4 + 2 * int(cells[3], 16)
    names = [name.partition("(")[0].replace("_", " ").lower() for name in cells[4:end:2]]
    pointers = [
        (cells[i], cells[i + 2].replace("s", "a") + cells[i + 1], *divmod(int(cells[i + 3], 16), 256))
        for i in range(end + 1, end + 1 + 4 * int(cells[end]), 4)
    ]
    return cells[0], names, pointers, gloss.split('; "')[0].strip()


def _senses(text: str) -> tuple[str, list[str]]:
    """A line of an index file: word, offsets of its synsets."""
    lemma, _, number, *fields = text.split()
    return lemma.replace("_", " "), fields[-int(number) :]


# ---- Ontologies


def _ontology(path: Path) -> Knowledge:
    """OBO and OWL: a term is a node; its name and exact synonyms are its words, others are related."""
    pronto = import_module("pronto")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ontology = pronto.Ontology(str(path), import_depth=0)
    except Exception as error:  # the parsers of pronto raise their own errors
        raise unreadable(path, f"is not an ontology that pronto can read: {error}") from None
    knowledge = Knowledge(edges=defaultdict(list))
    for term in ontology.terms():
        if term.obsolete or term.name is None:
            continue
        knowledge.senses.setdefault(term.name, []).append(term.id)
        for synonym in term.synonyms:
            if synonym.scope == "EXACT":
                nodes = knowledge.senses.setdefault(synonym.description, [])
                nodes += [] if term.id in nodes else [term.id]
            else:
                knowledge.edges["related"].append((synonym.description, term.id))
        for wider in term.superclasses(distance=1, with_self=False):
            knowledge.edges["is-a"].append((term.id, wider.id))
        for relation, others in term.relationships.items():
            knowledge.edges[_kind(relation.name or relation.id)] += [(term.id, other.id) for other in others]
        if term.definition:
            knowledge.definitions[term.id] = str(term.definition)
    return knowledge


_READERS: dict[str, Callable[[Path], Knowledge]] = {
    **dict.fromkeys((".tsv", ".txt", ".csv"), _triples),
    **dict.fromkeys((".obo", ".owl"), _ontology),
}

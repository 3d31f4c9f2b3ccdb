"""Concepts of a corpus: phrases, topics, related terms, a graph of terms, and why two words are similar.

>>> from selfvec.analysis.concepts import expand, graph, phrases, topics, why
"""

from selfvec.text.phrase_finding import Phrase, Phrases, phrases

from .query_expansion import Expansion, expand
from .shared_contexts import Why, why
from .term_graph import Graph, graph
from .topic_clusters import Topic, Topics, topics

__all__ = [
    "Expansion",
    "Graph",
    "Phrase",
    "Phrases",
    "Topic",
    "Topics",
    "Why",
    "expand",
    "graph",
    "phrases",
    "topics",
    "why",
]

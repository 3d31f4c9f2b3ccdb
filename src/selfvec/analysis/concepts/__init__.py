"""Concepts of a corpus: phrases, topics, related terms, a graph of terms, and shared contexts of two words.

>>> from selfvec.analysis.concepts import expand, graph, phrases, topics, why
"""

from selfvec.text.phrase_finding import phrases

from .corpus_topics import topics
from .query_expansion import expand
from .shared_contexts import ConceptVectors, why
from .term_graph import graph

__all__ = ["ConceptVectors", "expand", "graph", "phrases", "topics", "why"]

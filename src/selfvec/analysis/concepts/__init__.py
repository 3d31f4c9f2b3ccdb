"""Concepts of a corpus: phrases, topics, related terms, a graph of terms, and shared contexts of two words.

>>> from selfvec.analysis.concepts import graph, phrases, topics, why
"""

from selfvec.text.phrase_finding import phrases

from .corpus_topics import topics
from .shared_contexts import why
from .term_graph import graph

__all__ = ["graph", "phrases", "topics", "why"]

"""Concepts of a corpus: phrases, topics, related terms, a graph of terms, and shared contexts of two words.

>>> from selfvec.analysis.concepts import expand, graph, phrases, topics, why
"""

from selfvec.text.phrase_finding import Phrase, Phrases, phrases

from .corpus_topics import document_groups, matched_topics, topic_hierarchy, topic_shares, topics
from .document_topics import document_table
from .query_expansion import Expansion, expand
from .shared_contexts import ConceptVectors, Why, WhyConcepts, why
from .term_graph import Graph, graph
from .topic_result import GroupTopics, Topic, Topics

__all__ = [
    "ConceptVectors",
    "Expansion",
    "Graph",
    "GroupTopics",
    "Phrase",
    "Phrases",
    "Topic",
    "Topics",
    "Why",
    "WhyConcepts",
    "document_groups",
    "document_table",
    "expand",
    "graph",
    "matched_topics",
    "phrases",
    "topic_hierarchy",
    "topic_shares",
    "topics",
    "why",
]

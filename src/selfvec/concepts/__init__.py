"""Concepts of a text: its phrases, what belongs to a query, its topics, how terms hang together, and why.

>>> from selfvec.concepts import expand, graph, phrases, topics, why
"""

from .clusters import Topic, Topics, topics
from .expansion import Expansion, expand
from .network import Graph, graph
from .phrasing import Phrase, Phrases, phrases
from .reasons import Why, why

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

"""Concepts of a text: its phrases, what belongs to a query, its topics, how terms hang together, and why."""

from .phrasing import Phrase, Phrases, phrases

__all__ = ["Phrase", "Phrases", "phrases"]

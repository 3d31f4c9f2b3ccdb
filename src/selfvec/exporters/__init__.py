"""Runs in the formats of other tools: encoders, files of word vectors, documents in vector stores.

>>> from selfvec.exporters import TARGETS, export
"""

from .exporter import TARGETS, export, write_rows
from .migrate import migrate, question_encoder
from .store_rows import StoreRows, passage_rows, word_rows
from .stores import STORES

__all__ = [
    "STORES", "TARGETS", "StoreRows", "export", "migrate", "passage_rows", "question_encoder",
    "word_rows", "write_rows",
]  # fmt: skip

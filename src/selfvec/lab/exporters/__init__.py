"""Runs in the formats of other tools: encoders, files of word vectors, documents in vector stores.

>>> from selfvec.lab.exporters import TARGETS, export
"""

from .exporter import TARGETS, export

__all__ = ["TARGETS", "export"]

"""A run in the form that another tool takes: encoders, tables of words, documents in stores.

>>> from selfvec.export import TARGETS, export
"""

from .exporter import export
from .targets import TARGETS

__all__ = ["TARGETS", "export"]

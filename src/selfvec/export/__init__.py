"""A run in the form that another tool takes: encoders, tables of words, documents in stores.

>>> from selfvec.export import TARGETS, export
"""

from .exporting import export
from .table import TARGETS

__all__ = ["TARGETS", "export"]

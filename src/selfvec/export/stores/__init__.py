"""Vector stores: a run's passages or words, with their vectors, where other programs search them.

A store is written once, whole or not at all, and from then on belongs to its own library: there is no
reader here, because everyone who has such a store has the library that asks it (see ``docs/stores.md``).

>>> from selfvec.export.stores import passage_rows, write
"""

from .registry import STORES, Store, write
from .rows import Encode, Rows, passage_rows, word_rows

__all__ = ["STORES", "Encode", "Rows", "Store", "passage_rows", "word_rows", "write"]

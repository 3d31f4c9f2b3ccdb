"""How the two sides of a comparison are written: notation, mix, variants."""

from .joined import AUTO, joined, joined_sentences, joined_tokens, read_variants, split_pairs
from .mix import value_groups
from .notation import Sample
from .written import Compared, Sides, compared, new_text, written

__all__ = [
    "AUTO",
    "Compared",
    "Sample",
    "Sides",
    "compared",
    "joined",
    "joined_sentences",
    "joined_tokens",
    "new_text",
    "read_variants",
    "split_pairs",
    "value_groups",
    "written",
]

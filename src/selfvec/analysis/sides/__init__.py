"""How the two sides of a comparison are written: notation, mix, variants."""

from .joined import AUTO, joined, joined_sentence, joined_tokens, read_variants
from .written import Compared, Sides, compared, written

__all__ = [
    "AUTO",
    "Compared",
    "Sides",
    "compared",
    "joined",
    "joined_sentence",
    "joined_tokens",
    "read_variants",
    "written",
]

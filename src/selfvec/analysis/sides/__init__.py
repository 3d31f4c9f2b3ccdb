"""How the two sides of a comparison are written: notation, mix, variants."""

from .joined import AUTO, joined, read_variants
from .variant_pairs import variant_pairs
from .written import Compared, Sides, compared, written

__all__ = ["AUTO", "Compared", "Sides", "compared", "joined", "read_variants", "variant_pairs", "written"]

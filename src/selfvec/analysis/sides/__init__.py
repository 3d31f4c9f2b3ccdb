"""How the two sides of a comparison are written: notation, mix, variants."""

from .written import Sides, written

__all__ = ["Sides", "written"]

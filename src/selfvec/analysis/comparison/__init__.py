"""How the two sides of a comparison are written: notation, mix, variants."""

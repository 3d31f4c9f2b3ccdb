"""Changes of words between two parts of a corpus, with a test against chance.

slices ──▶ vectors of occurrences ──▶ sums by blocks of documents ──▶ distance, APD, p, q ──▶ rows
"""

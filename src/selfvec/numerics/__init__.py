"""Numerical tools on plain arrays: unit rows, top-k, whitening, principal axes, p and q, the bootstrap."""

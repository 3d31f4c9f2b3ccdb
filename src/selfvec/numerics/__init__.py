"""Numerical functions on plain arrays: unit rows, top-k, whitening, k-means, p and q, the bootstrap."""

"""Refining: the paper's rule as a readable reference and as a kernel, and what became of the space."""

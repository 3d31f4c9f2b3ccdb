"""Refining: the methods, their selection, the health checks, and updating and merging runs."""

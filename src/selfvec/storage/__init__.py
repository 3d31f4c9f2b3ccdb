"""Vectors files, run folders and the locked workspace where a run grows."""

"""Vectors files, run folders and the locked workspace in which a run is made."""

"""Refining on many machines: sums of shards are merged in a tree; see docs/how-to/many-machines.md.

`sums` and `tree` do not depend on an engine; `dask_engine` is the adapter for Dask.
"""

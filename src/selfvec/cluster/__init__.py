"""Refining on many machines: sums of shards, merged in a tree; see docs/how-to/many-machines.md.

`sums` and `tree` import no engine; `dask_engine` is the adapter for Dask.
"""

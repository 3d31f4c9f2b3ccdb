"""Refining on many machines: Dask runs tasks on shards of a text; see docs/how-to/many-machines.md."""

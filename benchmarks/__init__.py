"""Benchmarks: each module answers the question in the first line of its docstring.

``python -m benchmarks`` lists them, ``python -m benchmarks NAME [PART...]`` runs one, or a folder of
them.

| folder | asks | fills |
|---|---|---|
| speed | how fast and how large, next to other programs | results.json, docs/results/speed.md and others |
| quality | what a method gives on the development collections | pages of docs/results/ |
| vectors | what each method that changes vectors gives | docs/results/vectors.md and others |
| paper | what holds of the paper | docs/results/paper.md, collapse.md |
| robustness | what kills, faults and load do | docs/results/robustness.md |

What they share lies beside the folders: `harness` (two programs timed in turn, rows of results),
`catalogue` (finds and runs them), `page` (parts of pages, tables), `datasets`, `refining`, `rankings`,
and `self_retrieval`. `figures` and `example_pictures` write what hand-written pages show.
"""

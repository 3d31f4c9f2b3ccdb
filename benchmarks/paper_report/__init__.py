"""The paper's tables and figures, measured again: what ``benchmarks/paper.py`` runs.

    corpora ──▶ experiments ──▶ results (plain rows) ──▶ tables, figures ──▶ page

Everything after `experiments` reads the rows only, so that the page says what was measured and nothing else.
"""

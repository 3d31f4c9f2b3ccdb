"""The page's first view: what it shows of a run.

It opens on the overview, ``static/overview.js``: what the text is about. That needs no comparison.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from selfvec.analysis.concepts.terms import content_words
from selfvec.analysis.views.run_summary import self_retrieval_gain
from selfvec.base.answer import Json
from selfvec.base.versions import __version__
from selfvec.data.run import Run

from .addresses import address
from .page_data import PageData
from .times import halves, units
from .words import counts_of

_FREQUENT = 40  # words


@address("/api/about")
def about(page: PageData) -> Json:
    """The run, its comparisons, and the one shown first. The page asks for this when it is opened."""
    page.prepare()
    run, comparisons = page.run, page.comparisons
    made = run.provenance
    return {
        "description": made.corpus_name,
        "run": "" if run.folder is None else sha256(str(run.folder.resolve()).encode()).hexdigest()[:16],
        "stamp": run.stamp,
        "method": made.method,
        "tokens": made.tokens,
        "types": len(run.vectors),
        "documents": made.documents,
        "left_out": sorted(made.text.get("dropped", {})),
        "merged": bool(made.options.get("lemmatize") or made.options.get("stem")),
        "has_tokens": run.tokens is not None,
        "has_documents": run.text is not None,
        "writes": page.writes,
        "comparisons": comparisons.choices(),
        "parts": [part.name for part in comparisons.slices],
        "default": comparisons.default,
        "dates": None if run.tokens is None else run.tokens.period,
        "halves": _halves(page),
        "units": units(run.tokens),
        "verdicts": run.health_report["verdicts"],
        "warnings": sum(finding["level"] == "warn" for finding in run.health_report["findings"]),
    }


def _halves(page: PageData) -> list[str]:
    """Two parts of the text that somebody may want to compare: examples in the fields for them."""
    period = None if page.run.tokens is None else page.run.tokens.period
    parts = page.comparisons.slices
    return halves(*period) if period else [parts[0].name, parts[-1].name] if parts else []


@address("/api/overview")
def overview(page: PageData) -> Json:
    """The most frequent words of the text, without stop words, and what refining gained."""
    run = page.run
    gain = self_retrieval_gain(run.provenance)
    return {
        "words": run.held("frequent words", lambda: frequent_words(run)),
        "gain": None if gain is None else {"before": gain[0], "after": gain[1]},
    }


def frequent_words(run: Run) -> list[tuple[str, int]]:
    """The most frequent content words with their counts."""
    counts = counts_of(run)
    words = run.vectors.index_to_key
    content = content_words(words, run.provenance)
    order = np.argsort(np.where(content, -counts, 1), kind="stable")[:_FREQUENT]
    return [(words[i], int(counts[i])) for i in order.tolist()]


@address("/api/health", threads="state")
def health(page: PageData) -> Json:
    """The output of `selfvec run health --json`, and of the server: whether it answers, and what it computes.

    ``ready`` is false until questions are answered at once; asking begins what they wait for.
    """
    run = page.run
    server = {
        "ready": page.ready,
        "computing": page.tasks.under_way,
        "version": __version__,
        "stamp": run.stamp,
        "documents": run.provenance.documents,
    }
    return {**run.health_report, "server": server}

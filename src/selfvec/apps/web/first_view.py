"""The page's first view: what it shows of a run.

It opens on the overview, ``static/overview.js``: what changed, and what the text is about.
"""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from selfvec.analysis.concepts.terms import content_words
from selfvec.analysis.views.run_summary import self_retrieval_gain
from selfvec.base.answer import Json
from selfvec.base.installed import __version__
from selfvec.data.run import Run

from . import addresses
from .addresses import address
from .documents import by_time
from .page_data import PageData
from .times import units
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
        "bars": _bars(page),
        "default": comparisons.default,
        "dates": None if run.tokens is None else run.tokens.period,
        "units": units(run.tokens),
        "verdicts": run.health_report["verdicts"],
    }


def _bars(page: PageData) -> list[Json]:
    """The dated documents in time, of which two ranges may be compared; none if labels are."""
    batch = page.run.tokens
    if batch is None or batch.dates is None or batch.slices is not None:
        return []
    days = batch.dates[~np.isnat(batch.dates)].astype("datetime64[D]")
    counts = by_time(days, np.ones(len(days), bool)) if len(days) else []
    return [{"value": value, "count": count} for value, count in counts]


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


@address("/api/report")
def report(page: PageData, key: addresses.ComparisonKey, filter: addresses.Filters = None) -> Json:
    """How `selfvec report` begins: what was read and is compared, and what stands out, in pieces of text.

    ``words`` are those that changed, and those of subjects that did; ``read`` are searches for the documents
    of each line.
    """
    return page.report(key, tuple(filter or ())).result()


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

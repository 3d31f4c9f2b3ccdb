"""``--method auto``: the plan of a refinement, with the method that scores best on held-out text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.base.memory import release
from selfvec.base.progress import Progress
from selfvec.data.methods import METHODS
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch, frequency_order
from selfvec.data.vectors import Vectors

from .inputs import Inputs
from .methods import refined_rows
from .plan import Plan
from .selection import ENOUGH, ORIGINAL, Choice, choose, draw_documents

CANDIDATES = tuple(method.name for method in METHODS.values() if method.passes)
"""The methods that ``auto`` tries. Of those that cannot be told apart, the last one is chosen."""


def make_plan(
    settings: Settings, inputs: Inputs, *, jobs: int | None = None, progress: Progress | None = None
) -> Plan:
    """Resolve ``settings`` for a corpus; the method ``auto`` tries the methods to choose one."""
    if settings.method != "auto":
        return Plan.of(settings, inputs, settings.method)
    decision = try_methods(settings, inputs, CANDIDATES, jobs=jobs, progress=progress)
    return Plan.of(settings, inputs, decision.chosen, decision)


def try_methods(
    settings: Settings,
    inputs: Inputs,
    methods: Sequence[str],
    *,
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Choice:
    """Refine a sample with every method and test each, and the original, on held-out text."""
    sample = _sample(inputs, settings.seed)
    unrecorded = replace(settings, history="none")
    # The default window of the paper's method is the mean sentence length of the whole text.
    plans = {name: replace(Plan.of(unrecorded, inputs, name), inputs=sample) for name in methods}
    total = len(sample.batch) * sum(plan.passes for plan in plans.values())
    with (progress or Progress()).stage("Choosing", total, "tokens") as advance:

        def refined_on(name: str, training: TokenBatch) -> Rows:
            plan = replace(plans[name], inputs=replace(sample, batch=training))
            return refined_rows(plan, jobs, advance)

        candidates = {name: partial(refined_on, name) for name in plans}
        unchanged = {ORIGINAL: lambda _: sample.original.unit}
        return choose(sample.batch, unchanged | candidates, settings.seed, jobs)


def _sample(inputs: Inputs, seed: int) -> Inputs:
    """A random part of a long text, with only the words of this part; a short text unchanged."""
    batch = draw_documents(inputs.batch, ENOUGH, np.random.default_rng(seed))
    if batch is inputs.batch:
        return inputs
    original = inputs.original
    order, rank = frequency_order(batch.counts)
    words = order[: np.count_nonzero(batch.counts)]
    types = [batch.types[i] for i in words.tolist()]
    pieces = None if original.pieces is None else original.pieces[words]
    rows = Vectors(
        types, original.unit[words], sources=original.sources[words], normalized=True, pieces=pieces
    )
    release(original.unit)
    return Inputs(TokenBatch(rank[batch.ids], batch.offsets, types), rows)

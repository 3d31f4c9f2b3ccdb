"""The map from new questions to stored vectors: microseconds a question, and the recall that it keeps.

The old run has 99 % of PubMed's titles and abstracts, or of random text where they are absent. A map is
called with one question at a time; folded into the encoder it costs nothing, which is the difference of two
encoders with the same words. The bound of 10 µs is Drift-Adapter's (Vejendla, 2025).
"""

from __future__ import annotations

import numpy as np

from benchmarks.common import Result, paired
from benchmarks.datasets import documents
from benchmarks.refining import refined
from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.adapter import fit_and_measure

ASKED = 2_000  # questions


def run() -> list[Result]:
    """One question at a time, all at once, and folded."""
    texts, label = documents()
    shuffled = texts.sample(fraction=1.0, shuffle=True, seed=0).to_list()
    new, old = (Encoder.of(refined(shuffled[: len(shuffled) * share // 100])) for share in (100, 99))
    adapter, loss = fit_and_measure(new, old, shuffled)
    folded = adapter.fold(new)
    questions = [" ".join(text.split()[5:15]) for text in shuffled[:ASKED]]
    rows = new.encode(questions)
    np.testing.assert_allclose(folded.encode(questions), adapter.transform(rows), atol=1e-4)

    def one_by_one() -> None:
        for i in range(ASKED):
            adapter.transform(rows[i : i + 1])

    single, together = paired(one_by_one, lambda: adapter.transform(rows))
    plain, mapped = paired(
        lambda: new.encode(questions, jobs=1), lambda: folded.encode(questions, jobs=1), repeat=15
    )
    single, together, plain, mapped = (1e6 * seconds / ASKED for seconds in (single, together, plain, mapped))
    name = f"compatible, {label}"
    assert loss.kept is not None
    kept = (
        f"{loss.questions:,} questions among {loss.texts:,} texts; of the ten nearest {loss.nearest_kept:.3f}"
    )
    return [
        Result(f"{name}, recall kept after 1 % more text", loss.kept, "ratio", note=kept),
        Result(f"{name}, a question mapped alone", single, "µs", "10 µs", 10 / single),
        Result(f"{name}, {ASKED:,} mapped at once", together, "µs", "10 µs", 10 / together),
        Result(f"{name}, encoded, map folded in", mapped, "µs", "without a map", plain / mapped),
    ]

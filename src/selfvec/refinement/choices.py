"""What is chosen by held-out text: the method of ``--method auto``, and one of several ``--vectors``.

For ``--vectors A --vectors B`` the text is read once, independently of the vectors, so that all candidates
take the tests on the same tokens; a word without a vector counts as a zero vector. Each candidate is tested
with the method that would be chosen for it. The run is then made from the chosen vectors, as if only these
had been named.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from selfvec.base.arrays import Rows
from selfvec.base.casing import case_forms
from selfvec.base.errors import OptionError
from selfvec.base.progress import Progress
from selfvec.data.methods import METHODS
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch, frequency_order
from selfvec.data.vectors import Vectors, coverage
from selfvec.encoders.encoded_texts import text_hashes
from selfvec.encoders.run_encoder import word_text
from selfvec.files.memory import release

from .input_reading import Start, load_start, read_unstemmed
from .inputs import Execution, Inputs, Plan, counted, initial_vectors, joined_vectors
from .methods import refined_rows
from .selection import ENOUGH, ORIGINAL, SURE, Choice, choose, draw_documents
from .training import FROM_TEXT

if TYPE_CHECKING:
    from selfvec.corpus import Corpus

CANDIDATES = tuple(method.name for method in METHODS.values() if method.passes)
"""The methods that ``auto`` tries. Of those that cannot be told apart, the last one is chosen."""


def make_plan(
    settings: Settings,
    inputs: Inputs,
    *,
    decision: Choice | None = None,  # of ``auto``, if it is there already
    jobs: int | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Resolve ``settings`` for a corpus; the method ``auto`` tries the methods to choose one."""
    if settings.method != "auto":
        return Plan.of(settings, inputs, settings.method)
    decision = decision or try_methods(settings, inputs, CANDIDATES, jobs=jobs, progress=progress)
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


# ---- The initial vectors


def choose_vectors(
    corpus: Corpus, candidates: Sequence[Start], settings: Settings, execution: Execution
) -> tuple[int, dict[str, Any]]:
    """The number of the chosen vectors, and the decision for ``run.json``.

    Vectors replace the first ones if they are significantly better in self-retrieval and not significantly
    worse in the context test. Of several such vectors those with the best self-retrieval are chosen.
    """
    names = [_name(vectors, number) for number, vectors in enumerate(candidates)]
    if len(set(names)) < len(names):
        remedy = "name each file once; labels are not used"
        raise OptionError("name the same vectors twice", field="vectors", remedy=remedy)
    if trained := set(names) & set(FROM_TEXT) - {"none"}:
        rule = f"{min(trained)} is trained on the whole text, so held-out parts of the text cannot test it"
        raise OptionError(rule, field="vectors", remedy="refine twice, and compare with selfvec evaluate")
    batch = _tokens(corpus, settings, execution)
    originals = (_original(batch, load_start(vectors, settings)[0], settings) for vectors in candidates)
    compared = _compared(batch, originals, settings, execution)
    rows = [{"name": name, **row} for name, row in zip(names, compared.rows, strict=True)]
    decision = {
        "chosen": names[compared.chosen],
        "reason": compared.reason,
        "tables": rows,
        "held_out_tokens": compared.choices[-1].held_out,
    }
    return compared.chosen, decision


@dataclass(frozen=True)
class _Compared:
    """Initial vectors, compared on held-out text."""

    chosen: int
    reason: str
    rows: list[dict[str, Any]]  # for each: method, share of known tokens, figures of the tests
    choices: list[Choice]  # for each


def _compared(
    batch: TokenBatch, originals: Iterable[Vectors], settings: Settings, execution: Execution
) -> _Compared:
    rows = []
    measured = []
    choices = []
    for original in originals:
        choice, method = _tested(batch, original, settings, execution)
        choices.append(choice)
        share = coverage(original, batch.counts)["tokens"]["known"] / len(batch)
        row: dict[str, Any] = {"method": method, "known_tokens": share}
        if choice.measured:
            measured.append(choice.measured[method])
            row |= measured[-1].figures(measured[0])
        rows.append(row)
    chosen, reason = _best(rows) if measured else (0, "too little text to compare vectors")
    return _Compared(chosen, reason, rows, choices)


def with_encoded_words(
    inputs: Inputs, settings: Settings, execution: Execution
) -> tuple[Inputs, Choice | None, dict[str, Any]]:
    """The inputs, with the encoder's words joined to the initial vectors if held-out text is for it.

    Returns also what ``auto`` has chosen for these inputs, and what ``run.json`` says about it.
    """
    encoded = inputs.encoded
    if encoded is None or not encoded.has(text_hashes([word_text(inputs.batch.types[0])])).all():
        return inputs, None, {"initial": False, "reason": "there are no vectors of words"}
    joined = joined_vectors(inputs.original, encoded)
    compared = _compared(inputs.batch, (inputs.original, joined), settings, execution)
    usual, other = (row.get("self_retrieval") for row in compared.rows)
    described: dict[str, Any] = {"initial": bool(compared.chosen), "reason": compared.reason}
    if usual is not None and other is not None:
        described["scores"] = {"usual": usual, "joined": other}
    decision = compared.choices[compared.chosen] if settings.method == "auto" else None
    return replace(inputs, original=joined) if compared.chosen else inputs, decision, described


def _name(vectors: Start, number: int) -> str:
    if isinstance(vectors, Vectors):
        return f"memory {number + 1}"
    return "none" if vectors is None else os.fspath(vectors)


def _tokens(corpus: Corpus, settings: Settings, execution: Execution) -> TokenBatch:
    """The corpus as tokenised by the settings, independently of the vectors: words are in lower case."""
    plain = replace(settings, phrases=None)
    unstemmed, _ = read_unstemmed(corpus, None, plain, Execution(None, execution.progress, execution.jobs))
    return counted(unstemmed, {}, plain, execution.jobs)[0]


def _original(batch: TokenBatch, pretrained: Vectors | None, settings: Settings) -> Vectors:
    """The initial vectors of words in lower case, which the vectors may have in title case."""
    keys = list(batch.types)
    if pretrained is not None:
        forms = (case_forms(word, settings.language) for word in batch.types)
        keys = [next((form for form in some if form in pretrained), some[0]) for some in forms]
    return initial_vectors(batch, pretrained, settings, keys=keys)


def _tested(
    batch: TokenBatch, original: Vectors, settings: Settings, execution: Execution
) -> tuple[Choice, str]:
    """The tests of initial vectors, and the method they are compared with: the given or the chosen one."""
    asked = settings.method
    methods = CANDIDATES if asked == "auto" else tuple({asked} - {"original"})
    inputs = Inputs(batch, original)
    choice = try_methods(settings, inputs, methods, jobs=execution.jobs, progress=execution.progress)
    return choice, choice.chosen if asked == "auto" else asked


def _best(rows: Sequence[dict[str, Any]]) -> tuple[int, str]:
    """The number of the chosen vectors, and the reason."""
    better = [
        number
        for number, row in enumerate(rows)
        if row["sure"]["self_retrieval"] >= SURE and row["sure"].get("context", 1.0) > 1 - SURE
    ]
    if not better:
        return 0, "no other vectors are significantly better than the first ones"
    best = max(better, key=lambda number: float(rows[number]["self_retrieval"]))
    return best, "it scored best on held-out text"

"""``--method auto``: every method refines part of the text and is tested on held-out documents.

Context test: the words around a held-out position should rank the true word above words of its frequency.
Cloze test: a span cut from a document should rank the rest of that document first. The first favours
similar words, the second topics. The original vectors are a candidate too. No labels are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfvec.data.token_batch import TokenBatch
from selfvec.numerics.rows import unit_rows

from .health import COLLAPSED_ANISOTROPY as COLLAPSED
from .health import anisotropy

__all__ = [
    "ENOUGH",
    "ORIGINAL",
    "Choice",
    "ClozeTest",
    "ContextTest",
    "choose",
    "chosen_of",
    "draw_documents",
    "hold_out",
]

Table = NDArray[np.float32]
Ints = NDArray[np.int64]
Scores = dict[str, NDArray[np.float64]]

ORIGINAL = "original"
ENOUGH = 200_000  # tokens; of a longer text so much is drawn, so that choosing takes a second
_SHARE = 0.05  # of the documents, held out
_POSITIONS, _DOCUMENTS = 20_000, 3_000  # measured at most
_LEAST = 100  # held-out tokens that are needed to compare candidates
_RESAMPLES = 500
_SIDE = 10  # neighbours on each side that make a context
_RIVALS = 63  # words of like frequency that the true word is ranked among
_SPAN = 12  # tokens cut from a document
_CUTS = 5  # spans cut from one document, each from the whole of it
_BATCH = 1024


@dataclass(frozen=True)
class Choice:
    """Result of `choose`: the measurements and the chosen method."""

    chosen: str  # name of a candidate
    reason: str
    # For each candidate: name, mean by criterion, "collapsed", and "worse", the criteria by which it is
    # significantly worse than the original.
    rows: list[dict[str, Any]]
    held_out: int  # tokens that no candidate read

    def as_dict(self) -> dict[str, Any]:
        """The values as JSON-serialisable data, for the run folder."""
        return {
            "chosen": self.chosen,
            "reason": self.reason,
            "candidates": self.rows,
            "held_out_tokens": self.held_out,
        }


def hold_out(batch: TokenBatch, share: float, rng: np.random.Generator) -> tuple[TokenBatch, TokenBatch]:
    """Split by documents into training and held-out text; both keep the vocabulary."""
    chosen = np.zeros(batch.documents, bool)
    number = min(batch.documents - 1, max(1, round(share * batch.documents)))
    chosen[rng.choice(batch.documents, max(number, 0), replace=False)] = True
    return batch.part(~chosen), batch.part(chosen)


def draw_documents(batch: TokenBatch, most: int, rng: np.random.Generator) -> TokenBatch:
    """Random documents in their order, at most ``most`` tokens; all if the corpus has fewer."""
    if len(batch) <= most:
        return batch
    order = rng.permutation(batch.documents)
    within = np.cumsum(np.diff(batch.offsets)[order]) <= most
    within[:2] = True  # one to read and one to hold out
    chosen = np.zeros(batch.documents, bool)
    chosen[order[within]] = True
    return batch.part(chosen)


def choose(
    batch: TokenBatch,  # types by falling frequency
    candidates: Mapping[str, Callable[[TokenBatch], Table]],
    seed: int = 0,
) -> Choice:
    """Measure the candidates on held-out documents and choose one.

    A candidate maps a training text with the same vocabulary to unit rows, (V, d); `ORIGINAL` must be one.
    """
    rng = np.random.default_rng(seed)
    training, held = hold_out(batch, _SHARE, rng)
    if len(held) < _LEAST or len(training) < _LEAST:
        reason = (
            f"too little text to compare methods: {len(held)} tokens could be held out, {_LEAST} are needed"
        )
        return Choice(ORIGINAL, reason, [], len(held))
    contexts = ContextTest.draw(held, training.counts, _POSITIONS, rng)
    cloze = ClozeTest.draw(held, training, _DOCUMENTS, rng)
    measured: dict[str, Scores] = {}
    shared: dict[str, float] = {}
    for name, make in candidates.items():
        table = make(training)
        shared[name] = anisotropy(table)
        scores = {"context": contexts.score(table), "cloze": cloze.score(table)}
        measured[name] = {criterion: found for criterion, found in scores.items() if len(found)}
    collapsed = {name for name, cosine in shared.items() if cosine >= max(COLLAPSED, shared[ORIGINAL] + 0.1)}
    rows = [_row(name, scores, measured[ORIGINAL], rng) for name, scores in measured.items()]
    for row in rows:
        row["collapsed"] = row["name"] in collapsed
    chosen = chosen_of(rows)
    reason = "nothing beats the vectors as they are" if chosen == ORIGINAL else "it finds held-out words best"
    return Choice(chosen, reason, rows, len(held))


def chosen_of(rows: Sequence[Mapping[str, Any]]) -> str:
    """The best candidate by the context test that is neither collapsed nor significantly worse.

    The context test decides because it has many positions; the cloze test has few spans.
    """
    standing = [row for row in rows if not row["worse"] and not row["collapsed"]]
    original = next(row for row in rows if row["name"] == ORIGINAL)
    best = max((original, *standing), key=lambda row: float(row["context"]))
    return str(best["name"])


def _row(name: str, scores: Scores, original: Scores, rng: np.random.Generator) -> dict[str, Any]:
    means = {criterion: float(found.mean()) for criterion, found in scores.items()}
    worse = [c for c in means if _significantly_below(scores[c] - original[c], rng)]
    return {"name": name, **means, "worse": worse}


def _significantly_below(differences: NDArray[np.float64], rng: np.random.Generator) -> bool:
    """Whether the mean difference is below zero in 97.5 % of bootstrap resamples."""
    draws = rng.integers(0, len(differences), (_RESAMPLES, len(differences)), dtype=np.int32)
    means = np.array([differences[draw].mean() for draw in draws])
    return bool(np.mean(means < 0) >= 0.975)


def context_weights(counts: NDArray[np.int64]) -> NDArray[np.float32]:
    """Weights of context words, f^(-1/2), (V,) float32."""
    return (1 / np.sqrt(np.maximum(counts, 1))).astype(np.float32)


@dataclass(frozen=True)
class ContextTest:
    """Held-out positions, each with its neighbours and with rivals: words of similar frequency."""

    words: Ints  # (P,)
    neighbours: Ints  # (P, 2 * _SIDE): -1 outside the document
    rivals: Ints  # (P, _RIVALS)
    weights: NDArray[np.float32]  # (V,)

    @classmethod
    def draw(
        cls, held: TokenBatch, counts: NDArray[np.int64], positions: int, rng: np.random.Generator
    ) -> ContextTest:
        """Draw held-out positions; ``counts``, (V,) int64, falling, come from the training text."""
        places = rng.choice(len(held), min(positions, len(held)), replace=False)
        places.sort()
        document = np.searchsorted(held.offsets, places, side="right") - 1
        shifts = np.concatenate((np.arange(-_SIDE, 0), np.arange(1, _SIDE + 1)))
        around = places[:, None] + shifts
        inside = (around >= held.offsets[document, None]) & (around < held.offsets[document + 1, None])
        neighbours = np.where(inside, held.ids[np.clip(around, 0, len(held) - 1)], -1).astype(np.int64)
        words = held.ids[places].astype(np.int64)
        reach = np.maximum(words // 2, 2 * _RIVALS)  # ids are ranks by frequency
        low = np.maximum(words - reach, 0)
        high = np.minimum(words + reach + 1, len(counts))
        rivals = low[:, None] + (rng.random((len(words), _RIVALS)) * (high - low)[:, None]).astype(np.int64)
        return cls(words, neighbours, rivals, context_weights(counts))

    def score(self, unit: Table) -> NDArray[np.float64]:
        """Reciprocal rank of the true word at each position, (P,) float64; ties count half."""
        out = np.empty(len(self.words))
        for start in range(0, len(self.words), _BATCH):
            part = slice(start, start + _BATCH)
            near = self.neighbours[part]
            weight = np.where(near >= 0, self.weights[near], 0)
            context = np.einsum("pn,pnd->pd", weight, unit[near])
            truth = np.einsum("pd,pd->p", context, unit[self.words[part]])
            rivals = self.rivals[part]
            others = np.einsum("pd,prd->pr", context, unit[rivals])
            others[rivals == self.words[part, None]] = -np.inf
            better = (others > truth[:, None]).sum(axis=1) + 0.5 * (others == truth[:, None]).sum(axis=1)
            out[part] = 1 / (1 + better)
        return out


@dataclass(frozen=True)
class ClozeTest:
    """Spans cut from documents, and the documents without them."""

    spans: list[NDArray[Any]]  # Q of (n,) token ids; span k was cut from document targets[k]
    documents: list[NDArray[Any]]  # D of (n,) token ids
    targets: Ints  # (Q,)
    origins: Ints  # (D,): rests of the same document have the same number and do not compete
    idf: NDArray[np.float32]  # (V,)

    @classmethod
    def draw(cls, held: TokenBatch, training: TokenBatch, most: int, rng: np.random.Generator) -> ClozeTest:
        """Cut up to `_CUTS` spans per held-out document, each with its own rest of the document.

        Up to ``most`` training documents are added as competitors.
        """
        others = rng.choice(training.documents, min(most, training.documents), replace=False)
        documents: list[NDArray[Any]] = [_document(training, k) for k in np.sort(others).tolist()]
        spans: list[NDArray[Any]] = []
        targets: list[int] = []
        origins = list(range(len(documents)))
        for k in range(held.documents):
            tokens = _document(held, k)
            starts = np.arange(0, len(tokens) - _SPAN + 1, _SPAN)
            if len(tokens) < 2 * _SPAN:
                continue
            for at in np.sort(rng.choice(starts, min(_CUTS, len(starts)), replace=False)).tolist():
                rest = np.concatenate((tokens[:at], tokens[at + _SPAN :]))
                span = tokens[at : at + _SPAN]
                span = span[~np.isin(span, rest)]
                if len(span):
                    spans.append(span)
                    targets.append(len(documents))
                    documents.append(rest)
                    origins.append(len(others) + k)
        seen = np.zeros(len(training.types))
        for document in documents:
            seen[np.unique(document)] += 1
        idf = np.log((1 + len(documents)) / (1 + seen)).astype(np.float32)
        return cls(spans, documents, np.array(targets, np.int64), np.array(origins, np.int64), idf)

    def score(self, unit: Table) -> NDArray[np.float64]:
        """Reciprocal rank of the right document for each span, (Q,) float64."""
        if not self.spans:
            return np.zeros(0)
        documents, spans = self._embed(self.documents, unit), self._embed(self.spans, unit)
        cosines = spans @ documents.T
        truth = cosines[np.arange(len(spans)), self.targets]
        cosines[self.origins[self.targets][:, None] == self.origins] = -np.inf
        equal = (cosines == truth[:, None]).sum(axis=1)
        better = (cosines > truth[:, None]).sum(axis=1) + 0.5 * equal
        return np.asarray(1 / (1 + better), dtype=np.float64)

    def _embed(self, texts: list[NDArray[Any]], unit: Table) -> Table:
        return unit_rows(np.stack([self.idf[tokens] @ unit[tokens] for tokens in texts]))


def _document(batch: TokenBatch, k: int) -> NDArray[Any]:
    return batch.ids[batch.offsets[k] : batch.offsets[k + 1]]

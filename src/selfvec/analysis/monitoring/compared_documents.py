"""The documents that `monitor` compares: new ones, and held-out ones of the run that are treated alike.

A run knows every word of its own text, so new text always has more unknown words. Therefore some of the run's
documents are held out: for the test, the run knows only the words of the rest of its text. Documents are the
units. A document that differs from another only in its numbers is left out. If the new documents contain
those of the run, these are left out as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from selfvec.analysis.word_kinds import with_letters
from selfvec.base.arrays import Hashes, Ints, Mask
from selfvec.base.errors import CorpusError, InputError
from selfvec.base.progress import Progress
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch, concatenated, over_one_vocabulary
from selfvec.text import Rules, encode, tokenizer
from selfvec.text.phrases import units_of

if TYPE_CHECKING:
    import polars as pl

HELD_OUT = 5000  # documents of the run that new ones are compared with, at most
REST = 10_000  # documents of the run that both are measured by, at most
REDELIVERED = 0.1  # new documents that repeat the run more often than its own by this share contain the run
_CHUNK = 500  # texts tokenised at a time
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class ComparedDocuments:
    """Held-out documents of the run, then new ones, over the V words of both."""

    pool: TokenBatch  # N documents
    new: Mask  # (N,)
    places: Ints  # of the new documents among those that were read
    rest: TokenBatch  # a sample of the run's other documents
    known: Mask  # (V,), words that the run would know without the held-out documents
    expected: float  # share of unknown words in a document held out of the run
    left_out: dict[str, int]  # new documents by reason


def read_sample(
    corpus: Corpus, settings: Settings, most: int, seed: int, progress: Progress
) -> tuple[pl.DataFrame, int]:
    """At most ``most`` documents of a corpus, drawn at random in one reading, and the number of all.

    Columns are ``text`` and ``name``, the document's id or else its number.
    """
    import polars as pl

    if corpus.tokenized and settings.tokenizer != "whitespace":
        rule = f"its documents are tokens already: the tokeniser {settings.tokenizer} would split them again"
        raise CorpusError(rule, path=corpus.name, remedy="give texts")
    rng = np.random.default_rng(seed)
    kept: list[pl.DataFrame] = []
    total = 0
    with progress.stage("Reading", corpus.total_bytes, "bytes") as advance:
        for batch in corpus.batches(advance):
            number = pl.Series(range(total + 1, total + len(batch) + 1))
            names = number.cast(pl.String)
            ids = batch.get("id")
            names = names if ids is None else ids.zip_with(ids.is_not_null(), names)
            key = pl.Series(rng.random(len(batch)))
            kept.append(pl.DataFrame({"text": batch.texts, "name": names, "number": number, "key": key}))
            kept = [pl.concat(kept).bottom_k(most, by="key")]
            total += len(batch)
    return kept[0].sort("number"), total


def encoded(texts: pl.Series, run: Run, settings: Settings) -> TokenBatch:
    """Texts as tokens of a run, rare and unknown words included."""
    from selfvec.corpus.documents import Documents

    rules = replace(Rules.of(settings), min_count=1, max_types=None)
    cut = tokenizer(settings.tokenizer, settings.language)
    parts = (Documents(texts[i : i + _CHUNK]) for i in range(0, len(texts), _CHUNK))
    units = units_of(run.provenance)
    return encode(parts, cut, rules, run.vectors, phrases=units)[0]


def own_text(run: Run, settings: Settings) -> TokenBatch | None:
    """All words of a run's documents, rare ones included; None if the run has not kept them."""
    if run.text is None:
        return run.tokens if settings.min_count == 1 else None
    import polars as pl

    return encoded(pl.Series(run.text.texts()), run, settings)


def chosen_documents(
    own: TokenBatch,  # the run's documents
    new: TokenBatch,
    least: int,  # occurrences of a word that the run knows
    *,
    most_held_out: int = HELD_OUT,  # at most half of all
    most_rest: int = REST,
    seed: int,
) -> ComparedDocuments:
    """Hold out documents of the run, and choose the documents that are compared."""
    rng = np.random.default_rng(seed)
    _, new = over_one_vocabulary([own, new])
    full = np.flatnonzero(np.diff(own.offsets))
    order = rng.permutation(full)
    held_out = min(most_held_out, len(full) // 2)
    if held_out < 1:
        raise InputError("the run has fewer than two documents, too few to compare new ones with")
    held = _mask(own, order[:held_out])
    held_text = own.part(held)
    rest = own.part(_mask(own, order[held_out : held_out + most_rest]))
    counts = np.zeros(len(new.types), np.int64)  # without the held-out documents
    counts[: len(own.types)] = own.counts - held_text.counts
    pool = concatenated([replace(held_text, types=new.types), new])
    keys = np.concatenate([document_keys(own), document_keys(new)])
    pool_keys = np.concatenate([keys[: len(held)][held], keys[len(held) :]])
    is_new = np.arange(pool.documents) >= held_out
    tried = np.flatnonzero(np.diff(pool.offsets))
    repeats = np.isin(pool_keys, keys[order[held_out:]])
    if repeats[tried][is_new[tried]].mean() <= repeats[tried][~is_new[tried]].mean() + REDELIVERED:
        repeats[:] = False
    else:
        repeats |= is_new & np.isin(pool_keys, keys[: len(held)])
    fresh = rng.permutation(tried[~repeats[tried]])  # one of several equal documents is drawn
    chosen = _mask(pool, fresh[np.unique(pool_keys[fresh], return_index=True)[1]])
    left_out = {
        "without words": int(np.sum(np.diff(new.offsets) == 0)),
        "in the run already": int(is_new[tried].sum() - is_new[fresh].sum()),
        "repeated": int(is_new[fresh].sum() - np.sum(chosen & is_new)),
    }
    return ComparedDocuments(
        pool=pool.part(chosen),
        new=is_new[chosen],
        places=np.flatnonzero(chosen[held_out:]),
        rest=TokenBatch(rest.ids, rest.offsets, new.types),
        known=counts >= least,
        expected=_left_out_share(held_text, own.counts, least),
        left_out=left_out,
    )


def document_keys(batch: TokenBatch) -> Hashes:
    """A hash of the words of each document in their order, without words that have no letter, (D,).

    >>> batch = TokenBatch.from_documents([["hail", "1.5", "inch"], ["hail", "2", "inch"], ["inch", "hail"]])
    >>> keys = document_keys(batch)
    >>> bool(keys[0] == keys[1]), bool(keys[0] == keys[2])
    (True, False)
    """
    kept = with_letters(batch.types)[batch.ids]
    before = np.concatenate(([0], np.cumsum(kept)))
    place = before[:-1] - np.repeat(before[batch.offsets[:-1]], np.diff(batch.offsets))
    mixed = (batch.ids.astype(np.uint64) + np.uint64(1)) * _MIX ^ place.astype(np.uint64)
    mixed = (mixed ^ mixed >> np.uint64(29)) * _MIX
    sums = np.concatenate(([np.uint64(0)], np.cumsum(np.where(kept, mixed ^ mixed >> np.uint64(32), 0))))
    keys: Hashes = np.diff(sums.astype(np.uint64)[batch.offsets])
    return keys


def _left_out_share(held: TokenBatch, counts: Ints, least: int) -> float:
    """Share of the tokens whose word the run would not know without the token's own document."""
    owner = np.repeat(np.arange(held.documents), np.diff(held.offsets))
    pairs, times = np.unique(owner * len(counts) + held.ids, return_counts=True)
    unknown = counts[pairs % len(counts)] - times < least
    return float(times[unknown].sum() / max(len(held), 1))


def _mask(batch: TokenBatch, documents: Sequence[int] | Ints) -> Mask:
    out = np.zeros(batch.documents, bool)
    out[documents] = True
    return out

"""The tokens of a text that count: repeated passages once, words stemmed, rare words left out.

These rules need the whole corpus, so they come after all others. A run keeps the whole text beside the tokens
that count, because both may change when the corpus grows.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.text.repeats import Repeats, find_repeats, repeats_of, without
from selfvec.text.stems import UnstemmedTokens, apply_stem_and_min_count

from .joining import appended, joined

__all__ = ["counted", "counted_addition", "whole_text"]


def counted(
    whole: TokenBatch,
    known: Mapping[str, int],  # words with a vector
    settings: Settings,
    jobs: int | None = None,
) -> tuple[TokenBatch, Repeats]:
    """The tokens of a corpus that count, and its repeated passages.

    Returns ``whole`` itself if all of its tokens count as they are.
    """
    repeats, further = find_repeats(whole, jobs)
    batch = without(whole, further) if repeats.once(settings) and repeats.tokens else whole
    if settings.phrases is None:  # phrases are found among words that are stemmed already
        batch = apply_stem_and_min_count(batch, known, settings.stem, settings.min_count)
    return batch, repeats


def counted_addition(
    run: Run, settings: Settings, fresh: TokenBatch, jobs: int | None = None
) -> tuple[TokenBatch, Repeats]:
    """The tokens of new text that count in a run that is neither stemmed nor without rare words.

    Passages that the run knows do not count again. A passage that becomes frequent only with the new text
    counts until the whole is refined again. Also returns the repeated passages of the whole.
    """
    own = repeats_of(run)
    once = own.once(settings)
    before = int(run.provenance.get("tokens", 0)) + (own.tokens if once else 0)
    repeats, further = own.grown(fresh, before, jobs)
    if not (once and further.any()):
        return fresh, repeats
    return joined([without(fresh, further)]), repeats


def whole_text(
    old: TokenBatch,  # the whole text of the run
    fresh: TokenBatch,  # the whole new text
) -> UnstemmedTokens:
    """The whole text of a run to which text was added."""
    index = {word: i for i, word in enumerate(old.types)}
    more = np.fromiter((index.setdefault(word, len(index)) for word in fresh.types), np.int32)
    own = np.arange(len(old.types), dtype=np.int32)
    return UnstemmedTokens.of(appended(old, fresh, own, more, list(index)))

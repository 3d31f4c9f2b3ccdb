"""The tokens of a text that are counted: repeated passages once, words stemmed, rare words dropped.

These rules need the whole corpus, so they run after all others. A run keeps the whole text in addition to the
counted tokens, because new text can change which tokens are counted.
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
    """Apply the rules to a corpus; return its counted tokens and its repeated passages.

    Returns ``whole`` itself if the rules change nothing.
    """
    repeats, further = find_repeats(whole, jobs)
    batch = without(whole, further) if repeats.once(settings) and repeats.tokens else whole
    if settings.phrases is None:  # otherwise the words were stemmed before phrases were searched for
        batch = apply_stem_and_min_count(batch, known, settings.stem, settings.min_count)
    return batch, repeats


def counted_addition(
    run: Run, settings: Settings, fresh: TokenBatch, jobs: int | None = None
) -> tuple[TokenBatch, Repeats]:
    """The counted tokens of new text, for a run without stemming and without a minimum count.

    Passages that the run contains are not counted again. A passage that becomes frequent only with the new
    text is counted until all of the text is refined again. Also returns the repeated passages of the whole
    text.
    """
    own = repeats_of(run)
    once = own.once(settings)
    before = int(run.provenance.get("tokens", 0)) + (own.tokens if once else 0)
    repeats, further = own.extended(fresh, before, jobs)
    if not (once and further.any()):
        return fresh, repeats
    return joined([without(fresh, further)]), repeats


def whole_text(
    old: TokenBatch,  # the whole text of the run
    fresh: TokenBatch,  # the whole new text
) -> UnstemmedTokens:
    """The whole text of a run and new text together."""
    index = {word: i for i, word in enumerate(old.types)}
    more = np.fromiter((index.setdefault(word, len(index)) for word in fresh.types), np.int32)
    own = np.arange(len(old.types), dtype=np.int32)
    return UnstemmedTokens.of(appended(old, fresh, own, more, list(index)))

"""The tokens of a text that are counted: repeated passages once, words stemmed, rare words dropped.

These rules need the whole corpus, so they run after all others. A run keeps the whole text in addition to the
counted tokens, because new text can change which tokens are counted.
"""

from __future__ import annotations

from collections.abc import Mapping

from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch
from selfvec.text.repeats import Repeats, find_repeats, without
from selfvec.text.stems import apply_stem_and_min_count

__all__ = ["counted"]


def counted(
    whole: TokenBatch,
    known: Mapping[str, int],  # words with a vector
    settings: Settings,
    jobs: int | None = None,
) -> tuple[TokenBatch, Repeats, int]:
    """Apply the rules to a corpus: its counted tokens, its repeated passages, the least count of a word kept.

    The tokens are ``whole`` itself if the rules change nothing.
    """
    repeats, further = find_repeats(whole, jobs)
    batch = without(whole, further) if repeats.once(settings) and repeats.tokens else whole
    least = 1
    if settings.phrases is None:  # otherwise the words were stemmed before phrases were searched for
        rules = settings.stem, settings.min_count, settings.max_types
        batch, least = apply_stem_and_min_count(batch, known, *rules)
    return batch, repeats, least

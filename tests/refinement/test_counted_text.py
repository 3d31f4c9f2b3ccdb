"""All rules in one pass against the rules one after the other."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.examples import TIMES

from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch, by_frequency
from selfvec.refinement.inputs import counted
from selfvec.text.repeats import find_repeats, without
from selfvec.text.rules import merged_types

pytestmark = pytest.mark.usefixtures("blocks")

WORDS = ["storm", "storms", "stormy", "hail", "hails", "wind", "winds", "Wind", "roof", "roofs", "tree"]
MENU = [f"menu{i}" for i in range(13)]
KNOWN = {"storm": 0, "hail": 1, "roofs": 2}


def text(seed: int) -> TokenBatch:
    """A text, with a passage that most documents repeat in every other case."""
    rng = np.random.default_rng(seed)
    documents = [
        [*MENU * (seed % 2), *(WORDS[i] for i in rng.zipf(1.4, rng.integers(0, 60)) % len(WORDS))]
        for _ in range(int(rng.integers(12, 20)))
    ]
    batch = TokenBatch.from_documents([*documents, ["hail", "wind", "hail"]])
    return replace(
        batch, sentences=3 * batch.documents, sentence_counts=np.full(batch.documents, 3, np.int32)
    )


def same(found: TokenBatch, expected: TokenBatch) -> None:
    assert list(found.types) == list(expected.types)
    assert found.sentences == expected.sentences
    for name in ("ids", "offsets", "counts", "sentence_counts"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


@settings(max_examples=10 * TIMES)
@given(
    st.integers(0, 10**6), st.sampled_from([None, "en"]), st.integers(1, 4), st.sampled_from([4, 12, 1000])
)
def test_one_pass_is_the_rules_one_after_the_other(seed, stem, least, most) -> None:
    settings = Settings(stem=stem, min_count=least, max_types=most)
    whole = text(seed)
    repeats, further = find_repeats(whole)
    once = repeats.once(settings) and repeats.tokens
    plain = without(whole, further) if once else whole
    *kept, kept_from = merged_types(plain.types, plain.counts, KNOWN, stem, least, most)
    expected = by_frequency(plain.renumbered(*kept))
    batch, found, least_kept = counted(text(seed), KNOWN, settings)
    same(batch, expected)
    assert (least_kept, found.tokens) == (kept_from, repeats.tokens)


def test_the_ids_take_the_memory_of_those_that_were_read() -> None:
    whole = text(0)
    batch, _, _ = counted(whole, KNOWN, Settings())
    assert np.shares_memory(batch.ids, whole.ids)

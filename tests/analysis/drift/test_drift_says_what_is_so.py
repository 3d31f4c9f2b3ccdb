"""The first sentence of drift names what was planted and nothing else; its figures can be checked by hand."""

import io
import re

import numpy as np
import pytest
from drift_corpus import planted_run
from rich.console import Console
from tests.analysis.planted_topics import topic_text, topic_vectors

from selfvec.analysis.word_drift.drift import drift
from selfvec.corpus import Corpus
from selfvec.corpus.slices import Slice
from selfvec.data.settings import Settings
from selfvec.refinement.pipeline import refine
from selfvec.views.terminal import draw

SAME = (0.5, 0.5)


@pytest.mark.parametrize(("documents", "uses"), [(100, 16), (1200, 100)])
def test_a_word_that_changed_is_named_alone(documents: int, uses: int) -> None:
    """Of three words one is used in another topic: 296 documents, and 3,000."""
    run = planted_run([(0, 1), SAME, SAME], documents=(documents,) * 2, uses=(uses,) * 2)
    found = drift(run)
    assert found.general <= 0.05
    assert found.changed == 1
    most = r"(no more than by chance|a little \(median 0.0\d beyond chance\))"
    changed = rf"1 of {found.tested} changed by more than 0.20( beyond that)?: x0\."
    assert re.fullmatch(f"From old to new, most words differ {most}; {changed}", found.summary)
    (section,) = (part for part in found.view(20).parts if hasattr(part, "quotes"))
    assert section.head[0][0] == "x0"


def test_where_nothing_changed_no_word_is_named() -> None:
    named, seeds = 0, 20
    for seed in range(2):
        run = planted_run([SAME] * 6, documents=(150, 150), uses=(20, 20), seed=seed)
        for split in range(seeds // 2):
            one = np.random.default_rng(split).random(run.require_tokens().documents) < 0.5
            found = drift(run, [Slice("a", one), Slice("b", ~one)], seed=split)
            named += bool(found.changed)
            if not found.significant:
                assert found.summary == f"No word of {found.tested} changed from a to b beyond chance."
    assert named <= 0.05 * seeds


def test_a_text_that_changed_as_a_whole_is_said_to_and_no_word_stands_out() -> None:
    """Each text of the new side has every other word from another topic."""
    rng = np.random.default_rng(0)
    texts, slices = [], []
    for side in ("old", "new"):
        for topic in rng.integers(6, size=400).tolist():
            text = topic_text(topic, "", 14, rng)
            if side == "new":
                other = topic_text((topic + 3) % 6, "", 14, rng).split()
                text = " ".join(
                    a if i % 2 else b for i, (a, b) in enumerate(zip(text.split(), other, strict=True))
                )
            texts.append(text)
            slices.append(side)
    run = refine(
        Corpus.from_texts(texts, slices=slices), topic_vectors(6, [], rng), Settings(method="original")
    )
    found = drift(run)
    assert found.general > 0.1
    assert found.summary.startswith("From old to new, most words differ")
    assert f"(median {found.general:.2f} beyond chance)" in found.summary
    assert found.changed <= 0.05 * found.tested


def test_the_change_is_the_difference_of_the_figures_that_are_printed() -> None:
    run = planted_run([(0, 1), (0, 0.5), SAME], documents=(200, 200), uses=(30, 30))
    found = drift(run)
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(draw(found.view(1000)))
    printed = console.export_text()
    general = re.search(r"change: distance - chance(?: - (\d\.\d\d), by)?", printed)[1] or 0
    rows = re.findall(
        r"^(\S+) +(-?\d\.\d\d) +(?:\S+|\S+ to \S+)? +(\d\.\d\d) +(\d\.\d\d) ", printed, re.MULTILINE
    )
    assert len(rows) == len(found) > 100
    for word, change, distance, chance in rows:
        assert float(change) == pytest.approx(float(distance) - float(chance) - float(general), abs=1e-9), (
            word
        )
        assert float(change) == pytest.approx(found[word]["change"], abs=0.0051)


def test_a_distance_that_chance_explains_has_no_section() -> None:
    """Few uses look far apart by themselves."""
    found = drift(planted_run([(0, 1), (0.3, 0.7)], documents=(200, 200), uses=(5, 5)))
    for row in found:
        if row["expected"] > row["distance"] - 0.2:
            assert not (row["change_low"] or 0) > 0.2
    heads = {part.head[0][0] for part in found.view(50).parts if hasattr(part, "quotes")}
    changed = {row["word"] for row in found if row["q"] <= 0.05 and (row["change_low"] or 0) > 0.2}
    assert heads == changed

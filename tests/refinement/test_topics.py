"""The table of topics: what shares texts ends near, whatever stood next to it."""

from pathlib import Path

import numpy as np

import selfvec
from selfvec.refinement.derived_vectors import run_topics, topical

SUBJECTS = {"storm": ["hail", "wind", "roof", "tree"], "court": ["judge", "law", "trial", "oath"]}


def texts() -> list[str]:
    rng = np.random.default_rng(0)
    words = list(SUBJECTS.values())
    filler = [f"w{i}" for i in range(40)]
    return [" ".join([*rng.choice(words[k % 2], 6), *rng.choice(filler, 20)]) for k in range(300)]


def test_words_of_one_subject_are_near() -> None:
    run = selfvec.refine(texts(), "none", "decorrelated")
    topics = run_topics(run.present)
    assert topics.index_to_key == run.vectors.index_to_key
    within = topics.similarity("hail", "wind"), topics.similarity("judge", "law")
    across = topics.similarity("hail", "judge"), topics.similarity("wind", "law")
    assert min(within) > max(across) + 0.3
    rows = topical(run.tokens, run.original)
    np.testing.assert_array_equal(rows.astype(np.float16), topics.vectors)  # as they are kept


def test_only_a_decorrelated_run_that_kept_its_tokens_has_them(tmp_path: Path) -> None:
    assert run_topics(selfvec.refine(texts()[:20], "none", "paper").present) is None
    forgetful = selfvec.Refiner(method="decorrelated", keep="nothing").fit(texts()[:20], "none")
    assert run_topics(forgetful.run_.present) is None
    kept = selfvec.Refiner(method="decorrelated").fit(texts()[:20], "none")
    kept.save(tmp_path / "run")
    opened = run_topics(selfvec.open_run(tmp_path / "run").present)
    np.testing.assert_array_equal(opened.vectors, run_topics(kept.run_.present).vectors)

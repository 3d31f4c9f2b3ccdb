"""A little text is added to the sums of a large run; here every run is large."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from same_runs import assert_same
from tests.damage import sealed_again

import selfvec
from selfvec.apps.cli import main
from selfvec.base import scratch
from selfvec.base.errors import FormatError, InputError
from selfvec.base.tensors import map_tensors
from selfvec.data.run import Run
from selfvec.data.vectors import Source, Vectors
from selfvec.refinement import kept_sums as sums_module
from selfvec.refinement.incremental.update import update
from selfvec.refinement.kept_sums import kept_sums
from selfvec.storage.run_folder import open_run
from selfvec.storage.verification import verify
from selfvec.storage.workspace import Workspace
from selfvec.text.unstemmed import unstemmed_tokens


@pytest.fixture(autouse=True)
def every_run_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums_module, "LEAST", 1)


def words(number: int) -> list[str]:
    return [f"{a}{b}{c}" for a in "bdfgklmnprst" for b in "aeiou" for c in "bdgklmnrt"][:number]


def documents(number: int, seed: int = 0, new: str = "") -> list[str]:
    """Texts about one of eight topics."""
    rng, known = np.random.default_rng(seed), words(240)
    made = []
    for i in range(number):
        topic = known[i % 8 :: 8]
        made.append(" ".join([*rng.choice(topic, 24), *rng.choice(known[:40], 6), *([new] if new else [])]))
    return made


def table() -> Vectors:
    rows = np.random.default_rng(1).standard_normal((200, 24)).astype(np.float32)
    return Vectors(words(200), rows)


def refined(texts: list[str], **more: Any) -> Run:
    return selfvec.Refiner("decorrelated", window=11, history="none", **more).fit(texts, table()).run_


TEXTS = documents(400)
MORE = documents(12, seed=5, new="zyx")


def test_a_run_that_left_out_rare_words_takes_in_words_that_it_has() -> None:
    old = refined(TEXTS, max_types=200)
    assert len(old.vectors) <= 200
    quick = selfvec.update(old, MORE, table())
    assert quick.provenance["grown"][-1]["quick"]
    assert quick.vectors.index_to_key != old.vectors.index_to_key or quick.tokens is not None
    assert set(quick.vectors.index_to_key) == set(old.vectors.index_to_key)
    exact = selfvec.update(quick, MORE[:1], table(), exact=True, allow_duplicates=True)
    whole = refined([*TEXTS, *MORE, MORE[0]], max_types=200)
    assert_same(exact, whole)  # the whole text is kept


def test_words_that_were_left_out_of_an_earlier_run_are_added_to() -> None:
    old, other = refined(TEXTS, max_types=200), refined(TEXTS, max_types=200)
    kept = unstemmed_tokens(old)
    assert kept is not None
    assert old.tokens is not None
    text = kept.batch(old.tokens)
    whole = replace(kept, ids=text.ids, left_out=None)  # as runs kept them before they kept only those words
    old.parts["unstemmed"] = whole
    found, expected = (unstemmed_tokens(selfvec.update(run, MORE, table())) for run in (old, other))
    assert found is not None
    assert expected is not None
    for name in ("ids", "offsets", "left_out", "sentence_counts"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def cosines(one: Run, other: Run) -> np.ndarray:
    places = [other.vectors.key_to_index[word] for word in one.vectors.index_to_key]
    return np.einsum("ij,ij->i", one.vectors.unit, other.vectors.unit[places])


def test_near_what_refining_anew_gives() -> None:
    old, whole = refined(TEXTS), refined([*TEXTS, *MORE])
    quick = selfvec.update(old, MORE, table())
    assert quick.provenance["grown"][-1]["quick"]
    exact = selfvec.update(old, MORE, table(), exact=True)
    assert_same(exact, whole)
    assert "quick" not in exact.provenance["grown"][-1]
    near = cosines(quick, whole)
    assert near.mean() > 0.99
    assert near.min() > 0.8
    assert near[quick.vectors.key_to_index["zyx"]] > 0.8  # a word that the run did not have
    for name in ("tokens", "types", "documents", "coverage"):
        assert quick.provenance[name] == whole.provenance[name]
    assert quick.tokens is not None
    assert whole.tokens is not None
    for number in (0, 5, 411):  # tokens are those of all documents
        texts = []
        for run in (quick.tokens, whole.tokens):
            part = run.ids[run.offsets[number] : run.offsets[number + 1]].tolist()
            texts.append([run.types[i] for i in part])
        assert texts[0] == texts[1]
    counts = dict(zip(quick.vectors.index_to_key, quick.vectors.counts.tolist(), strict=True))
    assert counts == dict(zip(whole.vectors.index_to_key, whole.vectors.counts.tolist(), strict=True))


def test_other_rows_stay_as_they_are_to_the_bit() -> None:
    old = refined(TEXTS)
    quick = selfvec.update(old, ["bab bad bag unheard bab bad"], table())
    touched = {"bab", "bad", "bag", "unheard"}
    for word in old.vectors.index_to_key:
        same = np.array_equal(quick.vectors[word], old.vectors[word])
        assert same != (word in touched), word
    assert quick.original.sources[quick.original.key_to_index["unheard"]] == Source.NONE


@pytest.mark.parametrize("in_memory", [scratch.IN_MEMORY, 0])
def test_a_run_made_in_a_workspace_is_the_one_made_in_memory(
    tmp_path: Path, in_memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "IN_MEMORY", in_memory)
    selfvec.save_run(refined(TEXTS), tmp_path / "run")
    made = selfvec.update(tmp_path / "run", MORE, table())
    with Workspace(tmp_path / "grown") as workspace:
        held = update(tmp_path / "run", MORE, table(), workspace=workspace)
        workspace.finish(held)
    grown = open_run(tmp_path / "grown")
    assert_same(grown, made)
    assert_same(held, made)
    assert type(made.vectors.vectors) is type(made.original.vectors) is np.ndarray
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grown", "run"]
    assert not verify(tmp_path / "grown").damaged


def test_quick_updates_up_to_a_twentieth_then_all_anew() -> None:
    run, said = refined(TEXTS), []
    for i in range(5):
        run = selfvec.update(run, documents(5, seed=10 + i), table())
        said.append(bool(run.provenance["grown"][-1].get("quick")))
    assert said == [True, True, True, True, False]
    whole = refined([*TEXTS, *(text for i in range(5) for text in documents(5, seed=10 + i))])
    assert_same(run, whole)
    assert selfvec.update(run, MORE[:5], table()).provenance["grown"][-1]["quick"]


@pytest.mark.parametrize("options", [{"min_count": 2}, {"operator": "counts"}, {"passes": 4}])
def test_all_anew_where_sums_do_not_add_up(options: dict[str, Any]) -> None:
    grown = selfvec.update(refined(TEXTS, **options), MORE, table())
    assert "quick" not in grown.provenance["grown"][-1]
    assert_same(grown, refined([*TEXTS, *MORE], **options))


def test_a_run_that_forgot_its_tokens(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Hashes tell what is new, and sums take it; nothing can be withdrawn."""
    selfvec.save_run(refined(TEXTS, keep_tokens=False), tmp_path / "run")
    run = open_run(tmp_path / "run")
    assert run.tokens is None
    assert selfvec.update(run, TEXTS[:9], table()) is run
    grown = selfvec.update(run, [*TEXTS[:9], *MORE], table())
    selfvec.save_run(grown, tmp_path / "grown")
    kept = selfvec.update(refined(TEXTS), MORE, table())
    np.testing.assert_array_equal(open_run(tmp_path / "grown").vectors.vectors, kept.vectors.vectors)
    assert open_run(tmp_path / "grown").tokens is None
    assert selfvec.update(tmp_path / "grown", MORE, table()).provenance["documents"] == 412
    for wrong in ({"corpus": documents(90, seed=3)}, {"corpus": MORE, "exact": True}):
        with pytest.raises(InputError, match="so it cannot be merged, and only little text can be added"):
            selfvec.update(run, vectors=table(), **wrong)


def test_on_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    selfvec.save(table(), "table.vec", format="word2vec-text")
    for name, texts in (("old", TEXTS), ("new", MORE)):
        Path(f"{name}.txt").write_text("\n".join(texts), encoding="utf-8")
    options = ["--vectors", "table.vec", "--method", "decorrelated", "--window", "11"]
    assert main(["refine", "old.txt", "-o", "run", *options]) == 0
    assert main(["update", "run", "new.txt", "-o", "exact", "--exact"]) == 0
    assert main(["update", "run", "new.txt"]) == 0
    run, exact = open_run("run"), open_run("exact")
    assert [("quick" in r.provenance["grown"][0]) for r in (run, exact)] == [True, False]
    assert cosines(run, exact).mean() > 0.99
    assert main(["update", "run", "old.txt", "new.txt"]) == 0
    assert len(open_run("run").provenance["grown"]) == 1  # nothing was new
    for command in (["health", "run"], ["similar", "run", "bab"], ["search", "run", "bab dad"]):
        assert main(command) in (0, 1)


def test_damaged_sums_are_named(tmp_path: Path) -> None:
    selfvec.save_run(refined(TEXTS), tmp_path / "run")
    path = tmp_path / "run" / "sums" / "sums.safetensors"
    assert map_tensors(path)["sums"].dtype == np.int8
    sums_module.write_tensors(path, {"sums": np.zeros((2, 2), np.int8)})
    with pytest.raises(FormatError, match=r"the tensor '[a-z]+' is int8 of shape"):
        kept_sums(open_run(sealed_again(tmp_path / "run")))


def test_passages_that_the_run_knows_are_not_added_again() -> None:
    menu = "home about services contact news careers legal privacy sitemap help press login"
    old = refined([f"{menu} {text}" if i % 4 == 0 else text for i, text in enumerate(TEXTS)])
    more = [f"{menu} {text}" for text in documents(14, seed=8, new="zyx")]
    quick, exact = (selfvec.update(old, more, table(), exact=exact) for exact in (False, True))
    assert quick.provenance["grown"][-1]["quick"]
    for name in ("tokens", "types"):
        assert quick.provenance[name] == exact.provenance[name]
    for name in ("tokens", "share", "passages"):
        assert quick.provenance["repeats"][name] == exact.provenance["repeats"][name]
    assert quick.provenance["text"] == exact.provenance["text"]
    counts = [
        dict(zip(r.vectors.index_to_key, r.vectors.counts.tolist(), strict=True)) for r in (quick, exact)
    ]
    assert counts[0] == counts[1]
    assert cosines(quick, exact).mean() > 0.99
    # The whole text was kept: refining it anew is exact.
    again = [selfvec.update(run, documents(3, seed=9), table(), exact=True) for run in (quick, exact)]
    assert sorted(again[0].vectors.counts) == sorted(again[1].vectors.counts)
    np.testing.assert_allclose(cosines(*again), 1, atol=1e-5)


def test_new_text_that_only_repeats_is_refined_with_the_whole() -> None:
    menu = " ".join(words(14))
    old = refined([f"{menu} {text}" if i % 4 == 0 else text for i, text in enumerate(TEXTS)])
    grown = selfvec.update(old, [menu], table(), allow_duplicates=True)
    assert "quick" not in grown.provenance["grown"][-1]
    assert grown.provenance["tokens"] == old.provenance["tokens"]

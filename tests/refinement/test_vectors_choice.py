"""Several tables to start from: which is chosen, why, and that the run is the one it leads to alone."""

import json

import numpy as np
import pytest
from tests.commands import ran
from tests.refinement.topical import TOPICS, WORDS, topical_texts
from tests.refusals import refused

import selfvec
from selfvec.base.errors import CorpusError, OptionError
from selfvec.numerics.rows import unit_rows

NAMES = [f"w{i}" for i in range(TOPICS * WORDS)]


def texts(documents: int = 100) -> list[str]:
    return topical_texts(NAMES, documents)


def topical(names=NAMES, noise: float = 0.5) -> selfvec.Vectors:
    """Words of one topic near each other."""
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((TOPICS, 16)).repeat(WORDS, axis=0)
    rows = unit_rows(centres + noise * rng.standard_normal(centres.shape)).astype(np.float32)
    return selfvec.Vectors(names, rows[: len(names)])


def scattered(dimensions: int = 24) -> selfvec.Vectors:
    rows = unit_rows(np.random.default_rng(2).standard_normal((len(NAMES), dimensions)))
    return selfvec.Vectors(NAMES, rows.astype(np.float32))


def decided(tables, corpus=None, **options):
    model = selfvec.Refiner(history="none", **options).fit(corpus or texts(), tables)
    return model, model.run_.provenance["table_decision"]


@pytest.mark.parametrize("method", ["auto", "decorrelated", "original"])
def test_the_table_that_suits_the_text_is_taken_in_any_order(method: str) -> None:
    _, forward = decided([topical(), scattered()], method=method)
    _, backward = decided([scattered(), topical()], method=method)
    assert (forward["chosen"], backward["chosen"]) == ("memory 1", "memory 2")
    assert backward["reason"] == "it scored best on held-out text"
    rows = {row["name"]: row for row in backward["tables"]}
    assert rows["memory 2"]["self_retrieval"] > rows["memory 1"]["self_retrieval"]
    assert rows["memory 2"]["sure"]["self_retrieval"] >= 0.975
    assert rows["memory 1"]["sure"] == {"self_retrieval": 0.5, "context": 0.5}
    assert [row["self_retrieval"] for row in forward["tables"]] == [
        row["self_retrieval"] for row in backward["tables"]
    ][::-1]


def test_the_run_is_the_one_that_the_chosen_table_alone_gives() -> None:
    both, _ = decided((scattered(), topical()))
    alone = selfvec.Refiner(history="none").fit(texts(), topical())
    np.testing.assert_array_equal(both.vectors_.vectors, alone.vectors_.vectors)
    assert both.vectors_.index_to_key == alone.vectors_.index_to_key
    assert "table_decision" not in alone.run_.provenance
    one = selfvec.Refiner(history="none").fit(texts(), [topical()])
    assert "table_decision" not in one.run_.provenance


def test_of_tables_that_are_alike_the_first_is_kept() -> None:
    _, decision = decided([topical(), topical()])
    assert decision["chosen"] == "memory 1"
    assert decision["reason"] == "no other vectors are significantly better than the first ones"


def test_a_word_that_a_table_lacks_counts_as_zero() -> None:
    few = topical(NAMES[: TOPICS * WORDS // 3])
    _, decision = decided([few, topical()], method="original")
    assert decision["chosen"] == "memory 2"
    shares = [row["known_tokens"] for row in decision["tables"]]
    assert shares[0] < 0.4
    assert shares[1] == 1


def test_a_table_in_title_case_is_not_put_at_a_disadvantage() -> None:
    titled = topical([name.title() for name in NAMES])
    _, decision = decided([topical(), titled])
    first, second = decision["tables"]
    assert first["self_retrieval"] == pytest.approx(second["self_retrieval"])
    assert second["known_tokens"] == 1


def test_with_too_little_text_the_first_table_is_kept() -> None:
    _, decision = decided([scattered(), topical()], ["w0 w1 w2", "w3 w4 w1"])
    assert (decision["chosen"], decision["reason"]) == ("memory 1", "too little text to compare vectors")


def test_what_cannot_be_compared_is_refused() -> None:
    refused(lambda: decided(["default", "default"]), OptionError, "name the same vectors twice")
    refused(lambda: decided([topical(), 3]), OptionError, "not int")
    refused(lambda: decided([]), OptionError, "are missing")
    refused(lambda: decided([topical(), scattered()], iter(texts())), CorpusError, "read only once")


def test_the_command_takes_several_tables(tmp_path) -> None:
    (tmp_path / "texts.txt").write_text("\n".join(texts()))
    paths = [str(tmp_path / f"{name}.safetensors") for name in ("scattered", "topical")]
    for path, table in zip(paths, (scattered(), topical()), strict=True):
        selfvec.save(table, path)
    run = tmp_path / "run"
    start = ["refine", str(tmp_path / "texts.txt"), "-o", str(run), "--vectors", paths[0]]
    said = ran([*start, "--vectors", paths[1]]).err
    assert f"chose the vectors {paths[1]}: it scored best on held-out text" in said
    made = json.loads((run / "run.json").read_text())
    assert made["vectors"]["name"] == made["table_decision"]["chosen"] == paths[1]
    (tmp_path / "more.txt").write_text("\n".join(texts(110)[100:]))
    ran(["update", run, tmp_path / "more.txt"])
    assert selfvec.open_run(run).provenance["vectors"]["name"] == paths[1]

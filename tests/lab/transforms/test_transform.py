"""Joined tables, and what every transform keeps to: laws of each way, principal axes, and refusals."""

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from tests.commands import ran
from tests.refusals import refused
from tests.rows import normal_rows

import selfvec
from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors
from selfvec.lab.transforms.written import figures_of

WORDS = [f"w{i}" for i in range(300)]


def views(noise: float = 1.0) -> tuple[Vectors, Vectors, np.ndarray]:
    """Two tables that see one latent space, (300, 8), each with noise of its own in 12 and 10 dimensions."""
    rng = np.random.default_rng(0)
    latent = rng.standard_normal((300, 8))
    tables = []
    for width in (12, 10):
        seen = latent @ np.linalg.qr(rng.standard_normal((width, width)))[0][:8]
        tables.append(Vectors(WORDS, (seen + noise * rng.standard_normal((300, width))).astype(np.float32)))
    return tables[0], tables[1], latent


def agreement(rows: np.ndarray, latent: np.ndarray) -> float:
    """Correlation of all cosines with those of the latent space."""
    above = np.triu_indices(len(rows), 1)
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (rows, latent)]
    return float(np.corrcoef(*[(each @ each.T)[above] for each in unit])[0, 1])


def test_a_cosine_of_concatenated_rows_is_the_mean_of_the_cosines() -> None:
    a, b, _ = views()
    found = selfvec.join(a, [b], method="concatenate")
    assert found.vectors.shape == (300, 22)
    expected = (a.unit @ a.unit.T + b.unit @ b.unit.T) / 2
    assert_allclose(found.vectors @ found.vectors.T, expected, atol=1e-5)


@pytest.mark.parametrize("method", ["average", "concatenate"])
def test_two_noisy_views_together_see_more_than_either(method: str) -> None:
    a, b, latent = views()
    found = selfvec.join(a, [b], method=method)
    assert agreement(found.vectors, latent) > 0.03 + max(agreement(t.vectors, latent) for t in (a, b))


def test_a_table_and_its_turned_copy_average_to_itself() -> None:
    a, _, _ = views()
    turn = np.linalg.qr(np.random.default_rng(3).standard_normal((12, 12)))[0]
    copy = Vectors(WORDS[::-1], (a.vectors[::-1] @ turn).astype(np.float32))
    joined = selfvec.join(a, [copy])
    assert_allclose(joined[WORDS], a.unit, atol=1e-5)


def test_union_and_intersection_and_words_of_one_table() -> None:
    a, b, _ = views()
    one, other = Vectors(WORDS[:200], a.vectors[:200]), Vectors(WORDS[100:], b.vectors[100:])
    both = selfvec.join(one, [other], vocabulary="intersection")
    assert both.index_to_key == WORDS[100:200]
    every = selfvec.join(one, [other])
    assert every.index_to_key == WORDS
    assert (figures_of(every)["shared"], figures_of(every)["known"]) == (100, [200, 200])
    assert_allclose(every["w5"], one.unit[5], atol=1e-6)
    wide = selfvec.join(one, [other], method="concatenate")
    assert not wide["w5"][12:].any()
    assert not wide["w250"][:12].any()


def test_what_a_table_composes_is_joined_too() -> None:
    a, b, _ = views()
    one = Vectors(WORDS[:200], a.vectors[:200], composer=lambda words: np.ones((len(words), 12), np.float32))
    found = selfvec.join(one, [b])
    assert found.embed("never").any()
    assert_allclose(found["w250"], found.composer(["w250"])[0], atol=1e-6)


def test_three_tables_by_the_command(tmp_path: Path) -> None:
    a, b, _ = views()
    for name, table in (("a", a), ("b", b)):
        selfvec.save(table, tmp_path / f"{name}.vec")
    given = ["vectors", "join", tmp_path / "a.vec", tmp_path / "out.safetensors"]
    more = ["--with", tmp_path / "b.vec", "--with", tmp_path / "a.vec"]
    said = ran([*given, *more, "--method", "concatenate"]).err
    assert "join: words 300, dimensions 34, shared 300" in said
    assert selfvec.load(tmp_path / "out.safetensors").vectors.shape == (300, 34)
    assert "--with is needed; add --with" in ran(given, 2).err


def test_what_cannot_be_joined_is_said() -> None:
    a, b, _ = views()
    refused(
        lambda: selfvec.join(a, [Vectors(["x"], np.ones((1, 10), np.float32))]),
        InputError,
        "no word has a vector in all",
    )
    few = Vectors(WORDS[:5], b.vectors[:5])
    refused(lambda: selfvec.join(a, [few]), InputError, "only 5 remain .*; choose method concaten")
    refused(lambda: selfvec.join(a, []), OptionError, "name the vectors to join with")


def test_all_principal_axes_keep_every_cosine_and_some_keep_the_most() -> None:
    rows = normal_rows(50, 8) * [4, 3, 2, 1, 1, 1, 1, 1]
    table = Vectors([f"w{i}" for i in range(50)], rows.astype(np.float32))
    whole, half = selfvec.principal_axes(table), selfvec.principal_axes(table, 4)
    assert_allclose(whole.unit @ whole.unit.T, table.unit @ table.unit.T, atol=1e-5)
    assert_array_equal(whole.vectors[:, :4], half.vectors)  # any prefix is the shorter table
    refused(lambda: selfvec.principal_axes(table, 9), OptionError, "1 to 8")

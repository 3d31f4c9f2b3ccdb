"""Two languages in one space: by a dictionary, and what `align` writes."""

from pathlib import Path

import numpy as np
from numpy.random import default_rng
from tests.commands import ran
from tests.refusals import refused
from tests.rows import normal_rows

import selfvec
from selfvec import Vectors
from selfvec.base.errors import InputError, OptionError
from selfvec.lab.align import align
from selfvec.storage.alignment_files import find_aligned, read_dictionary

WORDS, WIDTH = 600, 24


def language(seed: int = 0) -> Vectors:
    """Words of topics of very different sizes, as in real text."""
    rng = default_rng(seed)
    topics = rng.standard_normal((40, WIDTH))
    shares = 1 / np.arange(1, 41)
    chosen = rng.choice(40, WORDS, p=shares / shares.sum())
    rows = topics[chosen] + 0.8 * rng.standard_normal((WORDS, WIDTH))
    return Vectors([f"w{i}" for i in range(WORDS)], rows.astype(np.float32))


def cipher(a: Vectors, noise: float = 0.0, seed: int = 1) -> tuple[Vectors, dict[str, str]]:
    """The same language in a cipher: other words, other axes, another order; and the true dictionary."""
    rng = default_rng(seed)
    turn = np.linalg.qr(rng.standard_normal((WIDTH, WIDTH)))[0]
    order = rng.permutation(len(a))
    rows = (a.vectors + noise * rng.standard_normal(a.vectors.shape)) @ turn
    true = {word: word[::-1] + "x" for word in a}
    return Vectors([true[a.index_to_key[i]] for i in order], rows[order].astype(np.float32)), true


def precision(a: Vectors, b: Vectors, true: dict[str, str]) -> float:
    nearest = (a.unit @ b.unit.T).argmax(axis=1)
    return float(np.mean([b.index_to_key[j] == true[word] for word, j in zip(a, nearest, strict=True)]))


def test_self_learning_makes_much_of_a_small_dictionary() -> None:
    a = language()
    b, true = cipher(a, noise=0.45)
    few = list(true.items())[:26]
    found = align(a, b, dictionary=few)
    assert (found.method, found.notes["dictionary"]) == ("dictionary", 26)
    rows = [a.key_to_index[one] for one, _ in few], [b.key_to_index[other] for _, other in few]
    u, _, v = np.linalg.svd(b.vectors[rows[1]].T @ a.vectors[rows[0]])
    plain = Vectors(b.index_to_key, b.vectors @ (u @ v))
    assert precision(a, found.b, true) > precision(a, plain, true) + 0.02
    np.testing.assert_allclose(found.b.unit @ found.b.unit.T, b.unit @ b.unit.T, atol=1e-4)


def test_reweighting_transforms_both_tables_and_zero_rows_stay() -> None:
    a = language()
    b, true = cipher(a, noise=0.5)
    b.vectors[7] = 0
    plain, both = (align(a, b, dictionary=list(true.items())[:300], reweight=on) for on in (False, True))
    assert not plain.both
    assert both.both
    assert not both.b.vectors[7].any()
    assert precision(both.a, both.b, true) >= precision(a, plain.b, true)
    assert not np.allclose(both.a.unit @ both.a.unit.T, a.unit @ a.unit.T, atol=1e-2)


def test_files_of_pairs_by_tab_or_by_blanks(tmp_path: Path) -> None:
    path = tmp_path / "d.tsv"
    path.write_text("\ufeffnew york\tneu york\n\nhail\tHagel\r\n", "utf-8")
    assert read_dictionary(path) == [("new york", "neu york"), ("hail", "Hagel")]
    path.write_text("hail hagel\nstorm   sturm\n")
    assert read_dictionary(path) == [("hail", "hagel"), ("storm", "sturm")]
    refused(lambda: read_dictionary(tmp_path / "missing.tsv"), InputError, "no such file")


def test_words_are_looked_up_in_lower_case_too_and_strangers_are_refused() -> None:
    a = language()
    b, true = cipher(a)
    found = align(a, b, dictionary=[(one.upper(), other) for one, other in list(true.items())[:50]])
    assert found.notes["dictionary"] == 50
    refused(
        lambda: align(a, b, dictionary=[(other, one) for one, other in true.items()]),
        InputError,
        "words of A into the first column",
    )
    refused(lambda: align(a, b, "dictionary"), OptionError, "needs this option")
    refused(
        lambda: align(a, b, dictionary=list(true.items()), trim=0.1), OptionError, "it belongs to procrustes"
    )


def test_the_command_writes_a_folder_or_a_file_and_evaluate_reads_either(tmp_path: Path) -> None:
    a = language()
    b, true = cipher(a, noise=0.2)
    selfvec.save(a, tmp_path / "a.vec")
    selfvec.save(b, tmp_path / "b.vec")
    rows = [f"{one}\t{other}\n" for one, other in true.items()]
    (tmp_path / "d.tsv").write_text("".join(rows[:100]))
    (tmp_path / "test.tsv").write_text("".join(rows[100:200]) + "w100\tnowhere\nnowhere\tw1\n")
    given = [str(tmp_path / name) for name in ("a.vec", "b.vec")]
    outs = [tmp_path / "both", tmp_path / "b.safetensors", tmp_path / "turned.vec"]
    for out in outs:
        told = ran(["vectors", "align", *given, "-o", out, "--dictionary", tmp_path / "d.tsv"]).err
    assert "pairs learned from 100 given" in told
    assert find_aligned(outs[0]) == (str(outs[0] / "a.safetensors"), str(outs[0] / "b.safetensors"))
    assert find_aligned(outs[1]) == (given[0], str(outs[1]))
    values = []
    for tables in ([outs[0]], [outs[1]], [outs[2]], [tmp_path / "a.vec", outs[2]]):
        asked = ["evaluate", *map(str, tables), "--lexicon", str(tmp_path / "test.tsv"), "--json"]
        found = ran(asked).json["rows"]
        assert [(row["mode"], row["metric"]) for row in found] == [
            (mode, metric) for mode in ("nn", "csls") for metric in ("precision@1", "precision@5")
        ]
        assert {(row["kind"], row["n"], round(row["covered"], 4)) for row in found} == {
            ("lexicon", 101, 0.9901)
        }
        assert all(row["low"] <= row["value"] <= row["high"] for row in found)
        values.append([round(row["value"], 3) for row in found])
    assert values[0] == values[1] == values[2] == values[3]
    assert min(values[0]) > 0.8
    lexicon = ["--lexicon", tmp_path / "test.tsv"]
    assert "selfvec evaluate A ALIGNED_B" in ran(["evaluate", given[1], *lexicon], 2).err
    (tmp_path / "a.vec").rename(tmp_path / "moved.vec")
    ran(["evaluate", outs[1], *lexicon], 2)
    ran(["evaluate", tmp_path / "moved.vec", outs[1], *lexicon])


def test_a_header_is_left_out_and_unused_pairs_are_counted(tmp_path: Path) -> None:
    rows = normal_rows(6, 4)
    words = ["one", "two", "three", "four", "five", "six"]
    a, b = Vectors(words, rows), Vectors([f"x{word}" for word in words], rows)
    path = tmp_path / "pairs.tsv"
    pairs = [
        ("source", "target"),
        *((word, f"x{word}") for word in words),
        ("seven", "xone"),
        ("one", "xnine"),
    ]
    path.write_text("".join(f"{x}\t{y}\n" for x, y in pairs), "utf-8")
    assert read_dictionary(path).header == "source\ttarget"
    notes = align(a, b, "dictionary", dictionary=path).notes
    assert notes["dictionary"] == 6
    assert notes["unused"] == {"pairs": 2, "without_vector_in_a": 1, "without_vector_in_b": 1}
    for name, table in (("a", a), ("b", b)):
        selfvec.save(table, tmp_path / f"{name}.safetensors")
    out = [str(tmp_path / name) for name in ("a.safetensors", "b.safetensors", "both")]
    told = ran(["vectors", "align", *out[:2], "-o", out[2], "--dictionary", path]).err
    assert "2 unused (no vector in A: 1, in B: 1); its first row names columns" in told
    (row, *_) = ran(["evaluate", out[2], "--lexicon", path, "--json"]).json["rows"]
    assert (row["n"], row["unused"]) == (7, {"words": 1, "without_vector_in_a": 1, "without_vector_in_b": 0})
    told = " ".join(ran(["evaluate", out[2], "--lexicon", path]).out.split())
    assert "1 of 7 words count as wrong: 1 have no vector in A" in told

"""What the command line is tried on: reports, vectors for most of their words, and three runs."""

from pathlib import Path

import pytest
from tests.commands import ran
from tests.rows import normal_vectors

import selfvec


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, storms: list[str]) -> Path:
    """A folder with texts, vectors, word pairs, a run with slices, and a run of each text."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "storms.txt").write_text("\n".join(storms[:120]) + "\n", "utf-8")
    (folder / "later.txt").write_text("\n".join(storms[123:]) + "\n", "utf-8")
    words = sorted({word.strip(".,").lower() for text in storms for word in text.split()})[3:]
    selfvec.save(normal_vectors(words, 24), folder / "vectors.vec", format="word2vec-text")
    (folder / "pairs.tsv").write_text("hail\tstorm\t5\nwind\train\t4\ntrees\troofs\t3\n", "utf-8")
    options = ["--vectors", str(folder / "vectors.vec"), "--history", "every:2", "--method", "paper"]
    texts = {"run": ("storms.txt", "later.txt"), "first": ("storms.txt",), "later": ("later.txt",)}
    for name, files in texts.items():
        slices = ["--slice", "corpus"] if name == "run" else []
        given = [str(folder / file) for file in files]
        ran(["refine", *given, "-o", folder / name, *slices, *options])
    return folder

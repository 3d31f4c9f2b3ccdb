"""Every target that holds words or encoders; whole or not at all; the same vectors in other libraries."""

import json
import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from tests.places import ROOT
from tests.refusals import refused
from tests.retrieval.encoder import reports
from tokenizers import Tokenizer

import selfvec
from selfvec.base.errors import OptionError, TargetError
from selfvec.data.run import Run
from selfvec.lab.exporters import TARGETS, UNKNOWN, export, tokenizer_json, write_encoder
from selfvec.retrieval.encoder import Encoder
from selfvec.retrieval.encoder.word_lookup import WordLookup, normal
from selfvec.storage.formats import FORMATS
from selfvec.text.kernels import spans, table

AWKWARD = [
    "",
    " \n\t",
    "HAIL",
    "Hail's damage: the county’s crew's, crews' and county's's.",
    "can't re\u00adbuild the café; cafe\u0301, CAFÉ — 1.75 in., 1,000.5, 1.\u00ad5 a.b",
    "ΟΔΟΣ οδός ὈΔΥΣΣΕΎΣ İstanbul ǅ ß ẞ K Å",
    "[UNK] [unk] <s> hail_storm _ __ ' '' 'hail' hail'",
    "a\u0338=\u0338b \u0301hail hail\u0301 \ufb01re \u2126 \u200dhail\u200c \U0001f327\ufe0f",
    "東京で雹が降った。गरज हवा สวัสดี",
    "'s hail's_ hail's1 hail'st o'clock's",
    "x" * 300 + " hail",
    "\x00hail\x1fwind\x85snow\u2028flood\u3000roof",
]


def tokens(text: str, split: str) -> list[str]:
    """By our kernel."""
    spelt = normal(text).encode()
    data, bounds = np.frombuffer(spelt, np.uint8), np.array([0, len(spelt)])
    starts, lengths, _ = spans(data, bounds, table(split), False)
    found = [spelt[a : a + n].decode() for a, n in zip(starts.tolist(), lengths.tolist(), strict=True)]
    if split == "words":
        found = [word[:-2] if word.endswith("'s") and len(word) > 2 else word for word in found]
    return found


def library_tokens(text: str, split: str, vocabulary: list[str]) -> list[str]:
    """By the tokeniser of the library, unknown ones left out."""
    rows = np.zeros((1, 1), np.float32)
    encoder = Encoder(vocabulary, np.zeros(len(vocabulary), np.int32), rows, split)
    loaded = Tokenizer.from_str(tokenizer_json(encoder))
    return [token for token in loaded.encode(text, add_special_tokens=False).tokens if token != UNKNOWN]


ALPHABET = st.one_of(
    st.sampled_from(
        "\ufb01\uff21\u2122\u00bd\u00b4\ufe0f\u200c\u0627\u064e"
        "aAsS1٣'’.,-_ \n\u00ad\u0301\u0338\u200dßΣςσİıéK\u212b\u0130='"
    ),
    st.characters(exclude_categories=("Cs", "Cn")),  # of the running Python's Unicode
)


@pytest.mark.parametrize("split", ["words", "whitespace"])
@given(text=st.sampled_from(AWKWARD) | st.text(ALPHABET, max_size=30))
def test_the_tokenizer_cuts_any_text_as_we_do(text: str, split: str) -> None:
    ours = tokens(text, split)
    assert library_tokens(text, split, list(dict.fromkeys(ours))) == ours


@pytest.mark.soak
def test_every_code_point_means_the_same_to_both() -> None:
    """Between letters, and between digits, every character of this Unicode joins or separates alike."""
    characters = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ("Cs", "Cn", "Co")]
    for left, right in (("x", "y"), ("7", "8")):
        words = [left, right, "next"]
        between = [f"{left}{c}{right}" for c in characters]
        texts = [" next ".join(between[i : i + 100]) for i in range(0, len(between), 100)]
        ids, offsets = WordLookup(words, "words").find(texts)
        encoder = Encoder(words, np.arange(3, dtype=np.int32), np.eye(3, dtype=np.float32))
        loaded = Tokenizer.from_str(tokenizer_json(encoder))
        theirs = loaded.encode_batch_fast(texts, add_special_tokens=False)
        for (a, b), found, text in zip(pairwise(offsets.tolist()), theirs, texts, strict=True):
            assert [i for i in found.ids if i < 3] == [i for i in ids[a:b].tolist() if i >= 0], text


@given(
    text=st.sampled_from([*AWKWARD, "hail flood " * 2000 + "snow"]) | st.text(ALPHABET, max_size=20),
    word=st.sampled_from(["hail", "roofs", "Café", "1.75", "county's"]),
)
def test_model2vec_gives_the_same_vectors_for_any_text(text: str, word: str, models) -> None:
    encoder, model = models
    texts = [text, f"{text}{word}", f"{word}{text}", f"{word} {text} {word}"]
    assert_allclose(model.encode(texts), encoder.encode(texts), atol=1e-5)


@pytest.fixture(scope="module")
def models(own):
    model2vec = pytest.importorskip("model2vec")
    encoder = reports.report_encoder()
    folder = own / "m"
    write_encoder(encoder, folder, "model2vec")
    return encoder, model2vec.StaticModel.from_pretrained(folder)


def test_sentence_transformers_gives_the_same_vectors(tmp_path: Path, encoder: Encoder) -> None:
    library = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    for name in ("sentence-transformers", "model2vec"):
        write_encoder(encoder, tmp_path / name, name)
        model = library.SentenceTransformer(str(tmp_path / name), device="cpu")
        texts = [*AWKWARD, "hail flood " * 2000 + "snow"]
        assert_allclose(model.encode(texts), encoder.encode(texts), atol=1e-5)
        assert_allclose(model.encode([""]), encoder.encode([""]), atol=1e-5)


def test_the_folder_of_sentence_transformers_has_its_files(tmp_path: Path, encoder: Encoder) -> None:
    write_encoder(encoder, tmp_path / "s", "sentence-transformers")
    table = selfvec.load(tmp_path / "s", "model2vec")
    assert_array_equal(table["hail"], encoder.rows[encoder.places[list(encoder.words).index("hail")]])
    modules = json.loads((tmp_path / "s" / "modules.json").read_text("utf-8"))
    assert [module["type"].rsplit(".", 1)[1] for module in modules] == ["StaticEmbedding", "Normalize"]
    for module in modules:
        assert module["path"], "versions 3 and 4 refuse an empty path"
        assert (tmp_path / "s" / module["path"]).is_dir()


@pytest.fixture
def run(tmp_path: Path, report_run: Run) -> Run:
    selfvec.save_run(report_run, tmp_path / "run")
    return selfvec.open_run(tmp_path / "run")


OURS = ["encoder", "model2vec", "sentence-transformers", *(row.name for row in FORMATS if row.write)]


@pytest.mark.parametrize("to", sorted(set(OURS)))
def test_every_target_is_written_beside_the_run(to: str, run: Run) -> None:
    before = set(run.folder.parent.iterdir())
    done = export(run, to)
    path = Path(done["target"])
    assert path == run.folder.with_name(f"run-{to}{TARGETS[to].suffix}")
    assert done["to"] == to
    assert done["dimensions"] in (reports.DIMENSIONS, 2 * reports.DIMENSIONS)
    if to == "encoder":
        assert len(Encoder.open(path)) == done["words"]
    elif to in ("model2vec", "sentence-transformers"):
        assert len(selfvec.load(path)) == done["words"]
    elif to != "projector":  # it is only written
        loaded = selfvec.load(path)
        assert loaded.index_to_key == run.vectors.index_to_key
        assert_allclose(loaded.vectors, run.vectors.vectors, atol=1e-7)
    left = set(run.folder.parent.iterdir()) - before
    assert path in left
    assert not [entry for entry in left if "partial" in entry.name]


def test_a_run_is_never_replaced(run: Run) -> None:
    """Other targets are replaced on request: tests/apps/cli/test_overwrite.py."""
    refused(lambda: export(run, "encoder", run.folder, overwrite=True), TargetError, "is a run")


def test_files_beside_a_target_are_not_overwritten_either(run: Run, tmp_path: Path) -> None:
    (tmp_path / "table.vocabulary.txt").write_text("mine", "utf-8")
    refused(
        lambda: export(run, "npy", tmp_path / "table.npy"),
        TargetError,
        r"table\.vocabulary\.txt: exists already",
    )
    assert not (tmp_path / "table.npy").exists()


def test_wrong_wishes_are_told(run: Run, report_run: Run, tmp_path: Path) -> None:
    refused(lambda: export(run, "model3vec"), OptionError, "sentence-transformers")
    refused(lambda: export(report_run, "encoder"), OptionError, "in memory")
    refused(lambda: export(run, "encoder", tmp_path / "nowhere" / "e"), TargetError, "does not exist")


def test_every_target_is_described_and_on_the_page() -> None:
    assert set(OURS) <= set(TARGETS)
    page = (ROOT / "docs" / "how-to" / "export-and-serve.md").read_text("utf-8")
    rows = page.split("| `--to` |")[1].split("\n\n")[0].splitlines()[2:]
    assert set(re.findall(r"`([\w-]+)`", "".join(row.split("|")[1] for row in rows))) == set(TARGETS)

"""Vectors built from subwords: model2vec folders on both sides of the real library, and the built-in ones."""

import json
from dataclasses import replace
from functools import cache
from importlib import util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from format_tables import WORDS, table
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from tests.refusals import refused
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from selfvec.base.errors import FormatError, OptionError
from selfvec.data.vectors import Source, Vectors
from selfvec.storage.formats import built_in, load, save
from selfvec.storage.formats.built_in import token_vectors

model2vec = pytest.importorskip("model2vec")

TEXT = [
    "a tornado and a thunderstorm with hail and wind",
    "größere Stürme and hailstones",
    "wind storm winds",
] * 3
ASKED = ["tornado", "thunderstorm", "and", "hailing", "größer", "Wind", "q", "日本"]


def real(path: Path) -> Any:
    return model2vec.StaticModel.from_pretrained(path, normalize=False)


@pytest.mark.parametrize(
    ("words", "unknown"), [(WORDS, "x"), (["May", "may"], "MAY"), (["[UNK]", "[[UNK]]", "a"], "b")]
)
def test_the_library_gives_every_word_its_row(words: list[str], unknown: str, tmp_path: Path) -> None:
    save(table(words), tmp_path / "m", "model2vec")
    *known, other = real(tmp_path / "m").encode([*words, unknown])
    assert_array_equal(known, table(words).vectors)
    assert not other.any()
    assert load(tmp_path / "m").index_to_key == words


def test_the_library_finds_the_words_of_a_sentence(tmp_path: Path) -> None:
    words = ["the", "don't", "new york", "c++", "tornado", "u.s."]
    vectors = Vectors(words, np.eye(6, dtype=np.float32))
    save(vectors, tmp_path / "m", "model2vec")
    encoded = real(tmp_path / "m").encode("The tornado, in New York: don't (C++) and unknown U.S.")
    assert np.allclose(encoded, 1 / 6)


@pytest.mark.parametrize("word", [" a", "a ", "  "])
def test_words_no_tokenizer_keeps_whole_are_refused(word: str, tmp_path: Path) -> None:
    refused(
        lambda: save(Vectors(["a", word], np.eye(2, dtype=np.float32)), tmp_path / "m", "model2vec"),
        OptionError,
        r"cannot keep the word .* whole",
    )
    assert list(tmp_path.iterdir()) == []


def word_piece() -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(
        TEXT, trainers.WordPieceTrainer(vocab_size=90, special_tokens=["[PAD]", "[UNK]"])
    )
    return tokenizer


def unigram() -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(vocab_size=60, special_tokens=["<unk>"], unk_token="<unk>")
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


def byte_pairs() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(TEXT, trainers.BpeTrainer(vocab_size=90, special_tokens=["<s>"]))
    return tokenizer


@pytest.mark.parametrize("make", [word_piece, unigram, byte_pairs])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("mapped", [False, True])
def test_models_of_the_library_are_read_as_it_encodes(
    make: Any, weighted: bool, mapped: bool, tmp_path: Path
) -> None:
    tokenizer = make()
    size, rng = tokenizer.get_vocab_size(), np.random.default_rng(5)
    theirs = model2vec.StaticModel(
        rng.standard_normal((9 if mapped else size, 4)).astype(np.float32),
        tokenizer,
        weights=rng.random(size).astype(np.float32) if weighted else None,
        token_mapping=rng.integers(0, 9, size) if mapped else None,
    )
    theirs.save_pretrained(tmp_path / "m")
    ours = load(tmp_path / "m")
    assert ours.provenance["format"] == "model2vec"
    assert {"and", "wind"} & set(ours.index_to_key)
    marked = [word for word in ours.index_to_key if word.startswith(("▁", "Ġ", "##", "[", "<", " "))]
    assert set(marked) <= {"▁"}
    words = [*ASKED, *ours.index_to_key]
    assert np.allclose(ours.lookup(words)[0], theirs.encode(words), atol=1e-5)
    assert Source.SUBWORDS in ours.lookup(["windhail", "stormwind", "hailand", "ands", "windd"])[1]


def test_a_sentence_transformers_folder_is_read(tmp_path: Path) -> None:
    save(table(), tmp_path / "m", "model2vec")
    from safetensors.numpy import load_file, save_file

    inner = tmp_path / "s" / "0_StaticEmbedding"
    inner.mkdir(parents=True)
    tensors = load_file(tmp_path / "m" / "model.safetensors")
    save_file({"embedding.weight": tensors["embeddings"]}, inner / "model.safetensors")
    (tmp_path / "m" / "tokenizer.json").rename(inner / "tokenizer.json")
    ours = load(tmp_path / "s")
    assert ours.index_to_key == WORDS
    assert_array_equal(ours.vectors, table().vectors)


def test_a_table_beside_its_tokenizer_is_read(tmp_path: Path) -> None:
    save(table(), tmp_path / "m", "model2vec")
    assert load(tmp_path / "m" / "model.safetensors").index_to_key == WORDS


def test_broken_folders(tmp_path: Path) -> None:
    folder = tmp_path / "m"
    save(table(), folder, "model2vec")
    tokenizer = (folder / "tokenizer.json").read_text("utf-8")
    for content in ("", "{}", tokenizer[:-9], "\0"):
        (folder / "tokenizer.json").write_text(content, "utf-8")
        refused(lambda: load(folder), FormatError, r"tokenizer\.json")
    parts = json.loads(tokenizer)
    parts["model"]["vocab"]["more"] = len(WORDS) + 7
    (folder / "tokenizer.json").write_text(json.dumps(parts))
    refused(lambda: load(folder), FormatError, "the tokenizer has 20 tokens, but there are 13 rows")
    (folder / "tokenizer.json").unlink()
    refused(lambda: load(folder), FormatError, "is in no known format; it holds config")


def test_mappings_and_weights_that_do_not_fit(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "m"
    save(table(), folder, "model2vec")
    good = load_file(folder / "model.safetensors")
    for extra, message in (
        ({"mapping": np.full(13, 99)}, "mapping"),
        ({"mapping": -np.ones(13, np.int64)}, "mapping"),
        ({"weights": np.ones(3, np.float32)}, "weights"),
        ({"weights": np.full(13, np.nan, np.float32)}, "NaN"),
    ):
        save_file({**good, **extra}, folder / "model.safetensors")
        refused(lambda: load(folder), FormatError, message)


def files_of_wordllama() -> tuple[Tokenizer, np.ndarray]:
    from safetensors.numpy import load_file

    spec = util.find_spec("wordllama")
    folder = Path(spec.origin).parent
    tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    return tokenizer, load_file(folder / "weights" / "l2_supercat_256.safetensors")["embedding.weight"]


def test_built_in_words_are_sums_of_their_pieces() -> None:
    default = token_vectors()
    tokenizer, pieces = files_of_wordllama()
    words = [
        "storm", "tornado", "Thunderstorm", "café", "日本", "x-ray", "pickle", *default.index_to_key[::500],
    ]  # fmt: skip
    found, sources = default.lookup(words)
    for word, row, source in zip(words, found, sources, strict=True):
        ids = tokenizer.encode(word.lower(), add_special_tokens=False).ids
        assert np.allclose(row, pieces[ids].astype(np.float32).sum(axis=0), atol=1e-5), word
        assert source == (Source.KNOWN if len(ids) == 1 else Source.SUBWORDS)


def test_parts_of_composed_words_are_counted() -> None:
    default = load("wordllama")
    words = ["storm", "warfarin", "doctors"]
    assert default.lookup_pieces(words)[2].tolist() == [1, 3, 2]
    assert default.lookup_pieces(words, compose=False)[2].tolist() == [1, 1, 1]


def test_default_is_a_lower_case_table_of_whole_words() -> None:
    default = load("default")
    assert default.vector_size == 256
    assert default.index_to_key == load("wordllama").index_to_key
    assert 10_000 < len(default) < 12_000
    assert not default.cased
    assert all(word.isalnum() for word in default.index_to_key)
    assert default.provenance["format"] == "default"
    assert {"wordllama", "WordNet 3.0", "all-MiniLM-L6-v2"} < set(default.provenance["sources"])
    assert "weather" in [word for word, _ in default.most_similar("storm")]


def test_default_without_the_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(util, "find_spec", {}.get)
    built_in._both.cache_clear()  # another test may have loaded them
    refused(lambda: load("default"), OptionError, "pip install wordllama")


def test_a_file_called_default_is_reached_by_its_path(here: Path) -> None:
    save(table(), here / "default", "word2vec")
    assert load("./default").index_to_key == WORDS


@given(st.lists(st.text("abcXé<s>/漢字ß😀1.2\u0301", min_size=1, max_size=8), max_size=150))
@example([])
@example([f"ward{n}s" for n in range(150)])
@example(["", "metformin", "new york", "日本", "Größe", "don't", "▁", ""])
@example(["a", "", "b", "c d", " e", "f "])
@example(["1", "<s>"])
def test_words_encoded_together_have_the_pieces_that_each_has_alone(words: list[str]) -> None:
    pieces = load_once()
    tokens, lengths = pieces.encoded(words)
    alone = [pieces.tokenizer.encode(word.lower(), add_special_tokens=False).ids for word in words]
    assert lengths.tolist() == [len(ids) for ids in alone]
    assert tokens.tolist() == [token for ids in alone for token in ids]


def test_rows_in_half_precision_are_added_in_single_precision() -> None:
    pieces = load_once()
    half = replace(pieces, rows=pieces.rows.astype(np.float16))
    single = replace(pieces, rows=half.rows.astype(np.float32))
    assert_array_equal(half(ASKED), single(ASKED))


def test_an_added_token_is_a_word() -> None:
    pieces = load_once()
    tokenizer = Tokenizer.from_str(pieces.tokenizer.to_str())
    tokenizer.add_tokens(["[EXTRA]"])
    words, tokens = replace(pieces, tokenizer=tokenizer, lower=False).whole_words()
    assert words[-1] == "[EXTRA]"
    assert tokens[-1] == len(pieces.rows)


@cache
def load_once() -> Any:
    return load("wordllama").composer

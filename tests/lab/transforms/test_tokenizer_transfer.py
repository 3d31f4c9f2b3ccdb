"""A model with another tokenizer, or more words: what keeps its bits, and where new rows come from."""

import json
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng
from tests.commands import ran
from tests.lab.language_models import DTYPES, SPECIAL, stored, word_piece, write_model
from tests.refusals import refused
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

import selfvec
from selfvec.base.errors import InputError, OptionError
from selfvec.data.vectors import Vectors
from selfvec.files.tensors import map_tensors, read_header
from selfvec.lab.transforms.tokenizer_transfer import Tokens
from selfvec.numerics.rows import unit_rows

NAMED = {
    "weather": ["hail", "storm", "rain", "wind", "snow", "sleet", "fog"],
    "money": ["bank", "loan", "invoice", "tax", "price", "fee", "rent"],
}
OLD = [*SPECIAL, *NAMED["weather"][:5], *NAMED["money"][:5], "##s", "sl", "##eet", "f", "##og", "##ee"]
TABLE = "bert.embeddings.word_embeddings.weight"
HEAD = "cls.predictions.decoder.weight"
BIAS = "cls.predictions.bias"
WIDTH = 12


def spelled_with_blanks() -> Tokenizer:
    """A tokenizer of another kind: ▁ before words, other special tokens."""
    pieces = ["<pad>", "<unk>", "<s>", "</s>", "▁rain", "▁hail", "▁sleet", "▁fee", "▁rent", "s", "▁", "qq"]
    tokenizer = Tokenizer(models.Unigram([(piece, -1.0 - i) for i, piece in enumerate(pieces)], unk_id=1))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.add_special_tokens(pieces[:4])
    return tokenizer


def field(word: str) -> int:
    return next((i for i, words in enumerate(NAMED.values()) if word in words), 2)


def static_vectors() -> Vectors:
    """Words near to others of their field."""
    rng = default_rng(1)
    words = [word for words in NAMED.values() for word in words]
    centres = np.eye(3, 6) * 3
    return Vectors(words, np.stack([centres[field(w)] + rng.standard_normal(6) for w in words]).astype("f4"))


def model(folder: Path, dtype: str = "F32", tied: bool = False) -> Path:
    """A tiny model: embeddings by field, a layer, an output that is tied or its own, and other files."""
    rng = default_rng(0)
    centres = np.eye(3, WIDTH) * 4
    rows = np.stack([centres[field(token)] + rng.standard_normal(WIDTH) for token in OLD])
    tensors = {"layer.weight": (rng.standard_normal((len(OLD), 4)).astype("<f4"), "F32")}
    tensors[TABLE] = stored(rows, dtype), dtype
    if not tied:
        tensors[HEAD] = stored(2 * rows, dtype), dtype
        tensors[BIAS] = rng.standard_normal(len(OLD)).astype("<f4"), "F32"
    tensors["odd.counter"] = np.arange(3, dtype="<i8"), "I64"
    write_model(folder / "model.safetensors", tensors, OLD)
    config = {"vocab_size": len(OLD), "pad_token_id": 0, "eos_token_id": [3], "bos_token_id": 5, "layers": 1}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("\n".join(OLD))
    (folder / "README.md").write_text("tiny")
    return folder


def tables(*folders: Path) -> list[np.ndarray]:
    """The embeddings of some models."""
    return [map_tensors(folder / "model.safetensors")[TABLE] for folder in folders]


def raw(path: Path, name: str) -> tuple[list[int], bytes]:
    header, start = read_header(path)
    low, high = header[name]["data_offsets"]
    return header[name]["shape"], path.read_bytes()[start + low : start + high]


@pytest.mark.parametrize("dtype", DTYPES)
def test_shared_tokens_and_everything_else_keep_their_bits(dtype: str, tmp_path: Path) -> None:
    folder, new = model(tmp_path / "model", dtype), tmp_path / "new.json"
    tokens = ["[PAD]", "[UNK]", "[SEP]", "[CLS]", "sleet", "rain", "fee", "##s", "hail"]
    word_piece(tokens).save(str(new))
    made = selfvec.tokenizer(folder, static_vectors(), new, output=tmp_path / "out")
    old_file, new_file = (place / "model.safetensors" for place in (folder, tmp_path / "out"))
    assert read_header(new_file)[0]["__metadata__"] == {"format": "pt"}
    assert list(read_header(new_file)[0]) == list(read_header(old_file)[0])
    for name in ("layer.weight", "odd.counter"):
        assert raw(new_file, name) == raw(old_file, name)
    for name, width in ((TABLE, WIDTH), (HEAD, WIDTH), (BIAS, 1)):
        shape, data = raw(new_file, name)
        assert shape[0] == len(tokens)
        size = len(data) // len(tokens)
        assert size == width * (4 if name == BIAS else np.dtype(DTYPES[dtype]).itemsize)
        before = raw(old_file, name)[1]
        for i, token in enumerate(tokens):
            if token in OLD:
                j = OLD.index(token)
                assert data[i * size : (i + 1) * size] == before[j * size : (j + 1) * size], token
    counts = {"tokens": 9, "kept": 7, "from_vectors": 2, "from_pieces": 0, "mean_row": 0}
    assert made.as_dict().items() >= {**counts, "dimensions": WIDTH, "tensors": [TABLE, BIAS, HEAD]}.items()
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    kept = {"pad_token_id": 0, "bos_token_id": 5, "layers": 1}
    assert config == {"vocab_size": 9, "eos_token_id": [2], **kept}
    assert (tmp_path / "out" / "tokenizer.json").read_bytes() == new.read_bytes()
    assert (tmp_path / "out" / "README.md").read_text() == "tiny"
    assert not (tmp_path / "out" / "vocab.txt").exists()
    assert "vocab.txt described the old tokenizer" in made["left_out"]
    assert any("bos_token_id was 'storm'" in note for note in made["left_out"])


def test_new_tokens_lie_among_words_of_their_field_whatever_the_tokenizer(tmp_path: Path) -> None:
    folder, new = model(tmp_path / "model", tied=True), tmp_path / "new" / "tokenizer.json"
    new.parent.mkdir()
    spelled_with_blanks().save(str(new))
    made = selfvec.tokenizer(folder, static_vectors(), new.parent, output=tmp_path / "out")
    assert made["tensors"] == [TABLE]
    before, after = tables(folder, tmp_path / "out")
    ids = Tokenizer.from_file(str(new)).get_vocab()
    same_tokens = {"▁hail": "hail", "s": "##s", "<s>": "[CLS]", "</s>": "[SEP]", "<pad>": "[PAD]"}
    for token, same in same_tokens.items():
        np.testing.assert_array_equal(after[ids[token]], before[OLD.index(same)])
    unit = unit_rows(before)
    for token, near in (("▁sleet", "weather"), ("▁fee", "money"), ("▁rent", "money")):
        cosines = {
            name: np.mean([unit[OLD.index(word)] @ after[ids[token]] for word in words[:5]])
            for name, words in NAMED.items()
        }
        assert max(cosines, key=lambda name: cosines[name]) == near
    lengths = np.linalg.norm(before[4:14], axis=1)
    assert np.linalg.norm(after[ids["▁sleet"]]) == pytest.approx(lengths.mean(), rel=1e-4)
    np.testing.assert_allclose(after[ids["qq"]], before.mean(axis=0), atol=1e-5)


def test_words_become_tokens_of_the_old_tokenizer(tmp_path: Path) -> None:
    folder, words = model(tmp_path / "model"), tmp_path / "words.txt"
    words.write_text("sleet\nhail\nfog\n")
    selfvec.save(static_vectors(), tmp_path / "static.vec")
    given = ["vectors", "tokenizer", str(folder), "--vectors", str(tmp_path / "static.vec")]
    found = ran([*given, tmp_path / "out", "--add-words", words, "--json"]).json
    assert (found["tokens"], found["kept"], found["from_vectors"]) == (len(OLD) + 2, len(OLD), 2)
    tokenizer = Tokenizer.from_file(str(tmp_path / "out" / "tokenizer.json"))
    ids = tokenizer.encode("hail sleet storms fog").ids
    assert [tokenizer.id_to_token(number) for number in ids] == ["hail", "sleet", "storm", "##s", "fog"]
    for name in (TABLE, HEAD, BIAS):
        before, after = (raw(place / "model.safetensors", name)[1] for place in (folder, tmp_path / "out"))
        assert after.startswith(before)
        assert len(after) == len(before) // len(OLD) * (len(OLD) + 2)
    assert json.loads((tmp_path / "out" / "config.json").read_text())["vocab_size"] == len(OLD) + 2
    assert (tmp_path / "out" / "vocab.txt").exists()
    ran([*given, tmp_path / "two", "--add-words", "1"])
    two = Tokenizer.from_file(str(tmp_path / "two" / "tokenizer.json"))
    assert two.token_to_id("sleet") == len(OLD) == two.get_vocab_size() - 1


def test_a_static_encoder_keeps_its_library(tmp_path: Path) -> None:
    model2vec = pytest.importorskip("model2vec")
    words = [w for words in NAMED.values() for w in words[:5]]
    rng = default_rng(2)
    rows = np.stack([np.eye(2, WIDTH)[field(w)] * 3 + rng.standard_normal(WIDTH) for w in words])
    selfvec.save(Vectors(words, rows.astype(np.float32)), tmp_path / "encoder", format="model2vec")
    (tmp_path / "words.txt").write_text("sleet\nfog\n")
    added = {"add_words": tmp_path / "words.txt", "output": tmp_path / "out"}
    selfvec.tokenizer(tmp_path / "encoder", static_vectors(), **added)
    encoder = model2vec.StaticModel.from_pretrained(str(tmp_path / "out"))
    hail, sleet, loan = encoder.encode(["hail rain snow", "sleet fog", "loan tax bank"])
    np.testing.assert_allclose(hail, rows[[0, 2, 4]].mean(axis=0), atol=1e-5)
    assert sleet @ hail / np.linalg.norm(hail) > sleet @ loan / np.linalg.norm(loan)


def test_two_aligned_tables_serve_two_languages(tmp_path: Path) -> None:
    folder, table = model(tmp_path / "model"), static_vectors()
    foreign = Vectors([word[::-1] for word in table], table.vectors)
    (tmp_path / "aligned").mkdir()
    selfvec.save(table, tmp_path / "aligned" / "a.safetensors")
    selfvec.save(foreign, tmp_path / "aligned" / "b.safetensors")
    word_piece(["[UNK]", "liah", "eef"]).save(str(tmp_path / "new.json"))
    made = selfvec.tokenizer(folder, tmp_path / "aligned", tmp_path / "new.json", output=tmp_path / "out")
    assert made["from_vectors"] == 2
    before, after = tables(folder, tmp_path / "out")
    assert (before[4:14] @ after[1]).argmax() < 5 <= (before[4:14] @ after[2]).argmax()


@pytest.mark.parametrize(
    ("marker", "text", "starts"), [("Ġ", "Ġhail", True), ("▁", "▁hail", True), ("", "hail", True)]
)
def test_what_a_token_stands_for(marker: str, text: str, starts: bool) -> None:
    vocab = {text: 0, "ing" if marker else "ring": 1, f"{marker}x": 2}
    tokens = Tokens(Tokenizer(models.WordLevel(vocab, unk_token="x")))
    assert tokens.texts[text] == ("hail", starts)
    assert tokens.texts["ing" if marker else "ring"][1] is (not marker)


def test_what_cannot_be_transferred_is_said(tmp_path: Path) -> None:
    folder, static = model(tmp_path / "model"), static_vectors()
    (tmp_path / "words.txt").write_text("hail\n")
    few = Vectors(["hail"], np.ones((1, 3), np.float32))
    for given, vectors, options, error, rule in (
        (folder, static, {}, OptionError, "one of tokenizer and add_words"),
        (folder, static, {"tokenizer": "x", "add_words": 3}, OptionError, "one of tokenizer and add_words"),
        (folder, few, {"add_words": 1}, InputError, "have 1 tokens of the old tokenizer, 10 are needed"),
        (folder, static, {"add_words": tmp_path / "words.txt"}, InputError, "no word that is not a token"),
        (tmp_path, static, {"add_words": 1}, InputError, "merge a sharded one first"),
    ):
        made = partial(selfvec.tokenizer, given, vectors, output=tmp_path / "out", **options)
        refused(made, error, rule)
    assert not (tmp_path / "out").exists()
    assert "--vectors" in ran(["vectors", "tokenizer", folder, tmp_path / "out", "--add-words", "3"], 2).err

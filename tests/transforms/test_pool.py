"""`transform --by pool`: states of a transformer, by hand for a tiny one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import selfvec
from selfvec.apps.cli import main
from selfvec.base.errors import InputError, OptionError
from selfvec.corpus import Corpus
from selfvec.transforms import transform
from selfvec.transforms.contextual_encoder import Window, layer_weights, read_words, word_states

TEXTS = ["The hail broke a roof.", "Storms in été, storms-a windy road", "a storm."]


def states_of(folder: Path, text: str, layer: int) -> dict[str, np.ndarray]:
    """The state of each piece of a short text, by the library itself; [CLS] is the first."""
    import torch
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    given = tokenizer(text, return_tensors="pt")
    with torch.inference_mode():
        rows = model(**given, output_hidden_states=True).hidden_states[layer][0].numpy()
    return dict(zip(tokenizer.convert_ids_to_tokens(given["input_ids"][0]), rows, strict=True))


def test_a_word_is_the_mean_of_its_pieces_and_of_its_uses(bert: Path) -> None:
    texts = [TEXTS[0], "a windy storm", "Hail on a storm"]
    made = transform(bert, "pool", corpus=Corpus.from_texts(texts), layers="2")
    first, second, third = (states_of(bert, text, 2) for text in texts)
    np.testing.assert_allclose(made["broke"], first["broke"], atol=1e-5)
    np.testing.assert_allclose(made["windy"], (second["wind"] + second["##y"]) / 2, atol=1e-5)
    np.testing.assert_allclose(made["hail"], (first["hail"] + third["hail"]) / 2, atol=1e-5)
    assert set(made) == {"the", "hail", "broke", "a", "roof", "windy", "storm", "on"}


def test_layers_are_averaged_and_the_first_token_can_be_pooled(bert: Path) -> None:
    corpus = ["a storm."]
    zero, two = (states_of(bert, corpus[0], layer) for layer in (0, 2))
    mixed = transform(bert, "pool", corpus=Corpus.from_texts(corpus), layers="0:1,2:3")
    np.testing.assert_allclose(mixed["storm"], zero["storm"] / 4 + two["storm"] * 3 / 4, atol=1e-5)
    first = transform(bert, "pool", corpus=Corpus.from_texts(corpus), layers="2", pooling="cls")
    np.testing.assert_allclose(first["storm"], two["[CLS]"], atol=1e-5)
    np.testing.assert_allclose(first["a"], two["[CLS]"], atol=1e-5)


def test_a_long_text_is_read_in_windows_and_no_word_is_lost(bert: Path) -> None:
    text = "the hail broke a roof in the road , " * 20 + "été wind"
    made = transform(bert, "pool", corpus=Corpus.from_texts([text]))
    assert set(made) == {"the", "hail", "broke", "a", "roof", "in", "road", "été", "wind"}
    assert np.all(made.vectors.any(axis=1))


def test_rare_words_are_left_out(bert: Path) -> None:
    made = transform(bert, "pool", corpus=Corpus.from_texts(TEXTS), min_count=2)
    assert set(made) == {"a", "storms"}
    assert made.counts is not None
    assert made.counts.tolist() == [3, 2]


def test_the_command_makes_a_table_that_refine_starts_from(bert: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "text.txt").write_text("\n".join(TEXTS * 5), encoding="utf-8")
    made, run = tmp_path / "pooled.safetensors", tmp_path / "run"
    given = [str(bert), str(made), "--by", "pool", "--corpus", str(tmp_path / "text.txt")]
    assert main(["transform", *given, "--layers", "all", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["texts"], report["uses"], report["dimensions"]) == (15, 70, 16)
    options = ["--vectors", str(made), "--method", "decorrelated"]
    assert main(["refine", str(tmp_path / "text.txt"), "-o", str(run), *options]) == 0
    assert selfvec.open_run(run).vectors.vector_size == 16


def test_what_is_no_encoder_is_refused(bert: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"config\.json"):
        transform(tmp_path, "pool", corpus=Corpus.from_texts(TEXTS))
    with pytest.raises(OptionError, match="layer from 0 to 2"):
        transform(bert, "pool", corpus=Corpus.from_texts(TEXTS), layers="3")


@pytest.mark.parametrize("spec", ["", "x", "13", "-1", "1:0", "1:nan", "1:inf", "2:-1", "1,,2"])
def test_layers_that_are_none_are_refused(spec: str) -> None:
    with pytest.raises(OptionError, match="layers"):
        layer_weights(spec, 12)


def test_a_piece_belongs_to_the_word_in_which_it_ends() -> None:
    text = "é: gö-x"  # the pieces: é | : | ␣g | ö | - | x; characters 0-1, 3-5, 6-7 are words
    words = read_words(Corpus.from_texts([text]), None, 1)
    assert words.spans.tolist() == [[0, 1], [3, 5], [6, 7]]
    states = np.eye(6, dtype=np.float32)
    window = Window(0, np.array([1, 2, 4, 5, 6, 7]), states, states[0])
    places, means = word_states(window, words.spans)
    assert places.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(means, [states[0], (states[2] + states[3]) / 2, states[5]])

"""`pieces`: any tokenizer.json, built here with the library that defines the format."""

import json
from pathlib import Path

import polars as pl
import pytest
from tests.refusals import refused
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from selfvec.base.errors import FormatError, OptionError
from selfvec.corpus.documents import Documents
from selfvec.text import encode, tokenizer


@pytest.fixture
def wordpiece(tmp_path: Path) -> Path:
    """A small WordPiece tokeniser as BERT's: lower-casing, [CLS] and [SEP], cut at 4 pieces, padded to 8."""
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "hail", "storm", "##ing", "##s", "fell", "."]
    built = Tokenizer(models.WordPiece({name: i for i, name in enumerate(names)}, unk_token="[UNK]"))
    built.normalizer = normalizers.Lowercase()
    built.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    built.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    built.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]"])
    built.enable_truncation(4)
    built.enable_padding(length=8)
    path = tmp_path / "tokenizer.json"
    built.save(str(path))
    return path


@pytest.fixture
def unigram(tmp_path: Path) -> Path:
    """A small SentencePiece-like tokeniser without special tokens."""
    scores = [("<unk>", 0.0), ("▁hail", -1.0), ("▁", -2.0), ("s", -2.5), ("torm", -2.0)]
    built = Tokenizer(models.Unigram(scores, unk_id=0))
    built.pre_tokenizer = pre_tokenizers.Metaspace()
    built.decoder = decoders.Metaspace()
    path = tmp_path / "unigram.json"
    built.save(str(path))
    return path


def test_pieces_as_spelt_without_special_tokens_or_limits(wordpiece: Path) -> None:
    raw = tokenizer(wordpiece)(
        pl.Series(["Hail storms fell.", None, "zebra", "Storming hail [SEP] hail. Fell"])
    )
    assert raw.types == ["hail", "storm", "##s", "fell", ".", "##ing"]
    assert [raw.types[i] for i in raw.ids[raw.offsets[3] :]] == [
        "storm", "##ing", "hail", "hail", ".", "fell",
    ]  # fmt: skip
    assert raw.offsets.tolist() == [0, 5, 5, 5, 11]
    assert raw.sentence_counts.sum() == 4


def test_a_folder_stands_for_its_tokenizer(wordpiece: Path) -> None:
    assert tokenizer(wordpiece.parent)(pl.Series(["hail"])).types == ["hail"]


def test_pieces_keep_their_marks_and_case(unigram: Path) -> None:
    raw = tokenizer(unigram)(pl.Series(["hail storm", "hails"]))
    assert [raw.types[i] for i in raw.ids] == ["▁hail", "▁", "s", "torm", "▁hail", "s"]


def test_an_empty_batch(unigram: Path) -> None:
    raw = tokenizer(unigram)(pl.Series([], dtype=pl.String))
    assert (raw.ids.tolist(), raw.offsets.tolist(), raw.types) == ([], [0], [])


def test_truncation_in_the_file_does_not_cut_documents(wordpiece: Path) -> None:
    assert len(tokenizer(wordpiece)(pl.Series(["hail " * 600])).ids) == 600


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        "\x00\x01",
        '{"version": "1.0"}',
        '{"version": "1.0", "model": {"type": "BPE"}}',
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    refused(lambda: tokenizer(path), FormatError, r"broken\.json: is not a readable tokenizer.json")


def test_a_file_that_breaks_in_use_is_named(wordpiece: Path) -> None:
    data = json.loads(wordpiece.read_text())
    data["model"]["vocab"] = {"hail": 0}
    data["added_tokens"] = []
    data["post_processor"] = None
    wordpiece.write_text(json.dumps(data))
    broken = tokenizer(wordpiece)
    with pytest.raises(FormatError, match=r"tokenizer\.json: is not a readable tokenizer.json.*UNK"):
        broken(pl.Series(["storm"]))
    refused(lambda: encode([Documents(pl.Series(["storm"]))], broken), FormatError, r"tokenizer\.json")


def test_an_unknown_name_lists_what_there_is(tmp_path: Path) -> None:
    refused(lambda: tokenizer("word"), OptionError, r"tokenizer.*'word'.*words, whitespace or the path")
    refused(lambda: tokenizer(tmp_path), OptionError, "no file")

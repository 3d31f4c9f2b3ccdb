"""`pieces`: any tokenizer.json; tokens of more than a thousand characters are left out first."""

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import soaked
from tests.refusals import refused
from tests.spelled import spelled, spelled_texts
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

import selfvec
from selfvec.analysis.views.run_summary import run_summary, text_details
from selfvec.base.errors import FormatError, OptionError
from selfvec.data.documents import Documents
from selfvec.text import Encoding, encode, tokenizer
from selfvec.text.tokenizers import LONG, LONGEST, find_words


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
    assert spelled_texts(raw)[3] == ["storm", "##ing", "hail", "hail", ".", "fell"]
    assert raw.offsets.tolist() == [0, 5, 5, 5, 11]
    assert raw.sentence_counts.sum() == 4


def test_pieces_keep_their_marks_and_case(unigram: Path) -> None:
    raw = tokenizer(unigram)(pl.Series(["hail storm", "hails"]))
    assert spelled(raw) == ["▁hail", "▁", "s", "torm", "▁hail", "s"]


def test_an_empty_batch(unigram: Path) -> None:
    raw = tokenizer(unigram)(pl.Series([], dtype=pl.String))
    assert (raw.ids.tolist(), raw.offsets.tolist(), raw.types) == ([], [0], [])


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[]", "null", "\x00\x01", '{"version": "1.0"}',
        '{"version": "1.0", "model": {"type": "BPE"}}',
    ],
)  # fmt: skip
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
    refused(
        lambda: broken(pl.Series(["storm"])),
        FormatError,
        r"tokenizer\.json: is not a readable tokenizer.json.*UNK",
    )
    refused(lambda: encode([Documents(pl.Series(["storm"]))], broken), FormatError, r"tokenizer\.json")


def test_an_unknown_name_lists_what_there_is(tmp_path: Path) -> None:
    refused(
        lambda: tokenizer("word"), OptionError, r"tokenizer.*'word'.*words, wordpunct, whitespace or the path"
    )
    refused(lambda: tokenizer(tmp_path), OptionError, "no file")


MOST = 800 << 20  # bytes; 690 to 760 by what threads happen to hold at once
# A process of its own measures, because the peak of a process includes that of the one it was forked from.
MEASURED = """
import resource, subprocess, sys

corpus, run = sys.argv[1:]
command = [sys.executable, "-m", "selfvec", "refine", corpus, "-o", run]
command += ["--method", "original", "--jobs", "2"]
subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def batches(documents: list[str]) -> list[Documents]:
    return [Documents(pl.Series(documents, dtype=pl.String))]


def encoded(text: str, name: str | Path = "runs") -> tuple[list[str], Encoding]:
    tokens, encoding = encode(batches([text]), tokenizer(name))
    return spelled(tokens), encoding


@pytest.mark.parametrize("name", ["runs", "whitespace"])
@pytest.mark.parametrize("letter", ["a", "é", "中", "𐐨", "\ufdfa"])
def test_a_thousand_characters_are_a_word_and_one_more_is_not(name: str, letter: str) -> None:
    longest = letter * LONGEST
    found, encoding = encoded(f"hail {longest} fell", name)
    assert found == ["hail", longest.lower(), "fell"]
    assert encoding.dropped == {}
    found, encoding = encoded(f"hail {longest}{letter} fell. {longest}é", name)
    assert found == ["hail", "fell" if name == "runs" else "fell."]
    assert encoding.dropped == {LONG: 2}
    assert (encoding.raw_tokens, encoding.tokens, encoding.raw_types) == (4, 2, 2)


def test_a_document_of_one_long_word_is_empty_and_its_sentences_are_counted() -> None:
    tokens, encoding = encode(batches(["a" * 2000 + ". Hail fell.", "b" * 2000]), tokenizer("words"))
    assert tokens.offsets.tolist() == [0, 2, 2]
    assert (encoding.empty, encoding.sentences) == (1, 3)


@given(st.lists(st.sampled_from(["hail", "é" * 600, "ab" * 501, "中" * 1001, "x-", " ", ". "]), max_size=9))
def test_the_words_that_are_found_are_those_that_are_counted(parts: list[str]) -> None:
    text = "".join(parts)
    found = find_words([text], "words")
    counted = spelled(tokenizer("words")(pl.Series([text])))
    assert [found.names[i] for i in found.ids] == counted
    assert [text[a:b] for a, b in zip(found.starts, found.ends, strict=True)] == counted


def test_a_phrase_does_not_span_a_word_that_was_left_out() -> None:
    assert tokenizer("words")(pl.Series(["hail storm"])).apart().tolist() == [True, False]
    assert tokenizer("words")(pl.Series([f"hail {'a' * 2000} storm"])).apart().tolist() == [True, True]


def test_a_tokenizer_file_does_not_see_long_words(tmp_path: Path) -> None:
    letters = [chr(code) for code in (*range(97, 123), ord("ส"), ord("."))]
    built = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, []))
    built.pre_tokenizer = pre_tokenizers.Whitespace()
    built.save(str(tmp_path / "tokenizer.json"))
    found, encoding = encoded(f"hail. {'a' * 1001}. {'b' * 1001} fell", tmp_path)
    assert "".join(found) == "hail..fell"
    assert encoding.dropped == {LONG: 2}
    unspaced = "ส" * 1500  # ordinary text of a script without spaces
    assert "".join(encoded(unspaced, tmp_path)[0]) == unspaced


@pytest.mark.parametrize("sentence", ["昨天北京下雨", "東京で雨が降りました", "ฝนตกหนักมาก"])
def test_a_long_run_without_spaces_is_cut_into_words(sentence: str) -> None:
    pytest.importorskip("icu4py")
    found, encoding = encoded(f"{sentence * 300} {'x' * 1001}", "words")
    assert "".join(found) == sentence * 300
    assert max(map(len, found)) <= len(sentence)
    assert encoding.dropped == {LONG: 1}


def test_a_run_says_what_was_left_out(tmp_path: Path, storms: list[str]) -> None:
    run = selfvec.refine([*storms, "a" * 1001], "none", "original")
    said = "left out 1 word longer than 1,000 characters"
    assert said in run_summary(run.provenance)
    assert text_details(run.provenance).endswith(said)
    usual = selfvec.refine(storms, "none", "original")
    assert "left out" not in " ".join([*run_summary(usual.provenance), text_details(usual.provenance)])


@pytest.mark.skipif(sys.platform == "win32", reason="the peak of a process is not measured there")
@pytest.mark.parametrize(
    ("letter", "times"), soaked([("a", 20_000_000), ("\ufdfa", 8_000_000)], ("\ufdfa", 8_000_000))
)
def test_one_word_of_megabytes_takes_little_memory(
    tmp_path: Path, storms: list[str], letter: str, times: int
) -> None:
    corpus = tmp_path / "word.txt"
    corpus.write_text("\n".join([*storms, letter * times, ""]), "utf-8")
    command = [sys.executable, "-c", MEASURED, str(corpus), str(tmp_path / "run")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "left out 1 word longer than 1,000 characters" in done.stderr
    assert int(done.stdout) * (1 if sys.platform == "darwin" else 1024) < MOST

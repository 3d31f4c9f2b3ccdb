"""A sentence encoder in a run: what is encoded, what it is joined to, and the law of growth with it."""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from same_runs import assert_same, distinct, table, texts
from sklearn.base import clone
from tests.commands import ran
from tests.encoders.tiny_encoder import write_encoder
from tests.encoders.toy import WordSums
from tests.examples import soaked
from tests.heard import Heard
from tests.places import files_in
from tests.refinement.topical import TOPICS, WORDS, topical_texts
from tests.refusals import refused
from tests.rows import normal_rows, unit

import selfvec
from selfvec.base.errors import InputError, Interrupted, OptionError, SelfvecError
from selfvec.data.run import Run
from selfvec.data.vectors import Source, Vectors
from selfvec.encoders.encoded_texts import encoded_texts_of, text_hashes
from selfvec.encoders.run_encoder import encoder_of, passages_of, word_text

NAMES = [f"w{chr(97 + i // WORDS)}{chr(97 + i % WORDS)}" for i in range(TOPICS * WORDS)]


@pytest.fixture(autouse=True)
def no_word_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Encoders of other tests have the same digest."""
    monkeypatch.setenv("SELFVEC_CACHE", str(tmp_path / "cache"))


class Topical(WordSums):
    """The vectors of words are near that of their topic."""

    def word(self, word: str) -> np.ndarray:
        return super().word(word[:2]) + super().word(word) / 4


def scattered(dimensions: int = 24) -> Vectors:
    """Vectors that do not know the topics, and lack every third word."""
    rows = normal_rows(len(NAMES), dimensions, 2)
    lacking = np.arange(len(NAMES)) % 3 > 0
    return Vectors([NAMES[i] for i in np.flatnonzero(lacking)], rows[lacking])


def refined(documents: Sequence[str], vectors: Any = None, encoder: Any = None, **options: Any) -> Run:
    given = table() if vectors is None else vectors
    return selfvec.Refiner(encoder=encoder, **options).fit(list(documents), given).run_.present


def assert_same_encoded(made: Run, whole: Run) -> None:
    assert_same(made, whole)
    assert_same_vectors(made, whole)


def assert_same_vectors(made: Run, whole: Run) -> None:
    ours, theirs = encoded_texts_of(made), encoded_texts_of(whole)
    assert_array_equal(ours.hashes, theirs.hashes)
    assert_array_equal(ours.rows, theirs.rows)
    assert (ours.encoder, ours.digest) == (theirs.encoder, theirs.digest)
    assert made.provenance["encoder"] == whole.provenance["encoder"]


# ---- What is encoded


def test_passages_words_and_general_words_are_encoded_once() -> None:
    toy = WordSums()
    long = " ".join(f"Hail number {number} fell on the roofs." for number in range(80))
    run = refined([*texts(10), long, texts(10)[0]], encoder=toy)
    passages = set(passages_of([*texts(10), long]))
    words = set(run.vectors.index_to_key)
    general = {word.lower() for word in table().index_to_key}
    assert sorted(toy.encoded[1:]) == sorted(set(toy.encoded[1:]))  # none twice
    assert set(toy.encoded) == passages | words | general
    assert len(passages) > 13
    found = encoded_texts_of(run)
    rows, known = found.lookup(sorted(passages | words | general))
    assert known.all()
    assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
    described = run.provenance["encoder"]
    expected = {"name": "word sums", "path": None, "digest": toy.digest, "dimensions": 6}
    expected["passages"] = len(passages)
    assert {name: described[name] for name in expected} == expected
    assert (described["of"], described["words"]) == (len(passages), len(words | general))


def test_the_words_of_a_phrase_are_encoded() -> None:
    documents = ["a flash flood in Ohio", "the flash flood of May", "flash flood and hail"] * 4
    run = refined(documents, "default", WordSums(), phrases=1)
    assert "flash_flood" in run.vectors
    assert encoded_texts_of(run).lookup(["flash flood"])[1].all()
    assert run.provenance["encoder"]["initial"] or run.original.vector_size == 256


@pytest.mark.parametrize(("keep", "passages"), [("text", 20), ("tokens", 0), ("nothing", None)])
def test_a_run_keeps_no_more_of_its_text_than_is_asked_for(keep: str, passages: int | None) -> None:
    documents = distinct(20)
    run = refined(documents, encoder=WordSums(), keep=keep)
    if passages is None:
        assert encoded_texts_of(run) is None
    else:
        assert run.provenance["encoder"]["passages"] == passages
        texts_of_run = [*documents, *map(word_text, run.vectors.index_to_key)]
        assert int(encoded_texts_of(run).lookup(texts_of_run)[1].sum()) == passages + len(run.vectors)


def test_encode_reads_the_passages_of_the_smallest_hashes() -> None:
    toy, documents = WordSums(), texts(40)
    run = refined(documents, encoder=toy, encode=5)
    distinct = np.unique(text_hashes(documents))
    chosen = {text for text in documents if text_hashes([text])[0] in distinct[:5]}
    assert {text for text in toy.encoded if text in documents} == chosen
    assert (run.provenance["encoder"]["passages"], run.provenance["encoder"]["of"]) == (5, len(distinct))
    backwards = refined(documents[::-1], encoder=WordSums(), encode=5)
    assert_array_equal(
        encoded_texts_of(run).kept(documents).rows, encoded_texts_of(backwards).kept(documents).rows
    )


def test_how_much_there_is_to_encode_is_said_before(tmp_path: Path) -> None:
    heard, documents = Heard(), [f"text number {i}" for i in range(1000)]
    selfvec.refine(documents, "none", "decorrelated", encoder=WordSums(), progress=heard, jobs=2)
    assert heard.said == ["encoding 1,000 passages and 1,002 words with word sums"]
    stages = {label: both for label, both in heard.stages.items() if label.startswith("Encoding")}
    assert list(stages) == ["Encoding passages", "Encoding words"]
    assert all(total == done > 80 for total, done in stages.values())


# ---- Initial vectors


@pytest.mark.parametrize("method", ["auto", "decorrelated", "original"])
def test_the_words_are_joined_where_held_out_text_is_for_it(method: str) -> None:
    documents = topical_texts(NAMES, length=12)
    run = refined(documents, scattered(), Topical(), method=method, history="none")
    described = run.provenance["encoder"]
    assert described["initial"]
    assert described["scores"]["joined"] > described["scores"]["usual"] + 0.05
    original = run.original
    assert original.vector_size == 24 + 6
    words = np.concatenate([Topical().encode([word]) for word in original.index_to_key])
    words = words.astype(np.float16).astype(np.float32)
    centred = words - words.mean(axis=0)
    centred = unit(centred)
    for i, word in enumerate(original.index_to_key):
        usual, other = original.vectors[i, :24], original.vectors[i, 24:]
        own = word in scattered()
        assert original.sources[i] == (Source.KNOWN if own else Source.SUBWORDS)
        assert_allclose(other, centred[i] * (0.5**0.5 if own else 1), atol=1e-3)
        expected = scattered()[word] if own else np.zeros(24)
        length = np.linalg.norm(expected) if own else 1
        assert_allclose(usual, expected / length * 0.5**0.5, atol=1e-5)
    usual = refined(documents, scattered(), method=method, history="none")
    if method == "auto":
        scores = [
            {row["name"]: row["self_retrieval"] for row in one.provenance["decision"]["candidates"]}[
                one.provenance.method
            ]
            for one in (run, usual)
        ]
        assert scores[0] > scores[1]


def test_the_words_are_left_out_where_they_do_not_help() -> None:
    documents = topical_texts(NAMES, length=12)
    run = refined(documents, topical_table(), WordSums(), history="none")
    described = run.provenance["encoder"]
    assert not described["initial"]
    assert described["scores"]["joined"] < described["scores"]["usual"]
    plain = refined(documents, topical_table(), history="none")
    assert_array_equal(run.vectors.vectors, plain.vectors.vectors)
    assert run.provenance["decision"] == plain.provenance["decision"]
    assert len(encoded_texts_of(run)) > 100  # search may use it


def topical_table() -> Vectors:
    return Vectors(NAMES, Topical().encode(NAMES))


def test_a_run_without_an_encoder_says_nothing_of_one() -> None:
    run = refined(texts(10))
    assert "encoder" not in run.provenance
    assert "encode" not in run.provenance["options"]
    assert set(run.parts) <= {"repeats"}


# ---- Update = merge = anew

CASES: list[tuple[str, dict[str, Any]]] = [
    *((method, {}) for method in ("auto", "paper", "online", "decorrelated", "original")),
    ("decorrelated", {"encode": 7}),
    ("decorrelated", {"stem": "en", "min_count": 4}),
    ("auto", {"phrases": 3, "window": 5}),
]


def grows(documents: list[str], cut: int, vectors: Vectors, **options: Any) -> list[Run]:
    """Assert that merged and updated parts are the whole; the first part and the whole."""
    whole = refined(documents, vectors, **options)
    parts = [refined(part, vectors, **options) for part in (documents[:cut], documents[cut:])]
    assert_same_encoded(selfvec.merge(parts, vectors).present, whole)
    grown = selfvec.update(parts[0], documents[cut:], vectors, allow_duplicates=True)
    assert_same_encoded(grown.present, whole)
    return [parts[0], whole]


@pytest.mark.parametrize(("method", "rules"), soaked(CASES, *CASES[1:5], CASES[-1]), ids=str)
def test_update_and_merge_are_anew(method: str, rules: dict[str, Any]) -> None:
    grows(texts(60), 35, table(), encoder=WordSums(), method=method, **rules)


def test_with_joined_vectors_too() -> None:
    documents, options = topical_texts(NAMES, 160, length=12), {"method": "decorrelated", "history": "none"}
    part, whole = grows(documents, 100, scattered(), encoder=Topical(), **options)
    assert whole.provenance["encoder"]["initial"]
    refused(
        lambda: selfvec.update(part, ["hail"], topical_table()), SelfvecError, "these are not the vectors"
    )


def test_an_update_encodes_only_what_is_new() -> None:
    toy, documents = WordSums(), distinct(40)
    run = refined(documents[:20], encoder=toy)
    before = set(toy.encoded)
    toy.encoded.clear()
    grown = selfvec.update(run, documents[20:], table()).present
    assert set(toy.encoded) == {*documents[20:], *grown.vectors.index_to_key} - before
    assert len(toy.encoded) == len(set(toy.encoded))


@pytest.mark.parametrize("keep_undo", [True, False])
def test_the_vectors_of_a_withdrawn_text_go_with_it(tmp_path: Path, keep_undo: bool) -> None:
    rows = [{"id": str(i), "text": text} for i, text in enumerate(distinct(30))]
    rows.append({"id": "secret", "text": "a confidential remark"})
    toy, run = WordSums(), tmp_path / "run"
    selfvec.refine(rows, table(), "decorrelated", output=run, encoder=toy)
    gone = ["a confidential remark", "confidential"]

    def known() -> list[bool]:
        return encoded_texts_of(selfvec.open_run(run).present).lookup(gone)[1].tolist()

    assert all(known())
    opened = selfvec.open_run(run)
    assert "secret" in {hit.id for hit in opened.search("confidential remark", question="rows").hits}
    encoded = selfvec.run_index(opened).documents.encoded.documents
    toy.encoded.clear()
    selfvec.update(run, vectors=table(), output=run, withdraw="secret", no_undo=not keep_undo)
    assert toy.encoded == []  # nothing new, so the encoder is not needed
    assert "secret" not in {hit.id for hit in opened.search("confidential remark", question="rows").hits}
    assert selfvec.run_index(opened).documents.encoded.documents == encoded - 1
    assert not any(known())
    hashes = [one.tobytes() for one in text_hashes(gone)]
    holding = {
        name.split("/")[0] for name, content in files_in(run).items() if any(one in content for one in hashes)
    }
    assert holding == ({"encoded"} if keep_undo else set())
    if keep_undo:  # the state before has it, as it has the text, until the next update
        selfvec.undo(run)
        assert all(known())


def test_a_withdrawal_that_lets_other_passages_be_read_needs_the_encoder(tmp_path: Path) -> None:
    documents, run = distinct(30), tmp_path / "run"
    rows = [{"id": str(i), "text": text} for i, text in enumerate(documents)]
    selfvec.refine(rows, table(), "decorrelated", encode=5, output=run, encoder=letters)
    first = int(np.argmin(text_hashes(documents)))
    opened = selfvec.open_run(run)
    refused(
        lambda: selfvec.update(opened, vectors=table(), withdraw=str(first)),
        InputError,
        "no vector of 1 passage, and the encoder",
    )
    shorter = selfvec.update(opened, vectors=table(), withdraw=str(first), encoder=letters).present
    left = documents[:first] + documents[first + 1 :]
    assert_same_vectors(shorter, refined(left, encoder=letters, method="decorrelated", encode=5))


# ---- Vectors that are there already


def embeddings(number: int, width: int = 5) -> np.ndarray:
    return normal_rows(number, width, 4)


def test_vectors_of_documents_are_taken_by_row_or_by_id() -> None:
    import polars as pl

    documents = distinct(20)
    matrix = embeddings(20)
    by_row = selfvec.refine(documents, table(), "decorrelated", embeddings=matrix).present
    frame = pl.DataFrame({"id": [f"d{i}" for i in range(20)], "text": documents})
    by_id = {f"d{i}": matrix[i] for i in range(20)}
    for given in (by_id, pl.DataFrame({"id": list(by_id), "vector": list(by_id.values())})):
        run = selfvec.refine(frame, table(), "decorrelated", embeddings=given, id_field="id").present
        assert_array_equal(encoded_texts_of(run).rows, encoded_texts_of(by_row).rows)
    rows, found = encoded_texts_of(by_row).lookup(documents)
    assert found.all()
    assert_allclose(rows, unit(matrix), atol=1e-3)
    described = by_row.provenance["encoder"]
    assert (described["passages"], described["words"], described["initial"]) == (20, 0, False)
    plain = selfvec.refine(documents, table(), "decorrelated").present
    assert_array_equal(by_row.vectors.vectors, plain.vectors.vectors)
    assert encoder_of(by_row) is None


def test_vectors_of_documents_grow_and_merge_and_go() -> None:
    documents, matrix = distinct(30), embeddings(30)

    def run_of(a: int, b: int) -> Run:
        given = {"embeddings": matrix[a:b], "method": "decorrelated"}
        return selfvec.refine(documents[a:b], table(), **given).present

    whole, first, second = run_of(0, 30), run_of(0, 20), run_of(20, 30)
    assert_same_encoded(selfvec.merge([first, second], table()).present, whole)
    grown = selfvec.update(first, documents[20:], table(), embeddings=matrix[20:])
    assert_same_encoded(grown.present, whole)
    refused(
        lambda: selfvec.update(first, documents[20:], table()),
        InputError,
        "there is no vector of 10 documents, first",
    )


# ---- Wrong input


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"embeddings": embeddings(3)}, "embeddings: have 3 rows, and there are 2 documents"),
        ({"embeddings": [[1, 2], [3]]}, "embeddings: are a matrix of numbers with a row for each document"),
        ({"embeddings": np.zeros(2)}, "embeddings: are a matrix .* of shape \\(2,\\)"),
        ({"embeddings": [["a"], ["b"]]}, "embeddings: are a matrix of numbers"),
        ({"embeddings": [[1.0, np.nan], [1, 1]]}, "document '0' has values that are not finite"),
        ({"embeddings": {"x": [1.0, 2.0]}}, "embeddings: lack 2 of 2 documents, first '0'"),
        ({"embeddings": embeddings(2), "keep": "tokens"}, "embeddings: are of documents, which a run"),
        (
            {"embeddings": embeddings(2), "encoder": WordSums()},
            "are given in place of an encoder",
        ),
        ({"encode": 3}, "encode: limits what an encoder reads; add an encoder"),
        ({"encode": 0, "encoder": WordSums()}, "encode: is a whole number of at least 1, not 0"),
        ({"encoder": 3}, "encoder: is a sentence encoder, not int"),
        ({"encoder": lambda _: np.ones((1, 3))}, "encoder: .* returned the shape"),
        ({"encoder": lambda given: np.full((len(given), 3), np.nan)}, "values that are not finite numbers"),
        ({"encoder": WordSums(), "cluster": "local"}, "encoder: is for runs that one machine makes"),
    ],
)
def test_wrong_input_is_one_clear_error(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    target = None if "cluster" in options else tmp_path / "run"
    refused(
        lambda: selfvec.refine(["hail fell on roofs", "the wind blew"], table(), output=target, **options),
        SelfvecError,
        said,
    )
    assert not list(tmp_path.iterdir())


def test_runs_of_several_encoders_are_not_mixed() -> None:
    other = WordSums(digest="b" * 64)
    other.name = "other"
    used = enumerate((WordSums(), other, None))
    one, two, plain = (refined(texts(15, seed), encoder=encoder) for seed, encoder in used)
    for second, said in ((two, "'word sums' .* 'other'"), (plain, "'word sums' .* None")):
        rule = f"merged runs must have the same encoder, .* {said}"
        refused(lambda: selfvec.merge([one, second], table()), OptionError, rule)
    for run, given, kind, rule in (
        (one, {"encoder": other}, InputError, "the encoder has changed since the run: it was 'word sums'"),
        (plain, {"encoder": other}, OptionError, "encoder: is for runs that were made with one"),
        (
            one,
            {"embeddings": embeddings(1)},
            OptionError,
            "embeddings: are for a run that was made with them",
        ),
    ):
        refused(partial(selfvec.update, run, ["a new text"], table(), **given), kind, rule)


def letters(given: list[str]) -> np.ndarray:
    """A vector of a text: how often it has each letter."""
    return np.array([[text.count(letter) + 0.1 for letter in "abcdefgh"] for text in given])


def test_a_function_is_given_again_and_must_be_the_same(tmp_path: Path) -> None:
    documents = distinct(40)
    made = selfvec.refine(documents[:20], table(), output=tmp_path / "run", encoder=letters)
    assert encoder_of(made.present) is not None
    opened = selfvec.open_run(tmp_path / "run")
    assert encoder_of(opened.present) is None
    for encoder, rule in (
        (None, "and the encoder 'letters' of the run is not here"),
        (lambda given: -letters(given), "gives other vectors than when the run was made"),
        (lambda given: np.ones((len(given), 3)), "it gave vectors of 8 numbers, now of 3"),
    ):
        refused(partial(selfvec.update, opened, documents[20:], table(), encoder=encoder), InputError, rule)
    grown = selfvec.update(opened, documents[20:], table(), encoder=letters)
    assert encoder_of(grown.present) is not None


# ---- Folders


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    return write_encoder(tmp_path / "tiny")


def test_a_folder_is_found_again_moved_and_refused_if_changed(tmp_path: Path, tiny: Path) -> None:
    documents = ["hail on the roof", "rain on a roof", "hail and rain", "a roof"]
    whole = refined(documents, "none", tiny, method="decorrelated")
    run = selfvec.refine(documents[:2], "none", "decorrelated", output=tmp_path / "run", encoder=tiny)
    assert_same_encoded(selfvec.update(run, documents[2:]).present, whole)
    copied = clone(selfvec.Refiner(encoder=encoder_of(run.present))).encoder
    assert copied.digest == encoded_texts_of(run.present).digest
    moved = tmp_path / "moved"
    shutil.move(tiny, moved)
    run = selfvec.open_run(tmp_path / "run")
    refused(
        lambda: selfvec.update(run, documents[2:]), InputError, r"the encoder '.*tiny' of the run is not here"
    )
    grown = selfvec.update(run, documents[2:], encoder=moved).present
    assert_array_equal(grown.vectors.vectors, whole.vectors.vectors)
    assert grown.provenance["encoder"]["path"] == str(moved)
    write_encoder(tiny, settings={"1_Pooling/config.json": {"pooling_mode_cls_token": True}})
    for given in ({}, {"encoder": tiny}):
        refused(
            lambda: selfvec.update(selfvec.open_run(tmp_path / "run"), documents[2:], **given),
            InputError,
            "the encoder has changed since the run",
        )


def test_the_command_says_what_it_does(tmp_path: Path, tiny: Path) -> None:
    (tmp_path / "texts.txt").write_text("hail on the roof\nrain on a roof\n")
    run = tmp_path / "run"
    command = ["refine", tmp_path / "texts.txt", "-o", run, "--vectors", "none", "--encoder", tiny]
    said = ran([*command, "--encode", "1"]).err
    assert f"encoding 1 passage and 6 words with {tiny}\n" in said
    assert "are left out of the initial vectors: too little text to compare vectors" in said
    (tmp_path / "more.txt").write_text("hail and rain\n")
    ran(["update", run, tmp_path / "more.txt"])
    assert {path.name for path in run.glob("*encoded*")} == {"encoded", "encoded-2"}
    assert "0 files are not listed" not in ran(["run", "verify", run]).out


# ---- Interrupted


@pytest.mark.parametrize("call", ["refine", "update"])
def test_what_was_encoded_is_not_encoded_again_after_an_interrupt(tmp_path: Path, call: str) -> None:
    run, read = tmp_path / "run", []
    documents = [f"text number {i} of many" for i in range(600)]

    def encode(stop: bool) -> set[str]:
        def letters_again(given: list[str]) -> np.ndarray:
            if stop and any("number 500 " in text for text in given):
                raise KeyboardInterrupt
            read.extend(given)
            return letters(given)

        letters_again.__name__ = "letters"
        read.clear()
        if call == "refine":
            selfvec.refine(documents, "none", "decorrelated", output=run, encoder=letters_again)
        else:
            selfvec.update(run, documents, output=run, encoder=letters_again)
        return set(read)

    if call == "update":
        selfvec.refine(["the text of many"], "none", "decorrelated", output=run, encoder=letters)
    before = files_in(run)
    refused(lambda: encode(stop=True), Interrupted)
    first, left = set(read), files_in(run)
    assert "encoded.journal" in left
    assert before.items() <= left.items()
    second = encode(stop=False)
    assert len(first) > 250
    assert len(first & second) <= 2  # one of the run and one of the journal: is the function the same?
    assert not (run / "encoded.journal").exists()
    assert encoded_texts_of(selfvec.open_run(run).present).lookup(sorted(first | second))[1].all()

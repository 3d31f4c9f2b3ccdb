"""NUL characters, halves of surrogate pairs, text decoded twice: mended and counted, or refused."""

import json
import os
import sys
from pathlib import Path

import pytest
from corpus_reader import CONTAINERS, Reader
from tests.refusals import refused

from selfvec.base.errors import CorpusError
from selfvec.corpus import Corpus, as_corpus
from selfvec.corpus.repairs import decoded_once
from selfvec.data.run_text import column_of

COLUMNS = {"text": ["hail fell", "wind\0broke"], "id": ["1", "2\0"], "where": ["Iowa", "Io\0wa"]}
CLEAN = {name: [value.replace("\0", "\ufffd") for value in values] for name, values in COLUMNS.items()}


@pytest.mark.parametrize("kind", [kind for kind in CONTAINERS if kind != "csv"])
def test_nul_is_replaced_alike_in_texts_ids_and_fields(tmp_path: Path, kind: str) -> None:
    corpus = as_corpus(CONTAINERS[kind](COLUMNS, tmp_path))
    (batch,) = corpus.batches()
    assert {name: batch.rows[name].to_list() for name in COLUMNS} == CLEAN
    summary = corpus.summary
    assert (summary.mended_rows, summary.bad_rows) == (1, 0)
    assert summary.mended_places[0].endswith(":2: NUL characters replaced: 3 places")
    assert "1 row repaired: NUL characters replaced (3 places), first " in summary.describe()


@pytest.mark.parametrize("bad", ["\0", "\ud800"])
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("kind", ["jsonl", "rows"])
def test_names_and_values_of_kept_fields_are_made_readable(
    tmp_path: Path, kind: str, late: bool, bad: str
) -> None:
    empty = [None] * (150 if late else 1)
    columns = {"text": ["hail", *(f"wind {number}" for number in range(len(empty)))]}
    columns[f"no{bad}te"] = [*empty, f"v{bad}"]
    (batch,) = as_corpus(CONTAINERS[kind](columns, tmp_path)).batches()
    assert batch.rows["no\ufffdte"].to_list() == [*empty, "v\ufffd"]


def test_half_a_surrogate_pair_in_an_id_or_slice_is_a_bad_row() -> None:
    for given in ({"ids": ["\ud800", "b"]}, {"slices": ["\ud800", "b"]}):
        with pytest.raises(CorpusError, match=r"^memory:1: holds half of a surrogate pair"):
            list(Corpus.from_texts(["hail", "wind"], **given).batches())


def test_a_field_that_is_named_by_the_user_has_a_readable_name(reader: Reader) -> None:
    reader.write("a.jsonl", json.dumps({"no\0te": "hail"}))
    rule = r"field 'no\ufffdte': its name holds a NUL character .*; rename it"
    refused(lambda: Corpus.open(reader.folder / "a.jsonl", text_field=["no\0te"]), CorpusError, rule)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
def test_names_of_files_that_are_not_unicode(reader: Reader) -> None:
    folder = reader.folder / "docs"
    folder.mkdir()
    name = os.fsdecode(b"caf\xe9")
    (folder / f"{name}.txt").write_text("hail fell")
    (folder / f"{name}.zzz").write_text("no text")
    corpus = Corpus.open(folder)
    (batch,) = corpus.batches()
    assert batch.rows["id"].to_list() == ["caf\ufffd.txt"]
    assert corpus.summary.skipped_files == [str(folder / "caf\ufffd.zzz")]
    refused(
        lambda: Corpus.open(folder / f"{name}.txt"),
        CorpusError,
        r"caf\ufffd\.txt: the name of this file .* is not Unicode text",
    )


# UTF-8 that was read as Windows-1252 and saved again


@pytest.mark.parametrize("wrong", ["cp1252", "latin-1"])
def test_text_that_was_decoded_twice_is_decoded_once_and_counted(wrong: str) -> None:
    texts = ["The bank’s “risk” – a café’s – is 3 €.", "nothing here", "it’s"]
    twice = [text.encode().decode(wrong, "replace") for text in texts]
    corpus = as_corpus([{"text": text, "note": text} for text in twice], keep_fields=True)
    (batch,) = corpus.batches()
    assert batch.texts.to_list() == batch.rows[column_of("note")].to_list() == texts
    places = [
        f"rows:{line}: UTF-8 that had been read as Windows-1252 decoded again: {count}"
        for line, count in ((1, "16 places"), (3, "2 places"))
    ]
    assert corpus.summary.mended_places == places
    told = "UTF-8 that had been read as Windows-1252 decoded again (18 places), first in line 1 of rows"
    assert f"2 rows repaired: {told}" in corpus.summary.describe()


@pytest.mark.parametrize(
    "text",
    [
        "naïve café “Ångström” — Ærø",
        "MANHÃ» e AMANHÃ—",  # capitals before a sign
        "a manhã – à noite",
        "âme, pâté, â, Ã",
        "25 °C ± 2 £ § ¿qué?",
    ],
)
def test_a_sound_text_stays_as_it_is(text: str) -> None:
    assert decoded_once(text) == (text, 0)
    assert decoded_once(decoded_once(text.encode().decode("cp1252", "replace"))[0])[1] == 0

# ruff: noqa: PTH123, SIM115 (files are opened as people open them)
"""Objects as corpora: what people pass to `fit` is read as what it is, or refused."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from corpus_reader import CONTAINERS, collect, rows_of
from tests.refusals import refused
from tests.spelled import spelled_texts

import selfvec
from selfvec.base.errors import CorpusError, OptionError
from selfvec.corpus import Corpus, as_corpus

COLUMNS: dict[str, list[Any]] = {
    "id": [1, 2, 3], "title": ["Hail", None, "Snow"], "text": ["It fell.", "Rain fell.", None],
    "body": ["a", "b", "c"], "year": [1972, None, 1993], "tags": [["x"], ["y"], ["z"]],
}  # fmt: skip
TEXTS = ["Hail\n\nIt fell.", "Rain fell.", "Snow"]


class Dataset:
    """As one of Hugging Face's: columns by name, rows by number."""

    features: tuple[str, ...] = ()

    def __init__(self, columns: dict[str, list[Any]]) -> None:
        self._columns, self.column_names = columns, list(columns)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def __getitem__(self, name: str | int) -> Any:
        return (
            self._columns[name] if isinstance(name, str) else {n: c[name] for n, c in self._columns.items()}
        )

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (self[number] for number in range(len(self)))


FRAMES = {
    "pandas": pd.DataFrame(COLUMNS), "pandas, objects": pd.DataFrame(COLUMNS).astype(object),
    "polars": pl.DataFrame(COLUMNS), "polars, lazy": pl.LazyFrame(COLUMNS), "arrow": pa.table(COLUMNS),
    "arrow, batch": pa.table(COLUMNS).to_batches()[0], "datasets": Dataset(COLUMNS),
}  # fmt: skip


def texts_of(data: Any, **options: Any) -> list[str]:
    return collect(as_corpus(data, **options))["texts"]


class Streamed:
    """As one of Hugging Face's streamed datasets: rows only, as often as asked."""

    column_names = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(ROWS)


ROWS = rows_of(COLUMNS)
SOURCES = FRAMES | {"rows": ROWS, "tuple": tuple(ROWS), "streamed": Streamed(), "iterator": iter(ROWS)}


@pytest.mark.parametrize("name", SOURCES)
def test_frames_and_rows_are_read_as_a_file_of_their_columns(name: str) -> None:
    corpus = as_corpus(SOURCES[name])
    (batch,) = corpus.batches()
    assert batch.texts.to_list() == TEXTS
    assert batch.rows["id"].to_list() == ["1", "2", "3"]
    assert [date and date.year for date in batch.rows["date"]] == [1972, None, 1993]
    assert batch.rows["tags"].to_list() == ['["x"]', '["y"]', '["z"]']
    told = corpus.summary.as_dict()
    dated = "dates from year (1 document has no date)"
    assert told["description"] == f"3 documents; text from title + text (recognised); {dated}"
    (file,) = told["files"]
    path = "data frame" if name in FRAMES else "rows"
    assert (file["path"], file["kind"], file["bytes"]) == (path, "frame", 26)
    if name == "iterator":
        refused(lambda: collect(corpus), CorpusError, "an iterator can be read only once")
    else:
        assert collect(corpus)["texts"] == TEXTS
        assert texts_of(SOURCES[name], text_field=["body"]) == ["a", "b", "c"]


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_columns_of_text_are_chosen(frame: Any) -> None:
    assert texts_of(frame, text_field="body") == ["a", "b", "c"]
    needed = "a column of strings is needed"
    for field, rule in (("no", ".*; give text_field=NAME; its fields"), ("tags", needed), ("id", needed)):
        rule = f"^data frame: field '{field}': {rule}"
        refused(lambda: as_corpus(frame, text_field=[field]), CorpusError, rule)


def test_the_same_texts_have_the_same_hash_in_lists_rows_and_frames() -> None:
    hashes = []
    texts = ["Hail fell.", "Wind."]
    for data in (texts, pd.DataFrame({"text": texts}), [{"text": text} for text in texts]):
        corpus = as_corpus(data)
        list(corpus.batches())
        hashes.append(corpus.summary.files[0].sha256)
    assert len(set(hashes)) == 1


def objects(**columns: list[Any]) -> pd.DataFrame:
    return pd.DataFrame(columns, dtype=object)


ODD = objects(text=["a", 3, "b"])
HALVES = Dataset({"text": ["a\ud800", "b\0", "c"]})


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        ([{"text": "hail"}, {"text": 3}], "^rows:2: field 'text': text is a string, this is int"),
        ([{"text": "hail"}, {"text": [1, 2]}], "text is a string, this is list"),
        ([{"text": "hail"}, "hail"], "^rows:2: a row is a mapping, this is str"),
        ([{"text": "hail", "id": "\ud800"}], "^rows:1: field 'id': holds half of a surrogate pair"),
        ([{"words": "hail"}], "give text_field=NAME; its fields are: words$"),
        (ODD, "^data frame:2: field 'text': text is a string, this is int"),
        (objects(text=[None, 3]), "field 'text': .* holds int; choose another"),
        (HALVES, "^data frame:1: field 'text': holds half of a surrogate pair"),
        (pd.DataFrame([["a", "b"]], columns=["text", "text"]), "field 'text': two columns have this name"),
    ],
)
def test_a_row_that_is_none_is_named_by_its_place(data: Any, rule: str) -> None:
    refused(lambda: texts_of(data), CorpusError, rule)


def test_rows_that_are_none_and_values_that_are_no_ids_are_left_out() -> None:
    assert texts_of([{"text": "hail"}, {"text": None}, {}, {"text": "wind", "id": 3}]) == ["hail", "wind"]
    assert texts_of(ODD, skip_bad_rows=True) == ["a", "b"]
    assert texts_of(HALVES, skip_bad_rows=True) == ["b\ufffd", "c"]
    (batch,) = as_corpus(pd.DataFrame({"id": [np.zeros(2), np.ones(2)], "text": ["a", "b"]})).batches()
    assert batch.get("id") is None


def test_many_rows_come_in_batches() -> None:
    rows = [{"text": f"report {number}"} for number in range(30_000)]
    assert texts_of(rows) == [row["text"] for row in rows]
    assert sum(len(batch) for batch in as_corpus(rows).batches(batch_bytes=1000)) == len(rows)


@pytest.mark.parametrize("tokenized", [False, True])
@pytest.mark.parametrize(
    "column",
    [
        *(list, iter, pd.Series, pl.Series, pa.array),
        lambda items: np.array(items, object),
        lambda items: pd.Series([np.array(item) if isinstance(item, list) else item for item in items]),
        lambda items: pa.chunked_array([items[:1], items[1:]]),
    ],
)
def test_columns_and_other_iterables_hold_a_text_or_its_tokens_in_an_item(
    column: Callable[[list[Any]], Any], tokenized: bool
) -> None:
    texts = ["hail fell", None, "rain"]
    corpus = as_corpus(column([text and text.split() for text in texts] if tokenized else texts))
    assert collect(corpus)["texts"] == ["hail fell", "rain"]
    assert (corpus.summary.empty, corpus.tokenized) == (1, tokenized)


@pytest.fixture
def files(here: Path) -> list[str]:
    Path("a.txt").write_text("Hail fell.\n")
    Path("README").write_text("Rain fell.\n")
    Path("c.csv").write_text("title,body\nSnow,It lay.\n")
    Path("texts").mkdir()
    Path("texts", "d").write_text("Wind.")
    return ["a.txt", "README", "c.csv"]


def test_names_of_files_are_read_as_files(files: list[str]) -> None:
    told = ["Hail fell.", "Rain fell.", "Snow\n\nIt lay."]
    for names in (files, iter(files), [Path(name) for name in files], pd.Series(files), np.array(files)):
        assert texts_of(names) == told
    assert texts_of(["c.csv"], text_field=["body"]) == ["It lay."]
    assert texts_of([Path("texts"), "a.txt"]) == texts_of(["texts", "a.txt"]) == ["Wind.", "Hail fell."]
    assert texts_of("a.txt") == ["Hail fell."]


def test_what_looks_like_names_of_files_is_no_text(files: list[str]) -> None:
    for names in (["a.txt", "b.txt"], ["x.jsonl.gz"], ["texts/1993.parquet", "a.txt"]):
        refused(lambda: as_corpus(names), CorpusError, "there is no such file or folder")
    refused(lambda: as_corpus(["s3://bucket/reports"]), CorpusError, "is on a remote file system")


def test_texts_that_are_not_all_names_are_texts(files: list[str]) -> None:
    for texts in (["README", "Hail fell."], ["a.txt", "see a.txt"], ["texts", "x"], ["x\0y"], ["a" * 5000]):
        assert texts_of(texts) == [text.replace("\0", "\ufffd") for text in texts]
    assert collect(Corpus.from_texts(["a.txt"]))["texts"] == ["a.txt"]


def test_lists_of_tokens_are_kept_as_they_are() -> None:
    documents = [["Don't", "cut", "U.S.", "1,75", "hail-storm"], ("re:", "U.S."), []]
    run = selfvec.Refiner("original").fit(documents, "none").run_
    assert run.vectors.index_to_key == ["U.S.", "Don't", "cut", "1,75", "hail-storm", "re:"]
    assert (run.provenance["options"]["tokenizer"], run.provenance["documents"]) == ("whitespace", 2)
    assert spelled_texts(run.tokens) == [*map(list, documents[:2])]


@pytest.mark.parametrize("token", ["flash flood", "", " ", "a\n", "a\u00a0b", None, 3])
def test_tokens_that_would_be_cut_or_lost_are_refused(token: Any) -> None:
    rule = "^memory:2: a token is a string without white space"
    refused(lambda: as_corpus([["hail"], ["fell", token]]), CorpusError, rule)
    rule = "^memory:2: a document is a list of tokens here, this is str"
    refused(lambda: as_corpus([["hail"], "rain"]), CorpusError, rule)


def test_tokens_are_not_given_to_a_tokeniser_that_cuts_them() -> None:
    plain = selfvec.Refiner("original").fit(["hail fell on roofs"] * 3, "none").run_
    rule = r"^memory: its documents are tokens .* words would split them again; use the"
    refused(lambda: selfvec.update(plain, [["U.S.", "hail"]]), CorpusError, rule)
    tokens = selfvec.Refiner("original").fit([["hail", "U.S."]] * 3, "none").run_
    assert selfvec.update(tokens, [["U.S.", "wind"]]).vectors.index_to_key == ["U.S.", "hail", "wind"]
    found = selfvec.phrases([["flash", "flood", "closed", "it"], ["a", "flash", "flood"]] * 4, min_count=2)
    assert "flash_flood" in [row.term for row in found]


class Lazy:
    """As a data frame of Dask."""

    columns = tuple(COLUMNS)

    def compute(self) -> pd.DataFrame:
        return pd.DataFrame(COLUMNS)


class Columns:
    """Columns by name, as in many libraries; iterating over them gives the names."""

    def keys(self) -> list[str]:
        return list(COLUMNS)

    def __iter__(self) -> Iterator[str]:
        return iter(COLUMNS)


def test_an_update_reads_a_frame_by_the_fields_of_the_run() -> None:
    rows = {"text": ["not this"], "memo": ["hail fell"], "Ticket": ["T1"]}
    frame = pd.DataFrame(rows)
    run = selfvec.refine(frame, "none", "original", text_field="memo", id_field="Ticket")
    new = pd.DataFrame({**rows, "memo": ["hail rose"]})
    grown = selfvec.update(run, new)
    assert set(grown.vectors.index_to_key) == {"hail", "rose"}  # the same id replaces
    assert grown.text.ids() == ["T1"]
    assert set(selfvec.update(run, ["wind"]).vectors.index_to_key) == {"hail", "fell", "wind"}
    assert set(selfvec.update(run, new, text_field="text").vectors.index_to_key) == {"not", "this"}
    refused(
        lambda: selfvec.update(run, new.drop(columns="memo")),
        CorpusError,
        r"field 'memo': there is no such field; give text_field=NAME",
    )


def test_fields_are_named_in_every_function_that_reads_text(tmp_path: Path) -> None:
    winds = [f"wind gust{number}" for number in range(8)]
    frame = pd.DataFrame(
        {"memo": ["flash flood", "a flash flood rose"] * 4, "text": winds, "kind": ["a"] * 8}
    )
    model = selfvec.Refiner("original").fit(frame, vectors="none", text_field="memo", slice_field="kind")
    assert set(model.vectors_.index_to_key) == {"flash", "flood", "a", "rose"}
    assert list(model.run_.tokens.slice_names) == ["a"]
    assert [row.term for row in selfvec.phrases(frame, min_count=2, text_field="memo")] == ["flash_flood"]
    orders = [" ".join(words) for words in permutations(("flash", "flood", "a", "rose"))][1:9]
    for field, share in (("text", 1), (None, 0)):
        new = frame.assign(memo=orders)
        assert selfvec.monitor(model.run_, new, text_field=field, level=0.3).unknown_share == share


@pytest.mark.parametrize(
    ("data", "options", "said"),
    [
        (
            ["Hail."],
            {"text_field": "a"},
            "text_field: names a field, and texts alone have none; leave",
        ),
        (["Hail."], {"date_field": "day"}, "date_field: names a field"),
        (["Hail."], {"keep_fields": "kind"}, "keep_fields: names a field"),
        (["Hail."], {"slice": "corpus"}, "slice: corpus makes a slice of each file"),
        (FRAMES["polars"], {"slice": "corpus"}, "slice: corpus makes .*or name a slice_field"),
        (Corpus.from_texts(["Hail."]), {"text_field": "a"}, "text_field: is chosen where a Corpus is opened"),
    ],
)
def test_texts_have_no_fields(data: Any, options: dict[str, str], said: str) -> None:
    refused(lambda: selfvec.refine(data, "none", "original", **options), OptionError, f"^{said}")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (3, "is a path, paths, texts, a data frame or a Corpus, not int; give a path"),
        (None, "is a path, .*, not NoneType; give a path"),
        (b"hail", "is a path, .*, not bytes; decode"),
        ({"text": ["hail"]}, "is a path, .*, not dict; give a data frame"),
        ({"train": Dataset(COLUMNS)}, ".*or one split of a dataset"),
        ([b"hail"], "holds texts, not bytes; decode"),
        ([1, 2], "holds texts, not int"),
        (np.zeros((2, 2, 2)), "is one column of texts, not an array of 3"),
        (Lazy(), r"is a data frame of a kind that is not read, .*Lazy; give what its to_arrow"),
        (Columns(), r"is a data frame of a kind that is not read, .*Columns; give what its"),
    ],
)
def test_what_is_no_corpus_is_refused_with_a_way_out(data: Any, said: str) -> None:
    refused(lambda: as_corpus(data), OptionError, f"^data: {said}")
    refused(lambda: selfvec.refine(data), OptionError, r"^corpus: ")


def test_what_programs_write_as_objects_is_read_as_values() -> None:
    rows = [
        {
            "_id": {"$oid": "5f1a"},
            "date": {"$date": "2020-07-24T00:00:00Z"},
            "text": ["a ", {"text": "bold"}, "!"],
        },
        {"_id": {"$oid": "5f1b"}, "date": {"$date": {"$numberLong": "1627084800000"}}, "text": "b"},
    ]
    (batch,) = as_corpus(rows).batches()
    assert batch.rows["id"].to_list() == ["5f1a", "5f1b"]
    assert batch.rows["date"].cast(str).to_list() == ["2020-07-24", "2021-07-24"]
    assert batch.texts.to_list() == ["a bold!", "b"]


RUNS = [{"type": "text", "text": "Ha"}, {"type": "text", "text": "il."}]
WITHIN = [  # a value, and its text
    ({"contentType": "html", "content": "Hail."}, "Hail."),
    (["Hail.\n", "Snow."], "Hail.\nSnow."),
    ({"type": "doc", "content": [{"type": "p", "content": RUNS}, {"type": "p", "content": RUNS[:1]}]},
     "Hail.\nHa"),
    ([{"p": {"rich_text": [{"plain_text": "Ha", "text": {"content": "Ha"}}, {"plain_text": "il"}]}}], "Hail"),
    ({"ops": [{"insert": "Ha"}, {"insert": "il.\n"}, {"insert": {"image": "x"}}, {"insert": "Snow."}]},
     "Hail.\nSnow."),
    ([{"by": "Ann", "body": "Hail."}, {"by": "Bo", "body": "Snow.", "replies": [{"body": "Fog."}]}],
     "Hail.\nSnow.\nFog."),
]  # fmt: skip


@pytest.mark.parametrize(("value", "text"), WITHIN)
def test_a_text_of_several_strings_is_read_in_order(value: object, text: str) -> None:
    assert texts_of([{"text": value}]) == texts_of([{"text": json.dumps(value)}]) == [text]


def test_a_tree_is_proposed_whole_and_an_object_without_a_text_by_what_is_in_it() -> None:
    tree = {"type": "doc", "content": [{"type": "text", "text": "It hailed on all of the roofs."}]}
    refused(lambda: as_corpus([{"f": {"d": tree}}] * 3), CorpusError, "give text_field f.d;|text_field=f.d;")
    content = {"en": "It hailed on all of the roofs."}
    refused(lambda: as_corpus([{"content": content}] * 3), CorpusError, r"content\.en looks like text")
    issue = {"summary": "Hail", "description": content["en"]}
    refused(lambda: as_corpus([{"f": issue}]), CorpusError, "f.summary,f.description;")


def test_an_index_with_a_name_is_a_column_and_pairs_have_ids() -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "text": ["Hail fell.", "It snowed."]})
    for data in (
        frame.set_index("id"),
        frame.set_index("id")["text"],
        list(frame.itertuples(index=False, name=None)),
        zip("ab", frame["text"], strict=True),
    ):
        (batch,) = as_corpus(data).batches()
        assert (batch.rows["id"].to_list(), batch.texts.to_list()) == (["a", "b"], frame["text"].to_list())
    (batch,) = as_corpus(enumerate(frame["text"])).batches()
    assert batch.rows["id"].to_list() == ["0", "1"]
    assert as_corpus([("a", "hail"), ("b", "snow")]).tokenized
    refused(lambda: as_corpus([("a", "Hail fell."), ("a", "It snowed.")]), CorpusError, "a token is a string")


@pytest.mark.parametrize(
    "name", ["createdDateTime", "update_date", "Review Submit Date and Time", "created_at"]
)
def test_a_date_is_found_by_the_pieces_of_its_name(name: str) -> None:
    rows = [{"text": "hail", name: f"2024-01-0{n}T10:00", "birth_date": "1990-01-01"} for n in (1, 2, 3)]
    (batch,) = as_corpus(rows).batches()
    assert batch.rows["date"].cast(str).to_list() == ["2024-01-01", "2024-01-02", "2024-01-03"]


@pytest.mark.parametrize("kind", [kind for kind in CONTAINERS if kind != "parquet"])
def test_headings_below_the_names_are_left_out_of_all_rows(kind: str, tmp_path: Path) -> None:
    """As of a table of Qualtrics that was read without leaving them out."""
    columns = {
        "StartDate": ["Start Date", '{"ImportId":"Q1"}', *(f"2020-01-0{n}" for n in range(1, 6))],
        "Q1": ["Score", '{"ImportId":"Q2"}', *"12345"],
        "text": ["What could we do better?", "{}", *(f"hail fell {n} times" for n in range(1, 6))],
    }
    corpus = as_corpus(CONTAINERS[kind](columns, tmp_path), date_field="StartDate")
    assert collect(corpus)["texts"] == columns["text"][2:]
    assert corpus.summary.mended == {"headings below the header left out": 2}


def test_a_long_word_of_digits_is_looked_at_once() -> None:
    text = "4" * 300_000 + " hail"
    assert texts_of([{"text": text, "note": text}]) == [text]  # in hours, if each sign began a word


# Open files, whose lines are never taken for texts; their rows are read by their names


@pytest.fixture
def folder(here: Path) -> Path:
    Path("x.jsonl").write_text('{"text": "hail fell"}\n{"text": "it rained"}\n')
    Path("x.csv").write_text("id,text\n0,hail fell\n1,it rained\n")
    Path("x.csv.gz").write_bytes(gzip.compress(Path("x.csv").read_bytes()))
    return here


OPEN: dict[str, Callable[[], Any]] = {
    "text": lambda: open("x.csv", encoding="utf-8"),
    "bytes": lambda: open("x.csv", "rb"),
    "gzip": lambda: gzip.open("x.csv.gz"),
    "string": lambda: io.StringIO("id,text\n1,hail\n"),
    "csv.reader": lambda: csv.reader(["id,text", "1,hail"]),
}


@pytest.mark.parametrize("name", OPEN)
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_open_file_is_refused(folder: Path, name: str) -> None:
    rule = "^corpus: is (a path|rows).*, (not )?_?(io|gzip|csv).*; give a path.*csv.DictReader"
    refused(lambda: selfvec.refine(OPEN[name](), "none"), OptionError, rule)


def test_rows_of_a_csv_reader_with_names_are_read(folder: Path) -> None:
    with open("x.csv", encoding="utf-8") as file:
        (batch,) = as_corpus(csv.DictReader(file)).batches()
    assert (batch.texts.to_list(), batch.rows["id"].to_list()) == (["hail fell", "it rained"], ["0", "1"])
    refused(
        lambda: list(as_corpus(csv.DictReader(["id,text", "1,hail, rain"])).batches()),
        CorpusError,
        r"^rows:1: a row has 2 values, as its header, this one has more",
    )


def test_lines_of_json_that_are_given_as_texts_are_read(folder: Path) -> None:
    corpus = as_corpus(Path("x.jsonl").read_text().splitlines())
    (batch,) = corpus.batches()
    assert len(batch) == 2
    assert "{" not in "".join(batch.texts)
    for texts in (["{hail} fell"], ["{}"]):
        corpus = as_corpus(texts)
        list(corpus.batches())
        assert corpus.summary.notes == []

"""Which field is the text, and what is said where a person may have meant another; files without any."""

import json
import re
from pathlib import Path

import pytest
from corpus_reader import CONTAINERS, Columns, Reader
from tests.refusals import refused

import selfvec
from selfvec.base.errors import CorpusError
from selfvec.corpus import Corpus, as_corpus
from selfvec.corpus.fields import FieldNames, recognise

EXPORTS = {  # the columns of what people have, and the text that is read
    "Reddit, posts": (["title", "score", "id", "url", "created_utc", "selftext"], ("title", "selftext")),
    "Reddit, comments": (["author", "body", "score", "created_utc"], ("body",)),
    "HuffPost": (["link", "headline", "category", "short_description"], ("headline", "short_description")),
    "Amazon, 2014": (["reviewerID", "asin", "reviewText", "summary", "overall"], ("reviewText",)),
    "Amazon, fine foods": (["Id", "ProductId", "Score", "Summary", "Text"], ("Text",)),
    "Women's clothing": (["Clothing ID", "Title", "Review Text", "Rating"], ("Title", "Review Text")),
    "Twitter": (["id", "created_at", "full_text", "retweet_count"], ("full_text",)),
    "tweets": (["id", "conversation_id", "created_at", "tweet"], ("tweet",)),
    "Zendesk": (["Id", "Subject", "Description", "Status"], ("Subject", "Description")),
    "Jira": (["Issue key", "Summary", "Description", "Created"], ("Description",)),
    "CNN": (["id", "article", "highlights"], ("article",)),
    "arXiv": (["id", "title", "abstract", "categories"], ("title", "abstract")),
    "Consumer complaints": (
        ["Date received", "Consumer complaint narrative"],
        ("Consumer complaint narrative",),
    ),
    "a survey": (["Respondent", "Customer Feedback"], ("Customer Feedback",)),
    "SurveyMonkey": (["Respondent ID", "Open-Ended Response"], ("Open-Ended Response",)),
    "speeches": (["speaker", "party", "Speech"], ("Speech",)),
    "a blog": (["post_title", "post_body"], ("post_title", "post_body")),
    "German": (["Nr", "Betreff", "Beschreibung"], ("Betreff", "Beschreibung")),
    "camel case": (["bodyText", "createdAt", "docId"], ("bodyText",)),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_the_text_of_usual_exports_is_found(name: str) -> None:
    columns, text = EXPORTS[name]
    fields = recognise(columns, "x", FieldNames())
    assert (fields.text, fields.notes) == (text, ())


def test_names_are_usual_in_any_spelling() -> None:
    fields = recognise(["Created At", "docId", "Body-Text"], "x", FieldNames())
    assert (fields.text, fields.date, fields.id) == (("Body-Text",), "Created At", "docId")


LONG = "the hail fell on all of the roofs"


@pytest.mark.parametrize(
    ("row", "note"),
    [
        (
            {"title": "Hail", "words he said": LONG, "who": "Ann"},
            "the text is title alone: no field has a usual name of a body; words he said looks like text, "
            "too: --text-field 'title,words he said'",
        ),
        (
            {"headline": "Hail", "a": LONG, "b": LONG},
            "the text is headline alone: no field has a usual name of a body; a, b look like text, too: "
            "--text-field headline,a",
        ),
        ({"title": LONG, "who": "Ann"}, "the text is title alone: no field has a usual name of a body"),
        (
            {"title": "雹", "内容": "昨天下午冰雹打坏了村里所有的屋顶。"},
            "the text is title alone: no field has a usual name of a body; 内容 looks like text, too: "
            "--text-field 'title,内容'",
        ),
        ({"title": "Hail", "text": LONG, "said": LONG}, None),
    ],
)
@pytest.mark.parametrize("kind", CONTAINERS)
def test_a_title_alone_is_said_with_what_looks_like_text(
    tmp_path: Path, row: dict[str, str], note: str | None, kind: str
) -> None:
    corpus = as_corpus(CONTAINERS[kind]({name: [value] for name, value in row.items()}, tmp_path))
    list(corpus.batches())
    assert corpus.summary.notes == ([note] if note else [])


BESIDE = [  # a row, and what is said of fields that are not read
    ({"text": "hail fell", "b": LONG},
     "the text is text; b looks like text, too, and has more words: --text-field text,b, or b alone"),
    ({"text": "hail…", "whole": {"text": LONG}, "by": {"name": "Ann"}},
     "the text is text; whole.text looks like text, too, and has more words: "
     "--text-field text,whole.text, or whole.text alone"),
    ({"title": "Hail", "text": "hail fell", "answers": [{"by": "Ann", "body": LONG}, {"body": LONG}]},
     "the text is title + text; answers.body looks like text, too, and has more words: "
     "--text-field title,text,answers.body, or answers.body alone"),
    ({"text": LONG, "said": "it rained all day"}, None),
    ({"text": LONG, "html": f"<p class='a b c d'>{LONG}</p>", "tokens": LONG.split() * 2}, None),
    ({"text": "hail fell", "url": "https://a.b/c-d-e-f-g", "meta": {"k": "a", "l": "b", "m": "c"}}, None),
]  # fmt: skip


@pytest.mark.parametrize(("row", "note"), BESIDE)
@pytest.mark.parametrize("kind", [kind for kind in CONTAINERS if kind != "csv"])
def test_fields_with_more_text_are_named(tmp_path: Path, row: dict, note: str | None, kind: str) -> None:
    columns = {"id": [0, 1, 2]} | {name: [value] * 3 for name, value in {"date": "2020-01-01", **row}.items()}

    def read(**options: str) -> Corpus:
        return as_corpus(CONTAINERS[kind](columns, tmp_path), **options)

    assert read().summary.notes == ([note] if note else [])
    if note:
        option = note.partition("--text-field ")[2].partition(", or")[0]
        asked = read(text_field=option)
        (batch,) = asked.batches()
        assert LONG in batch.texts[0]
        assert asked.summary.notes == []


def test_a_date_is_named_where_the_field_of_a_usual_name_holds_none(reader: Reader) -> None:
    for values, noted in ((["", "soon", "n/a"], True), (["", "2020-01-01", ""], False)):
        rows = "".join(f"{value},2020-01-0{day},hail {day}\n" for day, value in enumerate(values, 1))
        reader.write("a.csv", f"date,sent on,text\n{rows}")
        reader.texts("a.csv")
        note = "date holds no dates; sent on looks like dates: --date-field 'sent on'"
        assert [one for one in reader.summary.notes if "holds no" in one] == [note] * noted


TICKED = ["Not satisfied with it at all", "Very satisfied with it"] * 4
ANSWERS = "looks like answers that are ticked, not text"


@pytest.mark.parametrize("kind", CONTAINERS)
@pytest.mark.parametrize(
    ("columns", "remedy"),
    [
        (
            {"n": ["1", "2"], "words he said": [LONG, LONG], "who": ["Ann", "Bo"]},
            "words he said looks like text: give text_field 'words he said'; "
            "its fields are: n, words he said, who",
        ),
        (
            {"Parking?": TICKED, "Heating?": TICKED[::-1], "Else?": [f"{LONG} {i}" for i in range(8)]},
            "Else? looks like text: give",
        ),
        ({"Parking?": TICKED}, f"Parking? {ANSWERS}; if one is the text: give"),
    ],
)
def test_what_looks_like_text_is_suggested_where_nothing_is_recognised(
    tmp_path: Path, columns: Columns, remedy: str, kind: str
) -> None:
    refused(lambda: as_corpus(CONTAINERS[kind](columns, tmp_path)), CorpusError, re.escape(remedy))


def test_answers_that_are_ticked_are_said_where_they_have_the_name_of_a_text(tmp_path: Path) -> None:
    notes = as_corpus(CONTAINERS["csv"]({"answer": TICKED}, tmp_path)).summary.notes
    assert f"answer {ANSWERS}: name another --text-field" in notes


def test_a_name_that_two_columns_share_is_passed_over_and_said(reader: Reader) -> None:
    reader.write("jira.csv", "Body,Body,Description\na,b,hail fell\n")
    assert reader.texts("jira.csv") == ["hail fell"]
    assert reader.summary.notes == ["not kept, as columns share a name: Body"]


# ---- Files without text in a folder


@pytest.fixture
def notes(reader: Reader) -> Reader:
    reader.write("in/a.txt", "hail fell")
    reader.write("in/prices.csv", "item,price\nroof,5\n")
    return reader


@pytest.mark.parametrize("skip_bad_rows", [False, True])
def test_a_file_without_text_in_a_folder_is_named_and_the_others_are_read(
    notes: Reader, skip_bad_rows: bool
) -> None:
    notes.write("in/b.jsonl", '{"text": "it rained"}\n')
    assert notes.texts("in", skip_bad_rows=skip_bad_rows) == ["it rained", "hail fell"]
    summary = notes.corpus.summary
    place = notes.folder / "in" / "prices.csv"
    assert summary.skipped_files == [f"{place} (no text field)"]
    (note,) = summary.notes
    assert note.startswith(f"1 file of rows is left out: {place} (none of its fields has a usual name")
    assert note.endswith("its fields are: item, price")
    assert "left out: 1 file of other kinds (.csv without text 1)" in summary.describe()


def test_a_file_without_text_is_an_error_where_it_is_named_or_alone(notes: Reader) -> None:
    for names in (["in/prices.csv"], ["in", "in/prices.csv"]):
        refused(lambda: notes.texts(*names), CorpusError, r"prices\.csv: none of its fields has a usual name")
    (notes.folder / "in" / "a.txt").unlink()
    refused(lambda: notes.texts("in"), CorpusError, r"prices\.csv: none of its fields has a usual name")


def test_a_field_that_no_file_of_a_folder_has_is_an_error(notes: Reader) -> None:
    refused(
        lambda: notes.texts("in", text_field="said"),
        CorpusError,
        r"prices\.csv: field 'said': there is no such field",
    )
    notes.write("in/b.csv", "said\nit rained\n")
    assert notes.texts("in", text_field="said") == ["it rained", "hail fell"]
    assert len(notes.corpus.summary.skipped_files) == 1


@pytest.mark.parametrize("bad", [("d.parquet", b"PAR1 cut"), ("d.csv", b"\0\1\2"), ("d.jsonl", b"[1]\n")])
def test_a_damaged_file_in_a_folder_is_left_out_only_with_bad_rows(
    notes: Reader, bad: tuple[str, bytes]
) -> None:
    (notes.folder / "in" / "prices.csv").unlink()
    notes.write(f"in/{bad[0]}", bad[1])
    refused(
        lambda: notes.texts("in"), CorpusError, rf"{bad[0]}.*or leave such files out with skip_bad_rows=True"
    )
    assert notes.texts("in", skip_bad_rows=True) == ["hail fell"]
    assert notes.corpus.summary.skipped_files == [f"{notes.folder / 'in' / bad[0]} (cannot be read)"]
    assert notes.corpus.summary.notes[0].startswith("1 file of rows is left out: ")


# ---- Names of documents


def rows_of(ids: list[object]) -> list[dict[str, object]]:
    return [{"id": name, "text": f"hail fell {number}"} for number, name in enumerate(ids)]


def test_a_document_without_an_id_has_a_name_that_no_other_has(tmp_path: Path) -> None:
    run = selfvec.refine(rows_of(["3", "a", None, " ", "#3"]), "none", "original", output=tmp_path / "run")
    names = ["3", "a", "2", "##3", "#3"]
    assert (run.text.ids(), run.text.names()) == (["3", "a", None, None, "#3"], names)
    assert run.text.names([3, 0]) == ["##3", "3"]
    found = selfvec.search(run, "hail", top=9)
    assert {hit.id: hit.text for hit in found.hits} == {n: f"hail fell {i}" for i, n in enumerate(names)}
    assert selfvec.similar_documents(run, "3", top=9).hits
    later = selfvec.update(run, withdraw=["3", "##3"])
    assert later.text.texts() == [f"hail fell {i}" for i in (1, 2, 4)]
    assert later.text.names() == ["a", "1", "#3"]  # as of a run made anew


def test_ids_that_repeat_are_said_with_the_first_and_its_line(reader: Reader) -> None:
    path = reader.write("a.csv", "id,text\na,hail\nb,rain\na,snow\n,fog\n,wind\nb,\nb,sleet\n")
    assert reader.read("a.csv")["ids"] == ["a", "b", "a", None, None, "b"]
    assert reader.summary.notes == [
        f"2 documents have the id of an earlier one, first {path}:4: "
        "--withdraw takes all with an id, similar --document the first"
    ]
    assert reader.summary.notes == reader.summary.notes
    for batch_bytes in (1, 1 << 20):
        reader.read("a.csv", batch_bytes=batch_bytes)
        assert reader.summary.notes[0].startswith("2 documents have")


def test_what_is_said_of_repeated_ids_is_so(tmp_path: Path) -> None:
    rows = [
        {"id": name, "text": text} for name, text in zip("abab", ["hail", "rain", "snow", "fog"], strict=True)
    ]
    run = selfvec.refine(rows, "none", "original", output=tmp_path / "run")
    index = selfvec.run_index(run)
    assert (index.text("a"), index.text("b")) == ("hail", "rain")
    later = selfvec.update(run, withdraw=["a"])
    assert later.text.texts() == ["rain", "fog"]
    (note,) = json.loads((tmp_path / "run" / "run.json").read_text())["corpus"]["notes"]
    assert note.startswith("2 documents have the id of an earlier one, first rows:3")

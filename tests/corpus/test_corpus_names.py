"""Fields are named as people write them: with commas in their names, and by paths into objects."""

import pytest
from corpus_reader import CONTAINERS, Reader, collect, fields_of

from selfvec import refine, update
from selfvec.base.errors import CorpusError
from selfvec.base.names import listed
from selfvec.corpus import Corpus, as_corpus

ASKED = "What did you like, and why?"
FORM = f'title,"{ASKED}","a,b",a,b\nT,liked,ab,1,2\n'


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (ASKED, "liked"), (ASKED.upper(), "liked"), (f"title,{ASKED}", "T\n\nliked"),
        (f"{ASKED} , title", "liked\n\nT"), ([ASKED, "title"], "liked\n\nT"), ("a,b", "ab"),
        ("b,a", "2\n\n1"), (["a", "b"], "1\n\n2"), ("title, a,b", "T\n\nab"),
    ],
)  # fmt: skip
def test_a_field_may_hold_commas_in_its_name(reader: Reader, given, text):
    reader.write("a.csv", FORM)
    assert reader.texts("a.csv", text_field=given) == [text]


def test_fields_with_commas_are_kept_and_give_slices_and_ids(reader: Reader):
    path = reader.write("a.csv", FORM)
    corpus = Corpus.open(path, text_field="a", slice_field=ASKED, id_field="a,b", keep_fields=f"b,{ASKED}")
    (batch,) = corpus.batches()
    fields = {name: column.to_list() for name, column in fields_of(batch).items()}
    assert fields == {"b": ["2"], ASKED: ["liked"]}
    assert (batch.get("slice").to_list(), batch.get("id").to_list()) == (["liked"], ["ab"])
    assert corpus.summary.kept_fields == ("b", ASKED)


def test_the_error_names_the_one_field_that_is_not_there(reader: Reader):
    reader.write("a.csv", FORM)
    with pytest.raises(CorpusError, match=r"field 'titel': there is no such field; did you mean title\?"):
        reader.texts("a.csv", text_field=f"{ASKED},titel")


def test_the_longest_known_name_counts_first():
    known = {"a", "b", "a,b", "a,b,c", "c"}
    assert listed("a,b,c,a, b,x", lambda name: name if name in known else None) == ["a,b,c", "a", "b", "x"]
    assert listed(" ,a,, ", lambda name: name if name in known else None) == ["a"]


@pytest.mark.parametrize("vectors", [None, "keep"])
@pytest.mark.parametrize("given", ["x,1", "x,1,2", ["x,1", "2"]])
def test_an_id_with_commas_is_withdrawn(given, vectors):
    rows = [{"id": name, "text": f"hail broke roof {i}"} for i, name in enumerate(["x,1", "2", "x", "3"])]
    left = update(refine(rows, "none", "decorrelated"), None, vectors, withdraw=given).text.ids()
    assert left == (["2", "x", "3"] if given == "x,1" else ["x", "3"])


COLUMNS = {
    "post": [{"body": f"hail {i}", "when": f"2020-01-0{i + 1}", "by": {"key": f"k{i}"}} for i in range(2)],
    "notes": [[{"text": f"a{i}"}, {"text": f"b{i}"}] for i in range(2)],
    "flat.body": ["flat 0", "flat 1"],
    "flat": [{"body": "inner"}] * 2,
}


KINDS = [kind for kind in CONTAINERS if kind != "csv"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("field", "texts"),
    [
        ("post.body", ["hail 0", "hail 1"]),
        ("POST.Body", ["hail 0", "hail 1"]),
        ("notes.text", ["a0\n\nb0", "a1\n\nb1"]),
        ("post.by.key,flat.body", ["k0\n\nflat 0", "k1\n\nflat 1"]),
    ],
)
def test_a_field_inside_an_object_is_read_by_its_path(tmp_path, kind, field, texts):
    data = CONTAINERS[kind](COLUMNS, tmp_path)
    found = collect(as_corpus(data, text_field=field, date_field="post.when", id_field="post.by.key"))
    assert found["texts"] == texts
    assert found["ids"] == ["k0", "k1"]
    assert [str(day) for day in found["dates"]] == ["2020-01-01", "2020-01-02"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_error_lists_the_fields_inside_objects(tmp_path, kind):
    with pytest.raises(CorpusError, match=r"did you mean post\.body.*its fields are: .*post\.by\.key"):
        as_corpus(CONTAINERS[kind](COLUMNS, tmp_path), text_field="post.bodi")

"""No row of a table is lost without being counted; each form of a table is read as its writer meant it."""

import csv
import io
import random
from itertools import accumulate
from typing import Any

import pytest
from corpus_reader import Reader, collect
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tests.examples import TIMES

from selfvec.base.errors import CorpusError
from selfvec.corpus import Corpus
from selfvec.corpus.fields import Fields
from selfvec.corpus.separated_values import CsvHeader, CsvReader
from selfvec.corpus.streams import TextSource, line_blocks
from selfvec.corpus.summary import CorpusPass, Summary

Q = '"'
LONG = "a" * 999
READ = {
    # name: (file, texts, bad rows, mended rows)
    "lone.tsv": ('id\ttext\n1\t"a\n2\tb\n3\t"c\n4\td\n5\te\n', ['"a', "b", '"c', "d", "e"], 0, 2),
    "open.tsv": ('id\ttext\n1\ta\n2\t"b\n3\tc\n', ["a", '"b', "c"], 0, 1),
    "pair.tsv": ('id\ttext\n1\t"a\n2\tb\n3\tc"\n4\td\n', ['"a', "b", 'c"', "d"], 0, 1),
    "nails.tsv": ('id\ttext\n1\t5" nails\n2\t"so" it is\n3\tc\n', ['5" nails', '"so" it is', "c"], 0, 1),
    "quoted.tsv": ('id\ttext\n1\t"a\nb"\n2\t"c\td"\n', ["a\nb", "c\td"], 0, 0),
    "lone.csv": ('id,text\n1,a\n2,"b\n3,c\n4,"d\n5,e\n', ["a", "c", "e"], 2, 0),
    "cr.tsv": ('id\ttext\r1\t"a\r2\tb\r3\tc "d\r', ['"a', "b", 'c "d'], 0, 1),
    "cr.csv": ('id,text\r1,"a\r2,b\r3,"c\rd"\r4,e\r', ["b", "c\nd", "e"], 1, 0),
    "half.csv": ("id,text\n" + "".join(f"{i},{Q * (i == 50)}w\n" for i in range(1, 101)), ["w"] * 99, 1, 0),
    "names.csv": ('"Datum (t,m,j)";text\n1;"a;b"\n2;c, d, e\n', ["a;b", "c, d, e"], 0, 0),
    "form.csv": ("Why, and how?, really;text\nso, so;a\nso;b\n", ["a", "b"], 0, 0),
    "sep.csv": ("sep=;\r\nid;text\r\n1;a,b,c\r\n", ["a,b,c"], 0, 0),
    "marked.csv": ("\ufeffSEP=|\nid|text\n1|a,b\n", ["a,b"], 0, 0),
    "quoted-sep.csv": ('"sep=;"\nid;text\n1;a\n', ["a"], 0, 0),
    "sep.tsv": ("sep=,\nid,text\n1,a\n", ["a"], 0, 0),
    "bars.csv": ("id|text\n1|a,b\n", ["a,b"], 0, 0),
    "tabs.csv": ("id\ttext\n1\ta,b\n2\t\"c\n", ["a,b", '"c'], 0, 1),
    "dos.csv": ("id,text\r\n1,a\r\n\x1a", ["a"], 0, 0),
    "dos.txt": ("a\r\nb\x1a", ["a", "b"], 0, 0),
    "blanks.csv": ('id, text\n1, "a, b"\n2, "c"\n', ["a, b", "c"], 0, 0),
    "late-blanks.csv": ("id,text\n" + f"1,{LONG}\n" * 99 + '2, "b, c"\n', [LONG] * 99 + ["b, c"], 0, 1),
    "ends.csv": ("id,text,\n1,a,\n2,b,\n", ["a", "b"], 0, 0),
    "unnamed.csv": ("id,text,\n1,a,\n2,b,note\n", ["a", "b"], 0, 0),
    "row-ends.csv": ("id,text\n1,a,\n2,b,\n3,c\n", ["a", "b", "c"], 0, 0),
    "header-ends.csv": ("id,text,,\n1,a\n2,b,\n3,c,,,\n", ["a", "b", "c"], 0, 1),
    "mixed.csv": ("id,text\n1,a\r2,b\n3,c\r\n4,d\r5,e\r\n", list("abcde"), 0, 2),
    "escaped.csv": ('id,text\n1,"so \\"a, b\\" c"\n2,"a\n\\"b\\" c"\n', ['so "a, b" c', 'a\n"b" c'], 0, 2),
    "path.csv": ('id,text\n1,"C:\\"\n2,C:\\new\n', ["C:\\", "C:\\new"], 0, 0),
}  # fmt: skip


@pytest.mark.parametrize("batch_bytes", [7, 1 << 20])
@pytest.mark.parametrize("name", READ)
def test_a_table_is_read_as_it_was_meant(reader: Reader, name, batch_bytes):
    data, texts, bad, mended = READ[name]
    reader.write(name, data)
    assert reader.texts(name, batch_bytes=batch_bytes, skip_bad_rows=True) == texts
    assert (reader.summary.bad_rows, reader.summary.mended_rows) == (bad, mended)


def test_what_was_guessed_for_a_whole_table_is_noted_once(reader: Reader):
    path = reader.write("a.csv", READ["blanks.csv"][0])
    reader.texts("a.csv", batch_bytes=7)
    note = "blanks between a delimiter and a quote are left out"
    assert reader.summary.notes == [f"{path}: {note}"]


def test_fields_after_the_last_column_are_counted(reader: Reader):
    path = reader.write("a.csv", READ["header-ends.csv"][0])
    reader.texts("a.csv")
    what = "empty fields after the last column left out"
    assert reader.summary.mended_places == [f"{path}:4: {what}"]


@pytest.mark.parametrize("header", ['id\t"text\tn', '"id\ttext\t"n', '"id"\t" text \tn'])
def test_a_quote_is_no_part_of_a_column_name_in_a_table_with_tabs(reader: Reader, header):
    path = reader.write("a.tsv", f"{header}\n1\thail\t3\n2\train\t4\n")
    assert reader.texts("a.tsv") == ["hail", "rain"]
    corpus = Corpus.open(path, id_field="id", text_field="text,n")
    assert collect(corpus)["texts"] == ["hail\n\n3", "rain\n\n4"]


def test_a_row_that_a_block_cuts_does_not_join_the_batches():
    reader = CsvReader(TextSource("x"))
    reader.header = CsvHeader(("id", "text"), ",", 0)
    cut = [b'0,"a\n', *(b'b"\n%d,"a\n' % row for row in range(1, 100)), b'b"\n']
    blocks = ((1 + 2 * number, block) for number, block in enumerate(cut))
    batches = list(reader.row_batches(blocks, Fields(("text",)), CorpusPass(Summary())))
    texts = [batch.frame["text"].to_list() for batch in batches]
    assert [text for some in texts for text in some] == ["a\nb"] * 100
    assert max(map(len, texts)) <= 2


def test_a_quoted_field_whose_lines_look_like_rows_is_noted(reader: Reader):
    path = reader.write("a.csv", 'id,text,x\n1,"a,b\n2,b,c\n3,c",d\n4,e,f\n')
    assert reader.texts("a.csv") == ["a,b\n2,b,c\n3,c", "e"]
    (note,) = reader.summary.notes
    assert note.startswith(f"{path}:2: a quoted field holds lines that look like rows; if they are, a quote")


def test_a_quote_left_open_does_not_hold_the_rest_of_the_file(reader: Reader, monkeypatch):
    monkeypatch.setattr("selfvec.corpus.separated_values.MAX_ROW", 1000)
    reader.write("a.csv", 'id,text\n1,"open\n' + "2,b\n" * 5000)
    corpus = Corpus.open(reader.folder / "a.csv", skip_bad_rows=True)
    batches = [len(batch) for batch in corpus.batches(batch_bytes=400)]
    assert sum(batches) == 5000
    assert max(batches) < 1500
    assert corpus.summary.bad_rows == 1


def read(data: bytes, width: int, size: int, delimiter: str = ",") -> tuple[list[Any], list[int], Summary]:
    """Rows and their lines, read in blocks of about ``size`` bytes."""
    names = tuple("WXYZ"[:width])  # no row of a test is the header again
    corpus_pass = CorpusPass(Summary(), skip_bad_rows=True, batch_bytes=size)
    blocks = line_blocks(iter([data[i : i + size] for i in range(0, len(data), size)]), "x", corpus_pass)
    reader = CsvReader(TextSource("x"))
    reader.header = CsvHeader(names, delimiter, 0)
    batches = list(reader.row_batches(blocks, Fields(names), corpus_pass))
    rows = [row for batch in batches for row in zip(*(s.to_list() for s in batch.frame), strict=True)]
    return rows, [int(line) for batch in batches for line in batch.lines], corpus_pass.summary


ROUGH = [b"a", b"b", b",", b'"', b'""', b"\n", b"\r\n", b"\r", b"\xc3\xa9", b"\xff", b"\0"]


@given(st.lists(st.sampled_from(ROUGH)).map(b"".join), st.integers(1, 3), st.integers(1, 9))
@example(b'a,b\n"', 2, 5)
@example(b'"a\n', 1, 2)
@example(b'a"b,c\n', 2, 9)
@example(b'"a"b,c\n', 2, 9)
@example(b"\r\na\r\n", 1, 9)
@example(b'"a""",b\n', 2, 9)
@example(b'a,b,"\n"\nb\n', 3, 99)
@example(b"a\na,b,c\n", 2, 99)
@settings(max_examples=100 * TIMES)
def test_reading_by_blocks_is_reading_at_once(data: bytes, width: int, size: int) -> None:
    assert read(data, width, size) == read(data, width, 1 << 20)


def fields(delimiter: str, more: str) -> st.SearchStrategy[str]:
    return st.text(alphabet=f'ab" é{more}{delimiter if delimiter != chr(9) else ""}', max_size=6)


@st.composite
def tables(draw, more: str):
    """A delimiter, rows of one width, and the quoting of their writer."""
    delimiter = draw(st.sampled_from(",;\t|"))
    width = draw(st.integers(2, 4))
    row = st.lists(fields(delimiter, more), min_size=width, max_size=width).map(tuple)
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    return delimiter, draw(st.lists(row, min_size=1, max_size=8)), quoting


def written(rows, delimiter: str, quoting: int, end: str = "\n") -> str:
    """With both letters of line ends in quotes, which Python 3.11 forgets for the one that ends no line."""
    text = ""
    for row in rows:
        file = io.StringIO()
        csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator="\r\n").writerow(row)
        text += file.getvalue().removesuffix("\r\n") + end
    return text


@given(tables("\n\r,;|"), st.sampled_from(["\n", "\r\n"]), st.integers(1, 40))
def test_what_a_writer_of_tables_writes_is_read_back(table, end, size):
    delimiter, rows, quoting = table
    data = written(rows, delimiter, quoting, end).encode()
    found, lines, summary = read(data, len(rows[0]), size, delimiter)
    assert found == rows
    assert lines == list(accumulate((1 + "".join(row).count("\n") for row in rows), initial=1))[:-1]
    assert (summary.bad_rows, summary.mended_rows) == (0, 0)


@given(tables(""), st.integers(1, 40), st.randoms(use_true_random=False))
def test_a_quote_too_many_or_too_few_costs_no_other_row(table, size, rng: random.Random):
    delimiter, rows, quoting = table
    lines = written(rows, delimiter, quoting).splitlines(keepends=True)
    hurt = rng.randrange(len(lines))
    line = lines[hurt]
    quotes = [i for i, letter in enumerate(line) if letter == '"']
    at = rng.choice(quotes) if quotes and rng.random() < 0.5 else None
    place = rng.randrange(len(line))
    lines[hurt] = line[:place] + '"' + line[place:] if at is None else line[:at] + line[at + 1 :]
    assume(lines[hurt].strip())
    found, _, summary = read("".join(lines).encode(), len(rows[0]), size, delimiter)
    assert len(found) + summary.bad_rows == len(rows)
    others = rows[:hurt] + rows[hurt + 1 :]
    assert found == others or found[:hurt] + found[hurt + 1 :] == others


def test_rows_that_are_the_header_again_are_left_out_and_counted(reader: Reader) -> None:
    path = reader.write("a.csv", "id,text\n1,hail\nid,text\n2,id\n id , text \n3,text\nid,other\n")
    for batch_bytes in (1, 1 << 20):
        assert reader.texts("a.csv", batch_bytes=batch_bytes) == ["hail", "id", "text", "other"]
        said = f"2 rows repaired: rows that repeat the header left out (2 places), first in line 3 of {path}"
        assert said in reader.summary.describe()


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_lines_above_the_header_are_named(reader: Reader, sign: str) -> None:
    table = f"Date,Comment\n2020-01-01,{sign.join('ab')}\n".replace(",", sign) + f"x{sign}y\n"
    for above in ("Export of comments\n\n", "Report\nGenerated on 2020-05-01 by ann\n"):
        reader.write("a.csv", f"{above}{table.replace(sign.join('ab'), 'ab')}")
        with pytest.raises(CorpusError, match=r"a\.csv:1: lines stand above .* seems to be line 3"):
            reader.texts("a.csv")
    reader.write("a.csv", "text\nhail and wind\nsnow\n")
    assert reader.texts("a.csv") == ["hail and wind", "snow"]


LONG_QUESTION = "What could we do better in the branch that you visit most often?"
DATA = "2020-01-01,3,Hail fell.\n2020-01-02,5,Snow lay.\n2020-01-03,4,Fog rose.\n"
NO_DOCUMENTS = {  # what stands below the header, and at the end; how many rows are left out, and as what
    "questions": (f"Start Date,Score,{LONG_QUESTION}\n", "", 1, "headings below the header"),
    "labels": (f"Beginn,Note,{LONG_QUESTION}\n", "", 1, "headings below the header"),
    "no dates": (",,Open-Ended Response\n", "", 1, "headings below the header"),
    "two": (f"Start,Points,{LONG_QUESTION}\nQ1,Q2,Q3\n", "", 2, "headings below the header"),
    "the header": ("", "date,n,text\n2020-01-04,2,Rain.\n", 1, "rows that repeat the header"),
    "a total": ("", "Total,12,\n,,Total\n", 2, "totals and filters below the table"),
    "filters": ("", ',,\n"Applied filters:\nYear is 2020",,\n', 1, "totals and filters below the table"),
    "both": ("", 'Gesamtergebnis,12,3\n,,\n,,"Filtri applicati:\nn is 2"\n,,\n', 2,
             "totals and filters below the table"),
}  # fmt: skip


@pytest.mark.parametrize("batch_bytes", [1, 1 << 20])
@pytest.mark.parametrize("case", NO_DOCUMENTS)
def test_rows_that_are_no_documents_are_left_out_and_counted(reader: Reader, case, batch_bytes):
    above, below, number, what = NO_DOCUMENTS[case]
    reader.write("a.csv", f"date,n,text\n{above}{DATA}{below}")
    texts = reader.texts("a.csv", batch_bytes=batch_bytes)
    assert texts == ["Hail fell.", "Snow lay.", "Fog rose.", "Rain."][: 3 + ("Rain" in below)]
    summary = reader.summary
    assert (summary.mended, summary.mended_rows) == ({f"{what} left out": number}, number)


@pytest.mark.parametrize(
    "data",
    [
        f"{LONG_QUESTION},2020-01-01,1\n",  # the first row happens to hold a long text
        "unknown,2020-01-01,1\n",
        "text,,7\n",
        "Hail.,,\n",  # neither date nor number
        "Note,unknown,3\n",
        "Total,2020-01-04,9\n",
        "Totals and the sum of them,,\n",
        '"Applied filters: none of them helped, as before.",,\n',
        "Total,many,9\n",
    ],
)
def test_ordinary_rows_are_documents_wherever_they_stand(reader: Reader, data: str) -> None:
    rows = "".join(f"Hail fell {n} times.,2020-01-0{n},{n}\n" for n in range(1, 9))
    text = next(csv.reader([data]))[0]
    reader.write("a.csv", f"text,date,n\n{data}{rows}")
    assert reader.texts("a.csv")[0] == text
    reader.write("a.csv", f"text,date,n\n{rows}{data}")
    assert reader.texts("a.csv")[-1] == text
    assert reader.summary.mended == {}


def test_a_table_of_texts_alone_has_one_header(reader: Reader) -> None:
    reader.write("a.csv", "text,comment\nresponse,answer\nhail fell,yes\nsnow,no\nfog,no\n")
    assert reader.texts("a.csv") == ["response", "hail fell", "snow", "fog"]


def test_questions_above_the_ids_of_an_import_are_headings_also_without_dates(reader: Reader) -> None:
    ids = '"{""ImportId"":""QID4_TEXT""}","{""ImportId"":""QID5""}"'
    reader.write("a.csv", f"Comment,Q5\n{LONG_QUESTION},Where?\n{ids}\nhail fell,here\nsnow,there\n")
    assert reader.texts("a.csv") == ["hail fell", "snow"]


def test_names_of_groups_above_the_header_are_said(reader: Reader) -> None:
    path = reader.write("a.csv", f"meta,meta,answers\ndate,n,text\n{DATA}")
    assert reader.texts("a.csv") == ["Hail fell.", "Snow lay.", "Fog rose."]
    note = "the table has two header rows; the second, in line 2, names the columns"
    assert reader.summary.notes == [f"{path}: {note}"]
    assert reader.summary.date_field == "date"

"""What programs write into texts is mended in rows of every kind, counted and said; what came is kept."""

import json
import os
import sys
from pathlib import Path

import pytest
from corpus_reader import CONTAINERS, Reader, collect
from tests.refusals import refused

from selfvec.base.errors import CorpusError
from selfvec.corpus import Corpus, as_corpus
from selfvec.corpus.repairs import decoded_once
from selfvec.data.run_text import column_of

DATA = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5zA7bC9dE1fG3hI5jK7lM9nO1pQ3r"
TAGS = "tags and entities of HTML or XML"
MENDED = [  # as written, as it is meant, what is said
    ("\x1b[31mERROR\x1b[0m at \x1b[1mdawn", "ERROR at dawn", "a terminal's codes"),
    ("Clean._x000D_\nThanks._x000D_Bye user_x0041_", "Clean.\nThanks.\nBye user_x0041_",
     "Excel's escapes"),
    ("don&#39;t &quot;go&quot; &amp; caf&eacute; &lt;3", 'don\'t "go" & café <3', TAGS),
    ("it&amp;#x27;s &amp;amp;quot;", 'it\'s "', TAGS),
    ("<p>Use &lt;b&gt;x&lt;/b&gt;<br>CO<sub>2</sub><script>if(a<b)</script>", "Use <b>x</b>\nCO2",
     TAGS),
    ("&lt;p&gt;a&lt;/p&gt; &lt;a href='b'&gt;c&lt;/a&gt;", "a\n c", TAGS),
    ("[quote=Ann]the [b]crane[/b][/quote] [1]", "the crane [1]", "marks of wikis and forums"),
    ("The [[Crane (machine)|big crane]] of Hull [[Category:Port]]![[map.png]]",
     "The big crane of Hull ", "marks of wikis and forums"),
    ("Yes.\n> Who will\n>> pay?", "Yes.\nWho will\npay?", "the > of quoted lines"),
    ("win-\ndows win\xad dows har¬\r\nbour, a well-\nknown X-\nray",
     "windows windows harbour, a well-known X-ray", "words cut by line ends"),
    ("the bankâ€™s", "the bank’s", "UTF-8 that had been read as Windows-1252"),
    ("Seen <!-- a > b\n<p>x</p> -->by all.<!--[if gte mso 9]><xml>x</xml><![endif]-->",
     "Seen by all.", "hidden comments"),
    ("<p>Seen<![if !x]> by<![endif]> all</p>", "Seen by all", TAGS),
    ("[//]: # (hidden)\nSeen.\n[note]: <> 'hidden, too'\n", "Seen.\n", "hidden comments"),
    (f"![shot](data:image/png;base64,{DATA}) lies there", "![shot]() lies there", "data in base64"),
    ("<@U02DF> see <https://x.org/a|the page> in <#C1|ops> or <#C0252012> :tada: <!here> <@W9AB|ann> x",
     " see the page in #ops or   @here @ann x", "marks of Slack or Discord and names"),
    ("<:blob:1234> see <#998877> <t:1704067200:R> or <@!101>", " see   or ", "marks of Slack or Discord"),
    ("<jats:title>A</jats:title><jats:p>On <st1:place w='x'>Hull</st1:place></jats:p>", "A\n\nOn Hull",
     TAGS),
    ("<a:m b='i'><a:parameter b='t'>Hint</a:parameter><![CDATA[run]]></a:m>To <at id='0'>Dana</at>.",
     "run\nTo Dana.", TAGS),
    ('{"text": "The gate", "id": 3}', "The gate", "texts within JSON"),
    ("[**Last Name (LF) 12**] was seen on [**2151-7-16**] at ___.", " was seen on  at .",
     "marks in place of words"),
    ("By\n*** START OF THE PROJECT GUTENBERG EBOOK A,\nB ***\nOne day.\nEnd of Project Gutenberg's A\nOf use",
     "One day.", "licences around books"),
    ("0:03 hail\n0:10 (Applause) fell (Applause)\n1:02 on us (Applause)\nand you",
     "hail\n fell\non us\nand you", "time codes, speakers and sounds of transcripts"),
    ("[00:01:02] Ann Lee: it fell [00:01:03]\n[00:01:09] Bo: yes\n[00:01:12] Ann Lee: here\nAnn Lee: too",
     "it fell \nBo: yes\nhere\ntoo", "time codes, speakers and sounds of transcripts"),
]  # fmt: skip
PLACES = [3, 2, 6, 5, 10, 12, 4, 3, 2, 5, 1, 2, 4, 2, 1, 7, 4, 6, 8, 1, 3, 2, 6, 7]  # in each
KEPT = [
    "if a<b then <p> is > c", "AT&T; R&D; &foo; &", "use <b> here", "[1] [link] [[]] p ¬q", "_x0041_ _x00_",
    "a <p:q> b <item id='3'> c, <Empty/>", "[1, 2]", "{}",
    ">>> 1 + 1\n2\n>>> print()",
    "Open a comment by `<!--`, close it by `-->`.", "```html\n<!-- a note -->\n<!-- too -->\n```\nas above",
    "the arrows <!-- and -> x", "[1]: # [a]: #top (x)", "<https://x.org> and <ann@x.org>, a <b and c|d>",
    "Well done :tada: :+1:", "path \\x1b[32m",
    "[**Read on**](x.org), [**a**]", "Write **bold** as [**bold**]", "__init__ and a_b ____ c, `___`\n",
    "The book says: *** START OF THE STORM ***", "10:30 Coffee\n11:00 Talks\n12:30 Lunch",
    "Come at 10:30.\nOr at 11:30.\nOr at 12:30 [today]", "HAMLET: To be.\nHORATIO: Yes.\nHAMLET: Or not.",
    "10:15:01 ERROR: it fell\n10:15:02 ERROR: again\n10:15:03 ERROR: [disk]",
    "12:01:30 fell\n11:00:20 rose\n10:00:10 fell", "a\n-\nb",
    "a -\nb", "x[[1]] [[Pilots]] {{y}} it''s", "one\n> line", "1990-\n95", "path\\x1bc", "Ünïcode – “quoted”",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["a.jsonl", "folder/a.txt", "memory"])
@pytest.mark.parametrize(("row", "places"), list(zip(MENDED, PLACES, strict=True)))
def test_what_programs_write_is_mended_counted_and_said(
    reader: Reader, kind: str, row: tuple[str, str, str], places: int
) -> None:
    written, meant, what = row
    if kind == "memory":
        reader.corpus = as_corpus([written])
        rows = collect(reader.corpus)
    else:
        path = reader.write(kind, written if kind.endswith("txt") else json.dumps({"text": written}))
        rows = reader.read("folder" if kind.startswith("folder") else path)
    assert (rows["texts"], rows["given"]) == ([meant], [written])
    summary = reader.summary
    assert summary.mended_rows == 1
    assert what in summary.mended_places[0]
    assert [number for told, number in summary.mended.items() if what in told] == [places]


@pytest.mark.parametrize("written", KEPT + [row[1] for row in MENDED if "</" not in row[1]])
def test_other_texts_stay_as_they_are(written: str) -> None:
    assert collect(as_corpus([written]))["texts"] == [written]


PLACEHOLDERS = [
    "[deleted]", "[removed]", " [ Removed by Reddit ] ", "[deleted by user]", "nan", "NaN", "NULL", "(null)",
    "NA", "n/a", "<NA>", "NaT", "#N/A", "#NAME?", "#DIV/0!", "\\N",
]  # fmt: skip


@pytest.mark.parametrize("titles", [0, 1])
@pytest.mark.parametrize("kind", CONTAINERS)
def test_what_a_program_writes_for_no_text_is_left_out_and_counted(
    tmp_path: Path, kind: str, titles: int
) -> None:
    texts = ["hail fell", *PLACEHOLDERS, "snow lay"]
    columns = {"title": ["Hail", *["Nan"] * (len(texts) - 1)], "note": texts, "text": texts}
    field = None if titles else "text"
    corpus = as_corpus(CONTAINERS[kind](columns, tmp_path), text_field=field)
    (batch,) = corpus.batches()
    assert [text.split("\n")[-1] for text in batch.texts] == ["hail fell", "snow lay"]
    assert batch.rows["note"].to_list() == ["hail fell", "snow lay"]
    summary = corpus.summary
    what = "placeholders such as NULL and [deleted] left out"
    number = len(PLACEHOLDERS)
    assert (summary.empty, summary.mended_rows) == (number, number + titles)
    assert summary.mended[what] == number + titles * (number + 1)
    assert f"{what} ({summary.mended[what]} places)" in summary.describe()


@pytest.mark.parametrize(
    "text",
    [
        "[deleted] it says, and I wonder why",
        "None",
        "none",
        "-",
        "na",
        "Null hypothesis",
        "[deletion]",
        "NAN1",
    ],
)
def test_a_text_about_placeholders_is_a_text(text: str) -> None:
    corpus = as_corpus([{"text": text}, {"text": "hail"}])
    assert collect(corpus)["texts"] == [text, "hail"]
    assert corpus.summary.mended == {}


def test_a_title_stays_where_the_text_was_removed() -> None:
    (batch,) = as_corpus([{"title": "Hail fell", "selftext": "[removed]"}]).batches()
    assert batch.texts.to_list() == ["Hail fell"]


def test_texts_of_pages_are_not_read_as_markup_again(reader: Reader) -> None:
    reader.write("in/a.html", "<p>&lt;br&gt; is a break, &amp;amp; an ampersand, [b]x[/b]</p>")
    assert (
        reader.texts("in") == reader.texts("in/a.html") == ["<br> is a break, &amp; an ampersand, [b]x[/b]"]
    )
    assert reader.summary.notes == []


UNITS = [
    "<!--", "<!--[if x]>", "<![if x", "`", "```\n", "[a]: # (", "[**", " ___", "data:a/b;", "<http://a|",
    " :ab:", "a\f", "a\n\f1\n", "1\n\na\n\n", "00:00:01 A a (a\n", "*** START OF THE EBOOK ",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_long_texts_are_read_in_linear_time(unit: str) -> None:
    before = "]> ;base64, START OF TH <@U1> -->\n00:00:00 a\n00:00:01 b\n00:00:02 c\n"
    for text in (before + unit * (100_000 // len(unit)), unit * (100_000 // len(unit)) + before):
        (batch,) = as_corpus([text]).batches()
        assert len(batch) == 1


# NUL characters, halves of surrogate pairs, text decoded twice

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
        refused(
            lambda: list(Corpus.from_texts(["hail", "wind"], **given).batches()),
            CorpusError,
            r"^memory:1: holds half of a surrogate pair",
        )


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

"""The furniture of documents is left out and counted; text of the same form elsewhere stays."""

import textwrap

import pytest
from corpus_reader import Reader
from test_corpus_documents import pdf_of

from selfvec.corpus import as_corpus
from selfvec.corpus.furniture import without_page_lines

PAGES = "running heads, feet and page numbers left out"
SPOKEN = "time codes, speakers and sounds of transcripts left out"
NOUNS = ("crane", "roof", "harbour", "ferry", "school", "bridge", "storm", "river", "tower")
SENTENCES = [f"The {a} of the {b} broke when the {c} fell." for a in NOUNS for b in NOUNS for c in NOUNS]
WHOLE = " ".join(SENTENCES[:150])


def read(text: str) -> str:
    (batch,) = as_corpus([text]).batches()
    return batch.texts[0]


def scanned(between: str, lines: int = 12) -> str:
    """A text in pages of a few lines; ``between`` is what each begins with, of which left ones differ."""
    every = textwrap.wrap(WHOLE, 60)
    pages = ["\n".join(every[first : first + lines]) for first in range(0, len(every), lines)]
    left, right = between.split("|")
    heads = [(left if number % 2 else right).format(number) for number in range(1, len(pages) + 1)]
    return "\n\n\f".join(f"{head}\n\n{page}" for head, page in zip(heads, pages, strict=True))


HEADS = [
    "THE GAZETTE       {}|{}      EVENING EDITION",
    "- {} -|- {} -",
    "Report of 2020, page {} of 30|Report of 2020, page {} of 30",
    "THE GAZETTE\n\n{}|{}",
]


@pytest.mark.parametrize("between", HEADS)
def test_heads_are_left_out_and_sentences_are_whole(reader: Reader, between: str) -> None:
    text = scanned(between)
    (batch,) = (corpus := as_corpus([text])).batches()
    assert " ".join(batch.texts[0].split()) == WHOLE
    assert list(corpus.summary.mended) == [PAGES]
    for path in (reader.write("a.txt", text), reader.write("in/a.txt", text).parent):
        for batch_bytes in (50, 1 << 20):
            texts = reader.read(path, batch_bytes=batch_bytes)["texts"]
            assert " ".join(" ".join(texts).split()) == WHOLE
        assert reader.summary.mended == corpus.summary.mended


def paragraphs(*between: str) -> str:
    """A text whose paragraphs end where sentences do, with a line before each."""
    texts = (textwrap.fill(" ".join(SENTENCES[n : n + 9]), 60) for n in range(0, 90, 9))
    return "\n\n".join(f"{between[n % len(between)].format(n + 1)}\n\n{text}" for n, text in enumerate(texts))


@pytest.mark.parametrize(
    "text",
    [
        paragraphs("Chapter {}"),
        paragraphs("{}"),
        paragraphs("* * *"),
        paragraphs("“Yes,” she said. “{}.”", "“No.”"),
        "oh my love\nit fell\n\nchorus\n\n" * 5,
        "\n\n".join(
            f"where we set\nx to {n}, so that\n\n(a) x = {5 - n}\n\nis less than\nthat" for n in range(5)
        ),
        "\n".join(f"Row {n}" for n in range(40)),
        "ACT I\n\nHAMLET: To be, or not to be.\n\nHORATIO: My lord.\n\nHAMLET: Not.\n\nHAMLET: Ah.",
        "one\ftwo",
        "\f".join(f"Figure {n * n}\n{SENTENCES[n]}" for n in range(6)),
        "\f".join("Invoice" for _ in range(6)),
    ],
)
def test_lines_that_stand_alone_and_are_text_stay(text: str) -> None:
    assert without_page_lines(text) == (text, 0)
    assert read(text) == text


def test_heads_and_feet_of_a_pdf_are_left_out_and_words_joined_over_pages(reader: Reader) -> None:
    pytest.importorskip("pypdf")
    bodies = ["The win-", "dows of the", "Figure 1\nschool broke.", "Hail fell.", "Rain."]
    pages = [f"Annual Report\n{body}\nPage {n} of 5" for n, body in enumerate(bodies, 1)]
    path = reader.write("a.pdf", pdf_of(*pages))
    rows = reader.read(path)
    assert rows["texts"] == ["The windows of the\nFigure 1\nschool broke.\nHail fell.\nRain."]
    assert rows["given"] == ["\n".join(pages)]
    summary = reader.summary
    assert summary.mended == {PAGES: 10, "words cut by line ends joined": 1}
    assert f"{path}:1: {PAGES}: 10 places" in summary.mended_places[0]


def test_a_book_named_alone_is_read_without_its_licence(reader: Reader) -> None:
    book = paragraphs("Chapter {}")
    licence = textwrap.fill(" ".join(f"You may copy it {n} times." for n in range(60)), 60)
    bounds = [f"*** {bound} OF THE PROJECT GUTENBERG EBOOK A STORM ***" for bound in ("START", "END")]
    ends = f"End of the Project Gutenberg EBook of A Storm\n\n{bounds[1]}"
    path = reader.write("a.txt", f"{licence}\n\n{bounds[0]}\n\n{book}\n\n{ends}\n\n{licence}\n")
    for batch_bytes in (50, 1 << 20):
        assert "\n\n".join(reader.read(path, batch_bytes=batch_bytes)["texts"]) == book
    assert reader.summary.mended == {"licences around books left out": 2}
    reader.write("in/b.md", path.read_text())
    assert reader.texts("in") == [book]


TALK = [f"[00:0{n}:1{n}] {'Ann' if n % 2 else 'Bo Lee'}: {SENTENCES[n]} [laughter]" for n in range(10)]


def test_a_transcript_is_read_without_time_codes_speakers_and_sounds(reader: Reader) -> None:
    talk = reader.write("talk.txt", "\n".join(TALK))
    rows = reader.read(talk)
    assert (rows["texts"], rows["given"]) == (SENTENCES[:10], TALK)
    assert reader.summary.mended == {SPOKEN: 30}
    reader.write("in/talk.txt", "\n".join(TALK))
    assert reader.texts("in") == ["\n".join(SENTENCES[:10])]
    assert reader.summary.mended == {SPOKEN: 30}


@pytest.mark.parametrize("mark", ["[**{}**]", "<!-- {} -->", "<@U{}>", "data:a/b;base64,{}"])
def test_what_is_left_out_is_left_out_of_texts_alone(mark: str) -> None:
    rows = [{"text": mark.format("A1") + " fell", "note": mark.format("A1")}]
    (batch,) = (corpus := as_corpus(rows)).batches()
    assert batch.texts.to_list() == [" fell"]
    assert batch.rows["note"].to_list() == [rows[0]["note"]]
    assert corpus.summary.mended_rows == 1

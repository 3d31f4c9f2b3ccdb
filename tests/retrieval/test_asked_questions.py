"""What a question asks for: accents, phrases, words to leave out, stop words, names with signs, notes."""

from time import perf_counter

import pytest
from tests.commands import ran

import selfvec
from selfvec.retrieval import Index
from selfvec.retrieval.question import Question
from selfvec.text.preprocessing import Preprocessing
from selfvec.text.rules import without_particle

TEXTS = {
    "who": "The Who played loudly",
    "man": "who is the man",
    "zurich": "one lake near Zurich",
    "zürich": "one lake near Zürich",
    "café": "a new cafe\u0301 opened",
    "hôpital": "un hôpital moderne",
    "it": "IT staff wrote C++ and .NET",
    "rain": "it is raining",
    "names": "AT&T spent much on R&D",
    "be": "To be or not to be, that is it",
    "heat pump": "the heat pump makes noise",
    "pump": "noise of the pump and the heat",
    "gas": "gas makes noise",
    "학교": "학교에서 학생을 보았다",
    "ligature": "the oﬃce of ＡＢＣ and H₂O was on \ufb01re",
    "heart": "we ❤️love sheep",
    "hebrew": 'צה"ל שָׁלוֹם',
}


@pytest.fixture(scope="module")
def named() -> Index:
    """An index of short texts; each occurs once, with fillers that share nothing with a question."""
    names = [*TEXTS, *(f"filler {i}" for i in range(40))]
    texts = [*TEXTS.values(), *(f"sheep grazed quietly on meadow number {i}" for i in range(40))]
    run = selfvec.Refiner(method="decorrelated").fit(texts).run_
    index = Index.memory(run, texts)
    object.__setattr__(index, "names", names)
    return index


def found(index: Index, question: str, mode: str = "bm25") -> list[str]:
    names = index.names  # type: ignore[attr-defined]
    return [names[int(hit.id)] for hit in index.search(question, mode=mode).hits]


@pytest.mark.parametrize("mode", ["bm25", "hybrid"])
@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("zurich", ["zurich", "zürich"]),  # exact ones first
        ("Zürich", ["zürich"]),
        ("cafe", ["café"]),
        ("hopital", ["hôpital"]),  # of which the English stem is hopit
        ("The Who", ["who"]),
        ("IT", ["it"]),
        ("to be or not to be", ["be"]),
        ("C++", ["it"]),
        (".net", ["it"]),
        ("at&t", ["names"]),
        ("R&D", ["names"]),
        ("office", ["ligature"]),
        ("abc h2o", ["ligature"]),
        ("fire", ["ligature"]),
        ("love", ["heart"]),
        ("학교", ["학교"]),
        ("צה״ל", ["hebrew"]),
        ("שלום", ["hebrew"]),
        ('"heat pump" noise', ["heat pump"]),
        ("“Heat Pump”", ["heat pump"]),
        ('"of the pump"', ["pump"]),
    ],
)
def test_the_first_documents_of_a_question(named: Index, mode: str, question: str, first: list[str]) -> None:
    assert found(named, question, mode)[: len(first)] == first


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ('+"heat pump" noise', {"heat pump"}),
        ('"heat pump" AND "makes noise"', {"heat pump"}),
        ('"heat pump" OR "gas makes"', {"heat pump", "pump", "gas"}),
        ('+noise -"heat pump"', {"pump", "gas"}),
        ("+noise -gas", {"heat pump", "pump"}),
        ("+noise NOT pumps", {"gas"}),  # a word is left out in all its forms
        ("+noise pump lake", {"heat pump", "pump", "gas"}),
        ("noise -gas", {"heat pump", "pump", "gas"}),
        ("NOISE NOT GAS", {"heat pump", "pump", "gas"}),  # in capitals, NOT is a word
        ("noise - gas", {"heat pump", "pump", "gas"}),
        ("Zürich", {"zürich"}),
        ("café", {"café"}),
        ("The Who", {"who"}),
        ("the who", {"who"}),
        ("-gas", set()),
    ],
)
def test_all_documents_of_a_question(named: Index, question: str, names: set[str]) -> None:
    assert set(found(named, question)) == names


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("pump AND noise", "AND: no operator here"),
        ("pump OR noise", "OR: no operator here"),
        ('"heat pump" noise', "documents with “heat pump” come higher, the others follow"),
        ("noise -gas", "documents with “gas” come last"),
        ("nois* pump", "*: no wildcard here"),
        (
            '"noise pump"',
            "no document has the phrase “noise pump”: its words were searched, in identifiers, too",
        ),
        ("The Who", "all words of the question are stop words"),
        ("-gas", "the question only names what documents must not have"),
        ("?! *", "the question has no word to search for"),
    ],
)
def test_what_signs_do_not_do_is_said(named: Index, question: str, said: str) -> None:
    notes = named.search(question, top=1).as_dict()["notes"]
    assert notes[0].startswith(said)
    assert len(notes) == 1 + (question in ("-gas", "?! *", "学校で雨が降った"))  # and that nothing is found


@pytest.mark.parametrize("question", ["noise of pumps", "COVID-19, vis-à-vis", "5 * 3 pumps?", 'a 5" pipe'])
def test_an_ordinary_question_has_no_notes(named: Index, question: str) -> None:
    assert named.search(question).notes == []


@pytest.mark.parametrize("question", ["office", "cafe", "to be or not to be", "H2O", "love"])
def test_marks_are_at_the_words_as_they_are_written(named: Index, question: str) -> None:
    hit = named.search(question, mode="bm25").hits[0]
    marked = {hit.snippet[mark.start : mark.end] for mark in hit.marks}
    expected = {"office": {"oﬃce"}, "cafe": {"cafe\u0301"}, "H2O": {"H₂O"}, "love": {"love"}}
    assert marked == expected.get(question, {"To", "to", "be", "or", "not"})


def test_a_reason_names_both_spellings(named: Index) -> None:
    words = named.search("cafe", mode="bm25").hits[0].words
    assert [(word.query, word.document, word.kind) for word in words] == [("cafe", "cafe\u0301", "match")]


def test_what_a_question_prefers_comes_first_and_what_it_avoids_last(named: Index) -> None:
    for mode in ("bm25", "hybrid", "dense"):
        quoted = named.search('"of the pump" noise', 100, mode=mode)
        assert named.names[int(quoted.hits[0].id)] == "pump"  # type: ignore[attr-defined]
        plain = named.search("of the pump noise", 100, mode=mode)
        assert {hit.id for hit in plain.hits} <= {hit.id for hit in quoted.hits}
        avoided = named.search("noise -gas", 100, mode=mode).hits
        assert named.names[int(avoided[-1].id)] == "gas"  # type: ignore[attr-defined]
        for hit in (*quoted.hits, *avoided):
            assert sum(hit.parts.values()) == pytest.approx(hit.score, abs=1e-4)


def test_fewer_documents_than_asked_for_are_explained(named: Index) -> None:
    assert named.search("noise", mode="bm25").notes == [
        "found: 3 of 57 documents; the others have nothing in common with the question"
    ]
    (note,) = named.search('"heat pump"').notes
    assert note == (
        "found: 1 of 57 documents; the others lack what the question demands, or have what it rules out"
    )
    assert named.search("noise", 3, mode="bm25").notes == []


@pytest.mark.parametrize("part", ['"a ', '"', "-", "NOT ", '-"', "+a", '"a" ', "a* "])
def test_reading_a_long_question_takes_one_pass(part: str) -> None:
    began = perf_counter()
    Question.of("x " + part * (200_000 // len(part)))
    assert perf_counter() - began < 60  # a second way to match would take hours


def test_a_question_is_taken_apart() -> None:
    asked = Question.of('big "heat pump" -"air con" NOT gas co-op צה"ל -5 x - y')
    minus = [("air con", "-", True), ("gas", "-", False), ("5", "-", False)]
    assert asked.signs == [("heat pump", "", True), *minus]
    assert asked.text.split() == ["big", "heat", "pump", "co-op", 'צה"ל', "x", "-", "y"]


CODES = (
    "Replace gasket AB-123/4 before the start",
    "Replace gasket AB-123/5 before the start",
    "The tank holds 250ml of water for €50, see error.log and (foo.bar())",
    "A tank holds 250 ml of oil, see foo or bar and access.log",
    "Use io::Read of std here, not std::io::Write",
    "Use std::io::Read",
    "The card of the Invoice #BlackHistoryMonth was read on 2024-03-05",
    "A log of all that came in: MAX_RETRY_COUNT of ERR_CONNECTION_RESET",
    "Log in at https://docs.example.com/install?lang=en with M8x40",
)


@pytest.fixture(scope="module")
def codes() -> Index:
    run = selfvec.Refiner(method="original").fit(CODES).run_
    return Index.memory(run, CODES)


@pytest.mark.parametrize(
    "piece",
    ["AB-123/4", "250ml", "€50", "error.log", "2024-03-05", "std::io::Read", "foo.bar()", "docs.example.com"],
)
def test_a_minus_excludes_the_whole_piece_after_it(codes: Index, piece: str) -> None:
    having = {str(number) for number, text in enumerate(CODES) if piece in text}
    out = codes.search(f"tank replace use card log -{piece}", 9)
    assert out.notes[0].startswith(f"documents with “{piece.removesuffix('()')}")
    assert {hit.id for hit in out.hits if hit.parts["signs"] < 0} == having
    assert {hit.id for hit in codes.search(f"+the -{piece}", 9).hits}.isdisjoint(having)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("std::io::Read", 5),  # as it is written, before the same words elsewhere
        ('"std::io::Read"', 5),
        ("what does foo.bar do", 2),
        ("AB-123/5", 1),
        ("log in", 8),
        ("retry count", 7),
        ("connection reset", 7),
        ("MAX_RETRY", 7),
        ("history", 6),
        ("M8 x 40", 8),
        ("install", 8),
    ],
)
def test_identifiers_are_found_whole_and_by_their_parts(codes: Index, question: str, first: int) -> None:
    assert codes.search(question, 1).hits[0].id == str(first)


def test_a_misspelt_word_gets_a_suggestion(codes: Index) -> None:
    assert codes.search("gaskit").notes[0] == "did you mean gasket?"
    assert codes.search("invoise").notes[0] == "did you mean Invoice?"  # as it is written, not its stem
    assert "did you mean" not in " ".join(codes.search("zzzz").notes + codes.search("gaskit water").notes)


@pytest.mark.parametrize(
    ("word", "noun"),
    [
        *(("학교에서", "학교"), ("학교는", "학교"), ("학교가", "학교"), ("학생을", "학생")),
        *(("학생과", "학생"), ("서울로", "서울"), ("물을", "물"), ("나이", "나이"), ("사과", "사과")),
        *(("회의", "회의"), ("가을", "가을"), ("학교", "학교"), ("hail", "hail"), ("은", "은"), ("", "")),
    ],
)
def test_particles_of_korean(word: str, noun: str) -> None:
    assert without_particle(word) == noun


def test_refining_says_that_words_are_pieces(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("昨日は雨でした\n今日は晴れです\n" * 10, encoding="utf-8")
    run = selfvec.refine(tmp_path / "a.txt", "none", tokenizer="characters")
    notes = run.provenance.corpus["notes"]
    assert [note for note in notes if "pieces of characters, not in words of a dictionary" in note] == notes


def test_a_text_of_one_word_needs_more(tmp_path) -> None:
    (tmp_path / "a.txt").write_text("hail\n" * 3, encoding="utf-8")
    words = ["refine", tmp_path / "a.txt", "-o", tmp_path / "run", "--vectors", "none"]
    remedy = "add more text, or check --text-field and --tokenizer"
    assert ran(words, status=2).err.rstrip().endswith(remedy)


@pytest.mark.parametrize(
    ("text", "phrase", "has"),
    [
        ("the heat pump", "heat pump", True),
        ("the heat-pump", "heat pump", True),
        ("To be, or not to be", "to be or not to be", True),  # a comma ends nothing
        ("noise of the heat; pump it", "heat pump", False),
        ("we felt the heat. Pump it", "heat pump", False),
        ("what heat! Pump it", "heat pump", False),
        ("the heat\n\npump it", "heat pump", False),
        ("near St. Louis", "St Louis", True),  # an abbreviation
        ("the U.S. Government", "U.S. government", True),
        ("what heat! Pump it", "heat! Pump", True),  # asked for as it stands
    ],
)
def test_a_phrase_ends_where_a_sentence_does(text: str, phrase: str, has: bool) -> None:
    index = Index.words_only([text, "sheep grazed quietly"], Preprocessing())
    notes = index.search(f'"{phrase}"', mode="bm25").notes
    assert any("no document has the phrase" in note for note in notes) != has


def test_blanks_in_quotes_are_no_part_of_a_phrase() -> None:
    blanks = " " * 100_000
    assert Question.of(f'"{blanks}gas{blanks}').signs == []
    assert Question.of(f'"{blanks}gas{blanks}"').signs == [("gas", "", True)]

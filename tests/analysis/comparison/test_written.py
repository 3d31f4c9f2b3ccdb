"""What is said of two sides is what was planted in them, and words that one writes otherwise become one."""

from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from planted_text import LONG, SLOTS, Report, reports
from tests.commands import ran
from tests.examples import soaked
from tests.refusals import refused

import selfvec
from selfvec.analysis.comparison.compared import compared
from selfvec.analysis.comparison.comparison import Comparison, told
from selfvec.analysis.comparison.variants import joined, read_variants
from selfvec.analysis.comparison.writing_rules import variant_pairs
from selfvec.analysis.concepts.events import Event
from selfvec.base.errors import InputError
from selfvec.corpus.example_text import reports as storms
from selfvec.corpus.slices import Slice, named_slice

BETWEEN = ["2000..2008", "2009..2018"]
CAPITALS = " of the words of 2000..2008 and 0.0% of 2009..2018 are in capitals."
CAUSES = {
    "notation": [CAPITALS, "2000..2008 is written with "],
    "mix": ["kind "],
    "sense": [],
    "subject": [],
}


def run_of(rows: Sequence[Report]) -> selfvec.Run:
    return selfvec.refine(rows, "none", "original", repeats="keep")


def slices_of(run: selfvec.Run) -> list[Slice]:
    return [named_slice(run.tokens, name) for name in BETWEEN]


def made_of(rows: Sequence[Report], **given: str) -> Comparison:
    run = run_of(rows)
    return compared(run.present, slices_of(run), given)


def said_of(rows: Sequence[Report]) -> list[str]:
    return made_of(rows).sentences


ANSWERS = ("word", "none", "size")
EVERY = [[], *([cause] for cause in CAUSES), list(CAUSES)]
# At 10,000 documents small changes are significant as well: those that come with another are the test.
FEW_DOCUMENTS = list(product(EVERY, [300]))
TRIED = [*FEW_DOCUMENTS, *product(EVERY, [3_000]), (["sense"], 10_000), (["subject"], 10_000)]


@pytest.mark.parametrize(("planted", "number"), soaked(TRIED, *FEW_DOCUMENTS))
def test_the_planted_cause_is_said_first_and_no_other(planted: list[str], number: int) -> None:
    run = run_of(list(reports(number, planted=planted)))
    expected = [beginning for cause in planted for beginning in CAUSES[cause]]
    said = selfvec.drift(run, BETWEEN)
    first = told(finding for finding in said.findings if finding.kind not in ANSWERS)
    assert len(planted) > 1 or len(first) == len(expected)  # causes that come together have more symptoms
    for beginning in expected:
        assert any(beginning in sentence for sentence in first)
    if "notation" not in planted:  # then each word that is written otherwise changed
        assert said.named[:1] == ["strobe"] * ("sense" in planted)
        # A mechanic saw a large panel in the sentences of the sense that went, so these lost uses as well.
        assert {*said.named} <= {"strobe", "mechanic", "panel", *SLOTS["size"]}


@pytest.mark.parametrize("number", soaked([300, 3_000], 300))
def test_where_only_the_mix_changes_no_subject_is_said_to_grow(number: int) -> None:
    made = selfvec.topics(run_of(list(reports(number, 3, ["mix"]))), by="year")
    assert not any(topic.growth.like_for_like.moved for topic in made.topics if topic.growth)
    findings = made.findings()
    assert {finding.unit for finding in findings if isinstance(finding, Event)} == {"field"}
    assert next(row.says for row in findings if row.kind != "event").startswith("kind pilot rose")
    assert not any(finding.kind == "subject" for finding in findings)
    assert "equal_mix" in [column.name for column in made.columns]
    (held,) = {tuple(topic.growth.like_for_like.fields) for topic in made.topics if topic.growth}
    assert held == ("kind",)


GERMAN = (
    "Der Bericht wurde an die Firma geschickt, weil es in der Luft nicht mehr ging und er warten musste",
    "Wir haben das Flugzeug auf der Bahn gesehen, aber es war nicht so schnell wie das andere bei dem Wetter",
    "Sie hat ihm gesagt, dass die Maschine wegen des Wetters zu spät ist und wir auf sie warten sollen",
)


def german(text: str) -> str:
    """A German text, another one for nearly every text."""
    number = sum(map(ord, text))
    sentences = []
    for words in map(str.split, GERMAN):
        number, at = divmod(number, len(words))
        sentences.append(" ".join([*words[at:], *words[:at]]))
    return f"{'. '.join(sentences)}."


NEW: dict[str, Callable[[str], str]] = {
    "The run writes “rn” where the new text writes “m”, in 3 words (return → retum, ": (
        lambda text: text.replace("rn", "m")
    ),
    "The run is written in English, the new text in German.": german,
}


@pytest.mark.parametrize("first", NEW)
def test_new_text_is_said_to_be_written_otherwise_first(first: str) -> None:
    new = [NEW[first](row["text"]) for row in reports(300, 2)]
    found = selfvec.monitor(run_of(list(reports(400, 1))), new, permutations=200)
    assert found.alarm
    assert str(found.view().parts[1]).startswith(first)
    assert [finding["remedy"] for finding in found.as_dict()["findings"]] == [None] * len(found.findings)


def test_documents_in_another_language_are_told_and_explain_their_words() -> None:
    rows = [
        {**row, "text": german(row["text"])} if row["date"] >= "2009" and i % 4 == 0 else row
        for i, row in enumerate(reports(300))
    ]
    run = run_of(rows)
    said, *others = selfvec.drift(run, slices_of(run)).findings
    assert said.says == (
        "25% of the documents of 2009..2018 and 0% of 2000..2008 are in German. "
        "The words of the others are compared."
    )
    assert {of.kind for of in others} == {"none"}
    assert any("die" in found.words for found in selfvec.keyness(run, slices_of(run)).findings)  # of all


def test_words_that_a_rule_of_letters_explains_are_key_no_second_time() -> None:
    rows = [
        {**row, "text": row["text"].replace("r", "rh")} if row["date"] >= "2009" else row
        for row in reports(300)
    ]
    run = run_of(rows)
    for tell in (selfvec.drift, selfvec.keyness):
        rule, *others = tell(run, slices_of(run)).findings
        assert rule.says.startswith("2000..2008 writes “r” where 2009..2018 writes “rh”")
        assert "other word" in others[-1].says
        assert {*rule.words}.isdisjoint(word for of in others for word in of.words)


def test_a_passage_that_counts_once_is_told_with_its_documents() -> None:
    added = "This report is confidential, must not be copied, and belongs to the office that wrote it."
    rows = [  # in any order, so that nothing else differs
        {"text": f"{report['text']} {added * (i % 2)}", "date": str(2001 + 10 * (i % 2))}
        for i, report in enumerate(storms()[:600])
    ]
    first = selfvec.drift(selfvec.refine(rows, "none", "original"), ["2001", "2011"]).findings[0].says
    assert first.startswith("100% of the documents of 2011 and 0% of 2001 hold “This report is confidential")
    assert first.endswith("belongs to the …”.")


def test_words_in_two_are_no_news_where_the_word_in_one_stays() -> None:
    both = "The air craft, an aircraft, stood near the air and the craft of the harbour."
    assert (
        said_of([{**row, "text": both if i % 2 else row["text"]} for i, row in enumerate(reports(300))]) == []
    )


def test_what_one_document_of_few_writes_often_is_no_habit_of_its_side() -> None:
    many = [{"text": f"{row['text']} It was, e g, late.", "date": "2001"} for row in reports(300)]
    few = [{"text": row["text"], "date": "2012"} for row in reports(20, 1)]
    few[0]["text"] = few[1]["text"] = "It was late, eg, and, eg, cold, eg, and then, eg, we left."
    assert not any("eg" in said for said in said_of(many + few))


def test_one_word_of_few_documents_in_place_of_another_is_a_formula() -> None:
    rows = [
        {**row, "text": f"{row['text']} We sent it by {'email' if row['date'] >= '2009' else 'fax'}."}
        for row in reports(30)
    ]
    (told,) = said_of(rows)
    assert told.endswith(" “we sent it by fax”, 0% and 100% “we sent it by email”.")


def test_a_kind_that_has_more_of_the_words_and_hardly_more_of_the_documents_is_held_equal() -> None:
    rows = [
        # 17 and 20 of 100 documents, which are of three times the length in the second half.
        {**row, "kind": "long" if i % 100 < (17 if row["date"] < "2009" else 20) else "short"}
        for i, row in enumerate(reports(1_000))
    ]
    for row in rows:
        row["text"] *= 3 if row["kind"] == "long" and row["date"] >= "2009" else 1
    made, raw = made_of(rows), made_of(rows, mix="raw")
    (row,) = made.mix
    assert abs(row["share_a"] - row["share_b"]) < 0.05
    assert abs(row["words_a"] - row["words_b"]) > 0.2
    lengths, long = made.tokens.lengths, np.array([kind == "long" for kind in made.text.field("kind")])
    words = np.array([[lengths[of.documents & kind].sum() for kind in (long, ~long)] for of in made.slices])
    a, b = words[:, 0] / words.sum(axis=1)
    assert a == pytest.approx(b, abs=0.01)
    assert f"same mix on both sides, {words.sum() / lengths.sum():.0%} of the text" in made.sentences[0]
    assert (raw.weight == 1).all()
    assert raw.sentences[0].endswith("Compare with the same mix on both sides: --mix equal.")


def test_sides_without_a_value_in_common_are_compared_as_they_are() -> None:
    rows = [{**row, "kind": "a" if row["date"] < "2009" else "b"} for row in reports(200)]
    rows[0]["kind"], rows[-1]["kind"] = "b", "a"  # or the field would only tell the date
    made = made_of(rows)
    assert (made.fields, [row["field"] for row in made.mix]) == ([], ["kind"])
    assert (made.weight == 1).all()


@pytest.fixture(scope="module")
def run(own: Path) -> selfvec.Run:
    folder = own / "run"
    return selfvec.refine(list(reports(900, planted=["notation"])), "none", "original", output=folder)


def test_what_was_planted_is_found_whole_and_joined_nothing_has_changed(run: selfvec.Run) -> None:
    assert {row["variant"]: row["word"] for row in selfvec.variants(run, BETWEEN).rows} == LONG
    plain = selfvec.drift(run, BETWEEN)
    assert "with 8 abbreviations that 2009..2018 writes out" in plain.introduction[1]
    assert plain.introduction[1].endswith("--variants auto.")
    assert plain.significant > 20
    found = selfvec.drift(run, BETWEEN, variants="auto")
    assert any("Counted as one word: 8 pairs" in said for said in told(found.findings))
    assert found.significant <= 1
    assert not found.new
    assert not found.gone
    assert {row["word"] for row in found.rows}.isdisjoint(LONG)
    key = selfvec.keyness(run, BETWEEN, variants="auto")
    assert min(row["q"] for row in key.rows) > 0.01


def test_a_joined_run_counts_both_spellings_and_a_question_means_both(run: selfvec.Run) -> None:
    pairs = joined(run.present, LONG)
    table, rows = run.vectors, run.vectors.key_to_index
    for variant, word in LONG.items():
        assert pairs.tokens.counts[rows[word]] == table.counts[rows[word]] + table.counts[rows[variant]]
        assert pairs.tokens.counts[rows[variant]] == 0
        assert pairs.vectors[word] @ (table[word] + table[variant]) > 0.9
    assert np.array_equal(pairs.vectors.counts, pairs.tokens.counts)
    answers = [selfvec.search(run, q, variants="auto") for q in ("acft on rwy", "aircraft on runway")]
    assert [hit.id for hit in answers[0].hits] == [hit.id for hit in answers[1].hits]
    assert "acft counts as aircraft" in answers[0].notes
    assert [hit.id for hit in answers[0].hits] != [hit.id for hit in selfvec.search(run, "acft on rwy").hits]


def test_of_two_spellings_the_one_that_has_a_vector_gives_the_original() -> None:
    def composed(words: Sequence[str]) -> np.ndarray:
        return np.tile(np.float32([0, 1]), (len(words), 1))

    table = selfvec.Vectors(["aircraft"], np.array([[1, 0]], np.float32), composer=composed)
    run = selfvec.refine(["an acft and an acft", "aircraft"], table, "original")
    original = joined(run.present, {"acft": "aircraft"}).original
    assert original["aircraft"].tolist() == [1, 0]


def test_the_file_can_be_edited(run: selfvec.Run, tmp_path: Path) -> None:
    file = tmp_path / "variants.tsv"
    command = ["text", "variants", str(run.folder), "--between", *BETWEEN, "-o", str(file)]
    ran(command)
    ran(command, 2)  # it exists
    lines = file.read_text("utf-8").splitlines()
    assert read_variants(file) == LONG
    file.write_text("\n".join(line for line in lines if "rwy" not in line), "utf-8")
    shown = ran(["text", "keyness", run.folder, "--between", *BETWEEN, "--variants", file])
    assert "rwy" in shown.out
    assert "Counted as one word: 7 pairs" in " ".join(shown.out.split())


def test_pairs_of_which_the_text_lacks_a_word_are_counted_and_said(run: selfvec.Run, tmp_path: Path) -> None:
    file = tmp_path / "variants.tsv"
    file.write_text("aircraft\tacft\naircraft\taeroplane\ntower\ttwr\n", "utf-8")
    said = "2 pairs have a word that the text does not have: aeroplane → aircraft, twr → tower."
    sentences = told(selfvec.drift(run, BETWEEN, variants=file).findings)
    assert said in sentences
    assert "Counted as one word: 1 pair, acft → aircraft." in sentences
    assert said in selfvec.search(run, "acft", variants=file).notes
    for name, *more in (["keyness"], ["topics", "--number", "4"]):
        shown = ran(["text", name, run.folder, *more, "--variants", file])
        assert said in " ".join((shown.out + shown.err).split())
    file.write_text("tower\ttwr\n", "utf-8")
    (note,) = selfvec.search(run, "acft", variants=file).notes
    assert note == "1 pair has a word that the text does not have: twr → tower."


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("aircraft", "is not word<TAB>variant"),
        ("a\tx\nb\tx", "is a variant of 'a' already"),
        ("a\tb\nb\ta", "is a variant of itself"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(text: str, rule: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.tsv"
    file.write_text(text, "utf-8")
    refused(lambda: read_variants(file), InputError, rule)


def test_without_tokens_that_is_said_and_not_that_there_are_no_periods() -> None:
    run = selfvec.refine([*reports(60)], "none", "original", keep="nothing")
    refused(lambda: selfvec.variants(run), InputError, "has not kept its tokens, in which variants are")


def test_a_word_that_replaces_another_is_listed_and_not_joined(tmp_path: Path) -> None:
    run = selfvec.refine(selfvec.example(tmp_path / "storms.jsonl"), "none", "original")
    slices = [named_slice(run.tokens, years) for years in ("2000..2004", "2015..2019")]
    pairs = variant_pairs(run.present, run.tokens, slices)
    assert {"email": "fax", "derecho": "gale"}.items() <= {
        row["word"]: row["variant"] for row in pairs
    }.items()
    made = compared(run.present, slices, {"variants": "auto"})
    assert made.word_of == {}
    assert made.sentences == [
        "2015..2019 has 2 words where 2000..2004 has others: gale → derecho, fax → email."
    ]


@pytest.mark.parametrize(("names", "said"), [(("zorb",), "hail → zorb"), (("flux", "zorb"), "")])
def test_a_name_in_the_place_of_another_is_told_if_no_other_came_for_it(
    names: Sequence[str], said: str
) -> None:
    text = "On day {} the {} broke {} near the mill, so {} people left it."
    rows = [
        (text.format(i, name, "ab"[i % 2] * 3, "cdefg"[i % 5] * 4), side)
        for side, every in (("before", ("hail",)), ("after", ("hail", *names)))
        for i in range(120)
        for name in [every[i % len(every)]]
    ]
    run = selfvec.refine([{"text": text, "side": side} for text, side in rows], "none", "original")
    told = [finding.says for finding in selfvec.drift(run, ["before", "after"], slice_field="side").findings]
    assert any(sentence.endswith(f"where before has another: {said}.") for sentence in told) == bool(said)


def with_copies(number: int, drawn_from: int, seed: int = 0) -> list[Report]:
    """Reports whose sides differ only in which of their texts were copied, into two documents of five."""
    rng = np.random.default_rng(seed)
    rows = list(reports(number, seed))
    for later in (False, True):
        side = [row for row in rows if (row["date"] >= "2009") == later]
        copied = [side[i]["text"] for i in rng.choice(len(side), drawn_from, replace=False)]
        for row in side:
            if rng.random() < 0.4:
                row["text"] = copied[rng.integers(drawn_from)]
    return rows


def test_copies_count_once_so_that_they_change_no_word() -> None:
    """A test of documents takes each copy for one of its own: nearly all words seemed to have changed."""
    run = run_of(with_copies(1200, 20))
    said = "48% of the documents of 2009..2018 and 46% of 2000..2008 have the same words as another one"
    all_of_them = selfvec.drift(run, BETWEEN, mix="raw")
    assert all_of_them.significant == 0
    assert all_of_them.introduction[0].startswith(f"{said}. Each counts")
    once = selfvec.drift(run, BETWEEN)
    assert once.significant == 0
    assert once.introduction[0] == f"{said}. Each text counts once. Count all: --mix raw."
    key = selfvec.keyness(run, BETWEEN)
    assert key["findings"][0]["remedy"]["value"] == "equal"
    assert min(row["q"] for row in key.rows) > 0.05


def test_copies_of_a_few_texts_all_count_or_nothing_could_be_compared() -> None:
    rows = list(reports(300))
    few = [row["text"] for row in reports(19, 9)]
    for number, row in enumerate(rows):
        if row["date"] >= "2009":
            row["text"] = few[number % len(few)]
    found = selfvec.drift(run_of(rows), BETWEEN)
    assert "have the same words as another one. Each text counts once." in found.introduction[0]
    assert found.tested
    assert not found.significant

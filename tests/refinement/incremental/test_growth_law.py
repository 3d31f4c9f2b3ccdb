"""update(refine(A), B) == refine(A + B) and merge([refine(A), refine(B)]) == refine(A + B), to the bit.

And what a run needs to grow: fingerprints, the words of the whole text; what is refused.
"""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from same_runs import WORDS, assert_same, table, texts
from tests.damage import sealed_again
from tests.examples import soaked
from tests.refusals import refused

import selfvec
from selfvec.base.errors import FormatError, InputError, OptionError
from selfvec.corpus import Corpus
from selfvec.corpus.fingerprints import fingerprints
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.token_batch import TokenBatch, by_frequency
from selfvec.refinement.pipeline import refine
from selfvec.text import Rules, encode, tokenizer
from selfvec.text.rules import merged_types

take_all = partial(selfvec.update, allow_duplicates=True)

RULES: list[dict[str, Any]] = [
    {},
    {"min_count": 4},
    {"max_types": 12},
    {"stem": "en"},
    {"stem": "en", "min_count": 6, "stop_words": "en"},
    {"stem": "en", "max_types": 9, "stop_words": "en"},
    {"lemmatize": "en", "window": 5},
    {"tokenizer": "whitespace", "oov": "zero"},
    {"phrases": 3, "window": 5},
]
RANDOM: dict[str, Any] = {"vectors": "none", "seed": 3}
PARTS: dict[str, Any] = {"pos": ("noun", "verb"), "min_count": 2}  # slow


def refined(documents: list[str], vectors: selfvec.Vectors | str, **options: Any) -> Run:
    return selfvec.Refiner(**options).fit(documents, vectors).run_


# What `auto` chooses is tested with each rule under its own name. `online` goes through the words as `paper`
# does, and `original` leaves them as they are.
CASES = [(method, rules) for method in ("paper", "decorrelated") for rules in RULES]
CASES += [("online", rules) for rules in (RULES[0], RULES[1], RULES[4], RULES[8])]
CASES += [("original", rules) for rules in (RULES[0], RULES[5], RULES[7])]
CASES += [("auto", RULES[0]), ("auto", RULES[4])]
CASES += [("decorrelated", rules) for rules in (PARTS, RANDOM)]
# `make test` tries each rule with one method, and each method with one rule.
WITNESSES = [case for case in CASES if case[0] == "decorrelated"]
WITNESSES += [
    ("paper", RULES[0]),
    ("paper", RULES[8]),
    ("online", RULES[4]),
    ("original", RULES[5]),
    ("auto", {}),
]


@pytest.mark.parametrize(
    ("method", "rules"),
    soaked(CASES, *WITNESSES),
    ids=lambda part: "+".join(part) or "plain" if isinstance(part, dict) else part,
)
def test_every_method_and_rule(method: str, rules: dict[str, Any]) -> None:
    documents, options = texts(60), {"method": method, "vectors": table(), **rules}
    given = None if rules is RANDOM else table()
    whole = refined(documents, **options)
    parts = [refined(documents[a:b], **options) for a, b in ((0, 20), (20, 35), (35, 60))]
    assert_same(selfvec.merge(parts, given), whole)
    assert_same(take_all(take_all(parts[0], documents[20:35], given), documents[35:], given), whole)


def with_menus(number: int) -> list[str]:
    """Documents of which every third begins with a menu, and every tenth is the same."""
    menu = "home about services contact news careers legal privacy sitemap help press login"
    made = [f"{menu}. {text}" if i % 3 == 0 else text for i, text in enumerate(texts(number))]
    return [
        "the same report of hail and wind on the roofs of a town in Ohio" if i % 10 == 1 else text
        for i, text in enumerate(made)
    ]


@pytest.mark.parametrize("rules", [{}, {"stem": "en", "min_count": 3}, {"repeats": "keep"}], ids=str)
@pytest.mark.parametrize("method", ["paper", "decorrelated"])
def test_passages_that_only_the_whole_repeats(method: str, rules: dict[str, Any]) -> None:
    documents, options = with_menus(120), {"method": method, "repeats": "once", **rules}
    whole = refined(documents, table(), **options)
    cuts = ((0, 20), (20, 60), (60, 120))  # the first has too few menus
    parts = [refined(documents[a:b], table(), **options) for a, b in cuts]
    assert whole.provenance["repeats"]["tokens"] > 300
    assert not parts[0].provenance["repeats"]["tokens"]
    assert_same(selfvec.merge(parts, table()), whole)
    grown = take_all(take_all(parts[0], documents[20:60], table()), documents[60:], table())
    assert_same(grown, whole)
    assert grown.provenance["repeats"] == whole.provenance["repeats"]
    assert grown.provenance["text"] == whole.provenance["text"]


def test_passages_are_counted_again_when_others_are_withdrawn(tmp_path: Path) -> None:
    documents, options = with_menus(60), {"method": "decorrelated"}
    rows = [json.dumps({"id": f"r{i}", "text": text}) for i, text in enumerate(documents)]
    for name, part in {"all": rows, "few": rows[:25]}.items():
        (tmp_path / f"{name}.jsonl").write_text("\n".join(part), "utf-8")
    both = [
        refine(Corpus.open([tmp_path / f"{name}.jsonl"]), table(), Settings(**options))
        for name in ("all", "few")
    ]
    assert [run.provenance["repeats"]["tokens"] > 0 for run in both] == [True, False]
    left = selfvec.update(both[0], None, table(), withdraw=[f"r{i}" for i in range(25, 60)])
    assert_array_equal(left.vectors.vectors, both[1].vectors.vectors)
    assert_array_equal(left.tokens.ids, both[1].tokens.ids)


def test_pieces_of_a_tokenizer(tmp_path: Path) -> None:
    """Ids of pieces, and the tokenizer.json held against its hash."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    pieces = Tokenizer(WordLevel({word: i for i, word in enumerate(["[UNK]", *WORDS, "."])}, "[UNK]"))
    pieces.pre_tokenizer = Whitespace()
    path = tmp_path / "tokenizer.json"
    pieces.save(str(path))
    documents, options = texts(60), {"method": "decorrelated", "tokenizer": str(path), "min_count": 2}
    whole = refined(documents, table(), **options)
    parts = [refined(part, table(), **options) for part in (documents[:25], documents[25:])]
    assert_same(take_all(parts[0], documents[25:], table()), whole)
    assert_same(selfvec.merge(parts, table()), whole)
    path.write_text(path.read_text() + "\n")
    refused(lambda: take_all(parts[0], documents[25:], table()), OptionError, "tokenizer: names the file")


def test_texts_that_parts_repeat_are_counted_as_in_the_whole(tmp_path: Path) -> None:
    rows = [json.dumps({"text": f"Episode {i // 3} brought hail."}) + "\n" for i in range(60)]
    a, b = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    a.write_text("".join(rows[:31]))
    b.write_text("".join([*rows[10:15], *rows[31:]]))
    chosen = Settings(method="decorrelated")

    def made(*paths: Path) -> Run:
        return refine(Corpus.open(paths), None, chosen)

    whole = made(a, b)
    assert whole.provenance["corpus"]["duplicates"] == 65 - 20
    assert_same(take_all(made(a), b), whole)
    merged = selfvec.merge([made(a), made(b)])
    assert_same(merged, whole)
    told = [json.loads(json.dumps(run.provenance["corpus"])) for run in (merged, whole)]
    assert told[0] == told[1]


def test_fingerprints_stay_what_they_are() -> None:
    """They are kept in run folders: other numbers would not know old texts again."""
    texts = ["", "hail", "Large hail fell.", "Large hail fell on roofs, ×3.", None]
    expected = [0x0, 0x10AE4C09BEC6AA9E, 0xA7920B2A6F4B631E, 0xF8203F1A229DB5F0, 0x0]
    assert fingerprints(pl.Series(texts)).tolist() == expected
    many = fingerprints(pl.Series([f"report {i}" for i in range(100_000)]))
    assert len(np.unique(many)) == 100_000
    assert abs(np.mean((many >> np.uint64(63)) & np.uint64(1)) - 0.5) < 0.01


def test_a_stem_is_called_by_the_whole_text() -> None:
    forms, counts = ["storms", "storm", "stormy", "hail"], np.array([3, 3, 9, 1])
    numbers, words, _ = merged_types(forms, counts, {"storm": 0, "storms": 1}, "en")
    assert (numbers.tolist(), words) == ([0, 0, 1, 2], ["storms", "stormy", "hail"])
    more = np.array([3, 4, 9, 1])
    numbers, words, _ = merged_types(forms, more, {"storm": 0, "storms": 1}, "en", 2)
    assert (numbers.tolist(), words) == ([0, 0, 1, -1], ["storm", "stormy"])


@pytest.mark.parametrize("stem", [None, "en"])
@pytest.mark.parametrize("least", [1, 3])
def test_settling_afterwards_is_settling_at_once(stem: str | None, least: int) -> None:
    """Both ways to the same ids: per raw word while encoding, and of the forms later."""
    known, documents = table(), texts(40)
    rules = Rules(stem=stem, min_count=least, stop_words="en")

    def encoded(unstemmed: bool) -> TokenBatch:
        batches = Corpus.from_texts(documents).batches()
        return encode(batches, tokenizer("words"), rules, known, unstemmed=unstemmed)[0]

    at_once, later = encoded(False), encoded(True)
    later = later.renumbered(*merged_types(later.types, later.counts, known.key_to_index, stem, least)[:2])
    assert list(at_once.types) == list(later.types)
    assert_array_equal(at_once.ids, later.ids)
    assert_array_equal(at_once.offsets, later.offsets)
    assert list(by_frequency(at_once).types) == list(by_frequency(later).types)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with forms."""
    options = {"method": "decorrelated", "min_count": 2, "stem": "en"}
    selfvec.Refiner(**options).fit(texts(30), table()).save(tmp_path / "run")
    return tmp_path / "run"


def test_other_vectors_are_refused(run: Path) -> None:
    wrong = table()
    wrong.vectors[1] *= -1
    for other in (wrong, table(8)):
        refused(
            lambda: selfvec.update(run, ["hail"], other),
            FormatError,
            r"these are not the vectors that .*run was refined from",
        )
    refused(
        lambda: selfvec.update(run, ["hail"]),
        InputError,
        r"were given in memory; give them again \(vectors=\.\.\.\)",
    )


def test_runs_of_other_rows_are_not_merged(tmp_path: Path) -> None:
    other = selfvec.Vectors(table().index_to_key, table().vectors[::-1].copy())
    one, two = (selfvec.refine(texts(9, n), t, "original") for n, t in enumerate((table(), other)))
    for order, number in (([one, two], 2), ([two, one], 1)):
        rule = f"these are not the vectors that run {number} was refined from"
        refused(lambda: selfvec.merge(order, table()), FormatError, rule)


def test_stop_words_that_were_changed_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "stop.txt"
    path.write_text("of\n")
    made = selfvec.refine(texts(9), table(), "original", stop_words=str(path))
    assert selfvec.update(made, ["hail of"], table()).provenance["documents"] == 10
    path.write_text("of\nthe\n")
    refused(
        lambda: selfvec.update(made, ["hail of"], table()),
        OptionError,
        r"stop_words: names the file '.*stop\.txt', which was removed or",
    )


@pytest.mark.parametrize("column", ["texts", None])
def test_tokens_of_other_documents_than_the_text_are_refused(run: Path, column: str | None) -> None:
    if column is None:
        (run / "text.parquet").write_bytes(b"PAR1 nothing PAR1")
    else:
        other = selfvec.refine(texts(9), table(), "original")
        selfvec.save_run(other, run.parent / "other")
        shutil.copyfile(run.parent / "other" / "text.parquet", run / "text.parquet")
    said = "the text has 9 documents, the tokens 30" if column else r"text\.parquet: "
    refused(lambda: selfvec.update(sealed_again(run), ["hail"], table()), FormatError, said)

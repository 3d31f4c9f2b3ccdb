"""update(refine(A), B) == refine(A + B) and merge([refine(A), refine(B)]) == refine(A + B), to the bit."""

from __future__ import annotations

import gzip
import json
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from same_runs import WORDS, assert_same, table, texts

import selfvec
from selfvec.base.errors import OptionError
from selfvec.cooccurrence.counts import run_counts
from selfvec.corpus import Corpus
from selfvec.data.run import Run
from selfvec.data.settings import Settings
from selfvec.data.vectors import Vectors
from selfvec.refinement.pipeline import refine
from selfvec.storage.run_folder import open_run

take_all = partial(selfvec.update, allow_duplicates=True)

METHODS = ("auto", "paper", "online", "decorrelated", "original")
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


def refined(documents: list[str], vectors: Vectors | str, **options: Any) -> Run:
    return selfvec.Refiner(**options).fit(documents, vectors).run_


@pytest.mark.parametrize("rules", RULES, ids=lambda rules: "+".join(rules) or "plain")
@pytest.mark.parametrize("method", METHODS)
def test_every_method_and_rule(method: str, rules: dict[str, Any]) -> None:
    documents, options = texts(60), {"method": method, **rules}
    whole = refined(documents, table(), **options)
    parts = [refined(documents[a:b], table(), **options) for a, b in ((0, 20), (20, 35), (35, 60))]
    assert_same(selfvec.merge(parts, table()), whole)
    assert_same(take_all(take_all(parts[0], documents[20:35], table()), documents[35:], table()), whole)


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
        (tmp_path / f"{name}.jsonl").write_text("\n".join(part), encoding="utf-8")
    both = [
        refine(Corpus.open([tmp_path / f"{name}.jsonl"]), table(), Settings(**options))
        for name in ("all", "few")
    ]
    assert [run.provenance["repeats"]["tokens"] > 0 for run in both] == [True, False]
    left = selfvec.update(both[0], None, table(), withdraw=[f"r{i}" for i in range(25, 60)])
    np.testing.assert_array_equal(left.vectors.vectors, both[1].vectors.vectors)
    np.testing.assert_array_equal(left.tokens.ids, both[1].tokens.ids)


def test_the_order_of_documents_does_not_matter_to_what_counts() -> None:
    documents = with_menus(90)
    counts = []
    for order in (documents, documents[::-1]):
        run = refined(order, table(), method="decorrelated")
        counts.append(dict(zip(run.vectors.index_to_key, run.vectors.counts.tolist(), strict=True)))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("operator", ["counts", "ppmi"])
def test_counts_are_those_of_the_whole(operator: str) -> None:
    documents = texts(60)
    options = {"method": "decorrelated", "operator": operator, "window": 7, "distance_weights": "harmonic"}
    whole = refined(documents, table(), **options)
    parts = [refined(part, table(), **options) for part in (documents[:35], documents[35:])]
    assert run_counts(whole) is not None
    assert_same(selfvec.merge(parts, table()), whole)
    assert_same(take_all(parts[0], documents[35:], table()), whole)


def test_parts_of_speech_are_told_by_the_word_alone() -> None:
    pytest.importorskip("textblob")
    documents, options = texts(60), {"method": "decorrelated", "pos": ("noun", "verb"), "min_count": 2}
    whole = refined(documents, table(), **options)
    assert whole.provenance["text"]["dropped"]["part of speech"] > 0
    assert_same(take_all(refined(documents[:25], table(), **options), documents[25:], table()), whole)


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
    with pytest.raises(OptionError, match="tokenizer: names the file"):
        take_all(parts[0], documents[25:], table())


def test_random_directions_are_drawn_anew() -> None:
    documents = texts(40)
    whole = refined(documents, "none", method="decorrelated", seed=3)
    parts = [refined(part, "none", method="decorrelated", seed=3) for part in (documents[:9], documents[9:])]
    assert_same(selfvec.merge(parts), whole)
    assert_same(take_all(parts[0], documents[9:]), whole)


@settings(max_examples=15)
@given(st.data())
def test_any_text_cut_anywhere(data: st.DataObject) -> None:
    """Words from a few letters, so that ties, empty documents, rare and shared words are common."""
    word = st.sampled_from(["a", "A", "b", "bs", "B", "cat", "cats", "the", "do", "does"])
    document = st.lists(word, max_size=6).map(" ".join)
    documents = [
        "a b cats",
        *data.draw(st.lists(document.map(lambda text: text or "the"), min_size=4, max_size=14)),
    ]
    cuts = sorted(data.draw(st.sets(st.integers(1, len(documents) - 1), min_size=1, max_size=3)))
    days = [f"20{i:02}-01-01" if i % 3 else None for i in range(len(documents))]
    labels = [data.draw(st.sampled_from(["x", "y", None])) for _ in documents]
    chosen = Settings(
        method="decorrelated",
        window=3,
        stem=data.draw(st.sampled_from([None, "en"])),
        min_count=data.draw(st.sampled_from([1, 2])),
    )
    vectors = Vectors(["a", "b", "cats"], np.eye(3, 4, dtype=np.float32))

    def corpus(a: int, b: int) -> Corpus:
        return Corpus.from_texts(documents[a:b], days[a:b], slices=labels[a:b], name=f"{a} to {b}")

    def made(a: int, b: int) -> Run | None:
        try:
            return refine(corpus(a, b), vectors, chosen)
        except selfvec.SelfvecError:
            return None  # too few words

    bounds = [*pairwise([0, *cuts, len(documents)])]
    whole, parts = made(0, len(documents)), [made(*bound) for bound in bounds]
    if whole is None:
        return
    if all(part is not None for part in parts) and len(parts) > 1 and _distinct(documents, bounds):
        assert_same(selfvec.merge(parts, vectors), whole)  # type: ignore[arg-type]
    grown = parts[0]
    if grown is None or not _distinct(documents, bounds):
        return
    for bound in bounds[1:]:
        grown = take_all(grown, corpus(*bound), vectors)
    assert_same(grown, whole)


def _distinct(documents: list[str], bounds: list[tuple[int, int]]) -> bool:
    """Parts that are not the same bytes, which would be refused."""
    return len({tuple(documents[a:b]) for a, b in bounds}) == len(bounds)


EVENTS = [
    {
        "id": i,
        "episode_narrative": f"Episode {i // 3} brought hail.",
        "event_narrative": f"Hail hit farm {i}.",
    }
    for i in range(60)
]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_text_that_stands_once_in_a_layout_stands_once_in_the_whole(tmp_path: Path) -> None:
    """NOAA repeats an episode with each of its events; one is cut through, and parts repeat each other."""
    first, second = EVENTS[:31], [*EVENTS[10:15], *EVENTS[31:]]
    a, b = write(tmp_path / "a.jsonl", first), write(tmp_path / "b.jsonl", second)
    chosen = Settings(method="decorrelated")

    def made(*paths: Path) -> Run:
        return refine(Corpus.open(paths), None, chosen)

    whole = made(a, b)
    assert whole.provenance["documents"] == 60 + 20
    assert_same(selfvec.update(made(a), b), whole)
    assert_same(take_all(made(a), b), whole)
    merged = selfvec.merge([made(a), made(b)])
    assert_same(merged, whole)
    told = [json.loads(json.dumps(run.provenance["corpus"])) for run in (merged, whole)]
    assert told[0] == told[1]


def test_saved_runs_grow_as_those_in_memory_do(tmp_path: Path) -> None:
    documents, options = texts(50), {"method": "decorrelated", "stem": "en", "min_count": 3}
    parts = [tmp_path / name for name in "ab"]
    for part, own in zip(parts, (documents[:20], documents[20:]), strict=True):
        selfvec.save_run(refined(own, table(), **options), part)
    whole = refined(documents, table(), **options)
    merged = selfvec.merge(parts, table())
    selfvec.save_run(merged, tmp_path / "merged")
    assert_same(open_run(tmp_path / "merged"), whole)
    more = texts(10, seed=5)
    assert_same(
        take_all(tmp_path / "merged", more, table()), refined([*documents, *more], table(), **options)
    )


def test_the_number_of_threads_does_not_matter() -> None:
    documents = texts(60)
    part = refined(documents[:40], table(), method="decorrelated")
    one, two = (take_all(part, documents[40:], table(), jobs=jobs) for jobs in (1, 2))
    assert_same(one, two)


def test_real_text_in_parts(shared_data: Path, tmp_path: Path) -> None:
    """NOAA reports shuffled, so that episodes stand on both sides of the cut."""
    with gzip.open(shared_data / "noaa" / "events.jsonl.gz", "rt", encoding="utf-8") as file:
        lines = file.readlines()[::16]
    order = np.random.default_rng(0).permutation(len(lines)).tolist()
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path, part in zip(paths, (order[:400], order[400:]), strict=True):
        path.write_text("".join(lines[i] for i in part), encoding="utf-8")
    chosen = Settings(method="decorrelated", stem="en", min_count=3, stop_words="en")
    start = selfvec.load("default")
    a, b, whole = (refine(Corpus.open(files), start, chosen) for files in ([paths[0]], [paths[1]], paths))
    assert_same(take_all(a, paths[1], start), whole)
    assert_same(selfvec.merge([a, b], start), whole)

"""Any ids, slices, dates and fields: `refine` refuses them in one line, or makes a run that can be read."""

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.examples import TIMES, soaked
from tests.json_lines import write_lines

import selfvec

WORDS = ["hail", "storm", "wind", "roof", "tree", "tornado", "rain", "flood", "road", "damage"]
TEXTS = [f"{WORDS[i % 10]} broke {WORDS[3 * i % 10]} near {WORDS[7 * i % 9]} number {i}" for i in range(24)]
ODD = "\0\x01\x1b\x7f\x85\t\n\r ,.;:/\\\"'|=…\u2028\u202e\ufeff\ufffd\ufdfa\U0001f32aé"
names = st.one_of(
    st.text(st.sampled_from(ODD + "\ud800\udfff"), max_size=4),
    st.text(max_size=6),
    st.sampled_from(["2020", "2020..2021", "..", "null", "nan", "-1", "id", "text", "a" * 70_000]),
)
dates = st.one_of(names, st.dates().map(str), st.integers(-(10**20), 10**20), st.floats(), st.none())


def read_again(out: Path) -> None:
    """Open a run, check it, search it and, if it has slices, compare them."""
    run = selfvec.open(out)
    assert selfvec.verify(out).damaged == []
    assert run.tokens.documents
    assert selfvec.search(out, "hail").rows
    if len(run.tokens.slice_names) > 1:
        selfvec.drift(out, min_count=1, permutations=10)


def one_line(error: selfvec.SelfvecError) -> None:
    assert "\n" not in str(error)
    str(error).encode()


@given(st.lists(names, min_size=1, max_size=4), st.lists(names, min_size=1, max_size=3), st.none() | dates)
@example(["a\0"], ["b\0", "b"], None)
@example(["\ud800"], ["a"], None)
@example(["a"], ["\udfff"], "2020\0")
@example([""], ["", "x" * 1_000_000], "9999999999999")
@settings(max_examples=6 * TIMES, deadline=None)
def test_any_ids_slices_and_dates_from_memory(tmp_path_factory, ids, slices, date) -> None:
    out = tmp_path_factory.getbasetemp() / "memory-run"

    def corpus() -> selfvec.Corpus:
        return selfvec.Corpus.from_texts(
            TEXTS,
            dates=None if date is None else [date, *["2020-01-01"] * (len(TEXTS) - 1)],
            ids=[ids[i % len(ids)] for i in range(len(TEXTS))],
            slices=[slices[i % len(slices)] for i in range(len(TEXTS))],
        )

    try:
        selfvec.refine(corpus(), "none", "original", output=out, overwrite=True)
    except selfvec.SelfvecError as error:
        one_line(error)
        return
    read_again(out)


@pytest.mark.parametrize("asked", soaked([False, True], True))
@given(st.lists(st.tuples(names, names | st.lists(names)), max_size=4), names)
@example([("a\0", "b\0")], "c\0")
@example([("a\ud800", "b\udfff")], "c")
@example([("a", ["\ud800\0"])], "\ud800")
@settings(max_examples=5 * TIMES, deadline=None)
def test_any_fields_of_a_file(tmp_path_factory, asked, fields, value) -> None:
    folder = tmp_path_factory.getbasetemp()
    out = folder / "file-run"
    odd = {name: other for name, other in fields if name not in ("text", "id", "slice")}
    rows = [{"text": text, "id": f"{value}{i}", "slice": (value, "b")[i % 2]} for i, text in enumerate(TEXTS)]
    rows[3] |= odd
    path = folder / "rows.jsonl"
    write_lines(path, rows)
    options = {"slice_field": "slice"} if asked else {}
    try:
        selfvec.refine(path, "none", "original", output=out, overwrite=True, **options)
    except selfvec.SelfvecError as error:
        one_line(error)
        return
    read_again(out)

"""The text of a run: what is read back is what was written, whatever the fields are called."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.refusals import refused

import selfvec
from selfvec.base.errors import FormatError, OptionError, TargetError
from selfvec.data.run_text import (
    DATE,
    FILE,
    FINGERPRINT,
    GROUP,
    ID,
    SLICE,
    TEXT,
    RunText,
    column_of,
    schema_of,
)
from selfvec.storage.text_file import TextWriter, save_text

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = st.one_of(
    st.sampled_from(
        [ID, TEXT, DATE, SLICE, FILE, FINGERPRINT, "field:x", "field:date", "field:field:x", "x"]
    ),
    texts,
)
optional = st.one_of(st.none(), texts)
Rows = list[dict[str, Any]]


@st.composite
def batches(draw: st.DrawFn) -> list[Rows]:
    """Rows by batch, as they are read; a field may appear in any batch, and be missing in others."""
    fields = draw(st.lists(names, max_size=4, unique=True))
    made = []
    for _ in range(draw(st.integers(0, 3))):
        own = [name for name in fields if draw(st.booleans())]
        row = st.fixed_dictionaries(
            {
                TEXT: texts,
                ID: optional,
                DATE: st.one_of(st.none(), st.dates(date(1, 1, 1), date(9999, 12, 31))),
                SLICE: optional,
                FILE: optional,
                FINGERPRINT: st.integers(0, 2**64 - 1),
                **{column_of(name): optional for name in own},
            }
        )
        made.append(draw(st.lists(row, min_size=1, max_size=5)))
    return made


def frame(rows: Rows) -> pl.DataFrame:
    kinds = schema_of([])
    return pl.DataFrame(rows, schema={name: kinds.get(name, pl.String()) for name in rows[0]})


def written(made: list[Rows], target: Path | None = None) -> RunText:
    with TextWriter(target) as writer:
        for rows in made:
            writer.add(frame(rows))
        return writer.finish()


def whole(text: RunText) -> Rows:
    return [row for part in text.batches() for row in part.to_dicts()]


@pytest.mark.parametrize("on_disk", [False, True])
@given(made=batches())
def test_what_is_read_is_what_was_written(
    on_disk: bool, made: list[Rows], tmp_path_factory: pytest.TempPathFactory
) -> None:
    target = tmp_path_factory.mktemp("text") / "text.parquet" if on_disk else None
    text = written(made, target)
    columns = list(dict.fromkeys([*schema_of([]), *(name for rows in made for name in rows[0])]))
    expected = [dict.fromkeys(columns) | row for rows in made for row in rows]
    assert whole(text) == expected
    assert len(text) == len(expected)
    assert text.texts() == [row[TEXT] for row in expected]
    assert text.ids() == [row[ID] for row in expected]
    for name in text.fields:
        assert text.field(name) == [row[column_of(name)] for row in expected]
    numbers = [number for number in range(len(expected)) if number % 3 != 1][::-1]
    assert text.texts(numbers) == [expected[number][TEXT] for number in numbers]
    if target is not None:
        assert [path.name for path in target.parent.iterdir()] == [target.name]
        save_text(text, target.with_name("again.parquet"))
        assert whole(RunText(target.with_name("again.parquet"))) == expected
        assert whole(RunText(target.read_bytes())) == expected


@pytest.mark.parametrize("size", [GROUP - 1, GROUP, 2 * GROUP + 7])
@pytest.mark.parametrize("on_disk", [False, True])
def test_some_documents_of_many(size: int, on_disk: bool, tmp_path: Path) -> None:
    rows = [{TEXT: f"text {i}", ID: f"d{i}", FINGERPRINT: i} for i in range(size)]
    parts = [rows[start : start + 1000] for start in range(0, size, 1000)]
    text = written(parts, tmp_path / "text.parquet" if on_disk else None)
    numbers = [size - 1, 0, GROUP - 2, 5, 5, size - 2, size // 2]
    assert text.texts(numbers) == [f"text {number}" for number in numbers]
    assert text.read((ID, TEXT), numbers)[ID].to_list() == [f"d{number}" for number in numbers]
    assert text.texts([]) == []
    assert len(text) == size
    assert sum(len(part) for part in text.batches(rows=100)) == size


def test_a_field_that_is_not_there(tmp_path: Path) -> None:
    text = written([[{TEXT: "hail", ID: "a", "place": "Iowa"}]])
    assert text.field("place") == ["Iowa"]
    assert text.field("id") == ["a"]
    refused(
        lambda: text.field("date"),
        OptionError,
        "the documents have no field 'date'; their fields are id, place",
    )


def test_a_damaged_file_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "text.parquet"
    text = written([[{TEXT: f"hail {i}" * 99, ID: str(i), FINGERPRINT: i} for i in range(99)]], path)
    content = path.read_bytes()
    uses = (lambda t: len(t), lambda t: t.texts(), lambda t: t.texts([3]), lambda t: t.fields, whole)
    for damaged in (b"", content[:99], content[:-3], bytes(99), content[:9] + bytes(500) + content[509:]):
        path.write_bytes(damaged)
        errors = 0
        for use in uses:
            for source in (path, damaged):
                try:
                    use(RunText(source))
                except FormatError as error:
                    errors += 1
                    assert "\n" not in str(error)
                    assert str(error).endswith("make the run again")
        assert errors >= 2
    path.unlink()
    refused(
        lambda: text.texts(), FormatError, "no longer exists: the run has been changed since it was opened"
    )


def test_what_cannot_be_written_is_one_error(tmp_path: Path, small_disk: None) -> None:
    rows = [{TEXT: str(hash((i, "text")) ** 9), ID: str(i), FINGERPRINT: i} for i in range(GROUP)]
    refused(lambda: written([rows] * 40, tmp_path / "text.parquet"), TargetError, r"cannot write: ")
    assert list(tmp_path.iterdir()) == []


def test_nothing_stays_of_a_text_that_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), TextWriter(tmp_path / "text.parquet") as writer:
        for name in ("place", "size"):
            writer.add(pl.DataFrame({TEXT: ["hail"] * GROUP, name: ["x"] * GROUP}))
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("dates", "shown"),
    [
        (["2019", "2021", ""], ["2019", "2021", None]),
        (["2007/08", "2012/13"], ["2007", "2012"]),
        (["2019-01-01", "2019-01-02"], None),
    ],
)
def test_years_alone_stay_years_wherever_they_are_shown(dates: list[str], shown: list[Any] | None) -> None:
    rows = [{"id": f"d{day}", "text": f"A crane lifts box {day or 0}.", "date": day} for day in dates]
    run = selfvec.refine(rows, "default", min_count=1)
    expected = {f"d{day}": year for day, year in zip(dates, shown or dates, strict=True)}
    assert dict(zip(run.text.ids(), run.text.dates(), strict=True)) == expected
    assert {hit.id: hit.date for hit in selfvec.search(run, "crane").hits} == expected
    assert {row["id"]: row["date"] for row in selfvec.concordance(run, "crane").rows} == expected

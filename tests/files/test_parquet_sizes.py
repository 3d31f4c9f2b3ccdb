"""What row groups take in memory, against what other programs say of the same files."""

from pathlib import Path

import polars as pl
import pytest

from selfvec.files.parquet_sizes import row_groups

FRAME = pl.DataFrame(
    {
        "text": [f"hail {number}" for number in range(1000)],
        "same": ["a long text that is the same"] * 1000,
        "number": range(1000),
        "none": pl.Series([None] * 1000, dtype=pl.String),
        "tags": [["a", "b"]] * 1000,
    }
)


@pytest.mark.parametrize(
    "options", [{}, {"version": "2.6", "data_page_version": "2.0"}, {"use_dictionary": False}]
)
@pytest.mark.parametrize("compression", ["none", "zstd", "snappy", "gzip"])
def test_pages_are_as_large_as_the_footer_says(
    options: dict[str, object], compression: str, tmp_path: Path
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.parquet"
    parquet.write_table(FRAME.to_arrow(), path, row_group_size=300, compression=compression, **options)
    footer = parquet.read_metadata(path)
    for name in ("text", "same", "number", "none"):
        found = row_groups(path, [name])
        assert [group.rows for group in found] == [300, 300, 300, 100]
        for number, group in enumerate(found):
            column = footer.row_group(number).column(FRAME.columns.index(name))
            headers = column.total_uncompressed_size - group.unpacked  # of the pages
            assert 0 < headers < 400


def test_values_of_lists_count_one_by_one(tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "a.parquet")
    (group,) = row_groups(tmp_path / "a.parquet", ["tags"])
    assert 42_000 < group.unpacked < 42_500  # two texts a row: 4 + 1 bytes, 16 of a view, and bits
    both = row_groups(tmp_path / "a.parquet", ["tags", "text"])[0].unpacked
    assert both == group.unpacked + row_groups(tmp_path / "a.parquet", ["text"])[0].unpacked


def test_a_cut_or_changed_file_is_an_error_or_another_size(tmp_path: Path) -> None:
    FRAME.head(20).write_parquet(tmp_path / "a.parquet")
    data = (tmp_path / "a.parquet").read_bytes()
    refused = 0
    for place in range(0, len(data), 3):
        (tmp_path / "b.parquet").write_bytes(data[:place] + bytes([data[place] ^ 0x5A]) + data[place + 1 :])
        try:
            row_groups(tmp_path / "b.parquet", FRAME.columns)
        except Exception:
            refused += 1
    assert refused
    for cut in (0, 3, 12, len(data) // 2, len(data) - 1):
        (tmp_path / "b.parquet").write_bytes(data[:cut])
        with pytest.raises(Exception):  # noqa: B017, PT011
            row_groups(tmp_path / "b.parquet", FRAME.columns)

"""Text for the tests of clusters: words by falling frequency, in many files of many kinds."""

import gzip
import json
from pathlib import Path

import numpy as np
import polars as pl
from tests.json_lines import write_lines


def sentences(number: int, words: int = 400, seed: int = 0) -> list[str]:
    """Texts of 5 to 40 words."""
    rng = np.random.default_rng(seed)
    ids = np.minimum(rng.zipf(1.3, number * 40) - 1, words - 1)
    return [" ".join(f"wort{i}" for i in ids[n * 40 : n * 40 + rng.integers(5, 40)]) for n in range(number)]


def with_menu(texts: list[str], every: int) -> list[str]:
    """The texts, of which every so many begin with the same words."""
    menu = " ".join(f"wort{i}" for i in range(40, 60))
    return [f"{menu} {text}" if i % every == 0 else text for i, text in enumerate(texts)]


def jsonl(path: Path, texts: list[str]) -> Path:
    return write_lines(path, ({"id": f"{path.stem}-{n}", "text": text} for n, text in enumerate(texts)))


def of_every_kind(folder: Path, texts: list[str]) -> list[Path]:
    """The same texts, a sixth in each file, in reading order."""
    parts = [texts[len(texts) * n // 6 : len(texts) * (n + 1) // 6] for n in range(6)]
    paths = [folder / name for name in ("a.jsonl", "b.txt", "c.parquet", "d.csv", "e.jsonl.gz", "f")]
    jsonl(paths[0], parts[0])
    paths[1].write_text("".join(f"{text}\n" for text in parts[1]))
    numbers = range(len(parts[2]))
    columns = {"text": parts[2], "number": numbers, "days": [[n, n + 1] for n in numbers]}
    pl.DataFrame(columns).write_parquet(paths[2], row_group_size=70)
    places = [f"place {n % 7}" for n in range(len(parts[3]))]
    pl.DataFrame({"place": places, "text": parts[3], "slice": places[::-1]}).write_csv(paths[3])
    lines = "".join(
        json.dumps({"text": text, "date": f"1993-03-{n % 28 + 1:02}"}) + "\n"
        for n, text in enumerate(parts[4])
    )
    paths[4].write_bytes(gzip.compress(lines.encode()))
    paths[5].mkdir()
    for n, text in enumerate(parts[5]):
        (paths[5] / f"{n:04}.txt").write_text(text)
    return paths

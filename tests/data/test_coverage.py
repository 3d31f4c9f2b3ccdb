"""One count of known, composed and unknown words, and the places that report it."""

import json

import numpy as np

import selfvec
from selfvec.apps.cli import main
from selfvec.apps.web.first_view import about
from selfvec.apps.web.page_data import PageData
from selfvec.apps.web.words import unknown
from selfvec.data.vectors import KINDS, Source, Vectors, coverage, has_row

TEXTS = ["the xylograph of the doctor fell 3 times", "a doctor saw the hailstorm and the brzzt"] * 30


def test_every_source_has_its_kind() -> None:
    sources = np.array(Source, np.uint8)
    original = Vectors([source.name for source in Source], np.ones((6, 2), np.float32), sources=sources)
    counted = coverage(original, np.array([1, 2, 4, 8, 16, 32]))
    assert counted["types"] == {"known": 3, "composed": 1, "random": 1, "unknown": 1}
    assert counted["tokens"] == {"known": 2 + 16 + 32, "composed": 4, "random": 8, "unknown": 1}
    assert has_row(original).tolist() == [False, True, False, False, True, True]
    assert tuple(counted["types"]) == KINDS


def test_all_places_report_the_same_count(tmp_path, capsys) -> None:
    text, run = tmp_path / "texts.txt", tmp_path / "run"
    text.write_text("\n".join(TEXTS))
    assert main(["refine", str(text), "-o", str(run), "--method", "decorrelated"]) == 0
    summary = capsys.readouterr().err
    types = json.loads((run / "run.json").read_text())["coverage"]["types"]
    known, composed = types["known"], types["composed"]
    assert known > 0
    assert composed > 0
    assert known + composed + types["unknown"] == len(selfvec.open_run(run).vectors)
    assert f"{composed / (known + composed + types['unknown']):.0%} of them built from subwords" in summary
    assert main(["run", "info", str(run)]) == 0
    assert f"{known:,} in the initial vectors, {composed:,} built" in " ".join(
        capsys.readouterr().out.split()
    )
    assert main(["run", "health", str(run), "--json"]) in (0, 1)
    health = json.loads(capsys.readouterr().out)
    assert (health["known"], health["composed"], health["oov"]) == (known, composed, types["unknown"])
    page = PageData(selfvec.open_run(run))
    assert unknown(page, None, 1, "", 0, 10)["coverage"] == types
    assert about(page)["unknown"] == composed + types["unknown"]

"""What findings of drift hold, and findings as rows."""

import json
from pathlib import Path

from tests.commands import ran

import selfvec
from selfvec.analysis.comparison.comparison import in_order
from selfvec.base.finding import Finding, Remedy


def test_drift_names_the_words_whose_uses_surely_differ(tmp_path: Path) -> None:
    selfvec.refine(selfvec.example(tmp_path / "storms.jsonl"), "none", "original", output=tmp_path / "run")
    found = ran(["drift", tmp_path / "run", "--between", "2000..2009", "2010..2019", "--json"]).json
    rows = {row["word"]: row for row in found["rows"]}
    assert {"stream", "mast", "drone", "panel"} <= set(found["named"])
    for word in found["named"]:
        row = rows[word]
        assert (row["q"] <= 0.05 and row["differing_low"] > 0.2) or row["q_contexts"] <= 0.01
        assert 0 <= row["differing_low"] <= row["differing"] <= row["differing_high"] <= 1
    (word,) = [f for f in found["findings"] if f["kind"] == "word" and "differ" in f["says"]]
    assert word["words"] == found["named"]
    assert (word["effect"], word["low"]) == tuple(
        rows[word["words"][0]][key] for key in ("differing", "differing_low")
    )


def test_a_finding_comes_back_from_its_row() -> None:
    finding = Finding(
        "mix", "kind differs.", p=0.01, words=("a",), remedy=Remedy("mix", "raw", "compare all")
    )
    assert Finding.of(json.loads(json.dumps(finding.as_dict()))) == finding
    assert in_order([Finding("none", ""), finding, Finding("language", "")])[0].kind == "language"

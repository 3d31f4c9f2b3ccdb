"""Every command that compares prints its findings in one form, in the order in which a reader needs them."""

import json
from pathlib import Path

import pytest
from tests.commands import ran

import selfvec
from selfvec.analysis.comparison.comparison import KINDS, in_order
from selfvec.base.finding import Finding, Remedy

KEYS = {"kind", "says", "p", "q", "effect", "low", "high", "words", "documents", "remedy"}
BETWEEN = ["--between", "2000..2009", "2010..2019"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Storm reports, of which the later ones are forms: they have a heading, and a kind of their own."""
    folder = tmp_path_factory.mktemp("findings")
    rows = [json.loads(line) for line in selfvec.example(folder / "storms.jsonl").read_text().splitlines()]
    del rows[::2]
    for row in rows:
        later = row["date"] >= "2010"
        row["text"] = f"Report of the day: {row['text']}" if later else row["text"]
    source = folder / "forms.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    selfvec.refine(source, "none", "original", output=folder / "run")
    return folder / "run"


@pytest.mark.parametrize(
    "command",
    [
        ["drift", *BETWEEN],
        ["text", "keyness", *BETWEEN],
        ["text", "topics", "--by", "year"],
        ["report"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_findings_have_one_form_and_the_planted_one_is_first(
    command: list[str], run: Path, tmp_path: Path
) -> None:
    name, *options = command[1:] if command[0] == "text" else command
    names = ["text", name] if command[0] == "text" else [name]
    more = ["-o", str(tmp_path / "report.html")] if name == "report" else []
    found = ran([*names, str(run), *options, *more, "--json"]).json["findings"]
    assert all(set(finding) == KEYS for finding in found)
    order = [KINDS.index(finding["kind"]) for finding in found]
    assert order == sorted(order)
    first = found[0]
    assert first["kind"] == "writing"
    assert "report of the day" in first["says"]
    assert {finding["kind"] for finding in found} & {"word", "none", "subject"}


def test_drift_names_the_words_of_whose_uses_more_than_a_fifth_are_new(run: Path) -> None:
    found = ran(["drift", str(run), *BETWEEN, "--json"]).json
    rows = {row["word"]: row for row in found["rows"]}
    assert {"stream", "mast", "drone", "panel"} <= set(found["named"])
    for word in found["named"]:
        row = rows[word]
        assert row["q"] <= 0.05
        assert 0.2 < row["new_uses_low"] <= row["new_uses"] <= row["new_uses_high"] <= 1
    (word,) = [f for f in found["findings"] if f["kind"] == "word" and "changed" in f["says"]]
    assert word["words"] == found["named"]
    assert (word["effect"], word["low"]) == tuple(
        rows[word["words"][0]][key] for key in ("new_uses", "new_uses_low")
    )


def test_a_finding_comes_back_from_its_row() -> None:
    finding = Finding(
        "mix", "kind differs.", p=0.01, words=("a",), remedy=Remedy("mix", "raw", "compare all")
    )
    assert Finding.of(json.loads(json.dumps(finding.as_dict()))) == finding
    assert in_order([Finding("none", ""), finding, Finding("language", "")])[0].kind == "language"

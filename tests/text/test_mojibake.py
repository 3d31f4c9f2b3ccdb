"""Words of text in the wrong encoding are counted by `health`; words of other languages are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selfvec.apps.cli import main
from selfvec.text.mojibake import garbled

PORTUGUESE = (
    "a manhã irmã maçã não coração é já lã fã amanhã cristã pão mãe avó avô três você rã romã rom man"
)


@pytest.mark.parametrize(
    "words", [["naïve", "café", "façade", "hail"], PORTUGUESE.split(), ["hail", "hailâ"], ["крест", "град"]]
)
def test_words_of_other_languages_are_sound(words: list[str]) -> None:
    assert garbled(words) == []


def test_health_counts_garbled_words_and_says_what_to_do(tmp_path: Path, capsys) -> None:
    text = "The supervisor’s note: today’s hail didn’t stop – “roofs” broke at the café. A supervisor saw it "
    text += "today."
    path = tmp_path / "texts.txt"
    for data, found in ((text, False), (text.encode().decode("cp1252", "replace"), True)):
        path.write_text("\n".join([data] * 40), encoding="utf-8")
        made = ["refine", str(path), "-o", str(tmp_path / "run"), "--method", "original", "--overwrite"]
        assert main(made) == 0
        capsys.readouterr()
        assert main(["health", str(tmp_path / "run"), "--json"]) == 0
        report = json.loads(capsys.readouterr().out)
        warned = {finding["name"]: finding for finding in report["findings"]}
        assert ("mojibake" in warned) == found
        assert (report["mojibake"] > 0, report["mojibake_tokens"] > 0) == (found, found)
        if found:
            assert warned["mojibake"]["level"] == "warn"
            assert "todayâ" in warned["mojibake"]["message"]
            assert "Windows-1252" in warned["mojibake"]["remedy"]

"""The page on stores runs: its commands, and what it shows of each store's own library."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from selfvec.apps.cli import main
from selfvec.export.stores import STORES

BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_command_says_what_is_missing(tmp_path: Path, storm_file: Path, monkeypatch, capsys) -> None:
    assert main(["refine", str(storm_file), "-o", str(tmp_path / "run"), "--method", "original"]) == 0
    for name, store in STORES.items():
        if store.module is None:
            continue
        capsys.readouterr()
        monkeypatch.setitem(sys.modules, store.module, None)
        assert main(["export", str(tmp_path / "run"), "--to", name]) == 2
        output = capsys.readouterr()
        assert output.out == ""
        assert f"pip install 'selfvec[{store.extra}]'" in output.err
        assert output.err.count("\n") == 1
        assert not (tmp_path / f"run-{name}").exists()


def test_what_is_left_out_is_told(tmp_path: Path, storms: list[str], monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        {"id": f"r{i}", "text": text, "cause": "long " * 40, "n": i} for i, text in enumerate(storms[:60])
    ]
    rows[5]["text"] = "!!!"
    Path("reports.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    assert main(["refine", "reports.jsonl", "-o", "run", "--method", "original"]) == 0
    capsys.readouterr()
    assert main(["export", "run", "--to", "parquet-documents", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["unknown"] == 1
    assert told["left_out"] == [
        "the field 'cause' is no column: its values are long",
        "1 of 60 passages hold no word that is known: no vector",
    ]
    assert main(["export", "run", "--to", "parquet-documents"]) == 2
    assert "run-parquet-documents.parquet: exists already" in capsys.readouterr().err
    assert main(["export", "run", "--to", "parquet-documents", "--overwrite"]) == 0
    output = capsys.readouterr()
    assert output.out == "run-parquet-documents.parquet\n"
    assert all(note in output.err for note in told["left_out"])
